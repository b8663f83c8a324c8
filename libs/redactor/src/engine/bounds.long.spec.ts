import { Redactor } from '../redactor.ts';
import { fillShape, seededRandom } from '../testing/samples.ts';
import { CLEAN_TEXTS } from '../testing/clean-texts.ts';
import { SECRETS_IN_CONTEXT } from '../testing/secrets-in-context.ts';
import { TextView } from './text-view.ts';

/** Beginnings of everything that is looked for, to be repeated without an end. */
const HOSTILE = [
  'kind: Secret\ndata:\n  a: bcd\n',
  'kind: Secret\n',
  'apiVersion: v1\ndata:\n  a: bcd\n',
  'apiVersion: v1\n',
  '"apiVersion":"v1",',
  '"apiVersion":"v1","data":{"a":"b"},',
  ' get secret\n',
  'kubectl get secret\n[a] ',
  ' --from-literal=a=',
  '"-p","',
  'password = "a" -> "b" -> ',
  'password=aB1cD2eF3gH4iJ5kL6mN7oP8q\n',
  'password=aB1\\\n',
  'password=(\n"aB1cD2eF3"\n',
  ']:587 a:b',
  'secret key: abcd ',
  'token = <<E\n',
  'password: {"a":"b",',
  'Password:\n Type: ',
  'random_password"',
  'secret: abcd ',
  '# client server secret\na b c\n',
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC',
  '<a:Password ',
  '"AUTH" ',
  'BEGIN PRIVATE KEY',
  'chpasswd:\n a:bcdef\n',
  'dsn="a:b',
  "password for 'a' = '",
  'password for a b c d (',
  'key: ',
  'password:\nab1-cd2\n',
  "'-p', '",
  'password: &#80;',
  '%3A%2F%2Fa%3A',
  'variable "password" {\n a',
  'a,password\n',
  '|password|\n',
  "insert into t (password) values ('x'),",
  'password for x y ',
  'set password of a to ',
  'password="\\x41\\x42',
  'openssl rand\n',
  '"value": "',
  '"value":"a","key":"password",',
  'priv:\n 01:02:',
  'priv: ',
  '<RSAKeyValue><P>',
  ' -enc AAAA',
  'x://a:b#1',
  'login a / ',
  '\\x1b[1m',
  '\\x1b[',
  '<password a ',
  'password:\n',
  'a',
  ' ',
  '\n',
  '\0',
  'a\0',
  '\u001b[1m',
  'a\u001b[1m',
  'p\u200b',
  '\ud800',
  'ghp_',
  'AKIA',
  'AKIAQWERTYUIOPASDFGH ',
  'password=',
  'password="',
  'password: |\n  ',
  'password is ',
  'token: ',
  'secret key ',
  'setPassword("',
  '<password>',
  '"api_key":"',
  'password%3D',
  'password&quot;',
  'password=3D',
  'password\\u0022',
  'password_token_secret_api_key_',
  '://',
  '://a:',
  '-----BEGIN RSA PRIVATE KEY-----',
  'Private-Lines: 5\n',
  'eyJhbGciOi.',
  '0123456789abcdef',
  'mysql -p',
  'echo a|',
  'auth=(',
  'getConnection(a,',
  '[REDACTED:',
  Buffer.from('password=').toString('base64'),
  `${Buffer.from('password').toString('base64')}a`,
  Buffer.from('password=').toString('hex'),
  'H4sIA',
];

function countReads(work: () => void): number {
  const read = Object.getOwnPropertyDescriptor(TextView.prototype, 'at')!.value as (
    this: TextView,
    index: number,
  ) => number;
  let reads = 0;
  TextView.prototype.at = function (index) {
    reads++;
    return read.call(this, index);
  };
  try {
    work();
  } finally {
    TextView.prototype.at = read;
  }
  return reads;
}

describe.each(HOSTILE)('%j without an end', (unit) => {
  it('takes work in proportion to its length', () => {
    const work = (size: number): number =>
      countReads(() => new Redactor().redact(unit.repeat(Math.ceil(size / unit.length))));
    const [small, large] = [work(40_000), work(160_000)];
    expect(large).toBeLessThanOrEqual(5 * small + 50_000);
    expect(large).toBeLessThanOrEqual(160_000 * 300);
  });

  it('is held back for no more than a window', () => {
    const stream = new Redactor().createStream();
    const chunk = unit.repeat(Math.ceil(8192 / unit.length));
    let given = 0;
    let written = 0;
    let masked = false;
    for (let round = 0; round < 128; round++) {
      given += chunk.length;
      const output = stream.write(chunk);
      written += output.length;
      // What is masked without an end comes out as one mask.
      masked ||= output.includes('[REDACTED:') && !unit.startsWith('[REDACTED:');
      if (!masked) expect(given - written).toBeLessThanOrEqual(32_000);
    }
    stream.end();
  });
});

/** Registered values, and what is repeated without an end: their triggers, what they repeat themselves, folds. */
const HOSTILE_TO_REGISTERED: readonly (readonly [value: string, unit: string])[] = [
  ['0'.repeat(2000) + '1', '0'],
  ['ab'.repeat(8000) + 'c', 'ab'],
  [`${'0'.repeat(16_000)}\\"'%&1`, '0'],
  ['\\'.repeat(16_000) + '1', '\\'],
  ["'".repeat(8000) + '1', "'"],
  ['%'.repeat(8000) + '1', '%25'],
  ['ü'.repeat(8000) + '1', '%C3%BC'],
  ['ü"\\'.repeat(5000), '\\xc3\\xbc\\"'],
  ['correct-horse', 'correct'],
  ['correct-horse', 'correct=\n'],
  ['"\\ü<>&', '&#34;'],
  ['C0rrect-h0rse-battery-9', Buffer.from('C0rrec').toString('base64')],
  ['C0rrect-h0rse-battery-9', 'QzBy\n'],
  ['C0rrect-h0rse-battery-9', '43 30 72'],
  ['C0rrect-h0rse-battery-9', '43 30 72  |C0r|\n00000010  '],
  ['\u0000'.repeat(4000) + '1', 'AAAA'],
  ['\u0000'.repeat(4000) + '1', '00\n'],
];

describe.each(HOSTILE_TO_REGISTERED)('%# registered, without an end', (value, unit) => {
  const redactor = new Redactor();
  redactor.registerSecret(value);

  it('takes work in proportion to its length', () => {
    const work = (size: number): number =>
      countReads(() => redactor.redact(unit.repeat(Math.ceil(size / unit.length))));
    const [small, large] = [work(40_000), work(160_000)];
    expect(large).toBeLessThanOrEqual(5 * small + 50_000);
    expect(large).toBeLessThanOrEqual(160_000 * 300);
  });

  it('is held back for no more than a window', () => {
    const stream = redactor.createStream();
    const chunk = unit.repeat(Math.ceil(4096 / unit.length));
    let held = 0;
    for (let round = 0; round < 24; round++) {
      const output = stream.write(chunk);
      held = output.includes('[REDACTED:') ? 0 : held + chunk.length - output.length;
      expect(held).toBeLessThanOrEqual(25_000);
      if (output.includes('[REDACTED:')) break;
    }
  });
});

it('gives the same for every single cut of every text in context', () => {
  const redactor = new Redactor();
  const texts = SECRETS_IN_CONTEXT.map(([text, shape], index) => {
    const secret = fillShape(shape, seededRandom(index));
    return text.replace('@@', () => secret);
  });
  for (const text of [...texts, ...CLEAN_TEXTS]) {
    const whole = redactor.redact(text);
    for (let cut = 0; cut <= text.length; cut++) {
      const stream = redactor.createStream();
      const output = stream.write(text.slice(0, cut)) + stream.write(text.slice(cut));
      expect(output + stream.end()).toBe(whole);
    }
    const stream = redactor.createStream();
    const units = Array.from({ length: text.length }, (_, index) =>
      stream.write(text.charAt(index)),
    );
    expect(units.join('') + stream.end()).toBe(whole);
    expect(redactor.redact(whole)).toBe(whole);
  }
}, 600_000);
