import { setImmediate } from 'node:timers/promises';
import { AuditError } from './audit-error.ts';

/** Waiting entries are bounded, so that a store that hangs cannot fill the memory. */
const MAX_WAITING = 10_000;
const MAX_BATCH = 256;
const MAX_BATCH_BYTES = 1_048_576;

interface Waiting<Item, Result> {
  item: Item;
  bytes: number;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Collects what is added while a commit is under way (or within one turn of the event loop) and
 * commits it together, in the order of arrival, one commit at a time.
 */
export class GroupCommit<Item, Result> {
  readonly #commit: (items: Item[]) => Promise<Result[]> | Result[];
  readonly #waiting: Waiting<Item, Result>[] = [];
  #running: Promise<void> | undefined;

  /** `commit` answers with one result for each item; when it throws, every item is rejected. */
  constructor(commit: (items: Item[]) => Promise<Result[]> | Result[]) {
    this.#commit = commit;
  }

  /** `bytes` is about the size of the item. */
  add(item: Item, bytes: number): Promise<Result> {
    if (this.#waiting.length >= MAX_WAITING) {
      return Promise.reject(
        new AuditError('store_unavailable', `${MAX_WAITING} audit records wait for the store`),
      );
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, bytes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  get isIdle(): boolean {
    return this.#running === undefined;
  }

  /** Resolves when nothing is waiting or under way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await setImmediate();
      const batch = this.#takeBatch();
      try {
        const results = await this.#commit(batch.map(({ item }) => item));
        for (const [index, { resolve }] of batch.entries()) resolve(results[index] as Result);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }

  #takeBatch(): Waiting<Item, Result>[] {
    let count = 0;
    let bytes = 0;
    for (const next of this.#waiting) {
      if (count === MAX_BATCH || (count > 0 && bytes + next.bytes > MAX_BATCH_BYTES)) break;
      bytes += next.bytes;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}
