import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { CorruptValueError } from './budget-error.ts';
import { FileLock } from './file-lock.ts';
import type { Quantities } from './quantities.ts';

/** A commit that the store has not taken yet. */
export interface JournaledCommit {
  readonly run_id: string;
  readonly hold_id: string;
  /** USD. */
  readonly amount: number;
  /** What the action did cost beside money. */
  readonly units?: Quantities | undefined;
  /** ISO 8601 instant of the first attempt. */
  readonly at: string;
}

const COMMIT = z.strictObject({
  run_id: z.string().min(1),
  hold_id: z.string().min(1),
  amount: z.number().nonnegative(),
  units: z
    .strictObject({
      tokens: z.number().nonnegative().optional(),
      steps: z.number().nonnegative().optional(),
      sandbox_seconds: z.number().nonnegative().optional(),
    })
    .optional(),
  at: z.iso.datetime(),
});
/** Says that a commit before it is settled. */
const SETTLED = z.strictObject({ settled: z.tuple([z.string(), z.string()]) });
const LINE = z.union([COMMIT, SETTLED]);

const NEWLINE = 10;

/**
 * Commits that could not be written, in a file of this machine: a line of JSON each, on the disk before `append`
 * returns. A commit is repeatable by its hold id, so that replaying a line twice does no harm. The file is only
 * appended to, and emptied when nothing waits. One owner has a journal at a time; `<path>.lock` is its lock.
 */
export class CommitJournal {
  readonly path: string;
  readonly #lock: FileLock;
  readonly #pending = new Map<string, JournaledCommit>();
  /** Undefined once closed: its number may then be another file's. */
  #file: number | undefined;
  /** Bytes of whole lines; what a failed write has left behind them is cut off. */
  #size = 0;
  #isTorn = false;

  /**
   * Opens the journal, or makes it, readable by its owner only. A last line that a crash has cut off was never
   * acknowledged and is dropped.
   *
   * @throws CorruptValueError for any other line that is none of the journal's; JournalLockedError when it has an owner.
   */
  constructor(path: string) {
    this.path = path;
    const folder = dirname(path);
    mkdirSync(folder, { recursive: true });
    this.#lock = new FileLock(path);
    try {
      const isNew = !existsSync(path);
      this.#file = openSync(path, 'a', 0o600);
      // A file is on the disk when its entry in the folder is.
      if (isNew) syncFolder(folder);
      const bytes = readFileSync(path);
      this.#size = bytes.lastIndexOf(NEWLINE) + 1;
      const lines = bytes.subarray(0, this.#size).toString('utf8').split('\n').slice(0, -1);
      lines.forEach((line, index) => this.#read(line, index + 1));
      if (this.#size < bytes.length) ftruncateSync(this.#file, this.#size);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Commits that wait, oldest first. */
  get pending(): readonly JournaledCommit[] {
    return [...this.#pending.values()];
  }

  /** The commit that waits for a hold, if one does. */
  find(runId: string, holdId: string): JournaledCommit | undefined {
    return this.#pending.get(keyOf(runId, holdId));
  }

  /**
   * Keeps a commit; it is on the disk when this returns.
   *
   * @throws Error of the file system when it could not be written: it is then not in the journal.
   */
  append(commit: JournaledCommit): void {
    this.#write(commit, { isFlushed: true });
    this.#pending.set(keyOf(commit.run_id, commit.hold_id), commit);
  }

  /**
   * Ends a commit that the store refuses for good: it goes to `<path>.refused`, for someone to look at.
   *
   * @throws Error of the file system when it could not be written: it then stays in the journal.
   */
  refuse(commit: JournaledCommit, reason: string): void {
    const line = `${JSON.stringify({ ...commit, reason })}\n`;
    writeFileSync(`${this.path}.refused`, line, { flag: 'a', mode: 0o600, flush: true });
    this.settle(commit);
  }

  /** Forgets a commit that the store has taken. Where that cannot be written the next process offers it once more. */
  settle({ run_id, hold_id }: JournaledCommit): void {
    this.#pending.delete(keyOf(run_id, hold_id));
    try {
      if (this.#pending.size === 0) this.#cutTo(0);
      else this.#write({ settled: [run_id, hold_id] }, { isFlushed: false });
    } catch {
      // Repeating a commit does no harm.
    }
  }

  /** Gives the journal up; what waits in it is for the next owner. */
  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
    this.#lock.release();
  }

  #read(line: string, number: number): void {
    const { data } = LINE.safeParse(fromJson(line));
    if (data === undefined) throw new CorruptValueError(`${this.path}:${String(number)}`);
    if ('settled' in data) this.#pending.delete(keyOf(...data.settled));
    else this.#pending.set(keyOf(data.run_id, data.hold_id), data);
  }

  #write(line: z.input<typeof LINE>, { isFlushed }: { isFlushed: boolean }): void {
    const file = this.#open();
    if (this.#isTorn) this.#cutTo(this.#size);
    const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
    try {
      // As often as it takes: a single write may be short on a full disk.
      appendFileSync(file, bytes);
      if (isFlushed) fsyncSync(file);
    } catch (error) {
      this.#isTorn = true;
      try {
        this.#cutTo(this.#size);
      } catch {
        // Before the next line, then: nothing is appended to a torn one.
      }
      throw error;
    }
    this.#size += bytes.length;
  }

  #cutTo(size: number): void {
    ftruncateSync(this.#open(), size);
    this.#size = size;
    this.#isTorn = false;
  }

  #open(): number {
    if (this.#file === undefined) throw new Error(`The journal ${this.path} is closed.`);
    return this.#file;
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function keyOf(runId: string, holdId: string): string {
  return JSON.stringify([runId, holdId]);
}

function fromJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
