import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewEvent } from '@ae/contracts';
import { redisOptions } from '@ae/budget-tracker';
import { startRedis } from '@ae/test-support';
import type { RedisServer } from '@ae/test-support';
import { Redis } from 'ioredis';
import { openDatabase } from '../records/sqlite-database.ts';
import { isCursor } from './event-log.ts';
import type { EventLog } from './event-log.ts';
import { RedisEventLog } from './redis-event-log.ts';
import { SqliteEventLog } from './sqlite-event-log.ts';

const deleted = (run_id: string): NewEvent => ({ type: 'budget.deleted', data: { run_id } });

/** What every EventLog keeps, whatever is underneath. */
function contract(log: () => EventLog): void {
  it('gives each event after the cursor once, in order, by page', async () => {
    const start = await log().newest();
    for (let index = 0; index < 5; index++) await log().append(deleted(`r${String(index)}`));
    const first = await log().read(start, 3);
    const second = await log().read(first.at(-1)!.id, 3);
    const runs = [...first, ...second].map((event) => (event.data as { run_id: string }).run_id);
    expect(runs).toEqual(['r0', 'r1', 'r2', 'r3', 'r4']);
    await expect(log().newest()).resolves.toBe(second.at(-1)!.id);
    await expect(log().read(second.at(-1)!.id, 3)).resolves.toEqual([]);
  });

  it('answers what it appended as it will be read', async () => {
    const start = await log().newest();
    const appended = await log().append(deleted('same'));
    await expect(log().read(start, 10)).resolves.toEqual([appended]);
    expect(isCursor(appended.id)).toBe(true);
  });

  it('tells its listeners until they stop', async () => {
    let calls = 0;
    const stop = await new Promise<() => void>((resolve) => {
      const off = log().onAppend(() => {
        calls++;
        resolve(off);
      });
      void log().append(deleted('told'));
    });
    stop();
    const before = calls;
    await log().append(deleted('not told'));
    expect(calls).toBe(before);
  });
}

describe('SqliteEventLog', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ae-events-'));
  const database = openDatabase(join(directory, 'events.db'));
  const log = new SqliteEventLog(database);
  afterAll(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });
  contract(() => log);
});

describe('RedisEventLog', () => {
  let server: RedisServer;
  let redis: Redis;
  let log: RedisEventLog;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url, redisOptions);
    redis.on('error', () => undefined);
    await new Promise((resolve) => redis.once('ready', resolve));
    log = new RedisEventLog(redis);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  contract(() => log);
});

describe('isCursor', () => {
  it.each(['', '-1', 'abc', '1-2-3', '9'.repeat(16), '1\n'])('refuses %j', (text) => {
    expect(isCursor(text)).toBe(false);
  });
});
