import { Redactor } from '../redactor.ts';

const redactor = new Redactor();

it.each([
  ['new NetworkCredential("joe", "', 'Xy7-kd93', '")'],
  ["requests.get(url, auth=('joe', '", 'Xy7-kd93', "'))"],
  ['HTTPBasicAuth(user, "', 'Xy7-kd93', '")'],
  ['DriverManager.getConnection("jdbc:mysql://h/db", "joe", "', 'Xy7-kd93', '");'],
])('masks the password in %s', (before, secret, after) => {
  expect(redactor.redact(before + secret + after)).toBe(`${before}[REDACTED:password]${after}`);
});

it.each([
  'NetworkCredential(user, password)',
  'auth=(user, "password")',
  'auth=("joe",',
  'basic_auth(',
])('leaves %s', (text) => {
  expect(redactor.redact(text)).toBe(text);
});
