import { Redactor } from './redactor.ts';
import { sampleToken, samplePrivateKey } from './testing/samples.ts';

const redactor = new Redactor();
const token = sampleToken('github-token');

/** What an attack has found, each with the secret that was left in the clear. */
const EVASIONS: readonly (readonly [bug: string, text: string, secret: string])[] = [
  ['an unfinished escape sequence before a token', `\u001b[1${token}`, token],
  ['a cursor movement before a token', `a\u001b[3C${token}`, token],
  ['a filler behind a token', `${token}${'x'.repeat(200)}`, token],
  ['zeros behind a token', `${token} ${'0'.repeat(100)}`, token],
  ['a mark of direction in a token', token.replace('_', '_\u200e'), token.slice(-20)],
  ['a selector in a token', token.replace('_', '_\ufe0f'), token.slice(-20)],
  ['an escape in hexadecimal before a token', `\\x0a${token}`, token],
  ['a form feed in letters before a token', `\\f${token}`, token],
  ['a value beyond the window of a relay', `]:587 a:${'Xy7k'.repeat(400)} b`, 'Xy7k'.repeat(20)],
  [
    'a password at the edge of a list of accounts',
    `chpasswd:\n${'u:Xy7k9q\n'.repeat(64)}joe:R3alS3cretR3alS3cret9\n`,
    'Xy7k9q',
  ],
  [
    'a refused value beyond its window',
    `db.password\n b input_value='${'Xy7k'.repeat(300)}'`,
    'Xy7k'.repeat(20),
  ],
  [
    'a value of a Secret behind a long certificate',
    `kind: Secret\ndata:\n  ca.crt: LS0tLS1CRUdJTiBDRVJUSUZJQ0FUR${'A'.repeat(5000)}\n  b: R3alS3cret9\n`,
    'R3alS3cret9',
  ],
  [
    'a Secret with its kind first',
    'kind: Secret\napiVersion: v1\ndata:\n  b: R3alS3cret9\n',
    'R3alS3cret9',
  ],
  [
    'a Secret with its kind in quotes',
    'kind: "Secret"\ndata:\n  b: R3alS3cret9 # c\n',
    'R3alS3cret9',
  ],
  [
    'a Secret in JSON with its kind first',
    '{"kind":"Secret","apiVersion":"v1","stringData":{"a":"R3al}S3cret"}}',
    'R3al}S3cret',
  ],
  [
    'a literal in quotes',
    "kubectl create secret generic x --from-literal='foo=R3alS3cret9'",
    'R3alS3cret9',
  ],
  ['a second pair', 'vault kv put -mount=secret app a=Xy7-kd93 b=R3alS3cret9', 'R3alS3cret9'],
  ['an option of fly', 'fly secrets set -a app A=R3alS3cret9', 'R3alS3cret9'],
];

it.each(EVASIONS)('regression: %s', (_bug, text, secret) => {
  expect(redactor.redact(text)).not.toContain(secret);
});

describe('private keys', () => {
  const key = samplePrivateKey('EC PRIVATE KEY', 6);
  const [begin = '', ...rest] = key.trim().split('\n');
  const body = rest.slice(0, -1);
  const end = rest.at(-1) ?? '';

  it.each([
    ['half a mask', '[REDACTED:'],
    ['half an end', '-END '],
    ['the beginning of something else', '-----BEGIN X-----'],
    ['noise', `${'note: '.repeat(60)}.`],
  ])('regression: are masked behind %s', (_what, noise) => {
    const output = redactor.redact([begin, noise, ...body, end].join('\n'));
    for (const line of body.slice(0, -1)) expect(output).not.toContain(line);
  });

  it('regression: are masked behind half an end between their lines', () => {
    const [first = '', ...others] = body;
    const output = redactor.redact([begin, first, '-END ', ...others, end].join('\n'));
    for (const line of others.slice(0, -1)) expect(output).not.toContain(line);
  });

  it('regression: are masked where they are folded at 20 columns', () => {
    const folded = body.join('').match(/.{1,20}/g) ?? [];
    const output = redactor.redact([begin, ...folded, end].join('\n'));
    for (const line of folded.slice(0, -1)) expect(output).not.toContain(line);
  });

  it.each([
    ['hashes', 'BEGIN PRIVATE KEY of them\n', '3f9c1a7be2d84f0693aa5c1d2e3f4a5b x\n'],
    [
      'paths',
      'BEGIN PRIVATE KEY\n',
      'GET /usr/lib/nodejs/modules/somethingElse/index/Deep/File 200\n',
    ],
    [
      'paths behind PuTTY lines',
      'Private-Lines: 5\n',
      'GET /usr/lib/nodejs/modules/somethingElse 200\n',
    ],
  ])('regression: do not swallow %s', (_what, opening, line) => {
    const text = opening + line.repeat(100);
    expect(redactor.redact(text)).toBe(text);
  });
});

it('regression: what is allowed in a list of values does not free the others', () => {
  const lenient = new Redactor({ allow: ['hunter2x'] });
  expect(lenient.redact('kind: Secret\ndata:\n  a: hunter2x\n  b: R3alS3cret9\n')).toBe(
    'kind: Secret\ndata:\n  a: hunter2x\n  b: [REDACTED:kubernetes_secret]\n',
  );
  const strict = new Redactor({ allow: ['R3alS3cret9'] });
  expect(strict.redact('password = "aB1cD2eF3gH4" -> "R3alS3cret9"')).toBe(
    'password = "[REDACTED:password]" -> "R3alS3cret9"',
  );
});

it('regression: a term of every text is not learnt from a password', () => {
  for (const term of ['HTTP/1.1', '2024-05-01T10', 'x86_64', 'utf8mb4']) {
    expect(redactor.redact(`password=${term}\nthe ${term} of it`)).toContain(`the ${term} of it`);
  }
});

it.each([
  `curl -u ${token} https://x`,
  `curl -u password=hunter2x h`,
  `echo ${token} | chpasswd`,
  `dsn=${token}@tcp(h)`,
  'PW yNA05Xq: 2sword=a',
  'apikey kL6massword: OU5it522',
  'kubectl get secret\n9f2b1a b2EyLW',
])('regression: a second pass changes nothing in %j', (text) => {
  const once = redactor.redact(text);
  expect(redactor.redact(once)).toBe(once);
});

it.each(['master.key\ncd55e9Rx', 'Login i / 7NA8N3kd'])(
  'regression: a second pass keeps the fingerprints of %j',
  (text) => {
    const marked = new Redactor({ fingerprintKey: 'k' });
    const once = marked.redact(text);
    expect(marked.redact(once)).toBe(once);
  },
);

describe('streams', () => {
  it.each([
    'password hV4OzKT9: nothing here',
    'token vjlZ5bk2Edb: ',
    `terraform output${' '.repeat(160)}\n${'aB1-'.repeat(1100)}\n`,
    'Q2ViM0o1WDJ4dlgyTk1TVFpMVGxoQ1VrMHlZVmhqZVRSUlVHVm5ha1ZTTVVSb1pXTnJURk00Y0hKcFh6RXhaRGxrTmprek',
  ])('regression: give what the whole text gives, cut anywhere: %#', (text) => {
    for (const mode of ['normal', 'strict'] as const) {
      const own = new Redactor({ mode });
      const whole = own.redact(text);
      for (let cut = 1; cut < Math.min(text.length, 400); cut++) {
        const stream = own.createStream();
        const output = stream.write(text.slice(0, cut)) + stream.write(text.slice(cut));
        expect(output + stream.end()).toBe(whole);
      }
    }
  });

  it('regression: keep what was waiting when a secret is registered', () => {
    for (const pieces of [
      ['password=hun', 'ter2\n'],
      ['kind: Secret\ndata:\n', '  a: hunter2x\n'],
      ['user,password\n', 'joe,hunter2x\n'],
    ] as const) {
      const own = new Redactor();
      const stream = own.createStream();
      let output = stream.write(pieces[0]);
      own.registerSecret('zzzzzz9');
      output += stream.write(pieces[1]) + stream.end();
      expect(output).not.toMatch(/hunter2/);
    }
  });

  it.each(['\u200b', '\u001b[1m', '\u00ad', '\\x1b[1m'])(
    'regression: hold back a bounded amount of what is invisible: %j',
    (hidden) => {
      const stream = redactor.createStream();
      let held = 0;
      for (let piece = 0; piece < 100; piece++) {
        const chunk = (piece === 0 ? 'ghp_' : '') + hidden.repeat(1024);
        held += chunk.length - stream.write(chunk).length;
        expect(held).toBeLessThan(20_000);
      }
    },
  );
});
