/** Processes as the host sees them: what a guest says of itself proves nothing. */
import { readFileSync } from 'node:fs';
import { childrenOf } from '../backends/process-children.ts';

export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

function status(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}

/** A process that a foreign init has yet to reap is gone for our purposes. */
export function isAlive(pid: number): boolean {
  const text = status(pid);
  return text !== '' && !/^State:\s*[ZX]/m.test(text);
}

function isStopped(pid: number): boolean {
  return /^State:\s*T/m.test(status(pid));
}

/** Resolves when some process of a guest of the server is stopped; false when none comes to be. */
export function someStopped(server: number, withinMs: number): Promise<boolean> {
  return eventually(() => guestProcesses(server).some(isStopped), withinMs);
}

/** Whether a process is in a process namespace below ours: each namespace adds an id of its own. */
function isNested(pid: number): boolean {
  const ids = /^NSpid:\s*(.*)$/m.exec(status(pid))?.[1]?.split(/\s+/) ?? [];
  const own = /^NSpid:\s*(.*)$/m.exec(status(process.pid))?.[1]?.split(/\s+/) ?? [];
  return ids.length > own.length;
}

/** What runs for the guests of a server: all in their namespaces, and those that hold them. */
export function guestProcesses(server: number): number[] {
  const branch = (pid: number): number[] => {
    const below = childrenOf(pid).flatMap(branch);
    return below.length > 0 || isNested(pid) ? [pid, ...below] : [];
  };
  return childrenOf(server).flatMap(branch);
}

/** Controllers of the control groups that the server made for a process, e.g. `memory`. */
export function groupControllers(pid: number): string[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/cgroup`, 'latin1');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (!path.includes('ae-sandbox-')) return [];
    if (controllers !== '') return controllers.split(',');
    // Version 2: one path for all; which controllers count there its parent says.
    try {
      const control = `/sys/fs/cgroup${path}/cgroup.controllers`;
      return readFileSync(control, 'latin1').trim().split(' ');
    } catch {
      return [];
    }
  });
}

export async function eventually(condition: () => boolean, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until;) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return condition();
}
