import { wildcard } from '../policy/wildcard.ts';
import { FAMILIES } from './families.ts';

/** One rule of the built-in knowledge, as a policy may name it in `when.rule_id`. */
export interface BuiltInRule {
  id: string;
  /** What the rule answers at most; a rule that only records says `allow`. */
  verdict: 'allow' | 'approve' | 'deny';
  /** Completes the sentence "This action ...". */
  message: string;
}

/** Rules that are code, because they rest on what a text becomes and not on the words of one tool. */
const EVALUATED: readonly (readonly [string, BuiltInRule['verdict'], string])[] = [
  ['files.allowed', 'allow', 'changes or reads files that are its own'],
  ['files.delete-root', 'deny', 'deletes the root of the file system'],
  ['files.delete-home', 'deny', 'deletes a home directory'],
  ['files.delete-device', 'deny', 'deletes a device'],
  ['files.delete-system', 'deny', 'deletes a system directory, or a file in one'],
  ['files.delete-secret', 'deny', 'deletes a place of credentials'],
  ['files.delete-persistence', 'deny', 'deletes a place that is run again by itself'],
  ['files.delete-vcs-metadata', 'approve', "deletes the repository's own data"],
  ['files.delete-workspace', 'approve', 'deletes the whole workspace'],
  ['files.delete-source', 'approve', 'deletes a source tree of the workspace'],
  ['files.delete-windows', 'deny', 'deletes a drive or files of a Windows machine'],
  ['files.delete-unresolved', 'approve', 'deletes a target that cannot be resolved'],
  ['files.delete-outside', 'approve', 'deletes a place outside the workspace recursively'],
  ['files.delete-tmp', 'approve', 'deletes the temporary directory of every process'],
  ['files.write-device', 'deny', 'writes over a device'],
  ['files.write-system', 'deny', 'changes a system directory'],
  ['files.write-secret', 'approve', 'changes a place of credentials'],
  ['files.write-vcs-metadata', 'approve', "changes the repository's own data"],
  ['files.truncate-outside', 'approve', 'empties a file outside the workspace'],
  ['files.rsync-delete', 'deny', 'deletes in the target whatever the source does not have'],
  ['files.extract-over', 'deny', 'extracts an archive over the system'],
  ['files.shred', 'deny', 'destroys files beyond recovery'],
  ['permissions.system', 'deny', 'changes permissions of the system'],
  ['permissions.secret', 'deny', 'opens a place of credentials to everybody'],
  ['permissions.recursive', 'approve', 'changes permissions recursively outside the workspace'],
  ['permissions.open', 'approve', 'opens the whole workspace to everybody'],
  ['permissions.setuid-shell', 'deny', 'lets everybody become root through a shell'],
  ['permissions.setuid', 'approve', 'lets a program run with the rights of its owner'],
  ['persistence.write', 'approve', 'changes a place that is run again by itself'],
  ['evasion.history', 'deny', 'keeps the shell from recording its history, or deletes it'],
  ['evasion.logs', 'deny', 'deletes or overwrites the log of who did what'],
  ['evasion.kernel', 'deny', 'takes a protection of the kernel away'],
  ['evasion.path', 'approve', 'looks for every program where anybody can put one'],
  ['evasion.preload', 'approve', 'loads foreign code into the programs that follow'],
  ['accounts.grave-write', 'deny', 'changes who is let in, or what they may do'],
  ['self.bypass-variable', 'deny', 'switches off what guards the agent'],
  ['exfiltration.serve', 'approve', 'serves a home or the whole machine over the network'],
  ['self.write-policy', 'deny', 'changes what holds the agent'],
  ['self.delete-policy', 'deny', 'deletes what holds the agent'],
  ['self.permissions', 'deny', 'changes permissions of what holds the agent'],
  ['credentials.read-file', 'approve', 'prints a file that holds credentials'],
  ['credentials.read-variable', 'approve', 'prints a credential of the environment'],
  ['credentials.printed', 'approve', 'prints credentials'],
  ['credentials.copy', 'approve', 'copies credentials to another place'],
  ['credentials.commit', 'approve', 'commits a file that holds credentials'],
  ['credentials.search', 'approve', 'looks for credentials beyond the workspace'],
  ['disk.raw-read', 'approve', 'reads a device past the permissions of its files'],
  ['git.push-elsewhere', 'approve', 'pushes to an address that the repository did not name'],
  ['flow.network-to-exec', 'deny', 'runs what it fetches from the network, unseen'],
  ['flow.decode-to-exec', 'deny', 'runs text that was hidden by an encoding'],
  ['flow.secret-to-network', 'deny', 'sends credentials over the network'],
  ['flow.bulk-to-network', 'approve', 'sends a whole workspace or database over the network'],
  ['flow.variable-to-network', 'approve', 'sends a credential of the environment over the network'],
  ['network.request', 'allow', 'talks to a host'],
  ['network.listen', 'allow', 'listens on the network'],
  ['network.not-allowed', 'deny', 'talks to a host that is not in the allowlist'],
  ['network.blocked-address', 'deny', 'talks to a blocked address'],
  ['network.invalid-url', 'deny', 'names no host that can be read without doubt'],
  ['network.private-address', 'approve', 'talks to an address of a private network'],
  ['network.unresolved', 'approve', 'talks to an unknown host while hosts are restricted'],
  ['network.raw-socket', 'approve', 'opens a raw network connection'],
  ['network.remote-shell', 'deny', 'gives a shell to whoever is on the network'],
  ['network.delete-request', 'approve', 'asks a server to delete something'],
  ['network.delete-all', 'deny', 'asks a server to delete everything'],
  ['sql.drop', 'deny', 'drops a table, a schema or a database'],
  ['sql.drop-object', 'approve', 'drops an object of the schema'],
  ['sql.truncate', 'deny', 'empties a table'],
  ['sql.delete-all', 'deny', 'deletes every row of a table'],
  ['sql.update-all', 'deny', 'changes every row of a table'],
  ['sql.alter-drop', 'approve', 'drops a column or a constraint'],
  ['sql.alter-access', 'approve', 'changes an account of the database'],
  ['sql.access', 'approve', 'changes who may do what in the database'],
  ['sql.administrator', 'deny', 'makes somebody the administrator of the database'],
  ['sql.alter-rename', 'approve', 'renames an object that programs use, or gives it away'],
  ['sql.replace-table', 'approve', 'replaces a table with its data'],
  ['sql.merge-delete', 'approve', 'deletes the rows that match a source'],
  ['sql.extension', 'approve', 'loads code into the database server'],
  ['sql.logs', 'deny', 'deletes the logs that a server is restored or followed from'],
  ['sql.exec', 'deny', 'runs a program through the database'],
  ['sql.export', 'approve', 'writes or reads files through the database'],
  ['sql.service', 'approve', 'changes how the database server runs'],
  ['sql.limit', 'approve', 'is more SQL than is analysed'],
  ['redis.destructive', 'deny', 'empties a Redis database'],
  ['redis.delete-keys', 'approve', 'deletes keys in bulk'],
  ['redis.config', 'approve', 'changes the configuration of a Redis server'],
  ['mongo.destructive', 'deny', 'drops or empties a MongoDB collection or database'],
  ['database.cypher-delete', 'approve', 'deletes from a graph database'],
  ['code.exec-unresolved', 'approve', 'runs a command that cannot be resolved'],
  ['code.eval-unresolved', 'approve', 'evaluates code that cannot be resolved'],
  ['shell.unresolved', 'approve', 'runs a command that cannot be resolved'],
  ['shell.unparsable', 'approve', 'cannot be parsed as a shell command'],
  ['shell.limit', 'approve', 'is beyond what is analysed'],
  ['shell.fork-bomb', 'deny', 'starts copies of itself without end'],
  ['shell.fork-loop', 'approve', 'starts processes in an endless loop'],
  ['shell.load-builtin', 'approve', 'loads foreign code into the shell'],
  ['docker.mount', 'deny', 'gives a container the files of the machine'],
  ['tool.grave-name', 'approve', 'calls a tool that by its name does something for good'],
  ['coverage.partial', 'approve', 'holds a part that was not followed'],
  ['mode.edit', 'approve', 'does more than change files of the workspace'],
  ['mode.plan', 'approve', 'does more than read'],
  ['mode.listed', 'approve', 'is not allowed by name'],
  ['action.approval', 'approve', 'is of a kind that the policy leaves to a person'],
];

/** Every rule of the built-in knowledge: by family and tool first, then what is evaluated. */
export const RULE_CATALOGUE: readonly BuiltInRule[] = [
  ...FAMILIES.flatMap(({ entries }) =>
    entries.map(({ id, verdict, message }) => ({ id, verdict, message })),
  ),
  ...EVALUATED.map(([id, verdict, message]) => ({ id, verdict, message })),
];

const IDS: ReadonlySet<string> = new Set(RULE_CATALOGUE.map(({ id }) => id));

/** Whether a pattern of `when.rule_id` can match any rule at all. */
export function matchesBuiltInRule(pattern: string): boolean {
  if (IDS.has(pattern)) return true;
  return pattern.includes('*') && [...IDS].some(wildcard(pattern));
}
