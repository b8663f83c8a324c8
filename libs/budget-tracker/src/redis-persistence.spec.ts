import { startRedis } from '@ae/test-support';
import { Cluster, Redis } from 'ioredis';
import { startRedisCluster } from '../test/redis-cluster.ts';
import { PATIENT } from '../test/store-fixtures.ts';
import { BudgetTracker } from './budget-tracker.ts';
import { RedisBudgetStore } from './redis-budget-store.ts';
import { redisClusterOptions } from './redis-options.ts';
import { persistenceOf } from './redis-persistence.ts';

const TIMEOUT = { commandTimeoutMs: PATIENT.commandTimeout };

describe('persistence of Redis', () => {
  it.each([
    [true, /^Redis \d.*keeps an append-only file/],
    [false, /^Redis \d.*set `appendonly yes`/],
  ])('with an append-only file: %p', async (appendOnly, detail) => {
    const server = await startRedis({ appendOnly });
    const client = new Redis(server.url);
    const tracker = new BudgetTracker(new RedisBudgetStore(client, TIMEOUT));
    const persistence = await tracker.persistence();
    expect(persistence.durable).toBe(appendOnly);
    expect(persistence.detail).toMatch(detail);
    client.disconnect();
    await server.stop();
  });

  it('of a Cluster is that of all its primaries', async () => {
    const servers = await startRedisCluster();
    const nodes = servers.ports.map((port) => new Redis(port, '127.0.0.1'));
    const [first] = servers.ports;
    const cluster = new Cluster([{ host: '127.0.0.1', port: first ?? 0 }], redisClusterOptions);
    const tracker = new BudgetTracker(new RedisBudgetStore(cluster, TIMEOUT));
    for (const node of nodes) {
      expect(await tracker.persistence()).toMatchObject({ durable: false });
      await node.config('SET', 'appendonly', 'yes');
      // Redis does not end while it writes the first one.
      while (!(await node.info('persistence')).includes('aof_rewrite_in_progress:0'));
    }
    expect(await tracker.persistence()).toMatchObject({ durable: true });
    for (const client of [cluster, ...nodes]) client.disconnect();
    await servers.stop();
  });

  it('is lost when the file cannot be written', () => {
    const info = ['redis_version:7.4.1', 'aof_enabled:1', 'aof_last_write_status:err'].join('\r\n');
    expect(persistenceOf(info).durable).toBe(false);
    expect(persistenceOf(info).detail).toContain('(err)');
    expect(persistenceOf('')).toMatchObject({ durable: false });
  });
});
