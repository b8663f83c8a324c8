import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { guestArchitecture } from '../seccomp/syscalls.ts';

const run = promisify(execFile);
const PROBE_TIMEOUT_MS = 10_000;

/** How this machine can isolate; where it cannot, why, and the one command that fixes it. */
export interface Isolation {
  backend: 'bubblewrap' | 'docker' | 'none';
  /** Version of bubblewrap or of the Docker engine. */
  version?: string;
  reason?: string;
  remedy?: string;
}

interface Probe {
  readonly version?: string;
  readonly reason?: string;
  readonly remedy?: string;
}

function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { stderr } = error as Error & { stderr?: string };
  return (stderr ?? '').trim() || error.message;
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

function installCommand(): string {
  let release = '';
  try {
    release = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // The general advice below.
  }
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  if (/^ID(?:_LIKE)?=.*(?:fedora|rhel)/m.test(release)) return `${sudo}dnf install -y bubblewrap`;
  if (/^ID(?:_LIKE)?=.*arch/m.test(release)) return `${sudo}pacman -S --noconfirm bubblewrap`;
  if (/^ID=alpine/m.test(release)) return `${sudo}apk add bubblewrap setpriv`;
  return `${sudo}apt-get install -y bubblewrap`;
}

function readNumber(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Why the kernel refuses a user namespace, as far as its switches tell. */
function namespaceRemedy(): string | undefined {
  const sudo = process.getuid?.() === 0 ? '' : 'sudo ';
  if (readNumber('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === 1) {
    return `${sudo}sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`;
  }
  if (readNumber('/proc/sys/kernel/unprivileged_userns_clone') === 0) {
    return `${sudo}sysctl -w kernel.unprivileged_userns_clone=1`;
  }
  if (readNumber('/proc/sys/user/max_user_namespaces') === 0) {
    return `${sudo}sysctl -w user.max_user_namespaces=15000`;
  }
  return undefined;
}

/** Runs an empty guest as an unprivileged user: the only proof that namespaces work here. */
async function probeBubblewrap(): Promise<Probe> {
  if (process.platform !== 'linux') return { reason: 'bubblewrap needs Linux' };
  if (guestArchitecture(process.arch) === undefined) {
    return { reason: `there is no system-call filter for ${process.arch} processors` };
  }
  let version: string;
  try {
    const { stdout } = await run('bwrap', ['--version'], { timeout: PROBE_TIMEOUT_MS });
    version = /\d+(?:\.\d+)+/.exec(stdout)?.[0] ?? '0.0';
  } catch (error) {
    return isMissing(error)
      ? { reason: 'bubblewrap is not installed', remedy: installCommand() }
      : { reason: failureText(error) };
  }
  const guest = [
    'bwrap',
    '--unshare-all',
    '--as-pid-1',
    '--unshare-user',
    '--uid',
    '1000',
    '--gid',
    '1000',
    '--cap-drop',
    'ALL',
    '--ro-bind',
    '/',
    '/',
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    '--',
    '/usr/bin/prlimit',
    '--version',
  ];
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--'];
  const [command = '', ...args] = process.getuid?.() === 0 ? [...nobody, ...guest] : guest;
  try {
    await run(command, args, { timeout: PROBE_TIMEOUT_MS, cwd: '/' });
    return { version };
  } catch (error) {
    const remedy = namespaceRemedy();
    return {
      reason: `bubblewrap cannot make a sandbox here: ${failureText(error)}`,
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
}

async function probeDocker(): Promise<Probe> {
  try {
    const { stdout } = await run('docker', ['version', '--format', '{{.Server.Version}}'], {
      timeout: PROBE_TIMEOUT_MS,
    });
    return { version: stdout.trim() };
  } catch (error) {
    return isMissing(error)
      ? { reason: 'Docker is not installed' }
      : { reason: 'no Docker engine answers' };
  }
}

/** What one way to isolate gives here; `backend` is `none` when it does not work. */
export async function probeIsolation(backend: 'bubblewrap' | 'docker'): Promise<Isolation> {
  const { version, reason, remedy } = await (backend === 'docker'
    ? probeDocker()
    : probeBubblewrap());
  if (version !== undefined) return { backend, version };
  return {
    backend: 'none',
    ...(reason === undefined ? {} : { reason }),
    ...(remedy === undefined ? {} : { remedy }),
  };
}

/**
 * What isolation this machine can give: bubblewrap where it works, else Docker, else none with
 * the reason. It proves bubblewrap by running it.
 */
export async function detectIsolation(): Promise<Isolation> {
  const bubblewrap = await probeIsolation('bubblewrap');
  if (bubblewrap.backend !== 'none') return bubblewrap;
  const docker = await probeIsolation('docker');
  if (docker.backend !== 'none') return docker;
  const remedy = bubblewrap.remedy ?? (process.platform === 'linux' ? undefined : 'open -a Docker');
  return {
    backend: 'none',
    reason: `${bubblewrap.reason ?? ''}; ${docker.reason ?? ''}`,
    ...(remedy === undefined ? {} : { remedy }),
  };
}
