import { EGRESS_PORT } from '../egress/egress-port.ts';
import type { GuestLimits } from './backend.ts';
import { fileSystem } from './file-systems.ts';
import type { GuestKit } from './guest-kit.ts';

/** Containers carry the identity of their server, so that a later server finds leftovers. */
export const SERVER_LABEL = 'ae-sandbox.server';

const MIB = 1024 * 1024;
/** uid and gid of the guest's user, as in the kit's passwd. */
const USER = '1000:1000';

/** The first process: it reaps what the guest leaves behind, which Node would not. */
const FIRST_PROCESS = 'node "$@" <&0 & wait $!';

function tmpfs(
  path: Parameters<typeof fileSystem>[0],
  limits: GuestLimits,
  mode: string,
): string[] {
  const { megabytes } = fileSystem(path, limits);
  return [
    '--tmpfs',
    `${path}:rw,exec,nosuid,nodev,size=${megabytes}m,mode=${mode},uid=1000,gid=1000`,
  ];
}

export interface Container {
  readonly name: string;
  readonly image: string;
  /** Identity of the server it belongs to. */
  readonly server: string;
  /** File of the system-call filter in Docker's form; the engine's own when absent. */
  readonly seccomp: string | undefined;
}

/**
 * `docker run` for one guest. When the server goes, the agent's standard input ends, it exits, and
 * the first process with it, which ends the rest.
 */
export function dockerRunArguments(
  kit: GuestKit,
  { name, image, server, seccomp }: Container,
  limits: GuestLimits,
): string[] {
  const memory = `${limits.memoryMb + limits.diskMb}m`;
  return [
    'run',
    '--rm',
    '--interactive',
    '--pull',
    'missing',
    '--name',
    name,
    '--label',
    `${SERVER_LABEL}=${server}`,
    '--hostname',
    'sandbox',
    '--network',
    'none',
    '--ipc',
    'private',
    '--read-only',
    '--cap-drop',
    'ALL',
    '--security-opt',
    'no-new-privileges',
    ...(seccomp === undefined ? [] : ['--security-opt', `seccomp=${seccomp}`]),
    '--user',
    USER,
    '--pids-limit',
    String(limits.processes),
    // Files live in memory and are counted with it; no swap on top.
    '--memory',
    memory,
    '--memory-swap',
    memory,
    '--cpus',
    String(limits.cpus),
    '--ulimit',
    `nofile=${limits.openFiles}`,
    '--ulimit',
    `fsize=${limits.fileMb * MIB}`,
    '--ulimit',
    'core=0',
    '--shm-size',
    `${fileSystem('/dev/shm', limits).megabytes}m`,
    ...tmpfs('/home/user', limits, '0755'),
    ...tmpfs('/tmp', limits, '1777'),
    ...tmpfs('/var/tmp', limits, '1777'),
    '--volume',
    `${kit.agent}:/opt/ae/agent:ro`,
    ...['passwd', 'group'].flatMap((file) => [
      '--volume',
      `${kit.etc[file] ?? ''}:/etc/${file}:ro`,
    ]),
    '--workdir',
    '/home/user',
    '--env',
    'HOME=/home/user',
    '--entrypoint',
    '/bin/bash',
    image,
    '-c',
    FIRST_PROCESS,
    'init',
    '--max-old-space-size=64',
    '--single-threaded-gc',
    '--v8-pool-size=0',
    '/opt/ae/agent/main.js',
    'stdio',
  ];
}

/** `docker exec` for the way out of a guest that has one. */
export function dockerEgressArguments(name: string): string[] {
  const node = ['node', '--max-old-space-size=64', '--single-threaded-gc', '--v8-pool-size=0'];
  return ['exec', '--interactive', name, ...node, '/opt/ae/agent/egress.js', String(EGRESS_PORT)];
}
