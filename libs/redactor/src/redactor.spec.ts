import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { fingerprint } from './fingerprint.ts';
import { Redactor } from './redactor.ts';
import { RedactorError } from './redactor-error.ts';
import { sampleToken } from './testing/samples.ts';

const token = sampleToken('github-token');

function codeOf(work: () => void): string {
  try {
    work();
  } catch (error) {
    if (error instanceof RedactorError) return error.code;
    throw error;
  }
  return 'none';
}

describe('findings', () => {
  it('tell kind, rule, place and score, never the value', () => {
    const { text, findings } = new Redactor().redactWithFindings(`a ${token} b`);
    expect(text).toBe('a [REDACTED:github_token] b');
    expect(findings).toEqual([
      { kind: 'github_token', rule: 'github-token', start: 2, end: 2 + token.length, score: 0.95 },
    ]);
    expect(JSON.stringify(findings)).not.toContain(token);
  });

  it('merge where they overlap, under the most certain kind', () => {
    const { text, findings } = new Redactor().redactWithFindings(`password=${token}!x rest`);
    expect(text).toBe('password=[REDACTED:github_token] rest');
    expect(findings).toHaveLength(1);
  });
});

describe('explanations', () => {
  it('tell every candidate, its place, its score and whether it is masked', () => {
    const text = `first\npassword = "horse" x ${token}`;
    expect(new Redactor().explain(text)).toEqual([
      {
        kind: 'password',
        rule: 'key-value-password',
        start: 18,
        end: 23,
        score: 0.4,
        line: 2,
        column: 13,
        masked: false,
      },
      expect.objectContaining({ rule: 'github-token', line: 2, column: 22, masked: true }),
    ]);
    expect(JSON.stringify(new Redactor().explain(text))).not.toContain(token);
  });
});

describe('allowed values', () => {
  it('stay, unless they are registered', () => {
    const redactor = new Redactor({ allow: [token, 'Test-User-1234'] });
    const text = `${token} password=Test-User-1234 password=Test-User-12345`;
    expect(redactor.redact(text)).toBe(
      `${token} password=Test-User-1234 password=[REDACTED:password]`,
    );
    redactor.registerSecret('Test-User-1234');
    expect(redactor.redact('password=Test-User-1234')).toBe('password=[REDACTED:registered]');
  });

  it('come from the caller only', () => {
    for (const comment of ['gitleaks:allow', 'pragma: allowlist secret', 'secretlint-disable-line'])
      expect(new Redactor().redact(`password=Xy7kd93Qz # ${comment}`)).not.toContain('Xy7kd93Qz');
  });
});

describe('text that cannot be looked into', () => {
  const redactor = new Redactor();

  it.each([
    ['gzip', 'data: H4sIAAAAAAAAA0vOyS9KVShJLS4BAIyv9DkLAAAA'],
    ['zip', 'PK\u0003\u0004 and so on'],
    ['encrypted', 'U2FsdGVkX1+vupppZksvRf5pq5g5XjFRIipRkwB0K1Y='],
    ['encrypted', '-----BEGIN PGP MESSAGE-----'],
    ['pdf', '%PDF-1.7'],
  ])('is reported as %s and passed on', (format, text) => {
    const { text: output, findings, uninspected } = redactor.redactWithFindings(`see ${text}`);
    expect([output, findings]).toEqual([`see ${text}`, []]);
    expect(uninspected).toEqual([{ format, start: output.indexOf(text.replace(/^data: /, '')) }]);
    const stream = redactor.createStream();
    stream.write(text);
    stream.end();
    expect([...stream.uninspected]).toEqual([format]);
  });
});

describe('registered secrets', () => {
  const value = 'pa55/wörd+"<x>&\'y';
  const redactor = new Redactor();
  redactor.registerSecret(value, { kind: 'injected' });
  const bytes = Buffer.from(value);

  it.each([
    ['plain', value],
    ['base64', bytes.toString('base64')],
    ['base64 without padding', bytes.toString('base64').replace(/=+$/, '')],
    ['base64url', bytes.toString('base64url')],
    ['hex', bytes.toString('hex')],
    ['upper-case hex', bytes.toString('hex').toUpperCase()],
    ['percent', encodeURIComponent(value)],
    [
      'lower-case percent',
      encodeURIComponent(value).replace(/%../g, (escape) => escape.toLowerCase()),
    ],
    ['form', new URLSearchParams({ v: value }).toString().slice(2)],
    ['JSON', JSON.stringify(value).slice(1, -1)],
    ['JSON in JSON', JSON.stringify(JSON.stringify(value)).slice(3, -3)],
    [
      'XML',
      value
        .replaceAll('&', '&amp;')
        .replaceAll('<', '&lt;')
        .replaceAll('>', '&gt;')
        .replaceAll('"', '&quot;'),
    ],
    ['base64 of base64', Buffer.from(bytes.toString('base64')).toString('base64')],
    ['a hex dump', bytes.toString('hex').replace(/../g, ' $&').trim()],
    ['hex escapes', bytes.toString('hex').replace(/../g, '\\x$&')],
    ['a shell word', value.replaceAll("'", "'\\''")],
    ['a shell word with backslashes', value.replace(/[^\w@%+=:,./-]/g, '\\$&')],
    [
      'UTF-16',
      Array.from(value, (unit) => `${unit}\0`)
        .join('')
        .slice(0, -1),
    ],
    ['quoted-printable', `${value.slice(0, 10)}=\r\n${value.slice(10)}`],
    ['a word with a colour in it', `${value.slice(0, 5)}\u001b[31m${value.slice(5)}`],
  ])('are masked as %s', (_, form) => {
    expect(redactor.redact(`see ${form} here`)).toBe('see [REDACTED:injected] here');
  });

  it.each([0, 1, 2, 3, 4])('are masked in base64 after %i bytes', (shift) => {
    const around = Buffer.from(`${'q'.repeat(shift)}${value}${'z'.repeat(5)}`).toString('base64');
    const output = redactor.redact(around);
    expect(output).toContain('[REDACTED:injected]');
    const left = Buffer.from(
      output.replace('[REDACTED:injected]', ' ').split(' ')[0]!,
      'base64',
    ).toString();
    // Of a shared group only whole bytes before the value are left.
    expect(left).toBe('q'.repeat(shift - (shift % 3 === 0 ? 0 : 1)));
  });

  it('are masked in base64 that is folded over lines', () => {
    const long = new Redactor();
    const secret = `-long secret ${'0123456789abcdef'.repeat(8)}-`;
    long.registerSecret(secret);
    const folded = Buffer.from(secret).toString('base64').replace(/.{76}/g, '$&\r\n  ');
    expect(long.redact(`a ${folded} b`)).toBe('a [REDACTED:registered] b');
  });

  it('are masked whole where one begins with another', () => {
    const own = new Redactor();
    own.registerSecret('abcdef');
    own.registerSecret('abcdefghij');
    own.registerSecret('xxabcdefgh');
    expect(own.redact('1 abcdefghij 2 abcdef 3 xxabcdefghij 4')).toBe(
      '1 [REDACTED:registered] 2 [REDACTED:registered] 3 [REDACTED:registered] 4',
    );
  });

  it.each([
    [' 73 33 63 72 33 74 2d 54 6f 6b 65 6e 2f 56 61 6c\n 75 65 2b 37 37\n', ' ', '\n'],
    [
      '0000000 73 33 63 72 33 74 2d 54 6f 6b 65 6e 2f 56 61 6c\n0000020 75 65 2b 37 37\n0000025\n',
      '0000000 ',
      '\n0000025\n',
    ],
    ['733363723374\n2d546f6b656e2f56616c75652b3737', '', ''],
  ])('are masked in a dump of several lines: %j', (dump, before, after) => {
    const own = new Redactor();
    own.registerSecret('s3cr3t-Token/Value+77');
    expect(own.redact(dump)).toBe(`${before}[REDACTED:registered]${after}`);
  });

  it.each(['correct horse battery', 'correct horse =\n=\nbattery', 'correct horse=\n battery'])(
    'regression: a blank of a value is stood for by nothing else: %j',
    (text) => {
      const own = new Redactor();
      own.registerSecret('correct horse  battery');
      expect(own.redact(text)).toBe(text);
    },
  );

  it('regression: are masked where an escape sequence swallows their first letter', () => {
    const own = new Redactor();
    own.registerSecret('Hunter-2-Hunter');
    expect(own.redact('\u001b[1Hunter-2-Hunter')).toBe('\u001b[1H[REDACTED:registered]');
    expect(own.redact('unter-2-Hunter')).toBe('unter-2-Hunter');
  });

  it('are masked line by line where they have lines', () => {
    const own = new Redactor();
    const line = sampleToken('github-token', 3).slice(4);
    own.registerSecret(`first line of it all\n${line}\nshort`, { kind: 'injected' });
    expect(own.redact(`a ${line} first line of it all, short`)).toBe(
      'a [REDACTED:injected] first line of it all, short',
    );
  });

  it('regression: are masked without the line break of the file they were read from', () => {
    const own = new Redactor();
    own.registerSecret('korn-blue-7\n', { kind: 'injected' });
    expect(own.redact('x korn-blue-7 y')).toBe('x [REDACTED:injected] y');
    own.registerSecret('  a  \n   ');
    expect(own.redact('a b')).toBe('a b');
  });

  it('are refused when masking them would mangle text', () => {
    const own = new Redactor();
    expect(codeOf(() => own.registerSecret('12345'))).toBe('secret_too_short');
    expect(codeOf(() => own.registerSecret('x'.repeat(20_000)))).toBe('secret_too_long');
    expect(codeOf(() => own.registerSecret('123456', { kind: 'a]b' }))).toBe('invalid_kind');
    expect(own.redact('12345 123456')).toBe('12345 123456');
  });

  it('are masked for any value and any encoding', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', minLength: 6, maxLength: 40 }),
        fc.constantFrom('base64', 'hex', 'base64url'),
        (secret, encoding) => {
          const own = new Redactor();
          own.registerSecret(secret);
          expect(own.redact(`<${secret}>`)).not.toContain(secret);
          expect(own.redact(Buffer.from(secret).toString(encoding))).toBe('[REDACTED:registered]');
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('environment variables', () => {
  const redactor = new Redactor();
  const env = { DB_HOST: 'db-internal-7', PIN: '42', EMPTY: '' };

  it('are masked by value', () => {
    expect(
      redactor.redactEnvVars(
        'host db-internal-7, pin 42',
        ['DB_HOST', 'PIN', 'EMPTY', 'ABSENT', 'toString'],
        env,
      ),
    ).toBe('host [REDACTED:env_var], pin 42');
  });

  it('are masked where a short one is assigned', () => {
    expect(redactor.redactEnvVars('PIN=42 {"PIN": "42"} SPIN=42', ['PIN'], env)).toBe(
      'PIN=[REDACTED:env_var] {"PIN": "[REDACTED:env_var]"} SPIN=42',
    );
  });

  it('do not hinder the rest of redaction', () => {
    expect(redactor.redactEnvVars(`x ${token}`, ['ABSENT'], env)).toBe('x [REDACTED:github_token]');
    expect(redactor.redactEnvVars(`db-internal-7 ${token}`, ['DB_HOST'], env)).toBe(
      '[REDACTED:env_var] [REDACTED:github_token]',
    );
  });
});

describe('patterns of the caller', () => {
  const redactor = new Redactor();
  redactor.addPattern('acme_key', '(?:ACME|acme)-[0-9a-f]{8}(?:-[^\\s.]{1,4})*');

  it('are masked by the longest match', () => {
    expect(redactor.redact('x ACME-0123abcd-ab-cd. acme-0123abcd ACME-012')).toBe(
      'x [REDACTED:acme_key]. [REDACTED:acme_key] ACME-012',
    );
  });

  it.each([
    ['AB(?=c)', 'unsupported_pattern'],
    ['(ab)\\1', 'unsupported_pattern'],
    ['(?<!x)ab', 'unsupported_pattern'],
    ['^abc', 'unsupported_pattern'],
    ['abc$', 'unsupported_pattern'],
    ['\\babc', 'unsupported_pattern'],
    ['ab(?:x{900}){900}', 'unsupported_pattern'],
    ['(a+)+$', 'unsupported_pattern'],
    ['(a+)+', 'pattern_without_literal'],
    ['[a-z]+-secret', 'pattern_without_literal'],
    ['.*', 'pattern_without_literal'],
    ['ab|c', 'pattern_without_literal'],
    ['ab(', 'invalid_pattern'],
    ['ab)', 'invalid_pattern'],
    ['ab[c', 'invalid_pattern'],
    ['ab[z-a]', 'invalid_pattern'],
    ['ab{3,1}', 'invalid_pattern'],
    ['*ab', 'invalid_pattern'],
    ['ab\\', 'invalid_pattern'],
    ['', 'invalid_pattern'],
  ])('%j is refused', (source, code) => {
    expect(codeOf(() => redactor.addPattern('mine', source))).toBe(code);
  });

  it('regression: are masked up to the next blank where they are longer than the window', () => {
    const own = new Redactor();
    own.addPattern('acme_key', 'ACME-[0-9a-f]+');
    const text = `ACME-${'0a'.repeat(2000)} b`;
    expect(own.redact(text)).toBe('[REDACTED:acme_key] b');
  });

  it('need a name that fits in a mask', () => {
    expect(codeOf(() => redactor.addPattern('a b', 'abc'))).toBe('invalid_kind');
  });
});

describe('fingerprints', () => {
  it('are HMAC-SHA-256 of the value', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 200 }),
        fc.string({ maxLength: 200 }),
        (key, value) => {
          expect(fingerprint(key, value)).toBe(
            createHmac('sha256', key).update(value).digest('hex').slice(0, 12),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it('stand in the mask and survive a second pass', () => {
    const redactor = new Redactor({ fingerprintKey: 'k' });
    const once = redactor.redact(`a ${token} ${token} password=hunter2`);
    expect(once).toMatch(
      /^a (\[REDACTED:github_token:[0-9a-f]{12}\]) \1 password=\[REDACTED:password:[0-9a-f]{12}\]$/,
    );
    expect(redactor.redact(once)).toBe(once);
  });
});

describe('arguments', () => {
  const wrong = (value: unknown): never => value as never;

  it.each<[string, () => unknown]>([
    ['mode', () => new Redactor({ mode: wrong('strickt') })],
    ['mode of a prototype', () => new Redactor({ mode: wrong('toString') })],
    ['allow', () => new Redactor({ allow: wrong('value') })],
    ['entry of allow', () => new Redactor({ allow: [wrong(7)] })],
    ['fingerprint key', () => new Redactor({ fingerprintKey: wrong(7) })],
    ['empty fingerprint key', () => new Redactor({ fingerprintKey: '' })],
    ['secret', () => new Redactor().registerSecret(wrong(123456789))],
    ['source of a pattern', () => new Redactor().addPattern('mine', wrong(/ab/))],
  ])('are refused: %s', (_what, call) => {
    expect(codeOf(call)).toBe('invalid_argument');
  });

  it('are refused: a kind that is no text', () => {
    expect(codeOf(() => new Redactor().registerSecret('123456', { kind: wrong(7) }))).toBe(
      'invalid_kind',
    );
  });
});

describe('bad input', () => {
  it('is never thrown at', () => {
    const redactor = new Redactor();
    for (const text of [
      '',
      '\ud800',
      '\udfff\ud800',
      '\u0000\u0001\uffff',
      'password=',
      'password="',
      'password=\\',
      '://',
      '-----BEGIN ',
      '[REDACTED:',
    ]) {
      expect(redactor.redact(text)).toBe(text);
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(typeof redactor.redact(text)).toBe('string');
      }),
      { numRuns: 300 },
    );
  });

  it('cannot forge a mask of an unknown kind around a secret', () => {
    expect(new Redactor().redact(`[REDACTED:${token}]`)).toBe('[REDACTED:[REDACTED:github_token]]');
  });
});
