import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startRedisNode } from './redis-node.ts';
import type { RedisNode } from './redis-node.ts';

export interface RedisReplication {
  readonly primary: RedisNode;
  readonly replica: RedisNode;
  stop(): Promise<void>;
}

/** A primary and a replica that follows it, both with append-only files. */
export async function startRedisReplication(): Promise<RedisReplication> {
  const directories = [await directory(), await directory()];
  const nodes = directories.map((path) =>
    startRedisNode(path, { appendonly: 'yes', 'repl-diskless-sync-delay': 0 }),
  );
  const [primary, replica] = (await Promise.all(nodes)) as [RedisNode, RedisNode];
  const leader = new Redis(primary.port, '127.0.0.1');
  const follower = new Redis(replica.port, '127.0.0.1');
  try {
    await follower.replicaof('127.0.0.1', primary.port);
    do await leader.set('written', '1');
    while ((await leader.wait(1, 100)) !== 1);
  } finally {
    leader.disconnect();
    follower.disconnect();
  }
  await isFollowed(primary.port);
  return {
    primary,
    replica,
    async stop() {
      await replica.stop();
      await primary.stop();
      for (const path of directories) await rm(path, { recursive: true, force: true });
    },
  };
}

/** Resolves once a server has a replica whose confirmations count. */
export function isFollowed(port: number): Promise<void> {
  return says(port, 'state=online');
}

/** Resolves once a server has no replica. */
export function isUnfollowed(port: number): Promise<void> {
  return says(port, 'connected_slaves:0');
}

async function says(port: number, text: string): Promise<void> {
  const client = new Redis(port, '127.0.0.1');
  try {
    while (!(await client.info('replication')).includes(text)) await sleep(20);
  } finally {
    client.disconnect();
  }
}

function directory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'ae-replication-'));
}
