import { readdirSync, readFileSync } from 'node:fs';

interface ProcessRow {
  pid: number;
  parent: number;
  session: number;
}

function row(pid: string): ProcessRow | undefined {
  try {
    // Fields follow the command name, which may itself hold spaces and brackets: proc(5).
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid: Number(pid), parent: Number(fields[1]), session: Number(fields[3]) };
  } catch {
    return undefined;
  }
}

/**
 * Sends `signal` to a command and to all it started: its process group may be left by a child
 * (`setsid`, job control), so its session and its descendants are signalled too.
 */
export function signalTree(leader: number, signal: NodeJS.Signals): void {
  const rows = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(row)
    .filter((found) => found !== undefined);
  const targets = new Set([leader]);
  for (let before = 0; before !== targets.size;) {
    before = targets.size;
    for (const { pid, parent, session } of rows) {
      if (targets.has(parent) || session === leader) targets.add(pid);
    }
  }
  for (const pid of targets) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended between the listing and the signal.
    }
  }
}
