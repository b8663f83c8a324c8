/**
 * What guests hold where no control group counts it: the memory of their processes, and, as far as
 * it can be told from outside, that of the kernel for their files and sockets. The limit of each
 * single process is the kernel's.
 */
import { readFileSync } from 'node:fs';
import { fileSystemUse } from './file-systems.ts';
import { treeOf } from './process-children.ts';

const KIB_PER_MIB = 1024;
/** What the kernel keeps for a file in memory, empty or not: its inode and its name. */
const KIB_PER_FILE = 1;

/** As many local sockets are taken for what programs need to speak with each other. */
const SPARED_SOCKETS = 512;
/** What a local socket may hold: the kernel's default for what was sent and not read. */
const KIB_PER_SOCKET = 208;
/** The kernel keeps more for a packet than its bytes. */
const QUEUE_OVERHEAD = 4;

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

/** KiB that the sockets of the process's network hold, at most. */
function socketKib(pid: number): number {
  const rowsOf = (table: string): string[] => {
    try {
      const rows = readFileSync(`/proc/${pid}/net/${table}`, 'latin1').split('\n');
      return rows.slice(1).filter((row) => row !== '');
    } catch {
      return [];
    }
  };
  const local = Math.max(0, rowsOf('unix').length - SPARED_SOCKETS);
  const queued = ['tcp', 'tcp6', 'udp', 'udp6'].flatMap(rowsOf).reduce((sum, row) => {
    // The fifth column: bytes sent and received that nobody has taken yet, in hexadecimal.
    const [sent = '0', received = '0'] = (row.trim().split(/\s+/)[4] ?? '').split(':');
    return sum + Number.parseInt(sent || '0', 16) + Number.parseInt(received, 16);
  }, 0);
  return local * KIB_PER_SOCKET + (queued / 1024) * QUEUE_OVERHEAD;
}

/** MiB that the guest with this first process holds beside the contents of its files. */
export async function heldMemory(firstProcess: number): Promise<number> {
  const files = (await fileSystemUse(firstProcess))?.files ?? 0;
  const ofKernel = files * KIB_PER_FILE + socketKib(firstProcess);
  return memoryOfTree(firstProcess) + ofKernel / KIB_PER_MIB;
}
