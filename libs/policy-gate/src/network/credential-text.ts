/**
 * Whether a text that is to be sent away carries a credential in a form that cannot be mistaken:
 * private keys, tokens with the prefix of their issuer, entries of a password database. What only
 * looks random says nothing.
 */
export function holdsCredential(text: string): boolean {
  return text.length > 15 && CREDENTIALS.some((pattern) => pattern.test(text));
}

/** Every pattern begins with fixed text, so that none can run away on a long body. */
const CREDENTIALS: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z]{2,9} )?PRIVATE KEY/,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  /\baws_secret_access_key["']?\s{0,9}[=:]/i,
  /\bgh[pousr]_[A-Za-z0-9]{36}/,
  /\bgithub_pat_[A-Za-z0-9_]{40}/,
  /\bglpat-[A-Za-z0-9_-]{20}/,
  /\bxox[abprs]-[A-Za-z0-9-]{20}/,
  /\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32}/,
  /\bsk_live_[A-Za-z0-9]{20}/,
  /\bnpm_[A-Za-z0-9]{36}/,
  /\broot:[x*!]:0:0:/,
  /\broot:\$[0-9a-z]{1,3}\$/,
];
