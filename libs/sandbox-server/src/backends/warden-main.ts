/**
 * The warden of a server: see `warden.ts`. It reads one order a line from its standard input, whose
 * end is the end of the server.
 */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freshen } from './fresh-folder.ts';
import { heldMemory } from './held-memory.ts';
import { childrenOf } from './process-children.ts';
import { processStat } from './process-stat.ts';
import type { Ward, WardenOrder, WardenReport } from './ward.ts';

type Guest = Extract<Ward, { kind: 'guest' }>;

interface FirstProcess {
  readonly pid: number;
  readonly startTime: string;
}

const run = promisify(execFile);

/** At least this long between two looks at the memory of guests, and ten times as long as one. */
const LOOK_MS = 250;
const LOOK_SHARE = 10;
/** How often a guest that starts is looked at until it has its first process. */
const START_MS = 50;
/** Far more often than any tidying of temporary folders. */
const FRESHEN_MS = 3_600_000;
/** A group goes once its last process is reaped, which is up to the machine's init. */
const PATIENCE_MS = 60_000;
/** A container may still be on its way when the server ends: so long none may come any more. */
const QUIET_MS = 3_000;
const ROUND_MS = 50;
const DOCKER_TIMEOUT_MS = 10_000;

const wards = new Map<string, Ward>();
/** The first process of each guest, once it is known: it outlives the one that started it. */
const firstProcesses = new Map<string, FirstProcess>();

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

function isSame({ pid, startTime }: FirstProcess): boolean {
  const stat = processStat(pid);
  return stat !== undefined && stat.startTime === startTime && stat.state !== 'Z';
}

function guests(): [string, Guest][] {
  return [...wards].filter((entry): entry is [string, Guest] => entry[1].kind === 'guest');
}

function findFirstProcesses(): void {
  for (const [key, guest] of guests()) {
    if (firstProcesses.has(key) || !isSame(guest)) continue;
    const [pid] = childrenOf(guest.pid);
    const startTime = pid === undefined ? undefined : processStat(pid)?.startTime;
    if (pid !== undefined && startTime !== undefined) firstProcesses.set(key, { pid, startTime });
  }
}

/** The first process takes all of its guest with it, also what is stopped. */
function endGuest(key: string, guest: Guest): void {
  const first = firstProcesses.get(key);
  if (first !== undefined && isSame(first)) kill(first.pid);
  else if (isSame(guest)) kill(guest.pid);
}

async function holdMemory(): Promise<void> {
  for (;;) {
    const began = performance.now();
    for (const [key, guest] of guests()) {
      const first = firstProcesses.get(key);
      if (first === undefined || guest.memoryMb === undefined) continue;
      const held = await heldMemory(first.pid);
      if (held <= guest.memoryMb || !isSame(first)) continue;
      process.stdout.write(`${JSON.stringify({ exceeded: key } satisfies WardenReport)}\n`);
      endGuest(key, guest);
    }
    const tookMs = performance.now() - began;
    await sleep(Math.max(LOOK_MS, tookMs * LOOK_SHARE), undefined, { ref: false });
  }
}

function endGroup(folder: string): void {
  const write = (file: string, value: string): void => {
    try {
      writeFileSync(join(folder, file), value);
    } catch {
      // This kernel has no such file, or the group is gone.
    }
  };
  write('cgroup.kill', '1');
  try {
    const members = readFileSync(join(folder, 'cgroup.procs'), 'utf8').split('\n');
    members.filter((pid) => pid !== '').forEach((pid) => kill(Number(pid)));
  } catch {
    // It is gone.
  }
  // Where the kernel has no cgroup.kill a frozen process dies once it is thawed.
  write('cgroup.freeze', '0');
  try {
    rmdirSync(folder);
  } catch {
    // Its processes have yet to be reaped; the next round removes it.
  }
}

/** Answers whether nothing is left. */
function endGroups(folders: readonly string[]): boolean {
  for (const folder of folders.filter(existsSync)) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) endGroup(join(folder, entry.name));
    }
    endGroup(folder);
  }
  return !folders.some(existsSync);
}

async function endContainers(label: string): Promise<boolean> {
  const docker = async (...args: string[]): Promise<string> =>
    (await run('docker', args, { timeout: DOCKER_TIMEOUT_MS })).stdout;
  const found = await docker('ps', '--all', '--quiet', '--filter', `label=${label}`);
  const ids = found.split('\n').filter((id) => id !== '');
  if (ids.length === 0) return true;
  // The engine's freezer may hold what it is to kill.
  await Promise.all(ids.map((id) => docker('unpause', id).catch(() => undefined)));
  await docker('rm', '--force', ...ids);
  return false;
}

/** Ends one ward, as far as that goes in one round; answers whether nothing of it is left. */
async function end(key: string, ward: Ward): Promise<boolean> {
  switch (ward.kind) {
    case 'guest': {
      endGuest(key, ward);
      const first = firstProcesses.get(key);
      return !isSame(ward) && (first === undefined || !isSame(first));
    }
    case 'groups':
      return endGroups(ward.folders);
    case 'folder':
      rmSync(ward.path, { recursive: true, force: true });
      return true;
    case 'containers':
      return endContainers(ward.label);
  }
}

async function endAll(): Promise<void> {
  findFirstProcesses();
  const began = Date.now();
  const starting = guests().length > 0;
  while (wards.size > 0 && Date.now() - began < PATIENCE_MS) {
    for (const [key, ward] of wards) {
      const ended = await end(key, ward).catch(() => false);
      const mayComeYet = ward.kind === 'containers' && starting && Date.now() - began < QUIET_MS;
      if (ended && !mayComeYet) wards.delete(key);
    }
    if (wards.size > 0) await sleep(ROUND_MS);
  }
}

function obey({ key, ward }: WardenOrder): void {
  if (ward !== undefined) {
    wards.set(key, ward);
    return;
  }
  wards.delete(key);
  firstProcesses.delete(key);
}

// A terminal or a service manager that ends the server ends this process by its input.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.stdout.on('error', () => {
  // The server is gone.
});
const orders = createInterface({ input: process.stdin });
orders.on('line', (line) => obey(JSON.parse(line) as WardenOrder));
orders.once('close', () => {
  void endAll().then(() => process.exit(0));
});
setInterval(findFirstProcesses, START_MS).unref();
setInterval(() => {
  for (const ward of wards.values()) if (ward.kind === 'folder') freshen(ward.path);
}, FRESHEN_MS).unref();
void holdMemory();
