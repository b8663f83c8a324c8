import { spawn, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Duplex } from 'node:stream';
import { SandboxServerError } from '../sandbox-server-error.ts';
import type { Backend, Guest, LaunchOptions } from './backend.ts';
import { bubblewrapArguments, EGRESS_FD, SECCOMP_FD } from './bubblewrap-arguments.ts';
import { openControlGroups, type ControlGroup } from './control-groups.ts';
import { prepareGuestKit, type GuestKit } from './guest-kit.ts';
import { watchMemory } from './memory-watch.ts';
import { childrenOf } from './process-children.ts';

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
for fd in /proc/self/fd/*; do fd=\${fd##*/}; if (( fd > $1 )); then exec {fd}>&-; fi; done
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
}

function atLeast(version: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split('.').map(Number);
  return first > major || (first === major && second >= minor);
}

export function createBubblewrapBackend(options: BubblewrapOptions): Backend {
  const groups = openControlGroups();
  const kit: GuestKit = prepareGuestKit(options.root, {
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
  const features = { disableUserns: atLeast(options.version, 0, 8) };

  async function launch({ id, limits, egress }: LaunchOptions): Promise<Guest> {
    const group = groups?.create(id, limits);
    const command = [
      ...entering(egress ? EGRESS_FD : SECCOMP_FD, group),
      ...(process.getuid?.() === 0 ? droppingRoot() : []),
      'bwrap',
      ...bubblewrapArguments(kit, limits, features),
    ];
    const program = openSync(seccomp, 'r');
    const child = spawn(command[0] ?? '', command.slice(1), {
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', program, ...(egress ? ['pipe' as const] : [])],
    });
    closeSync(program);

    let diagnostics = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      diagnostics = (diagnostics + chunk).slice(-MAX_DIAGNOSTIC_CHARS);
    });
    let memory: { stop(): void } | undefined;
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => {
        memory?.stop();
        const how = signal === null ? `exit ${String(code)}` : signal;
        const done = (): void => resolve(`${how} ${diagnostics}`.trim());
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
    if (group === undefined) {
      memory = watchMemory(pid, limits.memoryMb, () => endGuest(child));
    }
    return {
      stream: child.stdio[3] as unknown as Duplex,
      egress: (child.stdio as readonly unknown[])[EGRESS_FD] as Duplex | undefined,
      exited,
      kill: async () => {
        endGuest(child);
        const insist = setTimeout(() => child.kill('SIGKILL'), INSIST_AFTER_MS);
        await exited;
        clearTimeout(insist);
      },
    };
  }

  return {
    kind: 'bubblewrap',
    launch,
    close: () => {
      groups?.close();
      kit.remove();
      return Promise.resolve();
    },
  };
}
