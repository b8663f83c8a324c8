import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '@ae/test-support';
import { Redis } from 'ioredis';
import { startRedisNode } from './redis-node.ts';

const SLOTS = 16384;

export interface RedisCluster {
  readonly ports: readonly number[];
  stop(): Promise<void>;
}

/** Three masters without replicas, as processes: a container could not announce its bus port. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'ae-cluster-'));
  const nodes = await Promise.all([0, 1, 2].map((index) => startNode(directory, index)));
  const clients = nodes.map(({ port }) => new Redis({ port, host: '127.0.0.1' }));
  try {
    const share = Math.ceil(SLOTS / nodes.length);
    for (const [index, client] of clients.entries()) {
      const last = Math.min(SLOTS, (index + 1) * share) - 1;
      await client.cluster('ADDSLOTSRANGE', index * share, last);
      for (const { port, bus } of nodes.slice(0, index)) {
        await client.call('CLUSTER', 'MEET', '127.0.0.1', port, bus);
      }
    }
    for (const client of clients) {
      while (!(await client.cluster('INFO')).includes('cluster_state:ok')) await sleep(20);
    }
  } finally {
    for (const client of clients) client.disconnect();
  }
  return {
    ports: nodes.map(({ port }) => port),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startNode(directory: string, index: number) {
  const bus = await freePort();
  const node = await startRedisNode(directory, {
    'cluster-enabled': 'yes',
    'cluster-port': bus,
    'cluster-config-file': `nodes-${index}.conf`,
  });
  return { ...node, bus };
}
