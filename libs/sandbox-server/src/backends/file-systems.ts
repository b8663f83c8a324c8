import { statfs } from 'node:fs/promises';
import type { GuestLimits } from './backend.ts';

/** A file system of a guest that it can write to. It lives in memory and has a hard size. */
export interface GuestFileSystem {
  readonly path: string;
  readonly megabytes: number;
}

/** Parts of `diskMb`, as sixteenths; together never more, so that a full disk is no full memory. */
const SHARES = { '/home/user': 10, '/tmp': 4, '/var/tmp': 1, '/dev/shm': 1 } as const;
const ALL_SHARES = 16;

export function fileSystem(path: keyof typeof SHARES, limits: GuestLimits): GuestFileSystem {
  return { path, megabytes: Math.max(1, Math.floor((limits.diskMb * SHARES[path]) / ALL_SHARES)) };
}

/**
 * Looks at the guest's file systems from outside, through its first process. The paths are mount
 * points on a root that is read-only, so nothing a guest does leads elsewhere; no file is opened.
 *
 * @returns undefined where this process may not look, or the guest is gone
 */
export async function fileSystemUse(
  firstProcess: number,
): Promise<{ bytes: number; files: number } | undefined> {
  try {
    const all = await Promise.all(
      Object.keys(SHARES).map((path) => statfs(`/proc/${firstProcess}/root${path}`)),
    );
    return {
      bytes: all.reduce((sum, one) => sum + (one.blocks - one.bfree) * one.bsize, 0),
      files: all.reduce((sum, one) => sum + (one.files - one.ffree), 0),
    };
  } catch {
    return undefined;
  }
}
