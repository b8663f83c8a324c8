import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RedisAuditLog, SqliteAuditLog } from '@ae/audit-log';
import type { AuditLog } from '@ae/audit-log';
import {
  BudgetTracker,
  RedisBudgetStore,
  SqliteBudgetStore,
  redisClusterOptions,
  redisOptions,
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

/** Everything the control plane keeps, and how to let go of it. */
export interface Stores {
  budgets: BudgetTracker;
  audit: AuditLog;
  runs: RecordStore<RunRecord>;
  approvals: RecordStore<ApprovalRecord>;
  events: EventLog;
  redis: Redis | Cluster | undefined;
  close(): Promise<void>;
}

/** SQLite files under the data folder, or Redis when `REDIS_URL` is set. */
export function openStores(config: Pick<Config, 'AE_DATA_DIR' | 'REDIS_URL'>): Stores {
  return config.REDIS_URL === undefined
    ? openSqliteStores(config.AE_DATA_DIR)
    : openRedisStores(config.REDIS_URL);
}

function openSqliteStores(directory: string): Stores {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const database = openDatabase(join(directory, 'control-plane.db'));
  const budgets = new BudgetTracker(new SqliteBudgetStore({ path: join(directory, 'budgets.db') }));
  const audit = new SqliteAuditLog({ path: join(directory, 'audit.db') });
  return {
    budgets,
    audit,
    runs: new SqliteRecordStore(database, 'runs'),
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
function openRedisStores(url: string): Stores {
  const urls = url.split(',').map((part) => part.trim());
  const redis =
    urls.length === 1 ? new Redis(url, redisOptions) : new Cluster(urls, redisClusterOptions);
  // Every command reports its own failure; without a listener the process would end here.
  redis.on('error', () => undefined);
  const budgets = new BudgetTracker(new RedisBudgetStore(redis));
  const audit = new RedisAuditLog(redis);
  return {
    budgets,
    audit,
    runs: new RedisRecordStore(redis, 'runs'),
    approvals: new RedisRecordStore(redis, 'approvals'),
    events: new RedisEventLog(redis),
    redis,
    close() {
      redis.disconnect();
      return Promise.resolve();
    },
  };
}
