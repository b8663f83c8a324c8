import { readdirSync, readFileSync } from 'node:fs';

interface ProcessRow {
  pid: number;
  state: string;
  parent: number;
  session: number;
}

/** A fork bomb makes new processes while it is being killed; each round finds fewer. */
const MAX_KILL_ROUNDS = 50;

function row(pid: string): ProcessRow | undefined {
  try {
    // Fields follow the command name, which may itself hold spaces and brackets: proc(5).
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', parent, , session] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { pid: Number(pid), state, parent: Number(parent), session: Number(session) };
  } catch {
    return undefined;
  }
}

/** The living processes of a command: its descendants, and whoever is still in its session. */
function treeOf(leader: number): number[] {
  const rows = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(row)
    .filter((found) => found !== undefined);
  const tree = new Set([leader]);
  for (let before = 0; before !== tree.size;) {
    before = tree.size;
    for (const { pid, parent, session } of rows) {
      if (tree.has(parent) || session === leader) tree.add(pid);
    }
  }
  return rows.filter(({ pid, state }) => tree.has(pid) && state !== 'Z').map(({ pid }) => pid);
}

function send(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended between the listing and the signal.
    }
  }
}

/**
 * Sends `signal` to a command and to all it started: its process group alone would miss a child
 * that made its own (`setsid`, job control). SIGKILL is repeated until nothing is left.
 */
export function signalTree(leader: number, signal: NodeJS.Signals): void {
  if (signal !== 'SIGKILL') {
    send(treeOf(leader), signal);
    return;
  }
  for (let round = 0; round < MAX_KILL_ROUNDS; round += 1) {
    const tree = treeOf(leader);
    if (tree.length === 0) return;
    // Stopped first, so that a parent cannot replace a child that was just killed.
    send(tree, 'SIGSTOP');
    send(tree, 'SIGKILL');
  }
}
