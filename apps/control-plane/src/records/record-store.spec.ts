import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redisOptions } from '@ae/budget-tracker';
import { startRedis } from '@ae/test-support';
import type { RedisServer } from '@ae/test-support';
import { Redis } from 'ioredis';
import { StoreUnavailableError } from './record-store.ts';
import type { RecordStore, StoredRecord } from './record-store.ts';
import { RedisRecordStore } from './redis-record-store.ts';
import { openDatabase } from './sqlite-database.ts';
import { SqliteRecordStore } from './sqlite-record-store.ts';

interface Note extends StoredRecord {
  text: string;
  count: number;
}

const note = (id: string, status = 'open', count = 0): Note => ({
  id,
  status,
  text: `n ${id}`,
  count,
});

/** What every RecordStore keeps, whatever is underneath. */
function contract(open: (collection: string) => RecordStore<Note>): void {
  let store: RecordStore<Note>;
  let serial = 0;
  beforeEach(() => (store = open(`notes-${String(serial++)}`)));

  it('gives back what was inserted and keeps the first of two', async () => {
    await expect(store.insert(note('a'))).resolves.toBe(true);
    await expect(store.insert(note('a', 'closed', 9))).resolves.toBe(false);
    await expect(store.get('a')).resolves.toEqual(note('a'));
    await expect(store.get('b')).resolves.toBeUndefined();
  });

  it.each(['}a', '__proto__', 'ü☃ {x}', 'a\u2028b', 'x'.repeat(256)])(
    'takes the id %j',
    async (id) => {
      await store.insert(note(id));
      await expect(store.get(id)).resolves.toEqual(note(id));
    },
  );

  it('updates, leaves alone, and knows no record that is not there', async () => {
    await store.insert(note('a'));
    await expect(store.update('a', (old) => ({ ...old, count: 1 }))).resolves.toEqual(
      note('a', 'open', 1),
    );
    await expect(store.update('a', () => undefined)).resolves.toEqual(note('a', 'open', 1));
    await expect(store.update('b', (old) => old)).resolves.toBeUndefined();
  });

  it('stores nothing when the change throws', async () => {
    await store.insert(note('a'));
    const refused = store.update('a', () => {
      throw new RangeError('no');
    });
    await expect(refused).rejects.toThrow(RangeError);
    await expect(store.get('a')).resolves.toEqual(note('a'));
  });

  it('loses none of many updates at once', async () => {
    await store.insert(note('a'));
    const increments = Array.from({ length: 40 }, () =>
      store.update('a', (old) => ({ ...old, count: old.count + 1 })),
    );
    await Promise.all(increments);
    await expect(store.get('a')).resolves.toMatchObject({ count: 40 });
  });

  it('lists newest first, by page and by status, each record once', async () => {
    for (let index = 0; index < 7; index++) {
      await store.insert(note(String(index), index % 2 === 0 ? 'even' : 'odd'));
    }
    await store.update('6', (old) => ({ ...old, status: 'odd' }));
    const first = await store.list({ limit: 4 });
    const second = await store.list({ limit: 4, cursor: first.next_cursor });
    expect([...first.records, ...second.records].map(({ id }) => id).join('')).toBe('6543210');
    expect(second.next_cursor).toBeUndefined();
    const odd = await store.list({ limit: 10, status: 'odd' });
    expect(odd.records.map(({ id }) => id).join('')).toBe('6531');
    const even = await store.list({ limit: 10, status: 'even' });
    expect(even.records.map(({ id }) => id).join('')).toBe('420');
  });

  it('forgets what was deleted, and deletes what is not there', async () => {
    await store.insert(note('a'));
    await store.delete('a');
    await store.delete('a');
    await expect(store.get('a')).resolves.toBeUndefined();
    await expect(store.list({ limit: 10 })).resolves.toEqual({ records: [] });
    await expect(store.list({ limit: 10, status: 'open' })).resolves.toEqual({ records: [] });
  });

  it('answers an empty page for a cursor that it never gave', async () => {
    await store.insert(note('a'));
    await expect(store.list({ limit: 10, cursor: 'nonsense' })).resolves.toEqual({ records: [] });
  });
}

describe('SqliteRecordStore', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ae-records-'));
  const database = openDatabase(join(directory, 'records.db'));
  afterAll(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });
  contract((collection) => new SqliteRecordStore(database, collection));

  it('finds its records again after it was opened anew', async () => {
    await new SqliteRecordStore<Note>(database, 'kept').insert(note('a'));
    const other = openDatabase(join(directory, 'records.db'));
    await expect(new SqliteRecordStore<Note>(other, 'kept').get('a')).resolves.toEqual(note('a'));
    other.close();
  });
});

describe('RedisRecordStore', () => {
  let server: RedisServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url, redisOptions);
    redis.on('error', () => undefined);
    await new Promise((resolve) => redis.once('ready', resolve));
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  contract((collection) => new RedisRecordStore(redis, collection));

  it('says that the store is unavailable when Redis is not there', async () => {
    const lost = new Redis('redis://127.0.0.1:1', redisOptions);
    lost.on('error', () => undefined);
    const store = new RedisRecordStore<Note>(lost, 'notes');
    await expect(store.insert(note('a'))).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.get('a')).rejects.toBeInstanceOf(StoreUnavailableError);
    lost.disconnect();
  });
});
