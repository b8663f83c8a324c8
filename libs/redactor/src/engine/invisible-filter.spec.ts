import { Redactor } from '../redactor.ts';
import { sampleToken } from '../testing/samples.ts';

const token = sampleToken('github-token');
const redactor = new Redactor();

/** The bytes of UTF-16, each as a unit. */
function utf16(text: string, order: 'little' | 'big'): string {
  return Array.from(text, (unit) => (order === 'little' ? `${unit}\0` : `\0${unit}`)).join('');
}

it.each([
  ['a colour in a token', `${token.slice(0, 9)}\u001b[1;31m${token.slice(9)}`],
  ['a zero-width space', `${token.slice(0, 2)}\u200b${token.slice(2)}`],
  ['a colour as JSON writes it', `${token.slice(0, 9)}\\u001b[1;31m${token.slice(9)}`],
  ['a colour as a shell writes it', `${token.slice(0, 9)}\\e[m${token.slice(9)}`],
])('masks around %s', (_, text) => {
  const { text: output, findings } = redactor.redactWithFindings(`see ${text} here`);
  expect(output).toBe('see [REDACTED:github_token] here');
  expect(findings[0]).toMatchObject({ start: 4, end: 4 + text.length });
});

it('puts back what is not inside a mask', () => {
  expect(redactor.redact(`\u001b[1ma\u001b[0m\u001b[31m${token}\u001b[0m\u001b[K\n`)).toBe(
    '\u001b[1ma\u001b[0m\u001b[31m[REDACTED:github_token]\u001b[0m\u001b[K\n',
  );
  for (const text of [
    '\u001b',
    '\u001b[',
    '\u001b[31',
    '\u001b[R',
    '\u001b]0;x\u0007',
    'a\0',
    '\0',
    '\ufeffx',
    'e\u200b',
    '\\x1b[3',
    '^[[1;',
    'C:\\e',
  ])
    expect(redactor.redact(text)).toBe(text);
});

it.each(['little', 'big'] as const)('reads UTF-16 in %s-endian bytes', (order) => {
  expect(redactor.redact(utf16('x\npassword=hunter2\n', order)).replaceAll('\0', '')).toBe(
    'x\npassword=[REDACTED:password]\n',
  );
});

it('parts the strings of an environment at its zero bytes', () => {
  expect(redactor.redact(`A=1\0PASSWORD=hunter2\0B=2\0`)).toBe(
    'A=1\0PASSWORD=[REDACTED:password]\0B=2\0',
  );
});

it('passes a colour at the end of a chunk at once', () => {
  const stream = redactor.createStream();
  expect(stream.write('Password: \u001b[0m')).toBe('Password: \u001b[0m');
  expect(stream.write('\u001b[3')).toBe('');
  expect(stream.write('2mhunter2\n')).toBe('\u001b[32m[REDACTED:password]\n');
});

it('looks into titles and links', () => {
  expect(redactor.redact(`\u001b]0;${token}\u0007`)).toBe('\u001b]0;[REDACTED:github_token]\u0007');
});

it('joins the lines of quoted-printable, once it is announced', () => {
  const folded = `${token.slice(0, 20)}=\r\n${token.slice(20)}`;
  expect(redactor.redact(`A=\n${folded}`)).toContain(token.slice(20));
  const header = 'Content-Transfer-Encoding: quoted-printable\r\n\r\n';
  expect(redactor.redact(`${header}Use =\r\n${folded} =\r\nnow`)).toBe(
    `${header}Use =\r\n[REDACTED:github_token] =\r\nnow`,
  );
});
