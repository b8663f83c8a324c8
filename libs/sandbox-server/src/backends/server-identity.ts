/**
 * A name for a server under which it makes things that may outlive it (groups, folders,
 * containers), so that a later server can tell those whose owner is gone. A process id alone would
 * not do: it is used again, and it means something else in another container.
 */
import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { processStat } from './process-stat.ts';

function processNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    // No Linux: all processes are in one.
    return '0';
  }
}

const NAMESPACE = processNamespace();

/** `<process id>-<start time>-<process namespace>-<random>`. */
export function serverIdentity(): string {
  const startTime = processStat(process.pid)?.startTime ?? '0';
  return [process.pid, startTime, NAMESPACE, randomBytes(4).toString('hex')].join('-');
}

/** The form of an identity, to be found within a name. */
export const IDENTITY_PATTERN = /\d+-\d+-\d+-[0-9a-f]{8}/;

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** True only where it is certain: of a server in another container nothing is known. */
export function isGone(identity: string): boolean {
  const [pid = '', startTime, namespace] = identity.split('-');
  if (!IDENTITY_PATTERN.test(identity) || namespace !== NAMESPACE) return false;
  const stat = processStat(Number(pid));
  return stat === undefined ? !exists(Number(pid)) : stat.startTime !== startTime;
}
