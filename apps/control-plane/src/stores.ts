import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RedisAuditLog, SqliteAuditLog } from '@ae/audit-log';
import type { AuditLog } from '@ae/audit-log';
import {
  BudgetTracker,
  CommitJournal,
  RedisBudgetStore,
  SqliteBudgetStore,
  redisClusterOptions,
  redisOptions,
} from '@ae/budget-tracker';
import type {
  BudgetStore,
  BudgetTrackerOptions,
  RedisBudgetStoreOptions,
} from '@ae/budget-tracker';
import { Cluster, Redis } from 'ioredis';
import type { ApprovalRecord } from './approvals/approval-service.ts';
import type { Config } from './config.ts';
import type { EventLog } from './events/event-log.ts';
import { RedisEventLog } from './events/redis-event-log.ts';
import { SqliteEventLog } from './events/sqlite-event-log.ts';
import type { RecordStore } from './records/record-store.ts';
import { RedisRecordStore } from './records/redis-record-store.ts';
import { openDatabase } from './records/sqlite-database.ts';
import { SqliteRecordStore } from './records/sqlite-record-store.ts';
import type { RunRecord } from './runs/run-record.ts';
import type { SettlementRecord } from './runs/run-settlements.ts';

/** Everything the control plane keeps, and how to let go of it. */
export interface Stores {
  budgets: BudgetTracker;
  audit: AuditLog;
  runs: RecordStore<RunRecord>;
  settlements: RecordStore<SettlementRecord>;
  approvals: RecordStore<ApprovalRecord>;
  events: EventLog;
  redis: Redis | Cluster | undefined;
  close(): Promise<void>;
}

type StoresConfig = Pick<Config, 'AE_DATA_DIR' | 'AE_REDIS_REPLICAS' | 'REDIS_URL'>;

/** Who is told what the budget tracker does by itself. */
export type BudgetListeners = Required<Pick<BudgetTrackerOptions, 'onReplay' | 'onThreshold'>>;

/** How long the strict mode waits for replicas, and a call at most for Redis: for two such waits. */
const STRICT_MODE = { timeoutMs: 200, commandTimeoutMs: 500 };

/** SQLite files under the data folder, or Redis when `REDIS_URL` is set. */
export function openStores(config: StoresConfig, listeners: BudgetListeners): Stores {
  mkdirSync(config.AE_DATA_DIR, { recursive: true, mode: 0o700 });
  return config.REDIS_URL === undefined
    ? openSqliteStores(config.AE_DATA_DIR, listeners)
    : openRedisStores(config.REDIS_URL, config, listeners);
}

/** A tracker that keeps what its store cannot take in a file of this process' data folder. */
function openTracker(
  store: BudgetStore,
  directory: string,
  listeners: BudgetListeners,
): BudgetTracker {
  const journal = new CommitJournal(join(directory, 'budget-commits.jsonl'));
  return new BudgetTracker(store, { ...listeners, journal });
}

function openSqliteStores(directory: string, listeners: BudgetListeners): Stores {
  const database = openDatabase(join(directory, 'control-plane.db'));
  const store = new SqliteBudgetStore({ path: join(directory, 'budgets.db') });
  const budgets = openTracker(store, directory, listeners);
  const audit = new SqliteAuditLog({ path: join(directory, 'audit.db') });
  return {
    budgets,
    audit,
    runs: new SqliteRecordStore(database, 'runs'),
    settlements: new SqliteRecordStore(database, 'settlements'),
    approvals: new SqliteRecordStore(database, 'approvals'),
    events: new SqliteEventLog(database),
    redis: undefined,
    async close() {
      await budgets.close();
      await audit.close();
      database.close();
    },
  };
}

/** One URL names a server; several, parted by commas, name nodes of a cluster. */
function openRedisStores(url: string, config: StoresConfig, listeners: BudgetListeners): Stores {
  const urls = url.split(',').map((part) => part.trim());
  const redis =
    urls.length === 1 ? new Redis(url, redisOptions) : new Cluster(urls, redisClusterOptions);
  // Every command reports its own failure; without a listener the process would end here.
  redis.on('error', () => undefined);
  const store = new RedisBudgetStore(redis, durabilityOf(config));
  const budgets = openTracker(store, config.AE_DATA_DIR, listeners);
  const audit = new RedisAuditLog(redis);
  return {
    budgets,
    audit,
    runs: new RedisRecordStore(redis, 'runs'),
    settlements: new RedisRecordStore(redis, 'settlements'),
    approvals: new RedisRecordStore(redis, 'approvals'),
    events: new RedisEventLog(redis),
    redis,
    async close() {
      await budgets.close();
      redis.disconnect();
    },
  };
}

function durabilityOf({ AE_REDIS_REPLICAS: replicas }: StoresConfig): RedisBudgetStoreOptions {
  if (replicas === 0) return {};
  const { timeoutMs, commandTimeoutMs } = STRICT_MODE;
  return { commandTimeoutMs, durability: { replicas, timeoutMs } };
}
