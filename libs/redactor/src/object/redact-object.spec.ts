import { Redactor } from '../redactor.ts';
import { sampleToken } from '../testing/samples.ts';

const redactor = new Redactor();
const token = sampleToken('github-token');
const MASK = '[REDACTED:github_token]';

it('redacts strings by themselves and by their keys', () => {
  const input = {
    note: `use ${token}`,
    password: 'hunter',
    nested: {
      api_key: 'abcd1234efgh5678',
      max_tokens: 4096,
      list: [token, 1, null, undefined, true],
    },
    quoted: { secret: 'a"b\\c\nd9' },
    user: 'joe',
  };
  const copy = structuredClone(input);
  expect(redactor.redactObject(input)).toEqual({
    note: `use ${MASK}`,
    password: '[REDACTED:password]',
    nested: {
      api_key: '[REDACTED:api_key]',
      max_tokens: 4096,
      list: [MASK, 1, null, undefined, true],
    },
    quoted: { secret: '[REDACTED:secret]' },
    user: 'joe',
  });
  expect(input).toEqual(copy);
});

it('redacts keys, Maps, Sets and bytes', () => {
  expect(redactor.redactObject({ [token]: 1 })).toEqual({ [MASK]: 1 });
  expect(
    redactor.redactObject(
      new Map([
        ['password', 'hunter'],
        [token, 'x'],
      ]),
    ),
  ).toEqual(
    new Map([
      ['password', '[REDACTED:password]'],
      [MASK, 'x'],
    ]),
  );
  expect(redactor.redactObject(new Set([token]))).toEqual(new Set([MASK]));
  expect(redactor.redactObject(Buffer.from(`a ${token}`)).toString()).toBe(`a ${MASK}`);
  expect(redactor.redactObject<unknown>(new Uint8Array([255, 254, 0]))).toBe('[REDACTED:binary]');
});

it('knows a value by the name beside it, also where it is a number', () => {
  expect(
    redactor.redactObject({
      env: [
        { name: 'DB_PASSWORD', value: 'hunter' },
        { name: 'REGION', value: 'eu-west-1' },
      ],
      password: 48291734,
      pin: { key: 'api_secret', value: 918273645546 },
      port: 5432,
      max_tokens: 4096n,
    }),
  ).toEqual({
    env: [
      { name: 'DB_PASSWORD', value: '[REDACTED:password]' },
      { name: 'REGION', value: 'eu-west-1' },
    ],
    password: '[REDACTED:password]',
    pin: { key: 'api_secret', value: '[REDACTED:secret]' },
    port: 5432,
    max_tokens: 4096n,
  });
});

it('reads headers and query parameters', () => {
  const headers = new Headers({ authorization: `Bearer ${token}`, accept: 'text/html' });
  expect(redactor.redactObject<unknown>(headers)).toEqual({
    authorization: expect.stringMatching(/^(?:Bearer )?\[REDACTED:\w+\]$/) as string,
    accept: 'text/html',
  });
  const query = new URLSearchParams({ page: '2', api_key: 'abcd1234efgh5678' });
  expect(redactor.redactObject<unknown>(query)).toEqual({
    page: '2',
    api_key: '[REDACTED:api_key]',
  });
});

it('keeps errors errors, with their causes', () => {
  const error = new TypeError(`bad ${token}`, { cause: new Error(`inner ${token}`) });
  Object.assign(error, { code: 'E_BAD', password: 'hunter' });
  const redacted = redactor.redactObject(error) as TypeError & { code: string; password: string };
  expect(redacted).toBeInstanceOf(TypeError);
  expect(redacted.message).toBe(`bad ${MASK}`);
  expect(redacted.stack).not.toContain(token);
  expect((redacted.cause as Error).message).toBe(`inner ${MASK}`);
  expect(redacted.code).toBe('E_BAD');
  expect(redacted.password).toBe('[REDACTED:password]');
  expect(error.message).toBe(`bad ${token}`);
});

it('keeps cycles and what holds no text', () => {
  const cycle: Record<string, unknown> = { when: new Date(0), match: /a/, count: 1n };
  cycle['self'] = cycle;
  const redacted = redactor.redactObject(cycle);
  expect(redacted['self']).toBe(redacted);
  expect(redacted['when']).toEqual(new Date(0));
  expect(redacted['count']).toBe(1n);
});

it('masks what throws when it is read', () => {
  const hostile = {
    get bad() {
      throw new Error(token);
    },
    good: token,
  };
  expect(redactor.redactObject(hostile as unknown)).toEqual({
    bad: '[REDACTED:unreadable]',
    good: MASK,
  });
  const proxy: unknown = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error(token);
      },
      getPrototypeOf() {
        throw new Error(token);
      },
      get() {
        throw new Error(token);
      },
    },
  );
  expect(redactor.redactObject(proxy)).toBe('[REDACTED:unreadable]');
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  expect(redactor.redactObject<unknown>({ revoked: revoked.proxy })).toEqual({
    revoked: '[REDACTED:unreadable]',
  });
});

it('is bounded in depth, number and text, and masks beyond', () => {
  let deep: unknown = token;
  for (let level = 0; level < 10_000; level++) deep = { deep };
  expect(JSON.stringify(redactor.redactObject(deep))).toContain('[REDACTED:too_large]');
  const wide = Array.from({ length: 30_000 }, () => ({ token }));
  const redacted = redactor.redactObject(wide);
  expect(JSON.stringify(redacted)).not.toContain(token);
  expect(redacted.at(-1)).toBe('[REDACTED:too_large]');
  const long = [' '.repeat(3_000_000), ' '.repeat(3_000_000), token];
  expect(redactor.redactObject(long).slice(1)).toEqual([
    '[REDACTED:too_large]',
    '[REDACTED:too_large]',
  ]);
});

it('does not let a key reach a prototype', () => {
  const redacted = redactor.redactObject(
    JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as object,
  );
  expect(Object.getPrototypeOf(redacted)).toBe(Object.prototype);
  expect(Object.keys(redacted)).toEqual(['__proto__', 'constructor']);
  expect('polluted' in {}).toBe(false);
});
