import type { SyntaxNode } from '@lezer/common';

import type { Span } from '../effects/effect.ts';
import {
  deleteEffect,
  permissionEffect,
  readEffect,
  writeEffect,
} from '../effects/file-effects.ts';
import { requestEffects } from '../network/request.ts';
import { analyzeSql } from '../sql/sql-effects.ts';
import type { Value } from '../shell/value.ts';
import { Taint, UNKNOWN, isExact } from '../shell/value.ts';
import type { Does } from './call-table.ts';
import type { Arguments, CodeValue } from './code-value.ts';
import {
  NOTHING,
  exactText,
  isTrue,
  list,
  name,
  taintOf,
  text,
  textOf,
  unknown,
} from './code-value.ts';
import type { Machine } from './machine.ts';
import { sdkCommand } from './sdk-commands.ts';

/** Keywords that hold the main argument, by what a function does. */
const NAMED = [
  'args',
  'cmd',
  'command',
  'path',
  'file',
  'filename',
  'url',
  'src',
  'query',
  'sql',
  'source',
];
/** Keywords of requests under which a credential goes where it is meant to. */
const MEANT_FOR_CREDENTIALS = new Set(['headers', 'auth', 'params', 'cookies', 'cert', 'url']);

interface Site {
  machine: Machine;
  args: Arguments;
  span: Span;
  path: string;
  receiver: CodeValue | undefined;
  /** What the innermost call in the name was given: the path of an opened file. */
  given: readonly CodeValue[];
}

/** Does what a call of a library function does, and says what it returns. */
export function applyCall(
  machine: Machine,
  callee: CodeValue,
  args: Arguments,
  node: SyntaxNode,
): CodeValue {
  const path = pathOf(callee);
  const receiver = callee.is === 'method' ? callee.receiver : undefined;
  const given = callee.is === 'name' ? callee.args : [];
  const site: Site = { machine, args, span: machine.spanOf(node), path, receiver, given };
  const taint =
    taintOf(callee) |
    args.positional.reduce((sum, arg) => sum | taintOf(arg), 0) |
    [...args.named.values()].reduce((sum, arg) => sum | taintOf(arg), 0);
  const does = knownCall(machine, callee, path);
  const result = does === undefined ? undefined : APPLY[does](site);
  if (does === undefined) applySdk(site, callee);
  if (result !== undefined) return result;
  // What a program makes with its key is not the key; what it makes of it is.
  const kept = ENCODING.test(path) ? taint : taint & ~Taint.secretVariable;
  return callee.is === 'name' ? name(`${path}()`, args.positional, kept) : unknown(kept);
}

const ENCODING = /(?:encode|dumps|stringify|quote|hexlify|b64|btoa|[Ss]tring|str|repr|slice)\w*$/;

function pathOf(callee: CodeValue): string {
  if (callee.is === 'name') return callee.path;
  return callee.is === 'method' ? `?.${callee.name}` : '?';
}

/** By the full name; a method of what is not known, or of what a library returned, by its own. */
function knownCall(machine: Machine, callee: CodeValue, path: string): Does | undefined {
  const { calls } = machine.language;
  const exact = calls.get(path);
  if (exact !== undefined) return exact;
  if (callee.is === 'method') return undefined;
  // `x.execute` where x is no module: a parameter, a global of a framework, what a call returned.
  const dot = path.lastIndexOf('.');
  if (dot < 0) return undefined;
  const owner = path.slice(0, dot);
  const imported = !owner.includes('(') && machine.modules.has(owner.split('.', 1)[0] ?? '');
  return imported ? undefined : calls.get(`?.${path.slice(dot + 1)}`);
}

function main(site: Site, at = 0): CodeValue | undefined {
  const { positional, named } = site.args;
  if (positional[at] !== undefined) return positional[at];
  for (const keyword of NAMED) if (named.has(keyword)) return named.get(keyword);
  return undefined;
}

function word(value: CodeValue, span: Span): Value {
  return { text: textOf(value), taint: taintOf(value) & ~Taint.secretVariable, ...span };
}

function fromStream({ text: output, taint }: { text: string; taint: number }): CodeValue {
  return text(isExact(output) ? output : UNKNOWN, taint);
}

/** A field of an options object, or a keyword. */
function option({ args }: Site, key: string): CodeValue | undefined {
  const named = args.named.get(key);
  if (named !== undefined) return named;
  for (const value of args.positional) {
    if (value.is === 'record' && value.fields.has(key)) return value.fields.get(key);
  }
  return undefined;
}

/** Runs `run` in the directory that `cwd` names. */
function inDirectory<T>(site: Site, run: () => T): T {
  const { state, shell } = site.machine;
  const given = option(site, 'cwd');
  if (given?.is !== 'text') return run();
  const outer = state.cwd;
  state.cwd = shell.classify(given.text, state).path;
  const result = run();
  state.cwd = outer;
  return result;
}

const BARE: ReadonlySet<string> = new Set(['exec', 'spawn', 'execFile', 'unlink', 'rm']);

function runShell(site: Site, command: CodeValue | undefined): CodeValue {
  const { shell, state } = site.machine;
  const line = textOf(command);
  const taint = taintOf(command) & ~Taint.secretVariable;
  if (line === UNKNOWN) {
    // Without an import an `exec` may be anybody's.
    if (BARE.has(site.path)) return unknown(taint);
    if ((taint & Taint.network) !== 0) flowToExec(site);
    else {
      shell.report(
        'exec',
        'subprocess',
        'approve',
        'code.exec-unresolved',
        'runs a command that cannot be resolved',
        site.span,
      );
    }
    return unknown(taint);
  }
  noteShell(site, line.trim().split(/\s+/, 1)[0] ?? '');
  if ((taint & Taint.decoded) !== 0) decodedRuns(site);
  return inDirectory(site, () => fromStream(shell.evaluateText(line, state, site.span)));
}

function runWords(site: Site, words: readonly CodeValue[]): CodeValue {
  const { shell, state } = site.machine;
  const [program, ...rest] = words;
  if (program === undefined) return NOTHING;
  const first = word(program, site.span);
  if (first.text === UNKNOWN) return runShell(site, program);
  noteShell(site, first.text);
  if (!shell.enter()) return NOTHING;
  const args = rest.flatMap((value) =>
    value.is === 'list'
      ? value.items.map((item) => word(item, site.span))
      : [word(value, site.span)],
  );
  const stream = inDirectory(site, () => shell.call(first, args, undefined, site.span, state));
  shell.leave();
  return fromStream(stream);
}

/** A shell that is started: with a socket beside it, somebody else types. */
function noteShell({ machine }: Site, program: string): void {
  const base = program.slice(program.lastIndexOf('/') + 1);
  if (/^(?:ba|z|da|k|a)?sh$|^cmd(?:\.exe)?$|^powershell(?:\.exe)?$/.test(base)) {
    machine.traits.add('shell');
  }
}

function flowToExec({ machine, span }: Site): void {
  machine.shell.report(
    'flow',
    'network_to_exec',
    'deny',
    'flow.network-to-exec',
    'runs what it fetches from the network, unseen',
    span,
    {
      irreversible: true,
      suggestion: 'Save it to a file, read it, and run it as a second action.',
    },
  );
}

function decodedRuns({ machine, span }: Site): void {
  machine.shell.report(
    'flow',
    'decode_to_exec',
    'approve',
    'flow.decode-to-exec',
    'runs text that was hidden by an encoding',
    span,
  );
}

function runCode(site: Site): CodeValue | undefined {
  const { machine, args } = site;
  const source = main(site);
  // `setTimeout(fn)`: a function is no text.
  if (source === undefined || source.is === 'function' || source.is === 'method') return undefined;
  const timer = site.path === 'setTimeout' || site.path === 'setInterval';
  const texts = site.path === 'Function' ? args.positional.slice(-1) : [source];
  for (const value of texts) {
    const taint = taintOf(value);
    const known = exactText(value);
    if ((taint & Taint.network) !== 0) flowToExec(site);
    else if (known !== undefined) {
      if ((taint & Taint.decoded) !== 0) decodedRuns(site);
      machine.evaluateText(known);
    } else if ((taint & Taint.decoded) !== 0) {
      machine.shell.report(
        'flow',
        'decode_to_exec',
        'deny',
        'flow.decode-to-exec',
        'runs what it decodes, unseen',
        site.span,
      );
    } else if (!timer && value.is !== 'list') {
      machine.shell.report(
        'exec',
        'eval',
        'approve',
        'code.eval-unresolved',
        'evaluates code that cannot be resolved',
        site.span,
      );
    }
  }
  return undefined;
}

type FileUse =
  'delete' | 'delete_tree' | 'overwrite' | 'append' | 'truncate' | 'read' | 'permission';

/** A path as the file effects judge it; `?.unlink()` means its receiver. */
function useFile(site: Site, value: CodeValue | undefined, use: FileUse): void {
  const { machine, span } = site;
  const { shell, state } = machine;
  if (value?.is === 'list') {
    for (const item of value.items) useFile(site, item, use);
    return;
  }
  const path = textOf(value);
  // Files that a program picks itself, inside its own project.
  if (use === 'delete' && path.endsWith(UNKNOWN)) {
    const { targetClass } = shell.classify(path, state);
    if (targetClass === 'workspace_root' || targetClass === 'workspace') return;
  }
  // A computed path is everyday in a program; only the loss of a whole tree is worth a question.
  if (path === UNKNOWN && use !== 'delete_tree') return;
  if (value?.is !== 'text' && value !== undefined && use !== 'delete_tree') return;
  if (value?.is === 'text' && value.constant === true) return;
  const target = shell.classify(path, state);
  const at = shell.spanOf(span);
  switch (use) {
    case 'delete':
    case 'delete_tree':
      shell.emit(deleteEffect(target, use === 'delete_tree', at));
      return;
    case 'read':
      shell.emit(readEffect(target, true, at));
      return;
    case 'permission': {
      const mode = textOf(site.args.positional[1] ?? site.args.positional[0]);
      const open = /^(?:0?o?777|511|0?o?666|438)$/.test(mode);
      shell.emit(permissionEffect(target, false, open, at));
      return;
    }
    default:
      shell.emit(writeEffect(target, use, at));
  }
}

function isRecursive(site: Site): boolean {
  return isTrue(option(site, 'recursive')) || isTrue(option(site, 'force'));
}

/** What was fetched and then written is fetched still when it is run. */
function rememberContent(
  site: Site,
  path: CodeValue | undefined,
  content: CodeValue | undefined,
): void {
  const { shell, state } = site.machine;
  if (path?.is !== 'text' || content === undefined) return;
  const known = content.is === 'text' ? content.text : UNKNOWN;
  shell.remember(
    path.text,
    { text: known, taint: taintOf(content) & ~Taint.secretVariable },
    false,
    state,
  );
}

/** The path a handle or a path object stands for. */
function ownPath(site: Site): CodeValue | undefined {
  return site.receiver ?? main(site);
}

function openFile(site: Site): CodeValue {
  const isMethod = site.receiver !== undefined;
  const path = ownPath(site);
  const mode = textOf(site.args.positional[isMethod ? 0 : 1] ?? site.args.named.get('mode'));
  const writes = mode !== UNKNOWN && /[wax+]/.test(mode);
  useFile(site, path, writes ? (mode.includes('a') ? 'append' : 'overwrite') : 'read');
  const taint = writes ? 0 : fileTaint(site, path);
  return name('open()', path === undefined ? [] : [path], taint);
}

function fileTaint(site: Site, path: CodeValue | undefined): number {
  const { shell, state } = site.machine;
  if (path?.is !== 'text' || path.text === UNKNOWN) return 0;
  const target = shell.classify(path.text, state);
  const written = state.files.get(target.path);
  if (written !== undefined) return written.taint;
  return target.targetClass === 'secret' ? Taint.secret : 0;
}

function request(site: Site, deletes = false): CodeValue {
  const { machine, args, path } = site;
  const { shell } = machine;
  const target = main(site);
  const address =
    target?.is === 'record' ? (target.fields.get('url') ?? target.fields.get('hostname')) : target;
  const url = exactText(address);
  const hostPart = url ?? (address?.is === 'text' ? knownHost(address.text) : undefined);
  const method = exactText(option(site, 'method')) ?? (deletes ? 'DELETE' : undefined);
  if (hostPart !== undefined && /^[a-z]+:\/\/|^[\w.-]+\.[a-z]{2,}|^\d/i.test(hostPart)) {
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(hostPart)?.[1]?.toLowerCase();
    if (scheme === 'file') useFile(site, text(hostPart.replace(/^file:\/\//i, '')), 'read');
    else {
      const local = { ...shell.options.network, allowPrivate: true };
      const loopback = /^(?:[a-z]+:\/\/)?(?:localhost|127\.|\[::1\]|0\.0\.0\.0)/i.test(hostPart);
      const network = loopback ? local : shell.options.network;
      for (const effect of requestEffects({ url: hostPart, method }, network)) {
        if (effect.rule_id === 'network.invalid-url') continue;
        const asked =
          effect.rule_id === 'network.blocked-address' && !/metadata/.test(effect.message)
            ? { ...effect, rule_id: 'network.private-address', verdict: 'approve' as const }
            : effect;
        shell.emit({ ...asked, span: shell.spanOf(site.span) });
      }
    }
  } else if (deletes && address !== undefined) {
    shell.report(
      'network',
      'delete',
      'approve',
      'network.delete-request',
      'asks a server to delete something',
      site.span,
      { irreversible: true },
    );
  }
  if (sendsSecret(args)) shell.secretLeaves(site.span);
  return name(`${path}()`, args.positional, Taint.network);
}

/** `https://host/` of an address whose end is not known. */
function knownHost(address: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/\u0000-\u0002]+\//i.exec(address)?.[0];
}

/** Whole files and environments leave nowhere; a single variable not as the body itself. */
function sendsSecret({ positional, named }: Arguments): boolean {
  const grave = (value: CodeValue): boolean => (taintOf(value) & Taint.secret) !== 0;
  const bare = (value: CodeValue): boolean =>
    value.is !== 'record' && (taintOf(value) & Taint.secretVariable) !== 0;
  for (const [index, value] of positional.entries()) {
    if (value.is === 'record') {
      for (const [key, field] of value.fields) {
        if (!MEANT_FOR_CREDENTIALS.has(key) && (grave(field) || bare(field))) return true;
        if (key !== 'headers' && grave(field)) return true;
      }
    } else if (grave(value) || (index > 0 && bare(value))) return true;
  }
  for (const [key, value] of named) {
    if (
      MEANT_FOR_CREDENTIALS.has(key)
        ? key !== 'headers' && key !== 'auth' && grave(value)
        : grave(value) || bare(value)
    ) {
      return true;
    }
  }
  return false;
}

/** A verb with something behind it: `run('drop')` is no statement. */
const SQL_START =
  /^\s*(?:--|\/\*|\(|(?:select|with|insert|update|delete|drop|truncate|alter|create|grant|revoke|merge|copy|call|exec|execute|do|begin|set|vacuum|pragma|attach|replace|rename|shutdown|kill)\s+\S)/i;

function runSql(site: Site): undefined {
  const { machine, span } = site;
  const statement = main(site);
  const known = textOf(statement).replaceAll(UNKNOWN, ' x ');
  if (statement?.is !== 'text' || !SQL_START.test(known)) return undefined;
  for (const effect of analyzeSql(known)) {
    machine.shell.emit({ ...effect, span: machine.shell.spanOf(span) });
  }
  return undefined;
}

function print(site: Site): CodeValue {
  const taint = [...site.args.positional, ...site.args.named.values()].reduce(
    (sum, value) => sum | taintOf(value),
    0,
  );
  if ((taint & (Taint.secretVariable | Taint.secret)) !== 0) {
    site.machine.shell.report(
      'credential_read',
      'environment',
      'approve',
      'credentials.read-variable',
      'prints a credential of the environment',
      site.span,
    );
  }
  return NOTHING;
}

function kill(site: Site): CodeValue {
  const [process, signal] = site.args.positional;
  return runWords(site, [
    text('kill'),
    text(`-${exactText(signal) ?? 'TERM'}`),
    text(textOf(process)),
  ]);
}

function fork({ machine, args, span }: Site): undefined {
  const itself = textOf(args.positional[0]).endsWith('__filename');
  if (machine.endless > 0 || itself) {
    machine.shell.report(
      'exec',
      'fork_bomb',
      'deny',
      'shell.fork-bomb',
      'starts copies of itself without end',
      span,
    );
  }
  return undefined;
}

function trait(which: string): (site: Site) => undefined {
  return ({ machine }) => {
    machine.traits.add(which);
    return undefined;
  };
}

/** `collection.drop()`, `deleteMany({})`: everything; with a filter, what the filter says. */
function mongoDrop(site: Site): undefined {
  const { args, path, machine, span } = site;
  const method = path.slice(path.lastIndexOf('.') + 1);
  const [filter] = args.positional;
  const whole = /many/i.test(method)
    ? filter?.is === 'record' && filter.fields.size === 0
    : method !== 'drop' || (args.positional.length === 0 && args.named.size === 0);
  if (whole) {
    machine.shell.report(
      'database',
      'drop',
      'deny',
      'mongo.destructive',
      'drops or empties a MongoDB collection or database',
      span,
      { irreversible: true },
    );
  }
  return undefined;
}

const APPLY: Readonly<Record<Does, (site: Site) => CodeValue | undefined>> = {
  shell: (site) => runShell(site, main(site)),
  command: (site) => {
    const command = main(site);
    if (command?.is === 'list') return runWords(site, command.items);
    return runShell(site, command);
  },
  words: (site) => {
    // `os.execlp(file, arg0, arg1)`: the name stands twice.
    const { positional } = site.args;
    const twice = site.path.startsWith('os.') ? 1 : 0;
    const [program] = positional;
    return program === undefined
      ? NOTHING
      : runWords(site, [program, ...positional.slice(1 + twice)]);
  },
  program: (site) => {
    const [program, words, more] = site.args.positional;
    const fields = words?.is === 'record' ? words.fields.get('args') : words;
    const list = fields?.is === 'list' ? fields.items : more?.is === 'list' ? more.items : [];
    if (program?.is === 'list') return runWords(site, program.items);
    if (program === undefined) return NOTHING;
    const line = exactText(program);
    if (isTrue(option(site, 'shell')) && line !== undefined) {
      return runShell(site, text([line, ...list.map(textOf)].join(' ')));
    }
    // The name stands first in the words of execv.
    return runWords(site, [program, ...(site.path.startsWith('os.') ? list.slice(1) : list)]);
  },
  code: runCode,
  deserialize: (site) => {
    const value = main(site);
    const fetched = (taintOf(value) & Taint.network) !== 0;
    if (fetched) flowToExec(site);
    else if ((taintOf(value) & Taint.decoded) !== 0) decodedRuns(site);
    return undefined;
  },
  delete: (site) => {
    const all = site.receiver === undefined ? site.args.positional.slice(0, 1) : [site.receiver];
    for (const path of all) useFile(site, path, isRecursive(site) ? 'delete_tree' : 'delete');
    return undefined;
  },
  delete_tree: (site) => {
    const single = site.path === 'fs.rm' && !isRecursive(site);
    const path = ownPath(site);
    useFile(site, path, single ? 'delete' : 'delete_tree');
    return undefined;
  },
  write: (site) => {
    useFile(site, ownPath(site), 'overwrite');
    const content = site.args.positional[site.receiver === undefined ? 1 : 0];
    rememberContent(site, ownPath(site), content);
    return undefined;
  },
  handle_write: (site) => {
    rememberContent(site, site.given[0], main(site));
    return undefined;
  },
  append: (site) => {
    useFile(site, ownPath(site), 'append');
    return undefined;
  },
  truncate: (site) => {
    useFile(site, ownPath(site), 'truncate');
    return undefined;
  },
  read: (site) => {
    const path = ownPath(site);
    useFile(site, path, 'read');
    return name(`${site.path}()`, path === undefined ? [] : [path], fileTaint(site, path));
  },
  open: openFile,
  permission: (site) => {
    useFile(site, ownPath(site), 'permission');
    return undefined;
  },
  move: (site) => {
    const { receiver, args } = site;
    // `text.replace(a, b)` is no file.
    if (receiver?.is === 'text' && args.positional.length > 1) return undefined;
    useFile(site, ownPath(site), 'delete');
    useFile(site, args.positional[receiver === undefined ? 1 : 0], 'overwrite');
    return undefined;
  },
  copy: (site) => {
    const [from, to] = site.args.positional;
    useFile(site, to, 'overwrite');
    const taint = fileTaint(site, from);
    if (taint !== 0) rememberContent(site, to, unknown(taint));
    return undefined;
  },
  link: (site) => {
    const [source, target] = site.args.positional;
    useFile(site, site.receiver ?? target, 'overwrite');
    // What is written through another name is written all the same.
    const { shell, state } = site.machine;
    if (source?.is === 'text' && shell.classify(source.text, state).targetClass === 'policy') {
      useFile(site, source, 'overwrite');
    }
    return undefined;
  },
  request: (site) => request(site),
  request_delete: (site) => request(site, true),
  download: (site) => {
    const result = request(site);
    const target = site.args.positional[1] ?? option(site, 'out');
    useFile(site, target, 'overwrite');
    rememberContent(site, target, unknown(Taint.network));
    return result;
  },
  sql: runSql,
  mail: ({ machine, args, span }) => {
    const taint = args.positional.reduce((sum, arg) => sum | taintOf(arg), 0);
    machine.shell.sent(taint & Taint.secret, span);
    machine.shell.report('network', 'mail', 'approve', 'exfiltration.mail', 'sends mail', span);
    return undefined;
  },
  print,
  kill,
  fork,
  socket: trait('socket'),
  redirect: (site) => {
    site.machine.traits.add('redirect');
    return undefined;
  },
  mongo_drop: mongoDrop,
  redis_flush: (site) => {
    runWords(site, [text('redis-cli'), text('FLUSHALL')]);
    return undefined;
  },
  orm_delete_all: ({ machine, span }) => {
    machine.shell.report(
      'database',
      'drop',
      'approve',
      'sql.drop-object',
      'drops every table that the program knows',
      span,
      { irreversible: true },
    );
    return undefined;
  },
};

/** Deletions through the libraries of clouds and clusters, judged as their command lines are. */
function applySdk(site: Site, callee: CodeValue): void {
  if (callee.is !== 'name') return;
  const words = sdkCommand(callee.path, callee.args.map(exactText));
  const [program] = words ?? [];
  if (words === undefined || program === undefined) return;
  runWords(site, [text(program), list(words.slice(1).map((item) => text(item)))]);
}
