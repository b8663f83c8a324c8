import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '@ae/test-support';
import type { RedisServer } from '@ae/test-support';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { coded } from '../test/coded.ts';
import { PATIENT } from '../test/store-fixtures.ts';
import { budgetKeys, INDEX_KEYS } from './budget-keys.ts';
import { MOST_CHILDREN, NEVER } from './budget-store.ts';
import type { BudgetStore, Child, CreateCommand, Ledger } from './budget-store.ts';
import { BudgetTracker } from './budget-tracker.ts';
import { loadScript, resolveIncludes } from './lua-script.ts';
import { RedisBudgetStore } from './redis-budget-store.ts';

const USD = 1_000_000;
const DAY = 86_400_000;
const FAR = Date.UTC(2090, 0);

const atLeast0 = (value: bigint): bigint => (value < 0n ? 0n : value);

/** What the model cannot cover: how the further fields of a budget are kept, and what goes by the clock of Redis. */
describe('ledgers in Redis', () => {
  let server: RedisServer;
  let redis: Redis;
  let store: BudgetStore;
  let tracker: BudgetTracker;
  let run: string;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    store = new RedisBudgetStore(redis, { commandTimeoutMs: PATIENT.commandTimeout });
    tracker = new BudgetTracker(store);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => {
    run = `run-${randomUUID()}`;
  });

  const key = (name: string): string => `${name}:{${run}}`;
  const create = (settings: Partial<CreateCommand> = {}) =>
    store.create({ runId: run, now: 0, limit: 10 * USD, ...settings });
  const hold = (holdId: string, amount: number, more: object = {}) =>
    store.reserve({ runId: run, now: 0, holdId, amount, ...more });
  const roll = (endedAt: number, endsAt: number) =>
    store.transition({ runId: run, now: 0, to: 'rolled', endedAt, endsAt });
  const serverNow = async (): Promise<number> => {
    const [seconds = 0, micros = 0] = (await redis.time()).map(Number);
    return seconds * 1000 + Math.floor(micros / 1000);
  };

  it('keeps no more of a plain budget than it needs', async () => {
    await tracker.create(run, 10);
    await tracker.reserve(run, 'h', 1);
    const expires = (await redis.zscore(key('holds'), 'h')) ?? '';
    const done = { balance: `2|1000000|2|${expires}|`, 'h:h': `A|1000000|${expires}||` };
    expect(await redis.hgetall(key('done'))).toEqual(done);
    await tracker.freeze(run);
    expect(await redis.hget(key('done'), 'balance')).toBe(`2|1000000|3|${expires}|f`);
    await tracker.unfreeze(run);
    expect(await redis.hget(key('done'), 'balance')).toBe(`2|1000000|4|${expires}|`);
    expect(await redis.exists(key('ledger'))).toBe(0);
  });

  it('keeps every setting as a field of its own', async () => {
    const [units, loop] = [
      { tokens: 9e15, sandbox_ms: 60 },
      { calls: 2, withinMs: 1000 },
    ];
    const child = { parent: 'team {é}', incarnation: 'first' };
    await create({ units, ...child, window: 'month', velocity: 1e11, loop });
    const at = (await redis.hget(key('ledger'), 'level_at')) ?? '';
    expect(Math.abs(Number(at) - (await serverNow()))).toBeLessThan(10_000);
    expect(await redis.hget(key('done'), 'balance')).toBe(`2|0|1|${NEVER}|s`);
    expect(await redis.hgetall(key('ledger'))).toEqual({
      lasting: '1',
      parent: 'team {é}',
      incarnation: 'first',
      carve: 'pending',
      window: 'month',
      ends: '0',
      velocity: '100000000000',
      level: '0',
      level_at: at,
      loop: '2|1000',
      'limit:tokens': '9000000000000000',
      'spent:tokens': '0',
      'held:tokens': '0',
      'limit:sandbox_ms': '60',
      'spent:sandbox_ms': '0',
      'held:sandbox_ms': '0',
    });
  });

  it('writes units and reached thresholds into what an id stands for', async () => {
    await create({ units: { tokens: 100 } });
    await hold('h', 2 * USD, { units: { tokens: 60, steps: 3 } });
    const held = (await redis.zscore(key('holds'), 'h')) ?? '';
    expect(await redis.hget(key('done'), 'h:h')).toBe(`A|2000000,60,3,0|${held}||`);
    await store.commit({ runId: run, now: 0, holdId: 'h', amount: 9 * USD, units: { tokens: 1 } });
    const charged = `C|2000000,60,3,0|${held}|9000000,1,0,0||3`;
    // Of a lasting budget, with the instant.
    const [text = '', at] = (await redis.hget(key('done'), 'h:h'))?.split(/\|(?=\d{13}$)/) ?? [];
    expect(text).toBe(charged);
    expect(Number(at)).toBeLessThanOrEqual(await serverNow());
  });

  it('brings a budget of the first layout to this one', async () => {
    await tracker.create(run, 10);
    const expires = FAR;
    await toFirstLayout({ held: '2000000', seq: '5' });
    await redis.set(key('spent'), '7.0', 'KEEPTTL');
    await redis.zadd(key('holds'), expires, 'a');
    await redis.hset(key('done'), {
      'h:a': `A|2000000|${expires}||`,
      'h:c': `C|1000000|${expires}|3000000|L`,
      'h:e': `E|1000000|1||`,
      's:k': `C|0|1|4000000|`,
    });
    expect(await tracker.reserve(run, 'a', 2)).toMatchObject({ replayed: true, held: 2, seq: 5 });
    expect(await tracker.commit(run, 'c', 3)).toMatchObject({
      replayed: true,
      late: true,
      crossed: [],
    });
    expect(await tracker.spend(run, 4, { idempotencyKey: 'k' })).toMatchObject({ replayed: true });
    expect(await tracker.commit(run, 'e', 1)).toMatchObject({ late: true, crossed: [80] });
    expect(await redis.hget(key('done'), 'balance')).toBe(`2|2000000|6|${expires}|`);
    // Processes that know the first layout only take it for corrupt.
    expect(await redis.hget(key('done'), 'v')).toBeNull();
    expect(await redis.exists(key('ledger'))).toBe(0);
  });

  it('brings one of the first layout that is frozen and has settings to this one', async () => {
    await create({ units: { steps: 5 } });
    await hold('h', USD, { ttlMs: 1 });
    await toFirstLayout({ held: String(USD), seq: '3', frozen: '1' });
    await sleep(5);
    expect(await store.status({ runId: run, now: 0 })).toMatchObject({
      ledger: { held: 0, seq: 3, frozen: true, lasting: true, units: { steps: { limit: 5 } } },
    });
    expect(await redis.hget(key('done'), 'balance')).toBe(`2|0|3|${NEVER}|fs`);
  });

  it.each([
    ['ledger', (): Promise<unknown> => toFirstLayout({ held: '1' })],
    ['ledger', (): Promise<unknown> => toFirstLayout({ held: '1', seq: '1.5' })],
    ['ledger', (): Promise<unknown> => toFirstLayout({ held: '1', seq: '2', frozen: '0' })],
    ['ledger', (): Promise<unknown> => toFirstLayout({ held: '1', seq: '2', note: 'by hand' })],
    ['done', (): Promise<unknown> => redis.hset(key('done'), 'balance', '', 'v', '1')],
    ['done', (): Promise<unknown> => redis.hdel(key('done'), 'balance')],
  ])('names the %s of what looks like the first layout', async (name, corrupt) => {
    await tracker.create(run, 10);
    await tracker.reserve(run, 'h', 1);
    await corrupt();
    const dump = () => Promise.all(budgetKeys(run).map((of) => redis.dumpBuffer(of)));
    const before = await dump();
    const named = coded('corrupt_value', { key: key(name) });
    await expect(tracker.status(run)).rejects.toThrow(named);
    await expect(tracker.reserve(run, 'i', 1)).rejects.toThrow(named);
    expect(await dump()).toEqual(before);
  });

  it('regression: a budget of the first layout that no id is known of keeps its time to live', async () => {
    await tracker.create(run, 10, { limits: { steps: 5 } });
    await toFirstLayout({ held: '0', seq: '1' });
    await tracker.freeze(run);
    expect(await redis.hgetall(key('done'))).toEqual({ balance: `2|0|2|${NEVER}|fs` });
    const ends = await Promise.all(budgetKeys(run).map((of) => redis.pexpiretime(of)));
    expect(new Set(ends).size).toBe(1);
    expect(ends[0]).toBeGreaterThan(Date.now());
  });

  it('names the ledger of the first layout that holds less than has expired', async () => {
    await tracker.create(run, 10);
    await hold('h', USD, { ttlMs: 1 });
    await toFirstLayout({ held: '1', seq: '2' });
    await sleep(5);
    const named = coded('corrupt_value', { key: key('ledger') });
    await expect(tracker.status(run)).rejects.toThrow(named);
  });

  it.each([
    ['this', (): Promise<unknown> => redis.hset(key('done'), 'balance', '2|0|3|1|')],
    ['the first', (): Promise<unknown> => toFirstLayout({ held: '0', seq: '3' })],
  ])('regression: a look at a budget of %s layout writes nothing', async (_layout, prepare) => {
    await tracker.create(run, 10);
    await hold('h', USD);
    await store.release({ runId: run, now: 0, holdId: 'h' });
    // A hold may have expired, but none has.
    await prepare();
    const look = { runId: run, now: 0 };
    const done = { outcome: 'done', ledger: { held: 0, seq: 3 } };
    const refusal = { outcome: 'budget_exceeded' };
    await redis.config('SET', 'min-replicas-to-write', 1);
    try {
      expect(await store.status(look)).toMatchObject(done);
      expect(await store.holds(look)).toMatchObject(done);
      expect(await store.children(look)).toMatchObject(done);
      expect(await hold('i', 11 * USD)).toMatchObject(refusal);
      await expect(hold('i', USD)).rejects.toThrow(coded('store_unavailable'));
    } finally {
      await redis.config('SET', 'min-replicas-to-write', 0);
    }
    expect(await hold('i', USD)).toMatchObject({ ledger: { held: USD, seq: 4 } });
  });

  async function toFirstLayout(fields: Record<string, string>): Promise<void> {
    await redis.hset(key('done'), 'v', '1');
    await redis.hdel(key('done'), 'balance');
    await redis.hset(key('ledger'), fields);
  }

  it('reads every amount of USD that it writes, to the micro', async () => {
    await tracker.create(run, 10);
    const amount = fc.oneof(
      fc.integer({ min: 0, max: 9e15 }),
      fc.integer({ min: 0, max: 20e6 }),
      fc.integer({ min: 9e14, max: 1.2e15 }),
      fc.integer({ min: 0, max: 9e9 }).map((usd) => usd * USD),
    );
    await fc.assert(
      fc.asyncProperty(amount, async (micros) => {
        const fraction = String(micros % USD)
          .padStart(6, '0')
          .replace(/(?<=.)0+$/, '');
        const text = `${Math.floor(micros / USD)}.${fraction}`;
        await redis.set(key('spent'), text, 'KEEPTTL');
        const read = await store.status({ runId: run, now: 0 });
        expect(read).toMatchObject({ ledger: { spent: micros } });
        if (micros === 0 || micros === 9e15) return;
        await redis.set(key('spent'), '0.0', 'KEEPTTL');
        await store.spend({ runId: run, now: 0, amount: micros, idempotencyKey: undefined });
        expect(await redis.get(key('spent'))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  describe('fields that are none of this package', () => {
    const settings = {
      units: { steps: 5 },
      parent: 'team',
      incarnation: 'first',
      window: 'day',
      velocity: USD,
      loop: { calls: 2, withinMs: 1000 },
    } as const;

    it.each([
      ['note', 'by hand'],
      ['', ''],
      ['limit:pages', '5'],
      ['frozen', '0'],
      ['frozen', ''],
      ['lasting', 'yes'],
      ['parent', ''],
      ['parent', 'a\nlimit:tokens'],
      ['incarnation', ''],
      ['incarnation', 'a\nb'],
      ['carve', 'open'],
      ['window', 'week'],
      ['ends', 'soon'],
      ['ends', '-1'],
      ['ends', '9000000000000001'],
      ['earlier', '1,2'],
      ['earlier', 'x'],
      ['paid', '1,2,3,x'],
      ['paid', '9000000000000001'],
      ['velocity', '0'],
      ['velocity', '100000000001'],
      ['velocity', '1e3'],
      ['level', 'NaN'],
      ['level_at', '1.5'],
      ['loop', '3'],
      ['loop', '3|x'],
      ['limit:steps', '0'],
      ['spent:steps', '-1'],
      ['held:steps', '0x10'],
      ['held:tokens', '1'],
      ['purge', 'x'],
      ['purged', 'x'],
      ['held', '+1'],
      ['seq', ' 1'],
    ])('names the ledger for %p = %p, and changes nothing', async (field, value) => {
      await create(settings);
      await redis.hset(key('ledger'), field, value);
      await isCorrupt();
    });

    it.each([
      ...['parent', 'incarnation', 'window', 'ends', 'velocity', 'level', 'level_at'],
      ...['spent:steps', 'held:steps', 'limit:steps'],
    ])('names the ledger without its %p', async (field) => {
      await create(settings);
      await redis.hdel(key('ledger'), field);
      await isCorrupt();
    });

    it('names the ledger that holds fewer units than are given back', async () => {
      await create({ units: { steps: 5 } });
      await hold('h', USD, { units: { steps: 2 } });
      await redis.hset(key('ledger'), 'held:steps', '1');
      await expect(store.release({ runId: run, now: 0, holdId: 'h' })).rejects.toThrow(
        coded('corrupt_value', { key: key('ledger') }),
      );
      expect(await redis.zscore(key('holds'), 'h')).not.toBeNull();
    });

    it.each([
      ['h:h', 'A|1,2|1||'],
      ['h:h', 'A|1,2,3,x|1||'],
      ['h:h', 'C|1|1|1,2,3||'],
      ['h:h', 'C|1|1|1||8'],
      ['h:h', 'C|1|1|1||3|x'],
      ['h:h', 'C|1|1|1||3|9000000000000001'],
      ['h:h', 'C|1|1|1||31'],
      ['h:h', 'C|1|1|1||3@'],
      ['h:h', 'C|1|1|1||@1'],
      ['h:h', 'C|1|1|1||3@9000000000000001'],
      ['h:h', 'C|1|1|1|||'],
      ['h:h', 'C|1|1|1||3|1|1'],
      ['h:h', 'C|1|1|1|L3'],
      ['h:h', 'A|1|1|1|'],
      ['c:call', '1'],
      ['c:call', 'x|1'],
    ])('names the ids for %p = %p', async (field, value) => {
      await create({ loop: { calls: 2, withinMs: 1000 } });
      await redis.hset(key('done'), field, value);
      await expect(hold('h', 1, { call: 'call' })).rejects.toThrow(
        coded('corrupt_value', { key: key('done') }),
      );
      expect(await tracker.status(run)).toMatchObject({ held: 0, seq: 1 });
    });

    async function isCorrupt(): Promise<void> {
      const dump = () => Promise.all(budgetKeys(run).map((name) => redis.dumpBuffer(name)));
      const before = await dump();
      const named = coded('corrupt_value', { key: key('ledger') });
      const child = { runId: run, now: 0, child: 'child', incarnation: 'first' };
      const calls = [
        () => create(settings),
        () => hold('h', 1),
        () => store.commit({ runId: run, now: 0, holdId: 'h', amount: 1 }),
        () => store.release({ runId: run, now: 0, holdId: 'h' }),
        () => store.extend({ runId: run, now: 0, holdId: 'h', ttlMs: 1 }),
        () => store.spend({ runId: run, now: 0, amount: 1, idempotencyKey: 'k' }),
        () => store.transition({ runId: run, now: 0, to: 'frozen' }),
        () => store.status({ runId: run, now: 0 }),
        () => store.holds({ runId: run, now: 0 }),
        () => store.children({ runId: run, now: 0 }),
        () => store.carve({ ...child, amount: 1 }),
        () => store.charge({ ...child, total: { amount: 1, units: {} } }),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(named);
      expect(await dump()).toEqual(before);
      expect((await tracker.list({ limit: 1000 })).corrupt).toContain(run);
      expect(await store.delete({ runId: run, now: 0 })).toBe(true);
    }
  });

  describe('lasting budgets', () => {
    const ttls = () => Promise.all(budgetKeys(run).map((name) => redis.pttl(name)));

    it('never end, nor do their entries in the index', async () => {
      await create({ window: 'day' });
      await roll(0, FAR);
      await hold('a', USD);
      await hold('b', USD, { ttlMs: 60_000 });
      await store.commit({ runId: run, now: 0, holdId: 'a', amount: USD });
      await store.spend({ runId: run, now: 0, amount: USD, idempotencyKey: 'k' });
      await roll(FAR, FAR + DAY);
      expect(await ttls()).toEqual([-1, -1, -1, -1, -1, -1]);
      expect(await redis.zscore(INDEX_KEYS[1], run)).toBe('inf');
      await create({ window: 'day' });
      expect(await ttls()).toEqual([-1, -1, -1, -1, -1, -1]);
    });

    it('keep the time to live of one that ends through a roll', async () => {
      await create({ ttlMs: DAY, window: 'day' });
      await roll(0, FAR);
      const ends = await Promise.all(budgetKeys(run).map((name) => redis.pexpiretime(name)));
      expect(new Set(ends).size).toBe(1);
      expect(Number(ends[0])).toBeGreaterThan(Date.now());
    });

    it('are listed, and leave the index when they are deleted', async () => {
      const ids = [`${run}-a`, `${run}-b`];
      for (const id of ids) await tracker.create(id, 10, { lasting: true });
      await tracker.create(`${run}-c`, 10);
      const listed = async () =>
        (await tracker.list({ limit: 1000 })).budgets.map(({ run_id }) => run_id);
      expect(await listed()).toEqual(expect.arrayContaining([...ids, `${run}-c`]));
      await tracker.delete(`${run}-a`);
      expect(await listed()).not.toContain(`${run}-a`);
      expect(await listed()).toContain(`${run}-b`);
      expect(await redis.zscore(INDEX_KEYS[0], `${run}-a`)).toBeNull();
    });

    it('stay in the index when a delete does not take them', async () => {
      await create();
      const child = { runId: run, now: 0, child: 'child', incarnation: 'first' };
      await store.carve({ ...child, amount: USD });
      expect(await store.delete({ runId: run, now: 0, ifSettled: true })).toBe(false);
      expect(await redis.zscore(INDEX_KEYS[0], run)).toBe('0');
      await store.charge({ ...child, total: { amount: USD, units: {} }, end: 'settled' });
      expect(await store.delete({ runId: run, now: 0, ifSettled: true })).toBe(true);
      expect(await store.delete({ runId: run, now: 0, ifSettled: true })).toBe(false);
    });

    it('are put back into the index when they are created again while it is cleaned', async () => {
      await create();
      const slow = new Redis(server.url);
      Object.assign(slow, {
        async zrem(index: string, member: string): Promise<number> {
          const removed = await redis.zrem(index, member);
          await create();
          return removed;
        },
      });
      const cleaner = new RedisBudgetStore(slow, { commandTimeoutMs: PATIENT.commandTimeout });
      expect(await cleaner.delete({ runId: run, now: 0 })).toBe(true);
      slow.disconnect();
      expect(await redis.zscore(INDEX_KEYS[0], run)).toBe('0');
      expect(await redis.zscore(INDEX_KEYS[1], run)).toBe('inf');
    });
  });

  it('tells children a page at a time, in the order of the bytes of their ids', async () => {
    await create({ limit: 9e15 });
    const ids = Array.from({ length: 2 * MOST_CHILDREN + 1 }, (_, at) => `c${at % 10}-${at}`);
    for (const id of ids) {
      await store.carve({ runId: run, now: 0, child: id, incarnation: 'first', amount: 1 });
    }
    // They stand behind the holds, and the sentinel behind them.
    await hold('h', 1);
    const page = async (after?: Child): Promise<readonly Child[]> => {
      const answer = await store.children({ runId: run, now: 0, after });
      return 'children' in answer ? answer.children : [];
    };
    const first = await page();
    expect(first).toHaveLength(MOST_CHILDREN);
    // What a page ends with may be settled before the next one is asked for.
    const last = first.at(-1);
    const settled = { runId: run, now: 0, child: last?.child ?? '', incarnation: 'first' };
    await store.charge({ ...settled, total: { amount: 1, units: {} }, end: 'settled' });
    const second = await page(last);
    const third = await page(second.at(-1));
    expect(third).toHaveLength(1);
    const all = [...first, ...second, ...third].map(({ child }) => child);
    expect(all).toEqual([...ids].sort());
    expect(await page(third[0])).toEqual([]);
    expect(await redis.zscore(key('holds'), `\0${settled.child}\0first`)).toBeNull();
  });

  it('tells holds in the order in which they end, then of the bytes of their ids', async () => {
    await create();
    await hold('later', 1, { ttlMs: 120_000 });
    for (const id of ['￿', '😀', 'b', 'B']) await hold(id, 1, { units: { steps: 2 } });
    await hold('sooner', 1, { ttlMs: 60_000 });
    const answer = await store.holds({ runId: run, now: 0 });
    const holds = 'holds' in answer ? answer.holds : [];
    expect(holds.map(({ holdId }) => holdId)).toEqual(['sooner', 'later', 'B', 'b', '￿', '😀']);
    expect(holds[2]).toEqual({ holdId: 'B', held: 1, units: { steps: 2 }, expiresAt: NEVER });
  });

  it('tells the first thousand of many holds', async () => {
    await create();
    const ids = Array.from({ length: 1001 }, (_, index) => String(index).padStart(4, '0'));
    await Promise.all(ids.map((id) => hold(id, 1)));
    const answer = await store.holds({ runId: run, now: 0 });
    const holds = 'holds' in answer ? answer.holds : [];
    expect(holds.map(({ holdId }) => holdId)).toEqual(ids.slice(0, 1000));
  });

  it('is shut by another who sets exceeded, whatever the units say', async () => {
    await create({ units: { steps: 5 } });
    await redis.set(key('exceeded'), '1');
    const refusal = { outcome: 'budget_exceeded', limit: 'usd' };
    expect(await hold('h', 1, { units: { steps: 1 } })).toMatchObject(refusal);
  });

  it('names the unit whose limit was passed', async () => {
    await create({ units: { steps: 5 } });
    const spend = { runId: run, now: 0, amount: 1, units: { steps: 6 }, idempotencyKey: 'k' };
    expect(await store.spend(spend)).toMatchObject({
      ledger: { exceeded: true },
      crossed: [50, 80, 100],
    });
    expect(await redis.get(key('exceeded'))).toBe('1');
    expect(await hold('h', 1)).toMatchObject({ outcome: 'budget_exceeded', limit: 'steps' });
    await redis.set(key('exceeded'), '0');
    expect(await tracker.status(run)).toMatchObject({ exceeded: true });
  });

  it('begins a window with nothing spent and nothing exceeded', async () => {
    await create({ window: 'day' });
    await roll(0, FAR);
    await store.spend({ runId: run, now: 0, amount: 11 * USD, idempotencyKey: 'k' });
    expect(await redis.get(key('exceeded'))).toBe('1');
    await roll(FAR, FAR + DAY);
    expect(await redis.mget(key('spent'), key('exceeded'))).toEqual(['0.0', '0']);
    expect(await hold('h', USD)).toMatchObject({ outcome: 'done', ledger: { spent: 0 } });
  });

  it('regression: tells by its own clock that a window is over', async () => {
    await create({ window: 'day' });
    const now = await serverNow();
    const { ledger } = (await roll(0, now - 1)) as { ledger: Ledger };
    expect(ledger.ended).toBeGreaterThanOrEqual(now);
    expect(ledger.ended).toBeLessThan(now + 10_000);
    expect((await roll(now - 1, now + DAY)).outcome).toBe('done');
    expect(await store.status({ runId: run, now: FAR })).not.toHaveProperty('ledger.ended');
  });

  describe('what is long settled', () => {
    /** Lets the next operation begin the search. */
    const beforeThousandth = async (): Promise<void> => {
      const balance = (await redis.hget(key('done'), 'balance')) ?? '';
      const next = balance.replace(/^(2\|\d+)\|\d+/, '$1|2999');
      await redis.hset(key('done'), 'balance', next);
    };
    const spend = () => store.spend({ runId: run, now: 0, amount: 1, idempotencyKey: undefined });

    it('is forgotten after seven days, and nothing else', async () => {
      await create({ loop: { calls: 2, withinMs: 1000 } });
      await hold('active', USD);
      await store.spend({ runId: run, now: 0, amount: 1, idempotencyKey: 'new' });
      await hold('late', 1, { ttlMs: 1 });
      await sleep(5);
      await store.commit({ runId: run, now: 0, holdId: 'late', amount: 1 });
      const child = { runId: run, now: 0, incarnation: 'first' };
      await store.carve({ ...child, child: 'living', amount: 1 });
      const now = await serverNow();
      const [old, young] = [now - 7 * DAY - 1000, now - 7 * DAY + 60_000];
      const kept = {
        'h:young': `E|1|${young}||`,
        'h:committed lately': `C|1|${old}|1|L||${young}`,
        'h:released lately': `R|1|${old}||||${young}`,
        's:young': `C|0|${young}|1||7|${young}`,
        'h:unreadable': 'nonsense',
        'h:active, but not among the holds': `A|1|${old}||`,
        'c:running': `1|${now}`,
        'k:lately\0first': `0|1|0|0|${young}`,
      };
      await redis.hset(key('done'), {
        ...kept,
        'h:expired': `E|1|${old}||`,
        'h:committed': `C|1|${NEVER}|1|||${old}`,
        'h:released': `R|1,2,3,4|${NEVER}||||${old}`,
        's:spent': `C|0|${old}|1|`,
        'c:over': `2|${now - 1001}`,
        'k:settled\0first': `0|1|0|0|${old}`,
      });
      const before = await redis.hkeys(key('done'));
      await beforeThousandth();
      while ((await spend(), await redis.hexists(key('ledger'), 'purge')) === 1);
      const after = await redis.hkeys(key('done'));
      expect(before.filter((field) => !after.includes(field)).sort()).toEqual([
        'c:over',
        'h:committed',
        'h:expired',
        'h:released',
        'k:settled\0first',
        's:spent',
      ]);
      expect(await store.children({ runId: run, now: 0 })).toMatchObject({
        children: [{ child: 'living' }],
      });
    });

    it('is searched for a page at a time, until the search is through', async () => {
      await create();
      const old = (await serverNow()) - 8 * DAY;
      const count = 5000;
      const add = (fields: string[]) =>
        redis.hset(key('done'), Object.fromEntries(fields.map((f) => [f, `C|0|${old}|1|`])));
      const all = Array.from({ length: count }, (_, at) => `s:${at}`);
      await add(all);
      await beforeThousandth();
      await spend();
      const left = new Set(await redis.hkeys(key('done')));
      expect(left.size).toBeGreaterThan(count - 100);
      expect(left.size).toBeLessThan(count + 1);
      // What is behind the search already is found by the next one only.
      const behind = all.filter((field) => !left.has(field));
      await add(behind);
      let operations = 1;
      while ((await redis.hexists(key('ledger'), 'purge')) === 1) {
        operations += 1;
        await spend();
      }
      expect(operations).toBeLessThan(count / 5);
      expect(await redis.hmget(key('done'), ...behind)).not.toContain(null);
      const names = await redis.hkeys(key('done'));
      expect(names.filter((name) => all.includes(name)).length).toBeLessThan(behind.length + 20);
    });

    it('is searched for once in three days, whatever the clock did', async () => {
      await create();
      const search = async (ago: number): Promise<number> => {
        const began = (await serverNow()) - ago;
        await redis.hset(key('ledger'), 'purged', began);
        await beforeThousandth();
        await spend();
        return Number(await redis.hget(key('ledger'), 'purged')) - began;
      };
      expect(await search(3 * DAY - 60_000)).toBe(0);
      expect(await search(0)).toBe(0);
      expect(await search(3 * DAY)).toBeGreaterThanOrEqual(3 * DAY);
      expect(await search(-3 * DAY - 60_000)).toBeLessThan(-3 * DAY);
    });

    it('is kept where the budget ends by itself', async () => {
      await create({ ttlMs: DAY });
      await redis.hset(key('done'), 'h:expired', 'E|1|1||');
      await beforeThousandth();
      await spend();
      expect(await redis.hexists(key('done'), 'h:expired')).toBe(1);
    });
  });

  it('lets a call pass again once its time is over', async () => {
    const withinMs = 600_000;
    await create({ loop: { calls: 2, withinMs } });
    const call = 'the same';
    await hold('a', 1, { call });
    await hold('b', 1, { call });
    const refused = await hold('c', 1, { call });
    expect(refused).toMatchObject({ outcome: 'looping', ledger: { held: 2, seq: 3 } });
    const { retryAfterMs = 0 } = refused as { retryAfterMs?: number };
    expect(retryAfterMs).toBeGreaterThan(withinMs - 60_000);
    expect(retryAfterMs).toBeLessThanOrEqual(withinMs);
    expect(await hold('c', 1, { call: 'another' })).toMatchObject({ outcome: 'done' });

    const first = (await serverNow()) - withinMs;
    await redis.hset(key('done'), `c:${call}`, `2|${first}`);
    expect(await hold('d', 1, { call })).toMatchObject({ outcome: 'done' });
    const [times, since] = (await redis.hget(key('done'), `c:${call}`))?.split('|') ?? [];
    expect(times).toBe('1');
    expect(Number(since)).toBeGreaterThan(first);
    expect(await hold('e', 1, { call })).toMatchObject({ outcome: 'done' });
    expect(await hold('f', 1, { call })).toMatchObject({ outcome: 'looping' });
  });

  it('takes a hold of nothing that is limited for one under way', async () => {
    await create({ parent: 'team', incarnation: 'first' });
    await store.transition({ runId: run, now: 0, to: 'carved' });
    await hold('h', 0, { units: { steps: 1 } });
    const close = { runId: run, now: 0, to: 'closing' } as const;
    expect(await store.transition(close)).toMatchObject({ outcome: 'busy' });
    await store.release({ runId: run, now: 0, holdId: 'h' });
    expect(await store.transition(close)).toMatchObject({ ledger: { carve: 'closing' } });
  });

  describe('velocity', () => {
    const velocity = 60 * USD;
    /** Lets the bucket hold `level` since `ago` milliseconds. */
    const fill = async (level: number, ago: number): Promise<void> => {
      const at = (await serverNow()) - ago;
      await redis.hset(key('ledger'), 'level', level, 'level_at', at);
    };
    const level = async (): Promise<number> => Number(await redis.hget(key('ledger'), 'level'));
    /** What drains in five seconds: that long no step of a test takes. */
    const slack = 5 * USD;

    beforeEach(() => create({ limit: 9e15, velocity }));

    it('lets as much pass a minute, and tells when there is room again', async () => {
      expect(await hold('all', velocity)).toMatchObject({ outcome: 'done' });
      const refused = await hold('more', 20 * USD);
      expect(refused).toMatchObject({ outcome: 'too_fast', ledger: { held: velocity, seq: 2 } });
      const { retryAfterMs = 0 } = refused as { retryAfterMs?: number };
      expect(retryAfterMs).toBeGreaterThan(15_000);
      expect(retryAfterMs).toBeLessThanOrEqual(20_000);
      await redis.hincrby(key('ledger'), 'level_at', 5000 - retryAfterMs);
      expect(await hold('more', 20 * USD)).toMatchObject({ outcome: 'too_fast' });
      await redis.hincrby(key('ledger'), 'level_at', -5000);
      expect(await hold('more', 20 * USD)).toMatchObject({ outcome: 'done' });
    });

    it.each([
      [30_000, velocity / 2],
      [59_000, velocity / 60],
      [60_000, 0],
      [3_600_000, 0],
      [-5000, velocity],
    ])('drains evenly: after %p ms', async (ago, left) => {
      await fill(velocity, ago);
      await hold('h', 1);
      const now = await level();
      expect(now).toBeLessThanOrEqual(left + 1);
      expect(now).toBeGreaterThan(Math.max(0, left - slack));
    });

    it('is filled by what has no hold, up to its brim', async () => {
      await store.commit({ runId: run, now: 0, holdId: 'unheld', amount: 20 * USD });
      expect(await level()).toBe(20 * USD);
      await store.spend({ runId: run, now: 0, amount: 9e15 - 20 * USD, idempotencyKey: 'k' });
      expect(await level()).toBe(velocity);
    });

    it('gives nothing back, for it may have drained, and takes what is charged above a hold', async () => {
      await hold('released', 10 * USD);
      await hold('committed', 10 * USD);
      await hold('expired', 10 * USD, { ttlMs: 1 });
      await store.release({ runId: run, now: 0, holdId: 'released' });
      await store.commit({ runId: run, now: 0, holdId: 'committed', amount: 13 * USD });
      await store.spend({ runId: run, now: 0, amount: 5 * USD, idempotencyKey: 'k' });
      await store.commit({ runId: run, now: 0, holdId: 'unheld', amount: 7 * USD });
      expect(await level()).toBeGreaterThan(45 * USD - slack);
      expect(await level()).toBeLessThanOrEqual(45 * USD);
    });

    it('takes nothing from the children', async () => {
      const child = { runId: run, now: 0, child: 'child', incarnation: 'first' };
      await store.carve({ ...child, amount: 2 * velocity });
      await store.charge({ ...child, total: { amount: velocity, units: {} } });
      expect(await level()).toBe(0);
    });

    it('counts exactly, up to the largest', async () => {
      // The functions of the script at instants of one's choice, beside integers of any size.
      const script = `${resolveIncludes('includes/micros')}
        local ledger = { velocity = tonumber(ARGV[1]), level = tonumber(ARGV[2]) }
        ledger.levelAt, ledger.now = 1700000000000, 1700000000000 + ARGV[3]
        local settings, changed = {}, {}
        function settings.change(field, value)
          changed[field] = value
        end
        ${resolveIncludes('includes/bucket')}
        settings.fillBucket(tonumber(ARGV[4]))
        return { changed.level, changed.level_at }`;
      const numbers = fc.record({
        velocity: fc.oneof(fc.integer({ min: 1, max: 1e11 }), fc.constant(1e11)),
        before: fc.oneof(
          fc.maxSafeNat().map((value) => value % (9e15 + 1)),
          fc.nat(),
        ),
        elapsed: fc.integer({ min: -1000, max: 61_000 }),
        amount: fc.oneof(
          fc.maxSafeNat().map((value) => value % 9e15),
          fc.nat(),
        ),
      });
      await fc.assert(
        fc.asyncProperty(numbers, async ({ velocity: most, before, elapsed, amount }) => {
          const given = [most, before, elapsed, amount];
          const drain = (BigInt(Math.min(Math.max(elapsed, 0), 60_000)) * BigInt(most)) / 60_000n;
          const left = atLeast0(BigInt(before) - drain);
          const filled = left + BigInt(amount);
          const want = filled > BigInt(most) ? BigInt(most) : filled;
          // A clock that is put back does not drain it twice.
          const at = 1_700_000_000_000 + Math.max(elapsed, 0);
          expect(await redis.eval(script, 0, ...given)).toEqual([String(want), String(at)]);
        }),
        { numRuns: 500 },
      );
    });

    it('regression: what a clock has filled that was a day ahead is nothing', async () => {
      await fill(velocity, -DAY);
      expect(await hold('h', velocity)).toMatchObject({ outcome: 'done' });
      expect(await level()).toBe(velocity);
      expect(await hold('i', velocity / 2)).toMatchObject({ outcome: 'too_fast' });
    });

    it('lets nothing wait for what it never admits', async () => {
      const never = { outcome: 'too_fast', retryAfterMs: undefined };
      expect(await hold('h', velocity + 1)).toMatchObject(never);
      await store.delete({ runId: run, now: 0 });
      await create({ limit: 9e15, velocity: 1 });
      expect(await hold('h', 9e15)).toMatchObject(never);
    });
  });

  describe('scripts refuse by themselves', () => {
    const args: Record<string, [string, string[]][]> = {
      'create-6': [
        ['amount', ['0', '', '', '', '', '', '', '']],
        ['ttl', ['1', '0', '', '', '', '', '', '']],
        ['ttl', ['1', '10000000000001', '', '', '', '', '', '']],
        ['amount', ['1', '', '0,,', '', '', '', '', '']],
        ['amount', ['1', '', ',NaN,', '', '', '', '', '']],
        ['amount', ['1', '', '1,2', '', '', '', '', '']],
        ['parent', ['1', '', '', 'a\nb', 'first', '', '', '']],
        ['parent', ['1', '', '', 'team', '', '', '', '']],
        ['parent', ['1', '', '', 'team', 'a\nb', '', '', '']],
        ['window', ['1', '', '', '', '', 'week', '', '']],
        ['guard', ['1', '', '', '', '', '', '0', '']],
        ['guard', ['1', '', '', '', '', '', '100000000001', '']],
        ['guard', ['1', '', '', '', '', '', '', '0|1']],
        ['guard', ['1', '', '', '', '', '', '', '1|0']],
        ['guard', ['1', '', '', '', '', '', '', '1']],
      ],
      'reserve-6': [
        ['amount', ['h', '0', '', '']],
        ['amount', ['h', '0,0,0,0', '', '']],
        ['amount', ['h', '1,2,3', '', '']],
        ['amount', ['h', '1,2,3,-4', '', '']],
        ['amount', ['h', '1,2,3,9000000000000001', '', '']],
        ['ttl', ['h', '1', '0', '']],
        ['ttl', ['h', '1', 'x', '']],
      ],
      'commit-6': [['amount', ['h', '1,2,x,4']]],
      'spend-6': [['amount', ['k', '0,0,0,0']]],
      'carve-6': [
        ['amount', ['child', 'first', '0']],
        ['amount', ['child', 'first', '']],
        ['child', ['', 'first', '1']],
        ['child', ['child', '', '1']],
        ['child', ['a\0b', 'first', '1']],
        ['child', ['child', 'a\0b', '1']],
      ],
      'charge-6': [
        ['amount', ['child', 'first', '-1', '0', '']],
        ['amount', ['child', 'first', '1', '', '']],
        ['child', ['child', 'first', '1', '0', 'gone']],
        ['child', ['child', '', '1', '0', '']],
      ],
      'extend-6': [
        ['ttl', ['h', '']],
        ['ttl', ['h', '0']],
      ],
      'transition-6': [
        ['argument', ['melted', '', '', '', '', '']],
        ['argument', ['closed', '', '', '', '', '']],
        ['window', ['rolled', '1', '', '', '', '']],
        ['window', ['rolled', '', '1', '', '', '']],
        ['window', ['carved', '', 'x', '', '', '']],
        ['amount', ['paid', '', '', '', '', '']],
        ['amount', ['paid', '', '', '', '1,2', '']],
      ],
      'holds-6': [['argument', ['-1']]],
      'children-6': [['argument', ['', '', '-1']]],
    };

    it.each(
      Object.entries(args).flatMap(([name, cases]) =>
        cases.map(([argument, given]) => [name, argument, given] as const),
      ),
    )('%s: the %s of %j', async (name, argument, given) => {
      await create({ loop: { calls: 1, withinMs: 1 } });
      const { source, numberOfKeys } = loadScript(name as 'create-6');
      const reply = await redis.eval(source, numberOfKeys, ...budgetKeys(run), ...given);
      expect(reply).toEqual(['INVALID', argument]);
      expect(await tracker.status(run)).toMatchObject({ seq: 1, held: 0, spent: 0 });
    });

    it('as the store tells', async () => {
      const command = { runId: `new-${run}`, now: 0, limit: 1 };
      const child = { runId: run, now: 0, child: 'child', incarnation: 'first' };
      await create();
      const calls: [string, () => Promise<unknown>][] = [
        ['invalid_amount', () => store.create({ ...command, units: { tokens: 0 } })],
        ['invalid_amount', () => store.create({ ...command, units: { steps: 1.5 } })],
        ['invalid_ttl', () => store.create({ ...command, ttlMs: 0 })],
        [
          'invalid_parent',
          () => store.create({ ...command, parent: 'a\nb', incarnation: 'first' }),
        ],
        ['invalid_parent', () => store.create({ ...command, parent: 'team' })],
        ['invalid_window', () => store.create({ ...command, window: 'week' as 'day' })],
        ['invalid_guard', () => store.create({ ...command, velocity: 1e11 + 1 })],
        ['invalid_guard', () => store.create({ ...command, loop: { calls: 0, withinMs: 1 } })],
        ['invalid_amount', () => hold('h', 1, { units: { tokens: NaN } })],
        ['invalid_amount', () => hold('h', 0, { units: { tokens: 0 } })],
        ['invalid_amount', () => hold('h', -1, { units: { tokens: 1 } })],
        ['invalid_window', () => roll(NaN, 1)],
        ['invalid_amount', () => store.carve({ ...child, amount: 0 })],
        ['invalid_amount', () => store.charge({ ...child, total: { amount: -1, units: {} } })],
        ['invalid_parent', () => store.carve({ ...child, child: 'a\0b', amount: 1 })],
      ];
      for (const [code, call] of calls) await expect(call()).rejects.toThrow(coded(code));
      expect(await tracker.status(run)).toMatchObject({ seq: 1 });
      await expect(tracker.status(command.runId)).rejects.toThrow(coded('budget_not_found'));
    });
  });
});
