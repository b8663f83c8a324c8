import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '@ae/test-support';
import type { RedisServer } from '@ae/test-support';
import { Redis } from 'ioredis';
import { coded } from '../test/coded.ts';
import { startLossyProxy } from '../test/lossy-proxy.ts';
import type { LossyProxy } from '../test/lossy-proxy.ts';
import { PATIENT } from '../test/store-fixtures.ts';
import { untilItWorks } from '../test/until-it-works.ts';
import { BudgetTracker } from './budget-tracker.ts';
import { RedisBudgetStore } from './redis-budget-store.ts';
import { redisOptions } from './redis-options.ts';

const NO_ANSWER = /no answer within 250 ms/;
const LEFT_ALONE = /left alone/;

describe('RedisBudgetStore while Redis hangs', () => {
  let server: RedisServer;
  let proxy: LossyProxy;
  let client: Redis;
  let tracker: BudgetTracker;

  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    proxy = await startLossyProxy(Number(new URL(server.url).port));
    // The store's own limit is what is looked at.
    client = new Redis(proxy.port, '127.0.0.1', { ...redisOptions, ...PATIENT });
    client.on('error', () => undefined);
    tracker = new BudgetTracker(new RedisBudgetStore(client));
    // Two cores are shared with other suites: the first connection may take its time.
    await untilItWorks(() => tracker.create('run', 10));
  });
  afterEach(async () => {
    client.disconnect();
    await proxy.stop();
  });

  /** How a reserve was denied, and after how many milliseconds. */
  const denial = async (): Promise<{ reason: string; after: number }> => {
    const start = performance.now();
    const error: unknown = await tracker.reserve('run', 'h', 1).catch((caught: unknown) => caught);
    expect(error).toEqual(coded('store_unavailable'));
    return { reason: (error as Error).message, after: performance.now() - start };
  };
  const openCircuit = async (): Promise<void> => {
    proxy.hang();
    await Promise.all(Array.from({ length: 5 }, denial));
  };

  it('denies within 250 ms, then at once', async () => {
    proxy.hang();
    for (let call = 0; call < 5; call += 1) {
      const { reason, after } = await denial();
      expect(reason).toMatch(NO_ANSWER);
      expect(after).toBeGreaterThan(200);
      // What a busy machine adds to a timer.
      expect(after).toBeLessThan(400);
    }
    for (let call = 0; call < 10; call += 1) {
      const { reason, after } = await denial();
      expect(reason).toMatch(LEFT_ALONE);
      expect(after).toBeLessThan(50);
    }
  });

  it('probes with one call, and leaves it alone again when there is no answer', async () => {
    await openCircuit();
    await sleep(520);
    const denials = await Promise.all(Array.from({ length: 5 }, denial));
    const [probe, ...others] = denials;
    expect(probe?.reason).toMatch(NO_ANSWER);
    for (const { reason, after } of others) {
      expect(reason).toMatch(LEFT_ALONE);
      expect(after).toBeLessThan(50);
    }
    expect((await denial()).reason).toMatch(LEFT_ALONE);
  });

  it('works again once the probe is answered', async () => {
    await openCircuit();
    proxy.recover();
    expect((await denial()).reason).toMatch(LEFT_ALONE);
    await sleep(520);
    expect(await tracker.reserve('run', 'back', 1)).toMatchObject({ amount: 1 });
    expect(await tracker.release('run', 'back')).toMatchObject({ held: 0 });
  });

  it('takes no refusal for an outage', async () => {
    const direct = new Redis(server.url);
    const corrupt = 'corrupt';
    const wrong = 'wrong-type';
    for (const run of [corrupt, wrong]) await tracker.create(run, 1);
    await direct.set(`spent:{${corrupt}}`, 'NaN');
    await direct.del(`spent:{${wrong}}`);
    await direct.rpush(`spent:{${wrong}}`, '1');
    direct.disconnect();
    for (let round = 0; round < 8; round += 1) {
      await expect(tracker.status('none')).rejects.toThrow(coded('budget_not_found'));
      await expect(tracker.reserve('run', 'big', 11)).rejects.toThrow(coded('budget_exceeded'));
      await expect(tracker.status(corrupt)).rejects.toThrow(coded('corrupt_value'));
      await expect(tracker.status(wrong)).rejects.toThrow(coded('corrupt_value'));
    }
    for (let round = 0; round < 8; round += 1) {
      await expect(tracker.status(wrong)).rejects.toThrow(coded('corrupt_value'));
    }
    expect(await tracker.status('run')).toMatchObject({ limit: 10 });
  });
});
