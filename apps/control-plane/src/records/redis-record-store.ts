import type { Cluster, Redis } from 'ioredis';
import { StoreUnavailableError } from './record-store.ts';
import type { ListQuery, RecordPage, RecordStore, StoredRecord } from './record-store.ts';

/**
 * KEYS 1 records (hash id -> json), 2 positions (sorted set of ids), 3 counter, 4 positions of the
 * old status, 5 positions of the new status. ARGV 1 id, 2 expected json ('' = must be absent),
 * 3 new json. Returns 1 when written, 0 when the record is not as expected.
 */
const WRITE = `
local current = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if current ~= ARGV[2] then return 0 end
local position = redis.call('ZSCORE', KEYS[2], ARGV[1])
if not position then
  position = redis.call('INCR', KEYS[3])
  redis.call('ZADD', KEYS[2], position, ARGV[1])
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if KEYS[4] ~= KEYS[5] then redis.call('ZREM', KEYS[4], ARGV[1]) end
redis.call('ZADD', KEYS[5], position, ARGV[1])
return 1
`;

const MAX_UPDATE_ATTEMPTS = 100;

/** Records of one collection in one slot of Redis: `ae:{<collection>}:...`. */
export class RedisRecordStore<T extends StoredRecord> implements RecordStore<T> {
  readonly #redis: Redis | Cluster;
  readonly #prefix: string;

  constructor(redis: Redis | Cluster, collection: string) {
    this.#redis = redis;
    this.#prefix = `ae:{${collection}}`;
  }

  async insert(record: T): Promise<boolean> {
    return this.#write(record.id, '', undefined, record);
  }

  async get(id: string): Promise<T | undefined> {
    const json = await this.#attempt(() => this.#redis.hget(this.#key('records'), id));
    return json === null ? undefined : (JSON.parse(json) as T);
  }

  async update(id: string, change: (record: T) => T | undefined): Promise<T | undefined> {
    for (let attempt = 0; attempt < MAX_UPDATE_ATTEMPTS; attempt++) {
      const json = await this.#attempt(() => this.#redis.hget(this.#key('records'), id));
      if (json === null) return undefined;
      const record = JSON.parse(json) as T;
      const { status } = record;
      const changed = change(record);
      if (!changed) return JSON.parse(json) as T;
      if (await this.#write(id, json, status, changed)) return changed;
    }
    throw new StoreUnavailableError(new Error(`record ${id} changes too often`));
  }

  async delete(id: string): Promise<void> {
    const record = await this.get(id);
    await this.#attempt(async () => {
      await this.#redis
        .multi()
        .hdel(this.#key('records'), id)
        .zrem(this.#key('positions'), id)
        .zrem(this.#statusKey(record?.status ?? ''), id)
        .exec();
    });
  }

  async list({ limit, cursor, status }: ListQuery): Promise<RecordPage<T>> {
    const before = cursor === undefined ? '+inf' : `(${/^\d{1,15}$/.test(cursor) ? cursor : '0'}`;
    const key = status === undefined ? this.#key('positions') : this.#statusKey(status);
    const flat = await this.#attempt(() =>
      this.#redis.zrevrangebyscore(key, before, '-inf', 'WITHSCORES', 'LIMIT', 0, limit + 1),
    );
    const entries = Array.from({ length: flat.length / 2 }, (_, index) => ({
      id: flat[2 * index] ?? '',
      position: flat[2 * index + 1] ?? '',
    }));
    const page = entries.slice(0, limit);
    if (page.length === 0) return { records: [] };
    const documents = await this.#attempt(() =>
      this.#redis.hmget(this.#key('records'), ...page.map(({ id }) => id)),
    );
    const last = page.at(-1);
    return {
      records: documents.flatMap((json) => (json === null ? [] : [JSON.parse(json) as T])),
      ...(entries.length > limit && last ? { next_cursor: last.position } : {}),
    };
  }

  async #write(
    id: string,
    expected: string,
    oldStatus: string | undefined,
    record: T,
  ): Promise<boolean> {
    const newStatusKey = this.#statusKey(record.status);
    const written = await this.#attempt(() =>
      this.#redis.eval(
        WRITE,
        5,
        this.#key('records'),
        this.#key('positions'),
        this.#key('counter'),
        oldStatus === undefined ? newStatusKey : this.#statusKey(oldStatus),
        newStatusKey,
        id,
        expected,
        JSON.stringify(record),
      ),
    );
    return written === 1;
  }

  #key(name: string): string {
    return `${this.#prefix}:${name}`;
  }

  #statusKey(status: string): string {
    return this.#key(`status:${status}`);
  }

  async #attempt<R>(work: () => Promise<R>): Promise<R> {
    try {
      return await work();
    } catch (error) {
      throw new StoreUnavailableError(error);
    }
  }
}
