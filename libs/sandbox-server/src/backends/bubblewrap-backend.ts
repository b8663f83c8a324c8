import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, openSync, statSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import type { Duplex, Writable } from 'node:stream';
import { SandboxServerError } from '../sandbox-server-error.ts';
import type { Backend, Enforcement, Guest, GuestUsage, LaunchOptions } from './backend.ts';
import {
  bubblewrapOptions,
  EGRESS_FD,
  guestCommand,
  OPTIONS_FD,
  SECCOMP_FD,
} from './bubblewrap-arguments.ts';
import {
  openControlGroups,
  type Ceiling,
  type ControlGroup,
  type ControlGroups,
} from './control-groups.ts';
import { fileSystemUse } from './file-systems.ts';
import { prepareGuestKit, type GuestKit } from './guest-kit.ts';
import { memoryOfTree } from './held-memory.ts';
import { childrenOf, treeOf } from './process-children.ts';
import { processStat } from './process-stat.ts';
import { serverIdentity } from './server-identity.ts';
import { signalFreezer } from './signal-freezer.ts';
import { Warden } from './warden.ts';

const MAX_DIAGNOSTIC_CHARS = 4096;
/** When killing the guest's init has no effect within this time, bubblewrap itself is killed. */
const INSIST_AFTER_MS = 1_000;
/** Guests give way to the host's own work. */
const GUEST_NICENESS = 5;

/** Far above the users and subordinate ids of any host, far below the largest uid. */
const FIRST_GUEST_UID = 0x40000000;
const GUEST_UIDS = 0x20000000;

/**
 * A root-owned process under bubblewrap can open /proc/sys/kernel/core_pattern for writing,
 * whatever its capabilities: the file belongs to uid 0 of the host. So before bubblewrap starts,
 * root becomes a uid that no one else has; each sandbox gets its own.
 */
function droppingRoot(): string[] {
  const uid = String(FIRST_GUEST_UID + randomInt(GUEST_UIDS));
  return [
    'setpriv',
    '--reuid',
    uid,
    '--regid',
    uid,
    '--clear-groups',
    '--inh-caps=-all',
    '--bounding-set=-all',
    '--no-new-privs',
    '--',
  ];
}

/**
 * Runs before anything of the guest: closes every descriptor that this process happened to
 * inherit (a guest could use it, or reopen it through /proc), then joins the control group, so
 * that nothing can be left outside.
 */
const ENTRY_SCRIPT = `
for fd in /proc/self/fd/*; do fd=\${fd##*/}; if (( fd > $1 && fd != ${OPTIONS_FD} )); then exec {fd}>&-; fi; done
shift
while [[ $1 != -- ]]; do echo $$ > "$1" || exit 71; shift; done
shift
exec "$@"`;

function entering(lastFd: number, group: ControlGroup | undefined): string[] {
  const members = group?.memberFiles ?? [];
  const shell = ['/bin/bash', '--norc', '--noprofile', '-c', ENTRY_SCRIPT, 'entry'];
  return [...shell, String(lastFd), ...members, '--'];
}

/**
 * Kills the guest's init, which takes every process of its namespace with it, and leaves the
 * outer bubblewrap to reap it. Killing the outer one first would end the guest as well, but leave
 * a zombie where the machine's own init does not reap.
 */
function endGuest(bubblewrap: ChildProcess): void {
  const inner = childrenOf(Number(bubblewrap.pid));
  if (inner.length === 0) bubblewrap.kill('SIGKILL');
  for (const pid of inner) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended between the listing and the signal.
    }
  }
}

export interface BubblewrapOptions {
  /** Folder for the server's own files; the system's temporary folder by default. */
  readonly root: string | undefined;
  /** Version of bubblewrap, e.g. "0.8.0". */
  readonly version: string;
  /** Whether to use control groups where they can be written. */
  readonly controlGroups: boolean;
  readonly ceiling: Ceiling;
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split('.').map(Number);
  return first > major || (first === major && second >= minor);
}

function enforcementOf(groups: ControlGroups | undefined): Enforcement {
  return {
    memory: groups === undefined ? 'watch' : 'group',
    cpu: groups?.limits.cpu ?? false,
    // Without groups by the limit of the guest's user, who has no process elsewhere.
    processes: true,
    kernelMemory: groups !== undefined,
    freeze: groups?.canFreeze === true ? 'group' : 'signal',
  };
}

const MICROSECONDS_PER_TICK = 10_000;
const BYTES_PER_MIB = 1024 * 1024;

/** What the processes of a guest hold and have used, added up. */
function usageOfTree(root: number): GuestUsage {
  const ticks = treeOf(root).map((pid) => processStat(pid)?.cpuTicks ?? 0);
  return {
    cpuUs: ticks.reduce((sum, one) => sum + one, 0) * MICROSECONDS_PER_TICK,
    memoryBytes: memoryOfTree(root) * BYTES_PER_MIB,
    cacheBytes: 0,
  };
}

/** What the guest's PATH leads to is the host's, but for Node, which the kit brings. */
const PROGRAM_FOLDERS = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/local/sbin', '/usr/sbin'];

function isInGuests(program: string): boolean {
  if (program === 'node') return true;
  return PROGRAM_FOLDERS.some((folder) => {
    try {
      const stats = statSync(join(folder, program));
      return stats.isFile() && (stats.mode & 0o001) !== 0;
    } catch {
      return false;
    }
  });
}

export function createBubblewrapBackend(options: BubblewrapOptions): Backend {
  const identity = serverIdentity();
  const groups = options.controlGroups ? openControlGroups(identity, options.ceiling) : undefined;
  const kit: GuestKit = prepareGuestKit(options.root, {
    identity,
    memoryIsCounted: groups !== undefined,
    needsNode: true,
  });
  if (kit.seccomp === undefined) {
    groups?.close();
    kit.remove();
    throw new SandboxServerError(
      'isolation_unavailable',
      `There is no system-call filter for ${process.arch} processors.`,
    );
  }
  const { seccomp } = kit;
  const warden = new Warden();
  warden.add('kit', { kind: 'folder', path: kit.folder });
  if (groups !== undefined) warden.add('groups', { kind: 'groups', folders: groups.folders });
  const features = { disableUserns: atLeast(options.version, 0, 8) };

  /** @throws when the process cannot be started for want of memory or descriptors */
  function start({ limits, egress }: LaunchOptions, group: ControlGroup | undefined): ChildProcess {
    const command = [
      ...entering(egress ? EGRESS_FD : SECCOMP_FD, group),
      ...(process.getuid?.() === 0 ? droppingRoot() : []),
      'bwrap',
      '--args',
      String(OPTIONS_FD),
      '--',
      ...guestCommand(limits),
    ];
    const program = openSync(seccomp, 'r');
    try {
      const child = spawn(command[0] ?? '', command.slice(1), {
        cwd: '/',
        env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
        stdio: ['ignore', 'ignore', 'pipe', 'pipe', program, egress ? 'pipe' : 'ignore', 'pipe'],
      });
      const given = (child.stdio as readonly unknown[])[OPTIONS_FD] as Writable;
      given.on('error', () => {
        // It ended before it read them; `exited` tells.
      });
      const text = bubblewrapOptions(kit, limits, features);
      given.end(text.map((option) => `${option}\0`).join(''), () => given.destroy());
      return child;
    } finally {
      closeSync(program);
    }
  }

  async function launch(options: LaunchOptions): Promise<Guest> {
    let group: ControlGroup | undefined;
    let child: ChildProcess;
    try {
      group = groups?.create(options.id, options.limits);
      child = start(options, group);
    } catch (error) {
      await group?.remove();
      const reason = error instanceof Error ? error.message : String(error);
      throw new SandboxServerError('launch_failed', `The sandbox cannot be started: ${reason}`);
    }
    let diagnostics = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      diagnostics = (diagnostics + chunk).slice(-MAX_DIAGNOSTIC_CHARS);
    });
    let ended = '';
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        warden.remove(options.id);
        const how = signal === null ? `exit ${String(code)}` : signal;
        const done = (): void => resolve(`${ended || how} ${diagnostics}`.trim());
        if (group === undefined) done();
        else void group.remove().then(done);
      });
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => {
        void group?.remove();
        reject(new SandboxServerError('launch_failed', `cannot start bwrap: ${error.message}`));
      });
    });
    const pid = Number(child.pid);
    try {
      setPriority(pid, GUEST_NICENESS);
    } catch {
      // It has ended already; `exited` tells.
    }
    const { memoryMb } = options.limits;
    warden.add(
      options.id,
      {
        kind: 'guest',
        pid,
        startTime: processStat(pid)?.startTime ?? '',
        memoryMb: group === undefined ? memoryMb : undefined,
      },
      () => {
        ended = `its processes and files held more than ${memoryMb} MiB`;
      },
    );
    const firstProcess = (): number | undefined => childrenOf(pid)[0];
    const signals = signalFreezer(firstProcess);
    return {
      stream: child.stdio[3] as unknown as Duplex,
      egress: (child.stdio as readonly unknown[])[EGRESS_FD] as Duplex | undefined,
      exited,
      freeze: () => (group?.freeze ?? signals.freeze)(),
      thaw: () => {
        if (group?.freeze === undefined) signals.thaw();
        else group.thaw();
        return Promise.resolve();
      },
      usage: async () => {
        const disk = await fileSystemUse(firstProcess() ?? pid);
        return {
          ...usageOfTree(pid),
          ...group?.usage(),
          ...(disk === undefined ? {} : { diskBytes: disk.bytes }),
        };
      },
      kill: async () => {
        endGuest(child);
        // A frozen bubblewrap could not reap what was killed.
        group?.thaw();
        const insist = setTimeout(() => {
          group?.kill();
          child.kill('SIGKILL');
        }, INSIST_AFTER_MS);
        await exited;
        clearTimeout(insist);
      },
    };
  }

  return {
    kind: 'bubblewrap',
    enforcement: enforcementOf(groups),
    launch,
    missingPrograms: (programs) => Promise.resolve(programs.filter((name) => !isInGuests(name))),
    close: async () => {
      groups?.close();
      kit.remove();
      await warden.close();
    },
  };
}
