import { existsSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';

const MIB = 1024 * 1024;
const MOUNT = '/sys/fs/cgroup';

function readNumber(path: string): number | undefined {
  try {
    const value = Number(readFileSync(path, 'utf8'));
    // Version 1 says "no limit" by a number near 2^63, version 2 by the word max.
    return Number.isFinite(value) && value < 2 ** 60 ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The folders of the groups that count this process's memory, from its own to the topmost. */
function memoryGroups(): { folders: string[]; limit: string; held: string } {
  const version2 = existsSync(join(MOUNT, 'cgroup.controllers'));
  const [mount, limit, held] = version2
    ? [MOUNT, 'memory.max', 'memory.current']
    : [join(MOUNT, 'memory'), 'memory.limit_in_bytes', 'memory.usage_in_bytes'];
  const pattern = version2 ? /^0::(.*)$/m : /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m;
  const folders: string[] = [];
  try {
    const own = pattern.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
    for (let path = own; ; path = dirname(path)) {
      folders.push(join(mount, path));
      if (path === dirname(path)) break;
    }
  } catch {
    // No Linux.
  }
  return { folders, limit, held };
}

/** MiB of memory that this process and all it starts may use: the machine's, or its group's. */
export function totalMemoryMb(): number {
  const { folders, limit } = memoryGroups();
  const limits = folders.map((folder) => readNumber(join(folder, limit)) ?? Infinity);
  return Math.min(totalmem(), ...limits) / MIB;
}

/** MiB of memory that are free for new uses, or undefined where that cannot be told. */
export function availableMemoryMb(): number | undefined {
  let available: number;
  try {
    const kib = /^MemAvailable:\s*(\d+)/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
    if (kib === undefined) return undefined;
    available = Number(kib) * 1024;
  } catch {
    return undefined;
  }
  const { folders, limit, held } = memoryGroups();
  for (const folder of folders) {
    const most = readNumber(join(folder, limit));
    if (most === undefined) continue;
    available = Math.min(available, most - (readNumber(join(folder, held)) ?? 0));
  }
  return available / MIB;
}
