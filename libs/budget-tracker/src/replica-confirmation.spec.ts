import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { coded } from '../test/coded.ts';
import { startLossyProxy } from '../test/lossy-proxy.ts';
import { startRedisReplication } from '../test/redis-replication.ts';
import type { RedisReplication } from '../test/redis-replication.ts';
import { PATIENT } from '../test/store-fixtures.ts';
import { BudgetTracker } from './budget-tracker.ts';
import { RedisBudgetStore } from './redis-budget-store.ts';
import type { RedisBudgetStoreOptions } from './redis-budget-store.ts';
import { redisOptions } from './redis-options.ts';
import { ReplicaConfirmation } from './replica-confirmation.ts';

const DURABILITY = { replicas: 1, timeoutMs: 200 };
const NOT_CONFIRMED = coded('store_unavailable', {
  message: expect.stringMatching(
    /recorded but not confirmed.*repeat the call with the same id/,
  ) as string,
});

describe('RedisBudgetStore with durability', () => {
  let servers: RedisReplication;
  let client: Redis;
  let tracker: BudgetTracker;
  let run: string;
  const clients: Redis[] = [];

  const connect = (port = servers.primary.port): Redis => {
    const made = new Redis(port, '127.0.0.1', { ...redisOptions, ...PATIENT });
    made.on('error', () => undefined);
    clients.push(made);
    return made;
  };
  const storeOver = (over: Redis, durability: RedisBudgetStoreOptions['durability'] = DURABILITY) =>
    new RedisBudgetStore(over, { commandTimeoutMs: PATIENT.commandTimeout, durability });

  beforeAll(async () => {
    servers = await startRedisReplication();
    client = connect();
    tracker = new BudgetTracker(storeOver(client));
  });
  afterAll(async () => {
    for (const made of clients) made.disconnect();
    await servers.stop();
  });
  beforeEach(() => {
    run = `run-${randomUUID()}`;
  });
  afterEach(() => servers.replica.resume());

  it('acknowledges what the replica has', async () => {
    await tracker.create(run, 10);
    await tracker.reserve(run, 'h', 6);
    await tracker.commit(run, 'h', 4);
    const replica = new Redis(servers.replica.port, '127.0.0.1');
    expect(await replica.get(`spent:{${run}}`)).toBe('4.0');
    replica.disconnect();
  });

  it('refuses while the replica is away, and acknowledges the repetition once it is back', async () => {
    await tracker.create(run, 10);
    servers.replica.pause();
    await expect(tracker.reserve(run, 'h', 6)).rejects.toThrow(NOT_CONFIRMED);
    await expect(tracker.reserve(run, 'h', 6)).rejects.toThrow(NOT_CONFIRMED);
    expect(await tracker.status(run)).toMatchObject({ held: 6, seq: 2 });
    servers.replica.resume();
    expect(await tracker.reserve(run, 'h', 6)).toMatchObject({ replayed: true, held: 6, seq: 2 });
  });

  it('asks for every change, also for one that another connection has recorded', async () => {
    await tracker.create(run, 10);
    await tracker.reserve(run, 'h', 1);
    servers.replica.pause();
    const other = new BudgetTracker(storeOver(connect()));
    const lasting = { lasting: true };
    const calls = [
      () => other.reserve(run, 'h', 1),
      () => other.extend(run, 'h', 60),
      () => other.commit(run, 'h', 1),
      () => other.release(run, 'i'),
      () => other.spend(run, 1),
      () => other.freeze(run),
      () => other.delete(run),
      () => other.create(`new-${run}`, 10, lasting),
    ];
    await tracker.reserve(run, 'i', 1).catch(() => undefined);
    for (const call of calls) await expect(call()).rejects.toThrow(NOT_CONFIRMED);
    servers.replica.resume();
    expect(await other.create(`new-${run}`, 10, lasting)).toMatchObject({ seq: 1 });
  });

  it('reads and refuses without the replica', async () => {
    await tracker.create(run, 10);
    servers.replica.pause();
    expect(await tracker.status(run)).toMatchObject({ limit: 10 });
    expect(await tracker.holds(run)).toEqual([]);
    await expect(tracker.reserve(run, 'h', 11)).rejects.toThrow(coded('budget_exceeded'));
  });

  it('shares a WAIT among calls at once', async () => {
    await tracker.create(run, 1000);
    await client.config('RESETSTAT');
    const ids = Array.from({ length: 200 }, (_, index) => `h${index}`);
    await Promise.all(ids.map((id) => tracker.reserve(run, id, 1)));
    expect(await tracker.status(run)).toMatchObject({ held: 200, seq: 201 });
    const waits = /cmdstat_wait:calls=(\d+)/.exec(await client.info('commandstats'))?.[1];
    expect(Number(waits)).toBeGreaterThan(0);
    expect(Number(waits)).toBeLessThan(20);
  });

  it('refuses when the connection is lost before the answer', async () => {
    const proxy = await startLossyProxy(servers.primary.port);
    const over = new BudgetTracker(
      storeOver(connect(proxy.port), { replicas: 1, timeoutMs: 4000 }),
    );
    await over.create(run, 10);
    servers.replica.pause();
    const call = over.reserve(run, 'h', 1);
    // WAIT is under way.
    while (!(await client.info('clients')).includes('blocked_clients:1')) await sleep(10);
    proxy.recover();
    await expect(call).rejects.toThrow(NOT_CONFIRMED);
    servers.replica.resume();
    expect(await over.reserve(run, 'h', 1)).toMatchObject({ replayed: true });
    await proxy.stop();
  });

  it('takes no confirmation over another connection: it may be of another server', async () => {
    const moved = connect();
    const confirmation = new ReplicaConfirmation(moved, { ...DURABILITY, aof: false });
    await once(moved, 'ready');
    const { link } = confirmation;
    await confirmation.confirm(link);
    moved.disconnect(true);
    await once(moved, 'ready');
    await expect(confirmation.confirm(link)).rejects.toThrow('the connection was lost');
    await confirmation.confirm(confirmation.link);
  });

  it('counts replicas', async () => {
    const two = new BudgetTracker(storeOver(connect(), { replicas: 2, timeoutMs: 50 }));
    await expect(two.create(run, 10)).rejects.toThrow(/1 of 2 replicas/);
  });

  it('waits for append-only files where Redis can', async () => {
    const inFiles = { ...DURABILITY, timeoutMs: 3000, aof: true };
    const strict = new BudgetTracker(storeOver(connect(), inFiles));
    const version = /redis_version:(\d+)\.(\d+)/.exec(await client.info('server')) ?? [];
    const canWait = Number(version[1]) * 100 + Number(version[2]) >= 702;
    if (canWait) {
      expect(await strict.create(run, 10)).toMatchObject({ limit: 10 });
      servers.replica.pause();
      await expect(strict.spend(run, 1)).rejects.toThrow(NOT_CONFIRMED);
    } else {
      await expect(strict.create(run, 10)).rejects.toThrow(/WAITAOF/);
    }
  });

  it('goes on once it is closed', async () => {
    const closed = new BudgetTracker(storeOver(client));
    await closed.close();
    expect(client.listenerCount('close')).toBe(1);
    await tracker.create(run, 10);
  });

  it('is not for a Cluster, nor for times that cannot be kept', () => {
    const cluster = new Cluster([{ port: 1 }], { lazyConnect: true });
    expect(
      () => new RedisBudgetStore(cluster, { durability: { replicas: 1, timeoutMs: 100 } }),
    ).toThrow(/Cluster/);
    const refused = [
      { replicas: 1, timeoutMs: 125 },
      { replicas: 0, timeoutMs: 100 },
      { replicas: 1, timeoutMs: 0 },
      { replicas: 1.5, timeoutMs: 100 },
    ];
    for (const durability of refused) {
      expect(() => new RedisBudgetStore(client, { durability })).toThrow();
    }
  });
});
