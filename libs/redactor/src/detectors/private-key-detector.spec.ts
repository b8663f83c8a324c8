import { Redactor } from '../redactor.ts';
import { samplePrivateKey } from '../testing/samples.ts';

const redactor = new Redactor();
const MASK = '[REDACTED:private_key]';

it.each([
  'RSA PRIVATE KEY',
  'PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'EC PRIVATE KEY',
  'OPENSSH PRIVATE KEY',
  'PGP PRIVATE KEY BLOCK',
])('masks %s', (label) => {
  expect(redactor.redact(`a\n${samplePrivateKey(label, 12)}\nb`)).toBe(`a\n${MASK}\nb`);
});

it.each(['\r\n', '\\n', '\\\\n', '\n    ', '\n2026-03-01 INFO  '])(
  'masks with the line end %j',
  (lineEnd) => {
    expect(redactor.redact(`x: "${samplePrivateKey('RSA PRIVATE KEY', 8, lineEnd)}" y`)).toBe(
      `x: "${MASK}" y`,
    );
  },
);

it('masks with header lines', () => {
  const key = samplePrivateKey('RSA PRIVATE KEY', 8).replace(
    '\n',
    '\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0011\n\n',
  );
  expect(redactor.redact(key)).toBe(MASK);
});

it('masks what is there of a key that was cut off, and not the text after it', () => {
  const key = samplePrivateKey('RSA PRIVATE KEY', 8);
  for (const length of [120, 240, 300, 413]) {
    const output = redactor.redact(
      `${key.slice(0, length)}\n\nBuild finished. All is well in this long sentence.`,
    );
    expect(output).toBe(`${MASK}\n\nBuild finished. All is well in this long sentence.`);
    expect(redactor.redact(key.slice(0, length))).toBe(MASK);
  }
});

it('masks two keys in a row as two', () => {
  const key = samplePrivateKey('EC PRIVATE KEY', 3);
  expect(redactor.redact(`${key}\n${key}`)).toBe(`${MASK}\n${MASK}`);
});

it.each(['\n', '\r\n', '\\n', '\n  '])(
  'masks the private part of a PuTTY key with the line end %j',
  (lineEnd) => {
    const body = samplePrivateKey('X', 3).split('\n').slice(1, -1);
    const file = [
      'PuTTY-User-Key-File-3: ssh-rsa',
      'Public-Lines: 1',
      'AAAAB3NzaC1yc2E',
      'Private-Lines: 4',
      ...body,
      'Private-MAC: 0011',
    ];
    const output = redactor.redact(file.join(lineEnd));
    expect(output).toBe([...file.slice(0, 4), MASK, file.at(-1)].join(lineEnd));
  },
);
