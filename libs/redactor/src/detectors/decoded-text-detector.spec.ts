import { Redactor } from '../redactor.ts';
import { sampleToken } from '../testing/samples.ts';

const redactor = new Redactor();
const password = 'Xy7kd93Qz';
const bearers = [
  `{"user":"joe","password":"${password}"}`,
  `export DB_PASSWORD=${password}\nNEXT=1\n`,
  `postgres://app:${password}@db/app`,
  `Password: ${password}`,
];

/** What is left of the encoded text when each piece of it is decoded again. */
function remains(output: string, encoding: 'base64' | 'hex'): string {
  return output
    .split(/\[REDACTED:\w+\]/)
    .map((piece) => Buffer.from(piece, encoding).toString('latin1'))
    .join(' ');
}

describe.each(bearers)('%j', (text) => {
  it.each([0, 1, 2])('is looked into in base64 after %i bytes', (shift) => {
    const output = redactor.redact(Buffer.from(`${'x'.repeat(shift)}\n${text}`).toString('base64'));
    expect(output).toMatch(/^[\w+/]*\[REDACTED:(?:password|url_credentials)\][\w+/=]*$/);
    expect(remains(output, 'base64')).not.toContain(password.slice(2, -2));
  });

  it.each(['hex', 'base64url'] as const)('is looked into in %s', (encoding) => {
    expect(redactor.redact(`see ${Buffer.from(text).toString(encoding)}.`)).toMatch(
      /^see [\w-]*\[REDACTED:(?:password|url_credentials)\][\w-]*\.$/,
    );
  });
});

it.each(['hex', 'base64'] as const)('masks 80 units around a secret in %s', (encoding) => {
  const encoded = Buffer.from(`{"password":"${password}"}`).toString(encoding);
  expect(redactor.redact(`see ${encoded}.`)).toBe('see [REDACTED:password].');
  const rest = 'an ordinary sentence; '.repeat(12);
  const long = redactor.redact(Buffer.from(`${rest}${bearers[0] ?? ''}${rest}`).toString(encoding));
  const [before = '', after = ''] = long.split('[REDACTED:password]');
  expect(Buffer.from(before, encoding).toString()).toMatch(/^(?:an ordinary sentence; ){8}/);
  expect(after.length).toBeGreaterThan(encoding === 'hex' ? 400 : 200);
});

it('masks a token in base64 whole', () => {
  const encoded = Buffer.from(sampleToken('github-token')).toString('base64');
  expect(redactor.redact(`see ${encoded}`)).toBe('see [REDACTED:github_token]');
});

it('looks into two layers', () => {
  const once = Buffer.from(`{"password":"${password}"}`).toString('base64');
  for (const encoding of ['base64', 'hex'] as const) {
    const twice = Buffer.from(once).toString(encoding);
    expect(redactor.redact(twice)).toContain('[REDACTED:password]');
  }
});

it('looks into base64 that is folded over lines', () => {
  const lines = `{"note":"${'long '.repeat(30)}","password":"${password}","end":"${'x'.repeat(90)}"}`;
  const folded = Buffer.from(lines).toString('base64').replace(/.{64}/g, '$&\n    ');
  const output = redactor.redact(`data: |\n    ${folded}\n`);
  expect(output).toContain('[REDACTED:password]');
  expect(remains(output.replace(/\s/g, '').slice('data:|'.length), 'base64')).not.toContain(
    password.slice(2, -2),
  );
});

it('masks on where a secret reaches the end of what is decoded at once', () => {
  const encoded = Buffer.from(`password="${'aB3x'.repeat(3000)}"`).toString('base64');
  const output = redactor.redact(`${encoded} next`);
  expect(output).toMatch(/^\w{0,24}\[REDACTED:password\] next$/);
});

it('leaves what only looks encoded', () => {
  for (const text of [
    Buffer.from('the password is asked for when you log in').toString('base64'),
    Buffer.from('{"max_tokens": 4096, "token_type": "bearer"}').toString('base64'),
    `iVBORw0KGgo${'cGFzc3dvcmQ'.repeat(3)}`,
  ])
    expect(redactor.redact(text)).toBe(text);
});

it('looks into a command that PowerShell is given encoded', () => {
  const script = Buffer.from(`$env:PASSWORD="${password}"; ./run.ps1`, 'utf16le').toString(
    'base64',
  );
  expect(redactor.redact(`powershell -NoProfile -EncodedCommand ${script} -x`)).toBe(
    'powershell -NoProfile -EncodedCommand [REDACTED:password] -x',
  );
});
