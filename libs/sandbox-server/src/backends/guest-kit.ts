/**
 * The files every guest sees, prepared once per server in a folder that any uid can read:
 * the agent as JavaScript, and the passwd, group and other small files of its /etc.
 */
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  lstatSync,
  writeFileSync,
} from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encode } from '../seccomp/bpf.ts';
import { seccompProgram } from '../seccomp/seccomp-program.ts';
import { guestArchitecture } from '../seccomp/syscalls.ts';
import { bundleModules } from './agent-bundle.ts';
import { IDENTITY_PATTERN, isGone } from './server-identity.ts';
import { SUDO_SHIM } from './sudo-shim.ts';

const AGENT_SOURCE = fileURLToPath(new URL('../agent/', import.meta.url));
const PREFIX = 'ae-sandbox-kit-';

export interface GuestKit {
  readonly folder: string;
  /** Folder of the agent's modules; its entry is `main.js`. */
  readonly agent: string;
  /** The Node binary for the guest. */
  readonly node: string;
  /** Files for the guest's /etc, by name. */
  readonly etc: Readonly<Record<string, string>>;
  /** The seccomp program in the kernel's form; absent where the filter knows no such processor. */
  readonly seccomp: string | undefined;
  /** An empty file, to cover others with. */
  readonly empty: string;
  remove(): void;
}

const ETC = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/home/user:/bin/bash\n',
  group: 'root:x:0:\nuser:x:1000:\n',
  hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
};

/** True when a process of any other uid can reach `path`. */
function reachableByOthers(path: string): boolean {
  for (let at = resolve(path); ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
    if (dirname(at) === at) return true;
  }
}

/** A server that was killed with SIGKILL could not remove its kit. */
function removeLeftovers(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(parent, name);
    const identity = IDENTITY_PATTERN.exec(name)?.[0];
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (identity === undefined || !isGone(identity)) continue;
    if (stats?.isDirectory() === true && stats.uid === process.getuid?.()) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

/** Types are stripped and modules joined once here, rather than at each start of a sandbox. */
function writeAgent(target: string): void {
  mkdirSync(target);
  for (const name of readdirSync(AGENT_SOURCE)) {
    if (name.endsWith('.js')) copyFileSync(join(AGENT_SOURCE, name), join(target, name));
    if (!name.endsWith('.ts') || name.endsWith('.d.ts') || name.endsWith('.spec.ts')) continue;
    const source = stripTypeScriptTypes(readFileSync(join(AGENT_SOURCE, name), 'utf8'));
    const code = source.replaceAll(/(from '\.\/[\w-]+)\.ts'/g, "$1.js'");
    writeFileSync(join(target, name.replace(/\.ts$/, '.js')), code);
  }
  const bundled = bundleModules('main.js', (name) => readFileSync(join(target, name), 'utf8'));
  writeFileSync(join(target, 'main.js'), bundled);
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  // On the PATH of every command, before the host's own programs.
  mkdirSync(join(target, 'bin'));
  writeFileSync(join(target, 'bin/sudo'), SUDO_SHIM);
}

/** For every uid, whatever the umask of the server is; all may be run, which Node and `sudo` need. */
function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    chmodSync(join(folder, name), 0o755);
  }
}

/**
 * @param root where the kit goes; when the server runs as root and other uids cannot reach the
 *   folder, the system's temporary folder is taken instead
 */
export function prepareGuestKit(
  root: string | undefined,
  options: {
    readonly identity: string;
    readonly memoryIsCounted: boolean;
    readonly needsNode: boolean;
  },
): GuestKit {
  const asRoot = process.getuid?.() === 0;
  let parent = resolve(root ?? tmpdir());
  mkdirSync(parent, { recursive: true });
  if (asRoot && !reachableByOthers(parent)) parent = tmpdir();
  removeLeftovers(parent);
  const folder = mkdtempSync(join(parent, `${PREFIX}${options.identity}-`));

  const agent = join(folder, 'agent');
  writeAgent(agent);
  let node = process.execPath;
  if (options.needsNode && asRoot && !reachableByOthers(node)) {
    node = join(folder, 'node');
    copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
  }
  const etc = Object.fromEntries(
    Object.entries(ETC).map(([name, content]) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return [name, path];
    }),
  );
  const empty = join(folder, 'empty');
  writeFileSync(empty, '');
  const architecture = guestArchitecture(process.arch);
  let seccomp: string | undefined;
  if (architecture !== undefined) {
    seccomp = join(folder, 'seccomp.bpf');
    writeFileSync(seccomp, encode(seccompProgram(architecture, options)));
  }
  makeReadable(folder);
  return {
    folder,
    agent,
    node,
    etc,
    seccomp,
    empty,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
