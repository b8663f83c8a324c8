/** A record that a store keeps: JSON with an identifier and a status to list by. */
export interface StoredRecord {
  id: string;
  status: string;
}

export interface ListQuery {
  /** 1 to 500. */
  limit: number;
  /** Where an earlier page ended. */
  cursor?: string | undefined;
  status?: string | undefined;
}

export interface RecordPage<T> {
  records: T[];
  next_cursor?: string;
}

/**
 * Keeps the records of one collection. Written records are durable before a promise resolves;
 * updates of one record are serialised over all processes that share the store.
 *
 * @throws StoreUnavailableError when the store does not answer in time
 */
export interface RecordStore<T extends StoredRecord> {
  /** Stores a new record; answers false, and changes nothing, when its id is taken. */
  insert(record: T): Promise<boolean>;
  get(id: string): Promise<T | undefined>;
  /**
   * Replaces a record by what `change` makes of it. `change` may run more than once and answers
   * undefined to leave the record as it is.
   *
   * @returns the record as it stands afterwards, or undefined when there is none
   */
  update(id: string, change: (record: T) => T | undefined): Promise<T | undefined>;
  delete(id: string): Promise<void>;
  /** Newest first. */
  list(query: ListQuery): Promise<RecordPage<T>>;
}

/** The store does not answer. Nothing is known to be written. */
export class StoreUnavailableError extends Error {
  readonly code = 'store_unavailable';
  constructor(cause: unknown) {
    super('the store does not answer; start it or correct its address, then try again', { cause });
    this.name = 'StoreUnavailableError';
  }
}
