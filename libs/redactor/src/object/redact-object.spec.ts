import { inspect } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
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
  // What does not fit is not read; what is short enough still is.
  expect(redactor.redactObject(long).slice(1)).toEqual(['[REDACTED:too_large]', MASK]);
});

it('does not let a key reach a prototype', () => {
  const redacted = redactor.redactObject(
    JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as object,
  );
  expect(Object.getPrototypeOf(redacted)).toBe(Object.prototype);
  expect(Object.keys(redacted)).toEqual(['__proto__', 'constructor']);
  expect('polluted' in {}).toBe(false);
});

/** What a logger could print of a copy. */
function printed(value: unknown): string {
  const json = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? String(item) : item,
  );
  return `${inspect(value, { depth: 12, showHidden: true, getters: true })} ${json} ${String(value)}`;
}

it('regression: judges a shared object under each of its names', () => {
  const shared = ['hunter2'];
  expect(redactor.redactObject({ tags: shared, password: shared })).toEqual({
    tags: ['hunter2'],
    password: ['[REDACTED:password]'],
  });
  const cycle: Record<string, unknown> = {};
  Object.assign(cycle, { self: cycle, password: [cycle, 'hunter2'] });
  const redacted = redactor.redactObject(cycle) as { self: unknown; password: unknown[] };
  expect(redacted.self).toBe(redacted);
  expect(redacted.password[1]).toBe('[REDACTED:password]');
});

it.each([
  { Name: 'DB_PASSWORD', Value: 'hunter2' },
  { Key: 'DB_PASSWORD', Value: 'hunter2' },
  { key: 'password', name: 'joe', value: 'hunter2' },
  { key: 'joe', name: 'password', value: 'hunter2' },
  { ParameterKey: 'DBPassword', ParameterValue: 'hunter2' },
  { type: 'password', value: 'hunter2' },
  { password: { type: 'string', value: 'hunter2' } },
])('regression: takes whichever label names a secret: %j', (input) => {
  expect(printed(redactor.redactObject(input))).not.toContain('hunter2');
});

it.each([
  'pin',
  'PIN',
  'pw',
  'psk',
  'password ',
  'password:',
  'password.',
  'password\n',
  'password[]',
  'password (old)',
  'user[password]',
  "user['password']",
  'my "password"',
  'pass\u200bword',
  `${'x'.repeat(100)}_password`,
  `${'x'.repeat(60)}.password.${'y'.repeat(60)}`,
  `${'\u0130'.repeat(200)}password`,
])('regression: knows the secret name in the key %j', (key) => {
  expect(redactor.redactObject({ [key]: 'hunter2' })).toEqual({ [key]: '[REDACTED:password]' });
  expect(redactor.redactObject({ [key]: 48291734 })[key]).toBe('[REDACTED:password]');
  expect(redactor.redactObject(new Map([[key, 'hunter2']])).get(key)).toBe('[REDACTED:password]');
});

it('regression: masks the part of a value that its name makes a secret', () => {
  expect(redactor.redactObject({ authorization: 'Bearer Xy7abc' })).toEqual({
    authorization: 'Bearer [REDACTED:authorization]',
  });
});

it('regression: leaves numbers that are no secrets', () => {
  const input = { pin: 13, max_tokens: 4096, tokens: [101, 2023], monkey: 'banana7' };
  expect(redactor.redactObject(input)).toEqual(input);
  expect(redactor.redactObject<unknown>({ pin: 1234 })).toEqual({ pin: '[REDACTED:password]' });
});

it.each<[string, () => unknown]>([
  ['properties of a Date', () => Object.assign(new Date(0), { password: 'hunter2' })],
  [
    'a prototype of a Date',
    () => Object.assign(Object.create(Date.prototype) as object, { password: 'hunter2' }),
  ],
  [
    'a prototype of a RegExp',
    () => Object.assign(Object.create(RegExp.prototype) as object, { password: 'hunter2' }),
  ],
  ['properties of a RegExp', () => Object.assign(/a/, { password: 'hunter2' })],
  ['the source of a RegExp', () => /password=hunter2/],
  ['a RegExp under a name', () => ({ password: /hunter2/ })],
  ['properties of a function', () => [Object.assign(() => 1, { password: 'hunter2' })]],
  ['the name of a function', () => ({ ['password=hunter2']: () => 1 })],
  [
    'static fields',
    () => [
      class {
        static password = 'hunter2';
        readonly id = 1;
      },
    ],
  ],
  ['toJSON', () => ({ toJSON: () => 'hunter2', toString: () => 'hunter2' })],
  ['toJSON of a function', () => [Object.assign(() => 1, { toJSON: () => 'hunter2' })]],
  ['symbol keys', () => ({ [inspect.custom]: () => 'hunter2', [Symbol('a')]: 'password=hunter2' })],
  ['Symbol.toPrimitive', () => ({ [Symbol.toPrimitive]: () => 'hunter2' })],
  ['descriptions of symbols', () => [Symbol('password=hunter2').description]],
  ['properties of bytes', () => Object.assign(Buffer.from('a'), { password: 'hunter2' })],
  ['properties of an array', () => Object.assign(['a'], { password: 'hunter2' })],
  ['a String', () => new String('password=hunter2')],
  ['a String under a name', () => ({ password: new String('hunter2') })],
  ['an address under a name', () => ({ password: new URL('x:hunter2') })],
  [
    'a Set that calls itself otherwise',
    () => {
      class Tagged extends Set<string> {
        override get [Symbol.toStringTag]() {
          return 'password=hunter2';
        }
      }
      return new Tagged(['password=hunter2']);
    },
  ],
])('regression: hides %s', (_what, make) => {
  expect(printed(redactor.redactObject(make()))).not.toContain('hunter2');
});

it('regression: copies what it leaves as it is', () => {
  const bytes = Buffer.from('\ufeffa');
  const when = new Date(1);
  const input = {
    bytes,
    when,
    pattern: /a/gi,
    text: new String('a'),
    mark: Symbol.for('a'),
    run: () => 7,
  };
  const copy = redactor.redactObject(input);
  expect(copy.bytes).toEqual(bytes);
  expect(copy.bytes).not.toBe(bytes);
  expect(copy.when).toEqual(when);
  expect(copy.when).not.toBe(when);
  expect(copy.pattern).toEqual(/a/gi);
  expect(copy.text).toBe('a');
  expect(copy.mark).toBe(Symbol.for('a'));
  expect([copy.run.name, copy.run()]).toEqual(['run', undefined]);
});

it('regression: knows objects of other realms', () => {
  const foreign = runInNewContext(`({
    error: Object.assign(new TypeError('password=hunter2'), { password: 'hunter2' }),
    map: new Map([['password', 'hunter2']]),
    set: new Set(['password=hunter2']),
    when: new Date(5),
    pattern: /a/g,
  })`) as Record<string, unknown>;
  const copy = redactor.redactObject(foreign);
  expect(copy['error']).toBeInstanceOf(TypeError);
  expect(copy).toMatchObject({
    error: { message: 'password=[REDACTED:password]', password: '[REDACTED:password]' },
    map: new Map([['password', '[REDACTED:password]']]),
    set: new Set(['password=[REDACTED:password]']),
    when: new Date(5),
    pattern: /a/g,
  });
});

it('regression: makes errors that can be printed', () => {
  class Guarded extends RangeError {
    readonly #secret = 'hunter2';
    override readonly name = 'Guarded';
    override toString(): string {
      return this.#secret;
    }
    toJSON(): string {
      return this.#secret;
    }
    [inspect.custom](): string {
      return this.#secret;
    }
  }
  const copy = redactor.redactObject(new Guarded('no'));
  expect(copy).toBeInstanceOf(RangeError);
  expect(String(copy)).toBe('Guarded: no');
  expect(printed(copy)).not.toContain('hunter2');
  const odd = Object.assign(new Error('a'), { message: Symbol('b'), name: { toString: 1 } });
  expect(String(redactor.redactObject<unknown>(odd))).toContain('[REDACTED:unreadable]');
  const { reason } = AbortSignal.abort() as { reason: unknown };
  expect(redactor.redactObject(reason)).toMatchObject({ name: 'AbortError' });
});

describe('bounds', () => {
  class EndlessSet extends Set<number> {
    override *[Symbol.iterator](): SetIterator<number> {
      for (;;) yield 1;
    }
    override values(): SetIterator<number> {
      return this[Symbol.iterator]();
    }
  }

  it.each<[string, () => unknown]>([
    ['properties', () => Object.fromEntries(Array.from({ length: 300_000 }, (_, i) => [i, i]))],
    ['elements', () => Array.from({ length: 300_000 }, (_, i) => i)],
    ['members', () => new Set(Array.from({ length: 300_000 }, (_, i) => i))],
    ['entries', () => new Map(Array.from({ length: 300_000 }, (_, i) => [i, i]))],
    ['secrets', () => ({ password: Array.from({ length: 15_000 }, () => 'hunter2') })],
    ['holes', () => Array.from({ length: 2000 }, () => new Array<number>(20_000))],
    ['a long array', () => Object.assign([], { length: 4e9 })],
    [
      'views',
      () => {
        const bytes = new Uint8Array(4_000_000).fill(255);
        return Array.from({ length: 5000 }, () => bytes.subarray(1));
      },
    ],
    ['digits', () => ({ token: 2n ** 400_000n })],
    ['one name', () => ({ ['pw '.repeat(1_500_000)]: 'hunter2' })],
  ])('regression: hold for %s', (_what, make) => {
    const input = make();
    const before = performance.now();
    const copy = redactor.redactObject(input);
    // A second on a slow machine.
    expect(performance.now() - before).toBeLessThan(15_000);
    expect(inspect(copy, { depth: 3, maxArrayLength: null })).toContain('[REDACTED:too_large]');
  });

  it('regression: hold for iterators that do not end', () => {
    expect(redactor.redactObject(new EndlessSet([1]))).toEqual(new Set([1]));
  });

  it('regression: keep the holes of an array', () => {
    const sparse: unknown[] = [];
    sparse[7] = token;
    sparse.length = 9;
    const copy = redactor.redactObject(sparse);
    expect([copy.length, Object.keys(copy), copy[7]]).toEqual([9, ['7'], MASK]);
  });
});

it('changes nothing when it is applied again, and never the input', () => {
  const key = fc.constantFrom(
    'password',
    'a',
    'user[token]',
    'name',
    'value',
    'pin',
    token,
    'note password=hunter2',
  );
  const leaf = fc.oneof(
    fc.constantFrom<unknown>(
      'hunter2',
      token,
      1234,
      `see ${token}`,
      'DB_PASSWORD',
      /a/,
      null,
      new Date(0),
    ),
    fc.anything({
      withBigInt: true,
      withDate: true,
      withNullPrototype: true,
      withSparseArray: true,
    }),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      tie('object'),
      tie('list'),
      tie('map'),
    ),
    object: fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    list: fc.array(tie('tree'), { maxLength: 4 }),
    map: fc.array(fc.tuple(key, tie('tree')), { maxLength: 4 }).map((entries) => new Map(entries)),
  }));
  fc.assert(
    fc.property(tree, (input) => {
      const before = inspect(input, { depth: 12 });
      const once = redactor.redactObject(input);
      expect(redactor.redactObject(once)).toEqual(once);
      expect(inspect(input, { depth: 12 })).toBe(before);
    }),
    { numRuns: 300 },
  );
});
