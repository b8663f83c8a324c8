/**
 * A mark that a command hands down to all it starts, however they detach: the oom_score_adj of
 * proc(5), which children inherit. A parent, a session or a group can all be left by `setsid` and
 * a double fork; only a process that sets its own oom_score_adj loses the mark.
 *
 * The values also say that commands are taken before the agent when memory is short, which has to
 * survive to report it. They lie close together, lest they outweigh the sizes of commands.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const FIRST_MARK = 500;
const MARKS = 100;
/** Of a command that got no mark of its own. */
const SHARED_MARK = FIRST_MARK + MARKS;

export function markOf(pid: string): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/oom_score_adj`, 'latin1'));
  } catch {
    return undefined;
  }
}

function livingMarks(): Set<number | undefined> {
  return new Set(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(markOf),
  );
}

export class CommandMarks {
  readonly #own = markOf('self');
  #issued = 0;

  /**
   * Runs `start`, which spawns at once, and answers with the mark of what it spawned: undefined
   * where there is none to have, when each has living processes or the system refuses to set it.
   */
  spawning<T>(start: () => T): [started: T, mark: number | undefined] {
    const mark = this.#next();
    if (this.#own === undefined || !this.#become(mark ?? SHARED_MARK)) return [start(), undefined];
    try {
      return [start(), mark];
    } finally {
      this.#become(this.#own);
    }
  }

  /** A process may be marked by a command that ended long ago, and still live. */
  #next(): number | undefined {
    const living = this.#issued < MARKS ? undefined : livingMarks();
    for (let tries = 0; tries < MARKS; tries += 1) {
      const mark = FIRST_MARK + (this.#issued % MARKS);
      this.#issued += 1;
      if (living?.has(mark) !== true) return mark;
    }
    return undefined;
  }

  #become(mark: number): boolean {
    try {
      writeFileSync('/proc/self/oom_score_adj', String(mark));
      return true;
    } catch {
      return false;
    }
  }
}
