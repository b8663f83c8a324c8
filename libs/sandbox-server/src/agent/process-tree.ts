import { readdirSync, readFileSync } from 'node:fs';
import { markOf } from './command-mark.ts';

interface ProcessRow {
  pid: number;
  state: string;
  parent: number;
  session: number;
}

/** What a command is known by. */
export interface CommandRoot {
  readonly pid: number;
  /** See {@link CommandMarks}. */
  readonly mark: number | undefined;
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

/**
 * The living processes of a command: whoever carries its mark or is still in its session, and
 * the descendants of all these.
 */
function treeOf({ pid: leader, mark }: CommandRoot): number[] {
  const rows = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(row)
    .filter((found) => found !== undefined);
  const tree = new Set([leader]);
  for (const { pid, session } of rows) {
    const isMarked = mark !== undefined && markOf(String(pid)) === mark;
    if (isMarked || session === leader) tree.add(pid);
  }
  for (let before = 0; before !== tree.size;) {
    before = tree.size;
    for (const { pid, parent } of rows) if (tree.has(parent)) tree.add(pid);
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
 * that made its own (`setsid`, job control). SIGKILL also goes to what has detached, by its mark,
 * and is repeated until nothing is left.
 */
export function signalTree(root: CommandRoot, signal: NodeJS.Signals): void {
  if (signal !== 'SIGKILL') {
    send(treeOf({ ...root, mark: undefined }), signal);
    return;
  }
  for (let round = 0; round < MAX_KILL_ROUNDS; round += 1) {
    const tree = treeOf(root);
    if (tree.length === 0) return;
    // Stopped first, so that a parent cannot replace a child that was just killed.
    send(tree, 'SIGSTOP');
    send(tree, 'SIGKILL');
  }
}
