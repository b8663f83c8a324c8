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
import { setTimeout as sleep } from 'node:timers/promises';
import { SandboxServerError } from '../sandbox-server-error.ts';
import type { GuestLimits, GuestUsage } from './backend.ts';
import { IDENTITY_PATTERN, isGone } from './server-identity.ts';

const MOUNT = '/sys/fs/cgroup';
/** Where version 2 is mounted beside version 1: without controllers, but it can freeze. */
const HYBRID_MOUNT = join(MOUNT, 'unified');
const PREFIX = 'ae-sandbox-';
const MIB = 1024 * 1024;
const CPU_PERIOD_US = 100_000;
/** What bubblewrap and its init need beside the guest's own processes. */
const LAUNCHER_PROCESSES = 8;
const FREEZE_PATIENCE_MS = 5_000;

export interface ControlGroup {
  /** A process that writes its id into each of these is in the group. */
  readonly memberFiles: readonly string[];
  /**
   * Absent where only version 1 could: a process that its freezer holds does not die of SIGKILL.
   *
   * @throws SandboxServerError `pause_failed`
   */
  readonly freeze: (() => Promise<void>) | undefined;
  /** No error when it is not frozen, or gone. */
  thaw(): void;
  /** Ends every process of the group, where the kernel can do so at once. */
  kill(): void;
  /** Without the bytes on disk. */
  usage(): GuestUsage;
  /** Removes the group; waits for its last process to be reaped. */
  remove(): Promise<void>;
}

/** What all guests may use together, whatever each was promised. */
export interface Ceiling {
  readonly memoryMb: number;
  readonly processes: number | undefined;
}

export interface ControlGroups {
  readonly version: 1 | 2;
  /** What is limited here beside memory. */
  readonly limits: { readonly cpu: boolean; readonly processes: boolean };
  readonly canFreeze: boolean;
  /** The folders below which the guests' groups are. */
  readonly folders: readonly string[];
  /** @throws when the kernel refuses; nothing is left then */
  create(id: string, limits: GuestLimits): ControlGroup;
  close(): void;
}

/** Memory of the guest's processes and of its files, which live in memory too. */
function memoryBytes(limits: GuestLimits): number {
  return (limits.memoryMb + limits.diskMb) * MIB;
}

function pathOf(process: number | 'self', controller: string): string | undefined {
  for (const line of readFileSync(`/proc/${process}/cgroup`, 'utf8').split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers?.split(',').includes(controller)) return path;
  }
  return undefined;
}

/** In a container the path may be the host's: then the mount itself is our own group. */
function ownFolder(mount: string, controller: string): string | undefined {
  const own = pathOf('self', controller);
  return own === undefined ? undefined : [join(mount, own), mount].find(existsSync);
}

async function removeFolder(path: string): Promise<void> {
  // A group can be removed only once the kernel has reaped its processes.
  for (let delayMs = 1; delayMs < 2_000 && existsSync(path); delayMs *= 1.5) {
    try {
      rmdirSync(path);
    } catch {
      await sleep(delayMs);
    }
  }
}

function removeQuietly(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not there, or a guest's group still is; the next server removes both.
  }
}

/** Groups of servers that did not end by themselves; they are empty, as their guests died too. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    const identity = name.startsWith(PREFIX) ? IDENTITY_PATTERN.exec(name)?.[0] : undefined;
    if (identity === undefined || !isGone(identity)) continue;
    const group = join(parent, name);
    for (const entry of readdirSync(group, { withFileTypes: true })) {
      if (entry.isDirectory()) removeQuietly(join(group, entry.name));
    }
    removeQuietly(group);
  }
}

/** Only files that are there: in a group's folder none can be made. */
function write(file: string, value: string | number): void {
  try {
    writeFileSync(file, String(value), { flag: 'r+' });
  } catch {
    // The group is gone, or this kernel has no such file.
  }
}

/** The rows `name value` of a group's file. */
function rows(file: string): Map<string, number> {
  const found = readFileSync(file, 'utf8').matchAll(/^(\w+) (\d+)$/gm);
  return new Map([...found].map(([, name = '', value]) => [name, Number(value)]));
}

async function freezeFolder(folder: string): Promise<void> {
  writeFileSync(join(folder, 'cgroup.freeze'), '1');
  for (const deadline = Date.now() + FREEZE_PATIENCE_MS; Date.now() < deadline;) {
    if (rows(join(folder, 'cgroup.events')).get('frozen') === 1) return;
    await sleep(2);
  }
  write(join(folder, 'cgroup.freeze'), '0');
  throw new SandboxServerError('pause_failed', 'The kernel did not freeze the sandbox in time.');
}

function usageOf(memory: string | undefined, cpu: string | undefined): GuestUsage {
  const usage: { cpuUs?: number; memoryBytes?: number; cacheBytes?: number } = {};
  try {
    if (memory !== undefined) {
      const version2 = existsSync(join(memory, 'memory.current'));
      const held = version2 ? 'memory.current' : 'memory.usage_in_bytes';
      const total = Number(readFileSync(join(memory, held), 'utf8'));
      const stat = rows(join(memory, 'memory.stat'));
      // Files of the guest are pages too; they are told apart as its disk.
      const pages = stat.get(version2 ? 'file' : 'cache') ?? 0;
      usage.memoryBytes = Math.max(0, total - pages);
      usage.cacheBytes = Math.max(0, pages - (stat.get('shmem') ?? 0));
    }
    const cpuUs = cpu === undefined ? undefined : rows(join(cpu, 'cpu.stat')).get('usage_usec');
    if (cpuUs !== undefined) usage.cpuUs = cpuUs;
  } catch {
    // The guest has ended.
  }
  return usage;
}

/** What the groups of a process say, whoever made them; empty where there are none to be read. */
export function usageOfProcess(pid: number): GuestUsage {
  try {
    const unified = existsSync(join(MOUNT, 'cgroup.controllers')) ? MOUNT : HYBRID_MOUNT;
    const at = (mount: string, controller: string): string | undefined => {
      const path = pathOf(pid, controller);
      return path === undefined ? undefined : join(mount, path);
    };
    const version2 = at(unified, '');
    const memory = unified === MOUNT ? version2 : at(join(MOUNT, 'memory'), 'memory');
    return usageOf(memory, version2);
  } catch {
    return {};
  }
}

type Values = Readonly<Record<string, string | number>>;

function group(parents: readonly string[], id: string, values: Values): ControlGroup {
  const folders = parents.map((parent) => join(parent, id));
  try {
    folders.forEach((folder) => mkdirSync(folder));
    for (const [file, value] of Object.entries(values)) {
      const folder = folders.find((candidate) => existsSync(join(candidate, file)));
      if (folder !== undefined) writeFileSync(join(folder, file), String(value));
    }
  } catch (error) {
    folders.forEach(removeQuietly);
    throw error;
  }
  const having = (file: string): string | undefined =>
    folders.find((folder) => existsSync(join(folder, file)));
  const freezer = having('cgroup.freeze');
  const memory = having('memory.stat');
  return {
    memberFiles: folders.map((folder) => join(folder, 'cgroup.procs')),
    freeze: freezer === undefined ? undefined : freezeFolder.bind(undefined, freezer),
    thaw: () => {
      if (freezer !== undefined) write(join(freezer, 'cgroup.freeze'), '0');
    },
    kill: () => {
      if (freezer !== undefined) write(join(freezer, 'cgroup.kill'), '1');
    },
    // Version 2 counts processor time in every group, also where it limits none.
    usage: () => usageOf(memory, freezer),
    remove: async () => {
      await Promise.all(folders.map(removeFolder));
    },
  };
}

/** Best effort: the limits of the single guests hold without. */
function setCeiling(folders: readonly string[], { memoryMb, processes }: Ceiling): void {
  for (const folder of folders) {
    write(join(folder, 'memory.max'), Math.floor(memoryMb * MIB));
    write(join(folder, 'memory.limit_in_bytes'), Math.floor(memoryMb * MIB));
    if (processes !== undefined) write(join(folder, 'pids.max'), processes);
  }
}

function openVersion1(name: string): ControlGroups | undefined {
  const parents: string[] = [];
  const add = (mount: string, controller: string): boolean => {
    const at = ownFolder(mount, controller);
    if (at === undefined) return false;
    removeLeftovers(at);
    mkdirSync(join(at, name), { recursive: true });
    parents.push(join(at, name));
    return true;
  };
  let limits: ControlGroups['limits'];
  try {
    add(join(MOUNT, 'memory'), 'memory');
    if (!parents.some((parent) => existsSync(join(parent, 'memory.limit_in_bytes')))) {
      throw new Error('no memory controller');
    }
    limits = {
      processes: add(join(MOUNT, 'pids'), 'pids'),
      cpu: add(join(MOUNT, 'cpu'), 'cpu'),
    };
  } catch {
    parents.forEach(removeQuietly);
    return undefined;
  }
  let canFreeze = false;
  try {
    canFreeze = existsSync(join(HYBRID_MOUNT, 'cgroup.procs')) && add(HYBRID_MOUNT, '');
  } catch {
    // Signals will do.
  }
  return {
    version: 1,
    limits,
    canFreeze,
    folders: parents,
    create: (id, wanted) =>
      group(parents, id, {
        'memory.limit_in_bytes': memoryBytes(wanted),
        'memory.memsw.limit_in_bytes': memoryBytes(wanted),
        // Version 1 counts what TCP keeps apart, and only when it is limited.
        'memory.kmem.tcp.limit_in_bytes': memoryBytes(wanted),
        'pids.max': wanted.processes + LAUNCHER_PROCESSES,
        'cpu.cfs_period_us': CPU_PERIOD_US,
        'cpu.cfs_quota_us': Math.round(wanted.cpus * CPU_PERIOD_US),
      }),
    close: () => parents.forEach(removeQuietly),
  };
}

function openVersion2(name: string): ControlGroups | undefined {
  const own = pathOf('self', '');
  if (own === undefined) return undefined;
  // A group with processes cannot have groups with limits below it, so ours goes beside our own.
  const parent = own === '/' ? MOUNT : join(MOUNT, dirname(own));
  const folder = join(parent, name);
  let wanted: string[];
  try {
    accessSync(join(parent, 'cgroup.procs'), constants.W_OK);
    removeLeftovers(parent);
    mkdirSync(folder);
    const offered = readFileSync(join(folder, 'cgroup.controllers'), 'utf8').trim().split(' ');
    if (!offered.includes('memory') || !offered.includes('pids')) throw new Error('no controllers');
    wanted = ['memory', 'pids', 'cpu'].filter((controller) => offered.includes(controller));
    writeFileSync(
      join(folder, 'cgroup.subtree_control'),
      wanted.map((controller) => `+${controller}`).join(' '),
    );
  } catch {
    removeQuietly(folder);
    return undefined;
  }
  return {
    version: 2,
    limits: { processes: true, cpu: wanted.includes('cpu') },
    canFreeze: true,
    folders: [folder],
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

/**
 * The control groups this process may use, or undefined.
 *
 * @param identity names the server's own groups, `ae-sandbox-<identity>`
 */
export function openControlGroups(identity: string, ceiling: Ceiling): ControlGroups | undefined {
  const name = `${PREFIX}${identity}`;
  let groups: ControlGroups | undefined;
  if (existsSync(join(MOUNT, 'cgroup.controllers'))) groups = openVersion2(name);
  else if (existsSync(join(MOUNT, 'memory'))) groups = openVersion1(name);
  if (groups !== undefined) setCeiling(groups.folders, ceiling);
  return groups;
}
