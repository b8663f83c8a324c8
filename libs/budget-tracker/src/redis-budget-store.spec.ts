import { randomUUID } from 'node:crypto';
import { startRedis } from '@ae/test-support';
import type { RedisServer } from '@ae/test-support';
import { Redis } from 'ioredis';
import { coded } from '../test/coded.ts';
import { startLossyProxy } from '../test/lossy-proxy.ts';
import { untilItWorks } from '../test/until-it-works.ts';
import { budgetKeys, INDEX_KEYS } from './budget-keys.ts';
import { BudgetTracker } from './budget-tracker.ts';
import { loadScript } from './lua-script.ts';
import { RedisBudgetStore } from './redis-budget-store.ts';
import { redisOptions } from './redis-options.ts';

const WEEK_MS = 604_800_000;

describe('RedisBudgetStore', () => {
  let server: RedisServer;
  let redis: Redis;
  let tracker: BudgetTracker;
  let run: string;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    tracker = new BudgetTracker(new RedisBudgetStore(redis, { commandTimeoutMs: 10_000 }));
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => {
    run = `run-${randomUUID()}`;
  });

  describe('keys', () => {
    it('keeps the three that others read as decimal strings under literal braces', async () => {
      await tracker.create(run, 10);
      expect(await redis.get(`budget:{${run}}`)).toBe('10.0');
      expect(await redis.get(`spent:{${run}}`)).toBe('0.0');
      expect(await redis.get(`exceeded:{${run}}`)).toBe('0');
      await tracker.spend(run, 0.05);
      expect(await redis.get(`spent:{${run}}`)).toBe('0.05');
      await tracker.reserve(run, 'h', 1);
      await tracker.commit(run, 'h', 10);
      expect(await redis.get(`spent:{${run}}`)).toBe('10.05');
      expect(await redis.get(`exceeded:{${run}}`)).toBe('1');
    });

    it('writes every amount in plain decimals', async () => {
      for (const [limit, text] of [
        [9e9, '9000000000.0'],
        [0.000001, '0.000001'],
        [1234567.89, '1234567.89'],
        [100, '100.0'],
      ] as const) {
        await tracker.create(`${run}-${text}`, limit);
        expect(await redis.get(`budget:{${run}-${text}}`)).toBe(text);
      }
    });

    it('lets all of them end at the same instant, seven days after the create', async () => {
      await tracker.create(run, 10, { limits: { steps: 9 } });
      await tracker.reserve(run, 'a', 1);
      await tracker.reserve(run, 'b', 1);
      await tracker.commit(run, 'a', 1);
      await tracker.release(run, 'b');
      await tracker.spend(run, 1, { idempotencyKey: 'k' });
      await tracker.reserve(run, 'c', 1);
      const ends = await Promise.all(budgetKeys(run).map((key) => redis.pexpiretime(key)));
      expect(new Set(ends).size).toBe(1);
      const left = await redis.pttl(`budget:{${run}}`);
      expect(left).toBeGreaterThan(WEEK_MS - 60_000);
      expect(left).toBeLessThanOrEqual(WEEK_MS);
    });

    it('leaves nothing of a deleted run', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 1);
      await tracker.delete(run);
      expect(await redis.exists(...budgetKeys(run))).toBe(0);
      expect(await redis.zscore(INDEX_KEYS[0], run)).toBeNull();
    });

    it('drops entries of the index whose budget is gone', async () => {
      await tracker.create(run, 10);
      await redis.del(...budgetKeys(run));
      await tracker.list({ limit: 1000 });
      expect(await redis.zscore(INDEX_KEYS[0], run)).toBeNull();
      await redis.zadd(INDEX_KEYS[0], 0, `old-${run}`);
      await redis.zadd(INDEX_KEYS[1], 1, `old-${run}`);
      await tracker.create(run, 10);
      expect(await redis.zscore(INDEX_KEYS[0], `old-${run}`)).toBeNull();
      expect(await redis.zscore(INDEX_KEYS[0], run)).toBe('0');
    });
  });

  describe('values of others', () => {
    it('takes a spend of INCRBYFLOAT, rounded up', async () => {
      await tracker.create(run, 10);
      await redis.set(`spent:{${run}}`, '0.10000000000000087324', 'KEEPTTL');
      expect(await tracker.status(run)).toMatchObject({ spent: 0.100001 });
    });

    it('takes a limit rounded down', async () => {
      await tracker.create(run, 10);
      await redis.set(`budget:{${run}}`, '20.0000009', 'KEEPTTL');
      expect(await tracker.status(run)).toMatchObject({ limit: 20 });
    });

    it('admits nothing once another has set exceeded', async () => {
      await tracker.create(run, 10);
      await redis.set(`exceeded:{${run}}`, '1', 'KEEPTTL');
      await expect(tracker.reserve(run, 'h', 1)).rejects.toThrow(coded('budget_exceeded'));
      expect(await tracker.canSpend(run, 1)).toMatchObject({ can_spend: false });
    });

    const corruptions: [string, (redis: Redis, key: string) => Promise<unknown>][] = [
      ...['NaN', '-1', '1e3', '', 'inf', '99999999999', '0x10', ' 1', '1,5'].flatMap((value) =>
        ['budget', 'spent'].map((name): (typeof corruptions)[number] => [
          name,
          (r, key) => r.set(key, value, 'KEEPTTL'),
        ]),
      ),
      ['spent', (r, key) => r.del(key)],
      ['exceeded', (r, key) => r.set(key, 'true', 'KEEPTTL')],
      ['exceeded', (r, key) => r.del(key)],
      ...[
        '',
        '2|-5|2|8640000000000000|',
        '2|1|1.5|8640000000000000|',
        '2|9000000000000001|2|8640000000000000|',
        '2|1000000|9000000000000001|8640000000000000|',
        '2|1000000|2|8640000000000001|',
        '2|1000000|2|8640000000000000|sf',
        '2|1000000|2||',
        '3|1000000|2|8640000000000000|',
        // Less than the hold that is committed.
        '2|1|2|8640000000000000|',
      ].map((balance): (typeof corruptions)[number] => [
        'done',
        (r, key) => r.hset(key, 'balance', balance),
      ]),
      // Fields that are said to be there.
      ['ledger', (r) => r.hset(`done:{${run}}`, 'balance', '2|1000000|2|8640000000000000|s')],
      ['done', (r, key) => r.hset(key, 'h:h', 'C|1||')],
      ['done', (r, key) => r.hset(key, 'h:h', 'nonsense')],
      ['done', (r, key) => r.del(key)],
      ...['budget', 'spent', 'exceeded'].map((name): (typeof corruptions)[number] => [
        name,
        async (r, key) => {
          await r.del(key);
          await r.rpush(key, '1');
        },
      ]),
      ...['holds', 'done'].map((name): (typeof corruptions)[number] => [
        name,
        (r, key) => r.set(key, '1'),
      ]),
    ];

    it.each(corruptions)('names a corrupt %s key and changes nothing', async (name, corrupt) => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 1);
      const key = `${name}:{${run}}`;
      await corrupt(redis, key);
      const before = await Promise.all(budgetKeys(run).map((k) => redis.dumpBuffer(k)));
      await expect(tracker.commit(run, 'h', 1)).rejects.toThrow(coded('corrupt_value', { key }));
      const after = await Promise.all(budgetKeys(run).map((k) => redis.dumpBuffer(k)));
      expect(after).toEqual(before);
      await tracker.delete(run).catch((error: unknown) => {
        expect(error).toEqual(coded('budget_not_found'));
      });
      expect(await tracker.create(run, 10)).toMatchObject({ held: 0, spent: 0 });
    });

    it('lists a corrupt run apart', async () => {
      await tracker.create(run, 10);
      await redis.set(`spent:{${run}}`, 'NaN', 'KEEPTTL');
      const page = await tracker.list({ limit: 1000 });
      expect(page.corrupt).toContain(run);
      expect(page.budgets.map((budget) => budget.run_id)).not.toContain(run);
      await tracker.delete(run);
    });
  });

  describe('scripts', () => {
    const bad = ['NaN', 'inf', '-1', '-0', '1e3', '1.5', '', ' 1', '0x10', '١', '9000000000000001'];

    it.each([
      ['create-6', (amount: string) => [amount, '1000']],
      ['reserve-6', (amount: string) => ['h', amount, '1000']],
      ['commit-6', (amount: string) => ['h', amount]],
      ['spend-6', (amount: string) => ['k', amount]],
    ] as const)('%s refuses by itself what is not an amount', async (name, args) => {
      await tracker.create(run, 10);
      const { source, numberOfKeys } = loadScript(name);
      for (const amount of [...bad, '99999999999999999']) {
        expect(await redis.eval(source, numberOfKeys, ...budgetKeys(run), ...args(amount))).toEqual(
          ['INVALID', 'amount'],
        );
      }
      expect(await tracker.status(run)).toMatchObject({ spent: 0, held: 0, seq: 1 });
    });

    it('are sent again whole after the server forgot them', async () => {
      await tracker.create(run, 10);
      await redis.script('FLUSH');
      expect(await tracker.reserve(run, 'h', 1)).toMatchObject({ held: 1 });
    });
  });

  describe('outages', () => {
    const connectTo = (port: number) => {
      const client = new Redis(port, '127.0.0.1', redisOptions);
      client.on('error', () => undefined);
      return { client, tracker: new BudgetTracker(new RedisBudgetStore(client)) };
    };
    const port = () => Number(new URL(server.url).port);

    it('never charges twice when replies are lost', async () => {
      await tracker.create(run, 1000);
      const proxy = await startLossyProxy(port());
      const lossy = connectTo(proxy.port);
      const retried = async (call: () => Promise<unknown>): Promise<unknown> => {
        for (let attempt = 0; ; attempt += 1) {
          try {
            return await call();
          } catch (error) {
            expect(error).toEqual(coded('store_unavailable'));
            if (attempt === 50) throw error;
          }
        }
      };
      // A server that does not know a script yet answers so: that is not the reply to lose.
      await tracker.create(`other-${run}`, 10);
      await tracker.reserve(`other-${run}`, 'h', 2);
      await tracker.commit(`other-${run}`, 'h', 1);
      await tracker.spend(`other-${run}`, 1);
      let lost = 0;
      for (let i = 0; i < 20; i += 1) {
        const calls = [
          () => lossy.tracker.reserve(run, `h${i}`, 2),
          () => lossy.tracker.commit(run, `h${i}`, 1),
          () => lossy.tracker.spend(run, 1, { idempotencyKey: `s${i}` }),
        ];
        for (const call of calls) {
          await retried(() => lossy.tracker.ping());
          proxy.loseNextReply();
          await expect(call()).rejects.toThrow(coded('store_unavailable'));
          lost += 1;
          expect(await retried(call)).toMatchObject({ replayed: true });
        }
      }
      expect(lost).toBe(60);
      expect(await tracker.status(run)).toMatchObject({ spent: 40, held: 0, seq: 61 });
      lossy.client.disconnect();
      await proxy.stop();
    });

    it('fails closed when the server hangs', async () => {
      await tracker.create(run, 10);
      const proxy = await startLossyProxy(port());
      const hung = connectTo(proxy.port);
      await hung.tracker.ping();
      proxy.hang();
      await expect(hung.tracker.reserve(run, 'h', 1)).rejects.toThrow(coded('store_unavailable'));
      hung.client.disconnect();
      await proxy.stop();
    });

    it('fails closed while there is no server, and works once there is one', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 1);
      const own = connectTo(port());
      expect(await own.tracker.status(run)).toMatchObject({ held: 1 });
      const down = await startRedis();
      const other = connectTo(Number(new URL(down.url).port));
      await other.tracker.create(run, 10);
      await down.kill();
      await expect(other.tracker.reserve(run, 'h', 1)).rejects.toThrow(coded('store_unavailable'));
      await expect(other.tracker.ping()).rejects.toThrow(coded('store_unavailable'));
      await down.restart();
      await untilItWorks(() => other.tracker.ping());
      await other.tracker.create(run, 10);
      expect(await other.tracker.reserve(run, 'h', 1)).toMatchObject({ held: 1 });
      other.client.disconnect();
      own.client.disconnect();
      await expect(other.tracker.ping()).rejects.toThrow(coded('store_unavailable'));
      await down.stop();
    });

    it('waits for a lazy client to connect', async () => {
      const client = new Redis(server.url, { ...redisOptions, lazyConnect: true });
      const lazy = new BudgetTracker(new RedisBudgetStore(client, { commandTimeoutMs: 10_000 }));
      expect(await lazy.create(run, 10)).toMatchObject({ limit: 10 });
      client.disconnect();
    });

    it('refuses options it does not know', () => {
      expect(() => new RedisBudgetStore(redis, { timeout: 5 } as never)).toThrow(/timeout/);
    });
  });
});
