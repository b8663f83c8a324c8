import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { RedisBudgetStore } from '../src/redis-budget-store.ts';
import type { RedisBudgetStoreOptions } from '../src/redis-budget-store.ts';
import { redisClusterOptions, redisOptions } from '../src/redis-options.ts';
import { startLossyProxy } from './lossy-proxy.ts';
import { startRedisCluster } from './redis-cluster.ts';
import { startRedisNode } from './redis-node.ts';
import { isFollowed, isUnfollowed, startRedisReplication } from './redis-replication.ts';
import type { HistoryEntry } from './spender.ts';
import { lostFrom, moreAnswers, startLoad, violationsIn } from './steady-load.ts';

/** What a load has gone through. */
export interface Ordeal {
  readonly acknowledged: number;
  /** Acknowledged operations that are not recorded any more. */
  readonly lost: readonly HistoryEntry[];
  /** Why the answers cannot have come from one order of the operations. */
  readonly violations: readonly string[];
  /** Operations that were not answered at first. */
  readonly repeated: number;
}

/**
 * Kills Redis under load and starts it again on the same files, several times.
 *
 * The files are in memory where there is such a folder: while an fsync of `everysec` is under way Redis answers before it
 * has written (up to two seconds), so that on a slow disk a kill may cost what was acknowledged meanwhile.
 */
export async function killRedis(options: {
  appendFsync: 'everysec' | 'always';
  kills: number;
}): Promise<Ordeal> {
  const { appendFsync, kills } = options;
  const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const directory = await mkdtemp(join(memory, 'ae-kill-'));
  const files = { appendonly: 'yes', appendfsync: appendFsync };
  let node = await startRedisNode(directory, files);
  const { port } = node;
  const client = connect(port);
  const store = new RedisBudgetStore(client);
  try {
    const load = await startLoad({ storeOf: () => store, runIds: names(32), workersPerRun: 2 });
    for (let kill = 0; kill < kills; kill += 1) {
      await moreAnswers(load, 100);
      await sleep(50 + Math.random() * 200);
      await node.kill();
      node = await startRedisNode(directory, { ...files, port });
    }
    await moreAnswers(load, 100);
    await load.stop();
    return ordealOf(load.history, await lostFrom(client, load.history));
  } finally {
    client.disconnect();
    await node.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/**
 * Kills a primary under load and lets its replica take its place. What the primary sends to the replica comes late, and
 * what is on its way when it dies is lost.
 */
export async function failOver(options: {
  durability: RedisBudgetStoreOptions['durability'];
  lagMs: number;
}): Promise<Ordeal> {
  const { durability, lagMs } = options;
  const servers = await startRedisReplication();
  const proxy = await startLossyProxy(servers.primary.port);
  const before = connect(servers.primary.port);
  const after = connect(servers.replica.port);
  const replica = new Redis(servers.replica.port, '127.0.0.1');
  const storeOver = (client: Redis): RedisBudgetStore =>
    new RedisBudgetStore(client, { durability, commandTimeoutMs: 1000 });
  try {
    // What follows is another connection: the first one must be gone, or it would be taken for it.
    await replica.replicaof('NO', 'ONE');
    await isUnfollowed(servers.primary.port);
    await replica.replicaof('127.0.0.1', proxy.port);
    await isFollowed(servers.primary.port);
    let store = storeOver(before);
    const load = await startLoad({ storeOf: () => store, runIds: names(32), workersPerRun: 2 });
    proxy.delay(lagMs);
    await moreAnswers(load, 200);
    await sleep(200 + Math.random() * 200);
    await servers.primary.kill();
    await replica.replicaof('NO', 'ONE');
    // There is no further replica that could confirm.
    store = new RedisBudgetStore(after);
    await moreAnswers(load, 200);
    await load.stop();
    return ordealOf(load.history, await lostFrom(after, load.history));
  } finally {
    before.disconnect();
    after.disconnect();
    replica.disconnect();
    await proxy.stop();
    await servers.stop();
  }
}

/** Moves the slots of runs between the nodes of a Cluster, one after another, while there is load on them. */
export async function moveSlots(options: { runs: number; moves: number }): Promise<Ordeal> {
  const servers = await startRedisCluster();
  const nodes = servers.ports.map((port) => ({ host: '127.0.0.1', port }));
  const connectCluster = (): Cluster => {
    const cluster = new Cluster(nodes, redisClusterOptions);
    cluster.on('error', () => undefined);
    return cluster;
  };
  const clusters = [connectCluster(), connectCluster()] as const;
  const [first, second] = [new RedisBudgetStore(clusters[0]), new RedisBudgetStore(clusters[1])];
  const storeOf = (worker: number): RedisBudgetStore => (worker % 2 === 0 ? first : second);
  const runIds = names(options.runs);
  try {
    const load = await startLoad({ storeOf, runIds, workersPerRun: 4 });
    for (let move = 0; move < options.moves; move += 1) {
      await moreAnswers(load, 100);
      const runId = runIds[move % runIds.length] ?? '';
      await servers.moveSlotOf(`budget:{${runId}}`, 1 + (move % 2), 20);
    }
    await moreAnswers(load, 100);
    await load.stop();
    return ordealOf(load.history, await lostFrom(clusters[0], load.history));
  } finally {
    for (const cluster of clusters) cluster.disconnect();
    await servers.stop();
  }
}

function connect(port: number): Redis {
  const client = new Redis(port, '127.0.0.1', redisOptions);
  client.on('error', () => undefined);
  return client;
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `run-${index}`);
}

function ordealOf(history: readonly HistoryEntry[], lost: readonly HistoryEntry[]): Ordeal {
  return {
    acknowledged: history.length,
    lost,
    violations: violationsIn(history),
    repeated: history.filter(({ repeated }) => repeated).length,
  };
}
