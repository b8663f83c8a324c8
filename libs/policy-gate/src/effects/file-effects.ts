import { display, isExact } from '../shell/value.ts';
import type { Effect, Span, TargetClass, Verdict } from './effect.ts';
import type { ClassifiedPath } from './path-class.ts';

interface Judgement {
  verdict: Verdict;
  rule: string;
  message: string;
  suggestion?: string;
}

const ALLOWED: Judgement = { verdict: 'allow', rule: 'files.allowed', message: '' };

function judged(verdict: Verdict, rule: string, message: string, suggestion?: string): Judgement {
  return suggestion === undefined
    ? { verdict, rule, message }
    : { verdict, rule, message, suggestion };
}

const NAMES: Readonly<Record<TargetClass, string>> = {
  root: 'the root of the file system',
  system: 'a system directory',
  home: 'a home directory',
  home_content: "a user's files",
  workspace: 'the workspace',
  workspace_root: 'the whole workspace',
  artefact: 'build output',
  tmp: 'temporary files',
  device: 'a device',
  secret: 'a place of credentials',
  vcs_metadata: "the repository's own data",
  persistence: 'a place that is run again by itself',
  policy: 'what holds the agent',
  outside: 'a place outside the workspace',
  unknown: 'a place that cannot be resolved',
};

/** Directories that a person wrote, rarely a build: losing one is losing work. */
const SOURCE_TREES: ReadonlySet<string> = new Set([
  'src',
  'source',
  'sources',
  'app',
  'apps',
  'packages',
  'libs',
  'migrations',
  'tests',
  'docs',
  '.github',
]);

/** Every source file of a kind: `*` is a marker here (see ../shell/value.ts). */
const SOURCE_PATTERN =
  /^\u0001\.(?:[cm]?[jt]sx?|py|rb|go|rs|java|kt|swift|c|cc|cpp|h|hpp|cs|php|scala|sql|vue|svelte|md|ya?ml|tf)$/;

/** Settings of the kernel that protect it. */
const KERNEL_PROTECTIONS =
  /^\/proc\/sys\/kernel\/(?:randomize_va_space|yama\/ptrace_scope|kptr_restrict|dmesg_restrict|core_pattern|modprobe)$/;

/** Records of the machine that an intruder would want gone. */
const RECORDS =
  /^\/var\/log\/(?:auth\.log|secure|syslog|messages|kern\.log|audit(?:\/|$)|wtmp|btmp|lastlog|faillog|journal(?:\/|$))/;

/** One line in one of these, and somebody is root, or in. */
const GRAVE_WRITES =
  /^\/etc\/(?:sudoers(?:\.d\/|$)|passwd$|shadow$|group$|ld\.so\.preload$|pam\.d\/)|\/\.ssh\/authorized_keys2?$/;

/** Histories of shells: who did what. */
function isHistory(path: string): boolean {
  return path.endsWith('sh_history') || path.endsWith('/fish_history');
}

function judgeDelete(target: ClassifiedPath, recursive: boolean): Judgement {
  const { targetClass, whole } = target;
  const what = NAMES[targetClass];
  if (isHistory(target.path)) {
    return judged('deny', 'evasion.history', 'deletes the history of a shell');
  }
  if (RECORDS.test(target.path)) {
    return judged('deny', 'evasion.logs', 'deletes the log of who did what');
  }
  switch (targetClass) {
    case 'system':
      if (!recursive && !isCritical(target.path)) {
        return judged('approve', 'files.delete-system', `deletes a file of ${what}`);
      }
      return judged('deny', 'files.delete-system', `deletes ${what}`);
    case 'root':
    case 'home':
    case 'device':
      // Without -r a directory is refused by rm itself, but the files of a glob are not.
      return judged('deny', `files.delete-${targetClass}`, `deletes ${what}`);
    case 'policy':
      return judged('deny', 'self.delete-policy', `deletes ${what}`);
    case 'secret':
    case 'persistence':
      if (targetClass === 'secret' && isWorkspaceSecret(target.path)) return ALLOWED;
      return whole && recursive
        ? judged('deny', `files.delete-${targetClass}`, `deletes ${what}`)
        : judged('approve', `files.delete-${targetClass}`, `deletes ${what}`);
    case 'vcs_metadata':
      return judged(
        'approve',
        'files.delete-vcs-metadata',
        `deletes ${what}: history and unpushed work go with it`,
      );
    case 'workspace_root':
      return judged(
        'approve',
        'files.delete-workspace',
        `deletes ${what}`,
        'Name the directories that are to go.',
      );
    case 'unknown':
      return recursive || whole
        ? judged(
            'approve',
            'files.delete-unresolved',
            'deletes a target that cannot be resolved',
            'Write the path out instead of building it from a variable.',
          )
        : ALLOWED;
    case 'home_content':
    case 'outside':
      return recursive
        ? judged('approve', 'files.delete-outside', `deletes ${what} recursively`)
        : ALLOWED;
    case 'workspace': {
      const name = target.path.slice(target.path.lastIndexOf('/') + 1);
      if (SOURCE_PATTERN.test(name)) {
        return judged('approve', 'files.delete-source', 'deletes source files by a pattern');
      }
      return recursive && SOURCE_TREES.has(name)
        ? judged('approve', 'files.delete-source', 'deletes a source tree of the workspace')
        : ALLOWED;
    }
    case 'tmp':
      return recursive && whole
        ? judged('approve', 'files.delete-tmp', 'deletes the temporary directory of every process')
        : ALLOWED;
    case 'artefact':
      return ALLOWED;
  }
}

/** `.env`, `server.key`: a project writes its own; what a home holds in dot files it does not. */
function isWorkspaceSecret(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const own = name.startsWith('.env') || !name.startsWith('.');
  return own && !path.slice(0, -name.length).includes('/.') && !path.startsWith('/etc');
}

/** Without these the machine does not start, or nobody can log in. */
const CRITICAL_TREES = [
  '/bin',
  '/sbin',
  '/boot',
  '/lib',
  '/lib64',
  '/usr/bin',
  '/usr/sbin',
  '/usr/lib',
  '/dev',
];
const CRITICAL_FILES: ReadonlySet<string> = new Set([
  '/etc/passwd',
  '/etc/group',
  '/etc/fstab',
  '/etc/hosts.deny',
  '/etc/ld.so.conf',
  '/etc/resolv.conf',
  '/etc/nsswitch.conf',
  '/proc/sysrq-trigger',
]);

function isCritical(path: string): boolean {
  return (
    path.split('/').length <= 2 ||
    !isExact(path) ||
    CRITICAL_FILES.has(path) ||
    CRITICAL_TREES.some((tree) => path === tree || path.startsWith(`${tree}/`))
  );
}

function judgeWrite(target: ClassifiedPath, operation: string): Judgement {
  const what = NAMES[target.targetClass];
  const truncates = operation !== 'append';
  if (truncates && isHistory(target.path)) {
    return judged('deny', 'evasion.history', 'overwrites the history of a shell');
  }
  if (truncates && RECORDS.test(target.path)) {
    return judged('deny', 'evasion.logs', 'overwrites the log of who did what');
  }
  if (KERNEL_PROTECTIONS.test(target.path)) {
    return judged('deny', 'evasion.kernel', 'takes a protection of the kernel away');
  }
  if (GRAVE_WRITES.test(target.path)) {
    return judged('deny', 'accounts.grave-write', 'changes who is let in, or what they may do');
  }
  switch (target.targetClass) {
    case 'device':
      return judged('deny', 'files.write-device', `writes over ${what}`);
    case 'root':
    case 'system':
      return judged(
        isCritical(target.path) && truncates ? 'deny' : 'approve',
        'files.write-system',
        `${truncates ? 'overwrites' : 'changes'} ${what}`,
      );
    case 'policy':
      return judged('deny', 'self.write-policy', `changes ${what}`);
    case 'persistence':
      return judged('approve', 'persistence.write', `changes ${what}`);
    case 'secret':
      return isWorkspaceSecret(target.path)
        ? ALLOWED
        : judged('approve', 'files.write-secret', `changes ${what}`);
    case 'vcs_metadata':
      return judged('approve', 'files.write-vcs-metadata', `changes ${what}`);
    case 'outside':
      return operation === 'truncate'
        ? judged('approve', 'files.truncate-outside', `empties ${what}`)
        : ALLOWED;
    default:
      return ALLOWED;
  }
}

function judgePermission(target: ClassifiedPath, recursive: boolean, open: boolean): Judgement {
  const what = NAMES[target.targetClass];
  switch (target.targetClass) {
    case 'root':
    case 'system':
    case 'home':
    case 'device':
      if (target.targetClass === 'home' && !recursive && !open) return ALLOWED;
      return recursive || open
        ? judged('deny', 'permissions.system', `changes permissions of ${what}`)
        : judged('approve', 'permissions.system', `changes permissions of ${what}`);
    case 'policy':
      return judged('deny', 'self.permissions', `changes permissions of ${what}`);
    case 'secret':
      return open ? judged('deny', 'permissions.secret', `opens ${what} to everybody`) : ALLOWED;
    case 'outside':
    case 'unknown':
      return recursive && open
        ? judged('approve', 'permissions.recursive', `changes permissions of ${what} recursively`)
        : ALLOWED;
    case 'workspace_root':
      return recursive && open
        ? judged('approve', 'permissions.open', `opens ${what} to everybody`)
        : ALLOWED;
    default:
      return ALLOWED;
  }
}

function toEffect(
  kind: Effect['kind'],
  operation: string,
  target: ClassifiedPath,
  judgement: Judgement,
  span: Span | undefined,
  irreversible: boolean,
): Effect {
  const effect: Effect = {
    kind,
    operation,
    target: display(target.path),
    target_class: target.targetClass,
    irreversible,
    rule_id: judgement.rule,
    verdict: judgement.verdict,
    message: judgement.message,
  };
  if (judgement.suggestion !== undefined) effect.suggestion = judgement.suggestion;
  if (span !== undefined) effect.span = span;
  return effect;
}

export function deleteEffect(target: ClassifiedPath, recursive: boolean, span?: Span): Effect {
  return toEffect(
    'delete',
    recursive ? 'recursive' : 'single',
    target,
    judgeDelete(target, recursive),
    span,
    target.targetClass !== 'artefact' && target.targetClass !== 'tmp',
  );
}

export function writeEffect(
  target: ClassifiedPath,
  operation: 'overwrite' | 'append' | 'truncate' | 'create' | 'move',
  span?: Span,
): Effect {
  return toEffect(
    'write',
    operation,
    target,
    judgeWrite(target, operation),
    span,
    operation !== 'append',
  );
}

export function permissionEffect(
  target: ClassifiedPath,
  recursive: boolean,
  open: boolean,
  span?: Span,
): Effect {
  return toEffect(
    'permission',
    open ? 'open' : 'change',
    target,
    judgePermission(target, recursive, open),
    span,
    false,
  );
}

/** Reading is no harm; a credential that ends in the agent's transcript is. */
export function readEffect(target: ClassifiedPath, printed: boolean, span?: Span): Effect {
  const secret = target.targetClass === 'secret';
  const judgement =
    secret && printed
      ? judged('approve', 'credentials.read-file', 'prints a file that holds credentials')
      : ALLOWED;
  return toEffect(secret ? 'credential_read' : 'read', 'file', target, judgement, span, false);
}
