/**
 * What guests hold where no control group counts it: the memory of their processes, and that of
 * the kernel for their files. The limit of each single process is the kernel's.
 */
import { readFileSync } from 'node:fs';
import { fileSystemUse } from './file-systems.ts';
import { treeOf } from './process-children.ts';

const KIB_PER_MIB = 1024;
/** What the kernel keeps for a file in memory, empty or not: its inode and its name. */
const KIB_PER_FILE = 1;

/** KiB of what only this process can hold: its own memory, and shared memory without a file. */
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
  return treeOf(root).reduce((sum, pid) => sum + heldKib(pid), 0) / KIB_PER_MIB;
}

/** MiB that the guest with this first process holds beside the contents of its files. */
export async function heldMemory(firstProcess: number): Promise<number> {
  const files = (await fileSystemUse(firstProcess))?.files ?? 0;
  return memoryOfTree(firstProcess) + (files * KIB_PER_FILE) / KIB_PER_MIB;
}
