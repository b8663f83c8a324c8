/**
 * Limits for a guest as a whole, by control groups, where this process may make them:
 * version 1 as root, version 2 as root or in a delegated group. Elsewhere `undefined`, and the
 * limits of single processes, the size of the guest's file systems and the memory watch hold.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { GuestLimits } from './backend.ts';

const MOUNT = '/sys/fs/cgroup';
const MIB = 1024 * 1024;
const CPU_PERIOD_US = 100_000;
/** What bubblewrap and its init need beside the guest's own processes. */
const LAUNCHER_PROCESSES = 8;

export interface ControlGroup {
  /** A process that writes its id into each of these is in the group. */
  readonly memberFiles: readonly string[];
  /** Removes the group; waits for its last process to be reaped. */
  remove(): Promise<void>;
}

export interface ControlGroups {
  readonly version: 1 | 2;
  create(id: string, limits: GuestLimits): ControlGroup;
  close(): void;
}

/** Memory of the guest's processes and of its files, which live in memory too. */
function memoryBytes(limits: GuestLimits): number {
  return (limits.memoryMb + limits.diskMb) * MIB;
}

function ownPath(controller: string): string | undefined {
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers?.split(',').includes(controller)) return path;
  }
  return undefined;
}

async function removeFolder(path: string): Promise<void> {
  // A group can be removed only once the kernel has reaped its processes.
  for (let delayMs = 1; delayMs < 2_000 && existsSync(path); delayMs *= 1.5) {
    try {
      rmdirSync(path);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
  }
}

/** Groups of servers that did not end by themselves; they are empty, as their guests died too. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^ae-sandbox-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue;
    const group = join(parent, name);
    try {
      for (const entry of readdirSync(group, { withFileTypes: true })) {
        if (entry.isDirectory()) rmdirSync(join(group, entry.name));
      }
      rmdirSync(group);
    } catch {
      // Still in use or not ours.
    }
  }
}

type Values = Readonly<Record<string, string | number>>;

function group(parents: readonly string[], id: string, values: Values): ControlGroup {
  const folders = parents.map((parent) => join(parent, id));
  folders.forEach((folder) => mkdirSync(folder));
  for (const [file, value] of Object.entries(values)) {
    const folder = folders.find((candidate) => existsSync(join(candidate, file)));
    if (folder !== undefined) writeFileSync(join(folder, file), String(value));
  }
  return {
    memberFiles: folders.map((folder) => join(folder, 'cgroup.procs')),
    remove: async () => {
      await Promise.all(folders.map(removeFolder));
    },
  };
}

function openVersion1(): ControlGroups | undefined {
  const name = `ae-sandbox-${process.pid}`;
  const parents: string[] = [];
  try {
    for (const controller of ['memory', 'pids', 'cpu']) {
      const own = ownPath(controller);
      if (own === undefined) continue;
      // In a container the path may be the host's: then the mount itself is our own group.
      const at = [join(MOUNT, controller, own), join(MOUNT, controller)].find(existsSync);
      if (at === undefined) continue;
      removeLeftovers(at);
      mkdirSync(join(at, name), { recursive: true });
      parents.push(join(at, name));
    }
    if (!parents.some((parent) => existsSync(join(parent, 'memory.limit_in_bytes')))) {
      throw new Error('no memory controller');
    }
  } catch {
    parents.forEach((parent) => rmdirSync(parent));
    return undefined;
  }
  return {
    version: 1,
    create: (id, limits) =>
      group(parents, id, {
        'memory.limit_in_bytes': memoryBytes(limits),
        'memory.memsw.limit_in_bytes': memoryBytes(limits),
        'pids.max': limits.processes + LAUNCHER_PROCESSES,
        'cpu.cfs_period_us': CPU_PERIOD_US,
        'cpu.cfs_quota_us': Math.round(limits.cpus * CPU_PERIOD_US),
      }),
    close: () => parents.forEach((parent) => removeQuietly(parent)),
  };
}

function removeQuietly(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // A guest's group is still there; the next server removes both.
  }
}

function openVersion2(): ControlGroups | undefined {
  const own = ownPath('');
  if (own === undefined) return undefined;
  // A group with processes cannot have groups with limits below it, so ours goes beside our own.
  const parent = own === '/' ? MOUNT : join(MOUNT, dirname(own));
  const folder = join(parent, `ae-sandbox-${process.pid}`);
  try {
    accessSync(join(parent, 'cgroup.procs'), constants.W_OK);
    removeLeftovers(parent);
    mkdirSync(folder);
    const offered = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ');
    if (!offered.includes('memory') || !offered.includes('pids')) throw new Error('no controllers');
    const wanted = ['memory', 'pids', 'cpu'].filter((controller) => offered.includes(controller));
    writeFileSync(
      join(folder, 'cgroup.subtree_control'),
      wanted.map((controller) => `+${controller}`).join(' '),
    );
  } catch {
    if (existsSync(folder)) removeQuietly(folder);
    return undefined;
  }
  return {
    version: 2,
    create: (id, limits) =>
      group([folder], id, {
        'memory.max': memoryBytes(limits),
        'memory.swap.max': 0,
        'pids.max': limits.processes + LAUNCHER_PROCESSES,
        'cpu.max': `${Math.round(limits.cpus * CPU_PERIOD_US)} ${CPU_PERIOD_US}`,
      }),
    close: () => removeQuietly(folder),
  };
}

/** The control groups this process may use, or undefined. */
export function openControlGroups(): ControlGroups | undefined {
  if (existsSync(join(MOUNT, 'cgroup.controllers'))) return openVersion2();
  return existsSync(join(MOUNT, 'memory')) ? openVersion1() : undefined;
}
