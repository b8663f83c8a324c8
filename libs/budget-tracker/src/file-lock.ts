import { DatabaseSync } from 'node:sqlite';
import { JournalLockedError } from './budget-error.ts';

const SQLITE_BUSY = 5;

/**
 * A lock on `<path>.lock` for as long as its owner lives: a kernel lock, which SQLite takes and any death releases. No
 * process id is written, so that none can be mistaken for another's. The file stays: whoever deletes a lock file may
 * delete one that another process has just locked.
 */
export class FileLock {
  readonly #database: DatabaseSync;

  /** @throws JournalLockedError when another owner has it, in this process or another. */
  constructor(path: string) {
    this.#database = new DatabaseSync(`${path}.lock`, { timeout: 0 });
    try {
      this.#database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      this.#database.close();
      if ((error as { errcode?: number }).errcode === SQLITE_BUSY)
        throw new JournalLockedError(path);
      throw error;
    }
  }

  release(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
