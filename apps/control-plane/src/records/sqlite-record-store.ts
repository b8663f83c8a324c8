import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreUnavailableError } from './record-store.ts';
import type { ListQuery, RecordPage, RecordStore, StoredRecord } from './record-store.ts';

/** Records of one collection in a table of the control plane's database. */
export class SqliteRecordStore<T extends StoredRecord> implements RecordStore<T> {
  readonly #database: DatabaseSync;
  readonly #collection: string;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  readonly #replace: StatementSync;
  readonly #remove: StatementSync;
  readonly #page: StatementSync;
  readonly #pageOfStatus: StatementSync;

  constructor(database: DatabaseSync, collection: string) {
    this.#database = database;
    this.#collection = collection;
    this.#insert = database.prepare(
      `INSERT INTO records (collection, id, status, json) VALUES (?, ?, ?, ?)
       ON CONFLICT (collection, id) DO NOTHING`,
    );
    this.#select = database.prepare('SELECT json FROM records WHERE collection = ? AND id = ?');
    this.#replace = database.prepare(
      'UPDATE records SET status = ?, json = ? WHERE collection = ? AND id = ?',
    );
    this.#remove = database.prepare('DELETE FROM records WHERE collection = ? AND id = ?');
    this.#page = database.prepare(
      `SELECT position, json FROM records WHERE collection = ? AND position < ?
       ORDER BY position DESC LIMIT ?`,
    );
    this.#pageOfStatus = database.prepare(
      `SELECT position, json FROM records WHERE collection = ? AND status = ? AND position < ?
       ORDER BY position DESC LIMIT ?`,
    );
  }

  insert(record: T): Promise<boolean> {
    return this.#attempt(() => {
      const { changes } = this.#insert.run(
        this.#collection,
        record.id,
        record.status,
        JSON.stringify(record),
      );
      return changes === 1;
    });
  }

  get(id: string): Promise<T | undefined> {
    return this.#attempt(() => this.#read(id));
  }

  update(id: string, change: (record: T) => T | undefined): Promise<T | undefined> {
    return this.#attempt(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const record = this.#read(id);
        const changed = record && change(record);
        if (changed) {
          this.#replace.run(changed.status, JSON.stringify(changed), this.#collection, id);
        }
        this.#database.exec('COMMIT');
        return changed ?? record;
      } catch (error) {
        this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  delete(id: string): Promise<void> {
    return this.#attempt(() => {
      this.#remove.run(this.#collection, id);
    });
  }

  list({ limit, cursor, status }: ListQuery): Promise<RecordPage<T>> {
    return this.#attempt(() => {
      const before = cursor === undefined ? Number.MAX_SAFE_INTEGER : positionOf(cursor);
      const rows =
        status === undefined
          ? this.#page.all(this.#collection, before, limit + 1)
          : this.#pageOfStatus.all(this.#collection, status, before, limit + 1);
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        records: page.map((row) => JSON.parse(row['json'] as string) as T),
        ...(rows.length > limit && last ? { next_cursor: String(last['position']) } : {}),
      };
    });
  }

  #read(id: string): T | undefined {
    const row = this.#select.get(this.#collection, id);
    return row ? (JSON.parse(row['json'] as string) as T) : undefined;
  }

  /** SQLite answers at once; its own errors mean that the file is busy, full or gone. */
  #attempt<R>(work: () => R): Promise<R> {
    return new Promise((resolve, reject) => {
      try {
        resolve(work());
      } catch (error) {
        reject(isSqliteError(error) ? new StoreUnavailableError(error) : (error as Error));
      }
    });
  }
}

function positionOf(cursor: string): number {
  return /^\d{1,15}$/.test(cursor) ? Number(cursor) : 0;
}

function isSqliteError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';
}
