import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@ae/test-support';
import { Cluster, Redis } from 'ioredis';
import type { BudgetStore } from '../src/budget-store.ts';
import { RedisBudgetStore } from '../src/redis-budget-store.ts';
import { redisClusterOptions, redisOptions } from '../src/redis-options.ts';
import { SqliteBudgetStore } from '../src/sqlite-budget-store.ts';
import { startRedisCluster } from './redis-cluster.ts';

export const STORE_KINDS = ['sqlite', 'redis', 'redis-cluster'] as const;

/** Two cores are shared with other suites: what is tested over these stores is not the 250 ms. */
export const PATIENT = { commandTimeout: 10_000, socketTimeout: 10_000 };

export type StoreKind = (typeof STORE_KINDS)[number];

/** The real part under a store, and as many stores over it as a test wants. */
export interface StoreFixture {
  /** Where it is, for `connect` in another process. */
  readonly address: string;
  /** One more independent client of the same data. */
  connect(): BudgetStore;
  stop(): Promise<void>;
}

export async function startStore(kind: StoreKind): Promise<StoreFixture> {
  const { address, stop } = await startPart(kind);
  const open: Connection[] = [];
  return {
    address,
    connect() {
      const connection = connect(kind, address);
      open.push(connection);
      return connection.store;
    },
    async stop() {
      for (const connection of open) await connection.end();
      await stop();
    },
  };
}

export interface Connection {
  readonly store: BudgetStore;
  end(): Promise<void>;
}

export function connect(kind: StoreKind, address: string): Connection {
  if (kind === 'sqlite') {
    const store = new SqliteBudgetStore({ path: address });
    return { store, end: () => store.close() };
  }
  const client =
    kind === 'redis'
      ? new Redis(address, { ...redisOptions, ...PATIENT })
      : new Cluster(
          address.split(',').map((port) => ({ host: '127.0.0.1', port: Number(port) })),
          {
            ...redisClusterOptions,
            redisOptions: { ...redisClusterOptions.redisOptions, ...PATIENT },
          },
        );
  client.on('error', () => undefined);
  const store = new RedisBudgetStore(client, { commandTimeoutMs: PATIENT.commandTimeout });
  return {
    store,
    async end() {
      await store.close();
      client.disconnect();
    },
  };
}

async function startPart(kind: StoreKind): Promise<{ address: string; stop: () => Promise<void> }> {
  switch (kind) {
    case 'sqlite': {
      const directory = await mkdtemp(join(tmpdir(), 'ae-budget-'));
      return {
        address: join(directory, 'budgets.sqlite'),
        stop: () => rm(directory, { recursive: true, force: true }),
      };
    }
    case 'redis': {
      const server = await startRedis();
      return { address: server.url, stop: () => server.stop() };
    }
    case 'redis-cluster': {
      const cluster = await startRedisCluster();
      return { address: cluster.ports.join(','), stop: () => cluster.stop() };
    }
  }
}
