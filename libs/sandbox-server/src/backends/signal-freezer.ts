/**
 * Freezes a guest where no control group can: stops each of its processes, in rounds, because
 * those that still run may start others or wake those that were stopped.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SandboxServerError } from '../sandbox-server-error.ts';
import { treeOf } from './process-children.ts';
import { processStat, threadStates } from './process-stat.ts';

const PATIENCE_MS = 5_000;
const ROUND_MS = 5;
/** Rounds in a row in which nothing ran: the last to run may have woken one in the first. */
const QUIET_ROUNDS = 2;

/**
 * Stopped, ended, or waiting in the kernel, which ends in the stop: a parent in vfork() waits so
 * for as long as its child is stopped.
 */
function rests(state: string): boolean {
  return 'TtZXxD'.includes(state);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended between the listing and the signal.
  }
}

export interface SignalFreezer {
  freeze(): Promise<void>;
  thaw(): void;
}

/** @param root the guest's first process, whose end would be that of all the others */
export function signalFreezer(root: () => number | undefined): SignalFreezer {
  /** What the guest itself had stopped, by id with its start time: it is not ours to wake. */
  const stoppedBefore = new Map<number, string>();

  function processes(): number[] {
    const first = root();
    return first === undefined ? [] : treeOf(first);
  }

  function thaw(): void {
    for (const pid of processes()) {
      const wasStopped = stoppedBefore.get(pid);
      if (wasStopped === undefined || wasStopped !== processStat(pid)?.startTime) {
        send(pid, 'SIGCONT');
      }
    }
    stoppedBefore.clear();
  }

  return {
    freeze: async () => {
      stoppedBefore.clear();
      for (const pid of processes()) {
        const stat = processStat(pid);
        if (stat?.state === 'T') stoppedBefore.set(pid, stat.startTime);
      }
      const deadline = Date.now() + PATIENCE_MS;
      for (let quiet = 0; quiet < QUIET_ROUNDS;) {
        const all = processes();
        const running = all.filter((pid) => !threadStates(pid).every(rests));
        quiet = running.length === 0 ? quiet + 1 : 0;
        // All, not just those that run: one that waits in the kernel may have lost its signal.
        for (const pid of all) send(pid, 'SIGSTOP');
        if (quiet >= QUIET_ROUNDS) return;
        if (Date.now() > deadline) {
          thaw();
          throw new SandboxServerError(
            'pause_failed',
            `${running.length} processes of the sandbox could not be stopped.`,
          );
        }
        await sleep(ROUND_MS);
      }
    },
    thaw,
  };
}
