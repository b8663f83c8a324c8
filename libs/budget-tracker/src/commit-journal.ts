import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { z } from 'zod';
import { CorruptValueError } from './budget-error.ts';

/** A commit that the store has not taken yet. */
export interface JournaledCommit {
  readonly run_id: string;
  readonly hold_id: string;
  /** USD. */
  readonly amount: number;
  /** ISO 8601 instant of the first attempt. */
  readonly at: string;
}

const COMMIT = z.strictObject({
  run_id: z.string().min(1),
  hold_id: z.string().min(1),
  amount: z.number().nonnegative(),
  at: z.iso.datetime(),
});
/** Says that a commit before it is settled. */
const SETTLED = z.strictObject({ settled: z.tuple([z.string(), z.string()]) });
const LINE = z.union([COMMIT, SETTLED]);

const NEWLINE = 10;

/**
 * Commits that could not be written, in a file of this machine: a line of JSON each, on the disk before `append`
 * returns. A commit is repeatable by its hold id, so that replaying a line twice does no harm. The file is only
 * appended to, and emptied when nothing waits. One process has a journal at a time; `<path>.lock` names it.
 */
export class CommitJournal {
  readonly path: string;
  readonly #file: number;
  readonly #pending = new Map<string, JournaledCommit>();

  /**
   * Opens the journal, or makes it, readable by its owner only. A last line that a crash has cut off was never
   * acknowledged and is dropped.
   *
   * @throws CorruptValueError for any other line that is none of the journal's; Error when a living process has it.
   */
  constructor(path: string) {
    this.path = path;
    lock(path);
    try {
      const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
      const whole = bytes.lastIndexOf(NEWLINE) + 1;
      const lines = bytes.subarray(0, whole).toString('utf8').split('\n').slice(0, -1);
      lines.forEach((line, index) => this.#read(line, index + 1));
      this.#file = openSync(path, 'a', 0o600);
      if (whole < bytes.length) ftruncateSync(this.#file, whole);
    } catch (error) {
      unlock(path);
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

  /** Keeps a commit; it is on the disk when this returns. */
  append(commit: JournaledCommit): void {
    this.#write(commit);
    fsyncSync(this.#file);
    this.#pending.set(keyOf(commit.run_id, commit.hold_id), commit);
  }

  /** Ends a commit that the store refuses for good: it goes to `<path>.refused`, for someone to look at. */
  refuse(commit: JournaledCommit, reason: string): void {
    const file = openSync(`${this.path}.refused`, 'a', 0o600);
    try {
      writeSync(file, `${JSON.stringify({ ...commit, reason })}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    this.settle(commit);
  }

  /** Forgets a commit that the store has taken. */
  settle({ run_id, hold_id }: JournaledCommit): void {
    this.#pending.delete(keyOf(run_id, hold_id));
    if (this.#pending.size === 0) ftruncateSync(this.#file, 0);
    else this.#write({ settled: [run_id, hold_id] });
  }

  close(): void {
    closeSync(this.#file);
    unlock(this.path);
  }

  #read(line: string, number: number): void {
    const { data } = LINE.safeParse(fromJson(line));
    if (data === undefined) throw new CorruptValueError(`${this.path}:${String(number)}`);
    if ('settled' in data) this.#pending.delete(keyOf(...data.settled));
    else this.#pending.set(keyOf(data.run_id, data.hold_id), data);
  }

  #write(line: z.input<typeof LINE>): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
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

function lock(path: string): void {
  const name = `${path}.lock`;
  for (;;) {
    try {
      const file = openSync(name, 'wx', 0o600);
      writeSync(file, String(process.pid));
      closeSync(file);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const owner = Number(readFileSync(name, 'utf8'));
    if (isAlive(owner)) {
      throw new Error(
        `The journal ${path} belongs to process ${String(owner)}: give each process a journal of its own.`,
      );
    }
    // Its owner has crashed.
    rmSync(name, { force: true });
  }
}

function unlock(path: string): void {
  rmSync(`${path}.lock`, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
