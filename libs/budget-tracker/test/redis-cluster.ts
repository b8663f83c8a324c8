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
  /**
   * Moves the slot of a key to another node while it is in use, two keys at a time with a pause after each time. At most
   * one move of a slot may be under way.
   * @param steps how many nodes further: 1 or 2.
   */
  moveSlotOf(key: string, steps: number, pauseMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** Three masters without replicas, as processes: a container could not announce its bus port. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'ae-cluster-'));
  const nodes = await Promise.all([0, 1, 2].map((index) => startNode(directory, index)));
  const clients = nodes.map(({ port }) => new Redis({ port, host: '127.0.0.1' }));
  const share = Math.ceil(SLOTS / nodes.length);
  try {
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
  const ports = nodes.map(({ port }) => port);
  return {
    ports,
    moveSlotOf: (key, steps, pauseMs) => moveSlotOf(ports, key, steps, pauseMs),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function moveSlotOf(
  ports: readonly number[],
  key: string,
  steps: number,
  pauseMs: number,
): Promise<void> {
  const clients = ports.map((port) => new Redis({ port, host: '127.0.0.1' }));
  try {
    const [any] = clients;
    const slot = Number(await any?.cluster('KEYSLOT', key));
    const from = ports.indexOf(Number(portOf(slot, await any?.cluster('SLOTS'))));
    const to = (from + steps) % ports.length;
    const [source, target] = [clients[from], clients[to]];
    if (source === undefined || target === undefined) throw new Error('there is no such node');
    const [sourceId, targetId] = [await source.cluster('MYID'), await target.cluster('MYID')];
    await target.cluster('SETSLOT', slot, 'IMPORTING', sourceId);
    await source.cluster('SETSLOT', slot, 'MIGRATING', targetId);
    for (;;) {
      const keys = await source.cluster('GETKEYSINSLOT', slot, 2);
      if (keys.length === 0) break;
      await source.call('MIGRATE', '127.0.0.1', ports[to] ?? 0, '', 0, 5000, 'KEYS', ...keys);
      await sleep(pauseMs);
    }
    // The new owner first, so that there always is one.
    for (const client of [target, source, ...clients]) {
      await client.cluster('SETSLOT', slot, 'NODE', targetId);
    }
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** The port of the node that has a slot, of what CLUSTER SLOTS answers: first, last, [host, port, id] of each range. */
function portOf(slot: number, ranges: unknown): number | undefined {
  const found = (ranges as [number, number, [string, number]][]).find(
    ([first, last]) => first <= slot && slot <= last,
  );
  return found?.[2][1];
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
