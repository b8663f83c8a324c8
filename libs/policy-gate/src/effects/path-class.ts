import {
  ARTEFACTS,
  ARTEFACT_DOTS,
  ENV_SAMPLES,
  HARMLESS_DEVICES,
  PERSISTENCE_HOME,
  PERSISTENCE_SYSTEM,
  POLICY_NAMES,
  SECRET_ANYWHERE,
  SECRET_EXTENSIONS,
  SECRET_HOME,
  SECRET_NAMES,
  SECRET_SYSTEM,
  SHARED_TREES,
  SYSTEM_TREES,
} from '../knowledge/paths.ts';
import { ANY_CHARACTER, STAR, UNKNOWN, hasGlob } from '../shell/value.ts';
import type { TargetClass } from './effect.ts';

/** Where the command runs, for resolving and judging paths. */
export interface PathFrame {
  cwd: string;
  home: string;
  /** The directory the agent works in: the project's root, or the cwd the command started in. */
  workspace: string;
  /** Where links lead, as it was observed: absolute path to absolute path. */
  links?: ReadonlyMap<string, string>;
}

export interface ClassifiedPath {
  path: string;
  targetClass: TargetClass;
  /** The whole of a protected directory, or (with a glob) everything in it. */
  whole: boolean;
}

export function isHarmlessDevice(path: string): boolean {
  return (
    HARMLESS_DEVICES.has(path) ||
    path.startsWith('/dev/fd/') ||
    path.startsWith('/dev/pts/') ||
    path.startsWith('/dev/shm/') ||
    path.startsWith('/proc/self/fd/')
  );
}

/** Resolves `.`, `..`, doubled slashes and the working directory; keeps markers. */
export function resolvePath(text: string, cwd: string): string {
  const absolute = text.startsWith('/') ? text : `${cwd}/${text}`;
  if (!absolute.includes('//') && !absolute.includes('/.') && !absolute.endsWith('/')) {
    return absolute;
  }
  const pieces: string[] = [];
  for (const piece of absolute.split('/')) {
    if (piece === '' || piece === '.') continue;
    if (piece === '..') pieces.pop();
    else pieces.push(piece);
  }
  return absolute.startsWith('/') ? `/${pieces.join('/')}` : pieces.join('/');
}

/** Links on this path, outermost first; a link itself counts as what it leads to. */
export function followLinks(path: string, links: ReadonlyMap<string, string> | undefined): string {
  if (links === undefined) return path;
  let followed = path;
  for (let hop = 0; hop < 16; hop += 1) {
    let next: string | undefined;
    for (
      let end = followed.indexOf('/', 1);
      next === undefined;
      end = followed.indexOf('/', end + 1)
    ) {
      const head = end < 0 ? followed : followed.slice(0, end);
      const target = links.get(head);
      if (target !== undefined) next = resolvePath(target + followed.slice(head.length), '/');
      if (end < 0) break;
    }
    if (next === undefined || next === followed) return followed;
    followed = next;
  }
  // Links that lead in circles: the system would refuse them, so nobody can say where this is.
  return UNKNOWN;
}

function isUnder(path: string, tree: string): boolean {
  return path === tree || path.startsWith(`${tree}/`);
}

function lastPiece(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** A piece that can match every entry of its directory: `*`, `.*`, `**`, an unknown. */
export function matchesEverything(piece: string): boolean {
  let marked = false;
  for (const character of piece) {
    if (character === STAR || character === ANY_CHARACTER || character === UNKNOWN) marked = true;
    else if (character !== '.') return false;
  }
  return marked;
}

/** Says what a path is; `text` may carry markers. */
export function classifyPath(text: string, frame: PathFrame): ClassifiedPath {
  if (text === '' || text === UNKNOWN) {
    return { path: text, targetClass: 'unknown', whole: true };
  }
  const windows = windowsRoot(text);
  if (windows !== undefined) return windows;
  if (text.startsWith(UNKNOWN)) return classifyBehindUnknown(text, frame);
  const path = followLinks(resolvePath(text, frame.cwd), frame.links);
  if (path.startsWith(UNKNOWN)) return classifyBehindUnknown(path, frame);
  if (path === '/') return { path, targetClass: 'root', whole: true };

  const last = lastPiece(path);
  const parent = path.slice(0, path.lastIndexOf('/'));
  const everything = matchesEverything(last);
  // `X/*` empties X: it is as bad as X itself.
  const subject = everything ? (parent === '' ? '/' : parent) : path;
  if (subject === '/') return { path, targetClass: 'root', whole: true };

  if (isUnder(subject, frame.workspace)) return classifyWorkspace(path, subject, everything, frame);
  if (isTemporary(subject)) {
    const isRoot = subject === '/tmp' || subject === '/var/tmp' || subject === '/private/tmp';
    return { path, targetClass: 'tmp', whole: isRoot && !everything };
  }
  if (isUnder(subject, frame.home)) return classifyHome(path, subject, frame.home);
  const pieces = subject.split('/');
  const top = pieces[1] ?? '';
  if (top === 'dev') {
    if (isHarmlessDevice(subject)) return { path, targetClass: 'tmp', whole: false };
    return { path, targetClass: 'device', whole: true };
  }
  if ((top === 'home' || top === 'Users') && pieces.length >= 3) {
    return classifyHome(path, subject, pieces.slice(0, 3).join('/'));
  }
  if (top === 'root' && pieces.length >= 2) return classifyHome(path, subject, '/root');
  if (isGuardProgram(subject)) return { path, targetClass: 'policy', whole: false };
  // `find / -name id_rsa`: wherever it lies, its name says what it is.
  const secret =
    SECRET_SYSTEM.some((prefix) => subject.startsWith(prefix)) ||
    SECRET_ANYWHERE.test(subject) ||
    (hasGlob(subject) && isSecretName(last));
  if (secret) return { path, targetClass: 'secret', whole: false };
  if (PERSISTENCE_SYSTEM.some((prefix) => subject.startsWith(prefix))) {
    return { path, targetClass: 'persistence', whole: pieces.length <= 2 };
  }
  // Whom the machine trusts.
  if (isUnder(subject, '/usr/local/share/ca-certificates')) {
    return { path, targetClass: 'system', whole: true };
  }
  if (pieces.length === 3 && subject === '/usr/local') {
    return { path, targetClass: 'system', whole: true };
  }
  if (subject.startsWith('/usr/local/') || subject.startsWith('/run/user/')) {
    return { path, targetClass: 'outside', whole: false };
  }
  if (SYSTEM_TREES.has(top)) return { path, targetClass: 'system', whole: true };
  if (SHARED_TREES.has(top)) {
    const whole = pieces.length <= 2 || subject === '/var/lib' || subject === '/var/log';
    return { path, targetClass: whole ? 'system' : 'outside', whole };
  }
  if (isArtefactName(last)) return { path, targetClass: 'artefact', whole: false };
  // A pattern in the first piece may be any tree: `/e*`, `/?tc`.
  if (!isPlain(top)) return { path, targetClass: 'system', whole: true };
  return {
    path,
    targetClass: isSecretName(last) ? 'secret' : 'outside',
    whole: pieces.length <= 2,
  };
}

/** Programs that guard agents, where programs are installed. */
function isGuardProgram(path: string): boolean {
  return /\/bin\/(?:nah|dcg|cc-safety-net|policy-gate)$/.test(path);
}

function isPlain(text: string): boolean {
  return !text.includes(STAR) && !text.includes(ANY_CHARACTER) && !text.includes(UNKNOWN);
}

function isTemporary(path: string): boolean {
  return (
    isUnder(path, '/tmp') ||
    isUnder(path, '/var/tmp') ||
    isUnder(path, '/private/tmp') ||
    path.startsWith('/var/folders/') ||
    path.startsWith('/dev/shm')
  );
}

function windowsRoot(text: string): ClassifiedPath | undefined {
  if (text.length < 2 || text.charAt(1) !== ':' || !/[A-Za-z]/.test(text.charAt(0)))
    return undefined;
  const rest = text.slice(2).replaceAll('\\', '/');
  const first = rest.split('/').find((piece) => piece !== '') ?? '';
  if (first === '' || matchesEverything(first)) {
    return { path: text, targetClass: 'root', whole: true };
  }
  const system = ['windows', 'program files', 'program files (x86)', 'users', 'programdata'];
  return {
    path: text,
    targetClass: system.includes(first.toLowerCase()) ? 'system' : 'outside',
    whole: false,
  };
}

function classifyBehindUnknown(path: string, frame: PathFrame): ClassifiedPath {
  // `$DIR/node_modules`: whatever DIR is, the last piece says what goes. `$DIR/*` may be `/*`.
  const rest = path.slice(path.lastIndexOf(UNKNOWN) + 1);
  const last = lastPiece(path);
  if (rest.startsWith('/') && isArtefactName(last)) {
    return { path, targetClass: 'artefact', whole: false };
  }
  if (isSecretName(last)) return { path, targetClass: 'secret', whole: false };
  if (rest.startsWith('/') && rest.length > 1 && !matchesEverything(last)) {
    // With an empty variable this is an absolute path: assume the worse of the two.
    const bare = classifyPath(resolvePath(rest, frame.cwd), frame);
    const top = rest.split('/')[1] ?? '';
    const grave = bare.targetClass === 'system' || bare.targetClass === 'device';
    if (grave && isPlain(top)) return { ...bare, path };
    return { path, targetClass: 'unknown', whole: false };
  }
  return { path, targetClass: 'unknown', whole: true };
}

function classifyWorkspace(
  path: string,
  subject: string,
  everything: boolean,
  frame: PathFrame,
): ClassifiedPath {
  if (subject === frame.workspace) return { path, targetClass: 'workspace_root', whole: true };
  const relative = subject.slice(frame.workspace.length + 1);
  const first = relative.split('/', 1)[0] ?? '';
  if (first === '.git' || relative.includes('/.git/') || relative.endsWith('/.git')) {
    return { path, targetClass: 'vcs_metadata', whole: relative.endsWith('.git') };
  }
  if (POLICY_NAMES.some((name) => isUnder(relative, name))) {
    return { path, targetClass: 'policy', whole: false };
  }
  const pieces = relative.split('/');
  if (pieces.some(isArtefactName)) return { path, targetClass: 'artefact', whole: false };
  if (
    isSecretName(pieces.at(-1) ?? '') ||
    pieces.some((piece) => piece === '.ssh' || piece === '.aws')
  ) {
    return { path, targetClass: 'secret', whole: false };
  }
  return { path, targetClass: 'workspace', whole: everything || pieces.length === 1 };
}

function classifyHome(path: string, subject: string, home: string): ClassifiedPath {
  if (subject === home) return { path, targetClass: 'home', whole: true };
  const relative = subject.slice(home.length + 1);
  if (matchesEverything(relative.split('/', 1)[0] ?? '') && !relative.includes('/')) {
    return { path, targetClass: 'home', whole: true };
  }
  if (isGuardProgram(subject)) return { path, targetClass: 'policy', whole: false };
  if (PERSISTENCE_HOME.some((name) => isUnder(relative, name))) {
    return { path, targetClass: 'persistence', whole: false };
  }
  if (POLICY_NAMES.some((name) => isUnder(relative, name))) {
    return { path, targetClass: 'policy', whole: false };
  }
  // The public halves of keys, and the machines somebody knows.
  if (relative.startsWith('.ssh/') && /\.pub$|^\.ssh\/known_hosts/.test(relative)) {
    return { path, targetClass: 'home_content', whole: false };
  }
  if (
    SECRET_HOME.some((name) => isUnder(relative, name)) ||
    relative.includes('/.aws/credentials')
  ) {
    return { path, targetClass: 'secret', whole: SECRET_HOME.includes(relative) };
  }
  const last = lastPiece(relative);
  if (isSecretName(last)) return { path, targetClass: 'secret', whole: false };
  if (isArtefactName(last) || isUnder(relative, '.cache')) {
    return { path, targetClass: 'artefact', whole: false };
  }
  return { path, targetClass: 'home_content', whole: !relative.includes('/') };
}

export function isArtefactName(name: string): boolean {
  return (
    ARTEFACTS.has(name) ||
    (name.startsWith('.') && ARTEFACT_DOTS.has(name)) ||
    name.endsWith('.egg-info') ||
    name.startsWith('cmake-build') ||
    name.startsWith('bazel-')
  );
}

/** Names that hold a credential wherever they lie. Globs count when they can match such a name. */
export function isSecretName(name: string): boolean {
  const plain = name.replaceAll(STAR, '').replaceAll(ANY_CHARACTER, '');
  if (SECRET_NAMES.has(plain)) return true;
  if (plain === '.env' || (plain.startsWith('.env.') && !ENV_SAMPLES.has(plain))) return true;
  if (plain.startsWith('id_rsa.') || plain.startsWith('id_ed25519.'))
    return !plain.endsWith('.pub');
  return SECRET_EXTENSIONS.some((extension) => plain.endsWith(extension) && plain !== extension);
}
