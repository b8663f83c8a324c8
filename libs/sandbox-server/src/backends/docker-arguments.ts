import { EGRESS_PORT } from '../egress/egress-port.ts';
import type { GuestLimits } from './backend.ts';
import type { GuestKit } from './guest-kit.ts';

/** Containers carry the id of the server's process, so that a later server finds leftovers. */
export const SERVER_LABEL = 'ae-sandbox.server';

const MIB = 1024 * 1024;
/** uid and gid of the guest's user, as in the kit's passwd. */
const USER = '1000:1000';

function tmpfs(path: string, megabytes: number, mode: string): string[] {
  return [
    '--tmpfs',
    `${path}:rw,exec,nosuid,nodev,size=${megabytes}m,mode=${mode},uid=1000,gid=1000`,
  ];
}

/**
 * `docker run` for one guest. The agent is process 1, which nothing inside the container can
 * stop or kill: when the server goes, its standard input ends, it exits, and the rest with it.
 */
export function dockerRunArguments(
  kit: GuestKit,
  image: string,
  name: string,
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
    `${SERVER_LABEL}=${process.pid}`,
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
    `${Math.min(64, limits.diskMb)}m`,
    ...tmpfs('/home/user', limits.diskMb, '0755'),
    ...tmpfs('/tmp', limits.diskMb, '1777'),
    ...tmpfs('/var/tmp', Math.min(64, limits.diskMb), '1777'),
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
    'node',
    image,
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
