/**
 * Holds the memory of a guest as a whole where no control group can: adds up what its processes
 * hold and says so when it is over. The limit of each single process is the kernel's.
 */
import { readFileSync } from 'node:fs';
import { childrenOf } from './process-children.ts';

const INTERVAL_MS = 250;
const KIB_PER_MIB = 1024;

/** What only this guest can hold: its own memory and shared memory without a file. */
function heldKib(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const rows = status.matchAll(/^Rss(?:Anon|Shmem):\s*(\d+)/gm);
    return [...rows].reduce((sum, [, kib]) => sum + Number(kib), 0);
  } catch {
    return 0;
  }
}

/** MiB of memory of a process and all below it. */
export function memoryOfTree(root: number): number {
  let kib = 0;
  const pending = [root];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    kib += heldKib(pid);
    pending.push(...childrenOf(pid));
  }
  return kib / KIB_PER_MIB;
}

/** Calls `onExceeded` once when the tree below `root` holds more than `limitMb`. */
export function watchMemory(
  root: number,
  limitMb: number,
  onExceeded: () => void,
): { stop(): void } {
  const timer = setInterval(() => {
    if (memoryOfTree(root) <= limitMb) return;
    clearInterval(timer);
    onExceeded();
  }, INTERVAL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}
