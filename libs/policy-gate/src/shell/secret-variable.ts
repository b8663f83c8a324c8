/** Whether a variable holds a credential, by the words that people use for them. */
export function isSecretVariable(name: string): boolean {
  const upper = name.toUpperCase();
  return [
    'TOKEN',
    'SECRET',
    'PASSWORD',
    'PASSWD',
    'API_KEY',
    'APIKEY',
    'PRIVATE_KEY',
    'ACCESS_KEY',
    'CREDENTIAL',
  ].some((word) => upper.endsWith(word) || upper.includes(`${word}_`));
}
