import { lstatSync, readlinkSync } from 'node:fs';
import type { GuestLimits } from './backend.ts';
import { fileSystem } from './file-systems.ts';
import type { GuestKit } from './guest-kit.ts';

const MIB = 1024 * 1024;

/** File descriptor of the seccomp program in the started process. */
export const SECCOMP_FD = 4;
/** File descriptor of the way out, in a guest that has one. */
export const EGRESS_FD = 5;
/** File descriptor of bubblewrap's options: on its command line every guest could read them. */
export const OPTIONS_FD = 6;

const V8_CODE_RANGE_MB = 640;

/** Certificates, library paths and alternatives: what programs of /usr read from /etc. */
const HOST_ETC = [
  '/etc/alternatives',
  '/etc/ld.so.cache',
  '/etc/localtime',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
  '/etc/pki/ca-trust',
  '/etc/mime.types',
];

/** /bin, /lib and so on: links into /usr on most systems, folders of their own on some. */
function topLevel(): string[] {
  return ['bin', 'sbin', 'lib', 'lib32', 'lib64'].flatMap((name) => {
    const stats = lstatSync(`/${name}`, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    return stats.isSymbolicLink()
      ? ['--symlink', readlinkSync(`/${name}`), `/${name}`]
      : ['--ro-bind', `/${name}`, `/${name}`];
  });
}

function tmpfs(...of: Parameters<typeof fileSystem>): string[] {
  const { path, megabytes } = fileSystem(...of);
  return ['--size', String(megabytes * MIB), '--tmpfs', path];
}

/**
 * The options that build one guest. Nothing of the host is writable in it and no host
 * folder holds its files: home and temporary folders are memory with a hard size, so there is
 * nothing to clean up and no path on the host for a guest's links to point a server at.
 */
export function bubblewrapOptions(
  kit: GuestKit,
  limits: GuestLimits,
  features: { readonly disableUserns: boolean },
): string[] {
  return [
    '--unshare-all',
    '--unshare-user',
    // Without the flag (before 0.8) the seccomp program alone refuses further user namespaces.
    ...(features.disableUserns ? ['--disable-userns'] : []),
    '--uid',
    '1000',
    '--gid',
    '1000',
    '--hostname',
    'sandbox',
    '--die-with-parent',
    '--new-session',
    '--cap-drop',
    'ALL',
    '--clearenv',
    ...(kit.seccomp === undefined ? [] : ['--seccomp', String(SECCOMP_FD)]),
    '--ro-bind',
    '/usr',
    '/usr',
    ...topLevel(),
    ...HOST_ETC.flatMap((path) => ['--ro-bind-try', path, path]),
    ...Object.entries(kit.etc).flatMap(([name, path]) => ['--ro-bind', path, `/etc/${name}`]),
    '--ro-bind',
    kit.node,
    '/opt/ae/node',
    '--symlink',
    '../node',
    '/opt/ae/bin/node',
    '--ro-bind',
    kit.agent,
    '/opt/ae/agent',
    '--proc',
    '/proc',
    // How the host was started is no business of a guest.
    '--ro-bind',
    kit.empty,
    '/proc/cmdline',
    '--dev',
    '/dev',
    // bubblewrap's /dev is a tmpfs of unlimited size that the guest may write to.
    ...tmpfs('/dev/shm', limits),
    '--remount-ro',
    '/dev',
    '--perms',
    '1777',
    ...tmpfs('/tmp', limits),
    '--perms',
    '1777',
    ...tmpfs('/var/tmp', limits),
    ...tmpfs('/home/user', limits),
    '--remount-ro',
    '/',
    '--chdir',
    '/home/user',
    '--setenv',
    'HOME',
    '/home/user',
  ];
}

/** What runs in the guest: the agent, with the limits of each single process. */
export function guestCommand(limits: GuestLimits): string[] {
  return [
    '/usr/bin/prlimit',
    `--nproc=${limits.processes}`,
    `--nofile=${limits.openFiles}`,
    `--fsize=${limits.fileMb * MIB}`,
    // Per process. An address-space limit would break V8's WebAssembly, which reserves far more
    // than it touches; of writable memory V8 only reserves its code range ahead.
    `--data=${(limits.memoryMb + V8_CODE_RANGE_MB) * MIB}`,
    '--core=0',
    '--memlock=65536',
    '--',
    '/opt/ae/node',
    '--max-old-space-size=64',
    // Helper threads of V8 would only slow the start and count as processes of the guest.
    '--single-threaded-gc',
    '--v8-pool-size=0',
    '/opt/ae/agent/main.js',
    'fd',
  ];
}
