/**
 * What a function of a library does, in the words of the effects it has. The main argument is the
 * first one, or the keyword that `NAMED` gives.
 */
export type Does =
  /** Runs a command line. */
  | 'shell'
  /** Runs a command: a list of words, or a command line. */
  | 'command'
  /** Runs a program: the words of the command are the arguments. */
  | 'words'
  /** Runs a program: its name, then a list of further words. */
  | 'program'
  /** Evaluates a text as a program of the same language. */
  | 'code'
  /** Makes objects of bytes, and runs what the bytes say. */
  | 'deserialize'
  | 'delete'
  | 'delete_tree'
  | 'write'
  | 'append'
  /** Writes to a file that was opened. */
  | 'handle_write'
  | 'truncate'
  | 'read'
  /** Opens a file in the mode of its second argument. */
  | 'open'
  | 'permission'
  | 'move'
  | 'copy'
  | 'link'
  /** Talks to the host of an address; what it returns came over the network. */
  | 'request'
  /** The same, and asks it to delete. */
  | 'request_delete'
  /** Writes what it fetches from its first argument to its second. */
  | 'download'
  | 'sql'
  /** Sends mail. */
  | 'mail'
  | 'print'
  | 'kill'
  | 'fork'
  /** Opens a connection; with `redirect` or a shell it is a remote shell. */
  | 'socket'
  | 'redirect'
  | 'mongo_drop'
  | 'redis_flush'
  | 'orm_delete_all';

/** Functions by their full names; `?.name` is a method of something unknown. */
export type CallTable = ReadonlyMap<string, Does>;

/** Names separated by spaces, by what they do. */
export function callTable(groups: Readonly<Partial<Record<Does, string>>>): CallTable {
  const table = new Map<string, Does>();
  for (const [does, names] of Object.entries(groups) as [Does, string][]) {
    for (const name of names.split(/\s+/)) if (name !== '') table.set(name, does);
  }
  return table;
}
