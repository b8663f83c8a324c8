import type { SyntaxNode } from '@lezer/common';

import { analyzeSql } from '../sql/sql-effects.ts';
import { Taint, UNKNOWN } from '../shell/value.ts';
import type { Site } from './call-site.ts';
import { main, option } from './call-site.ts';
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
import {
  fileTaint,
  isRecursive,
  openFile,
  ownPath,
  rememberContent,
  useFile,
} from './file-calls.ts';
import type { Machine } from './machine.ts';
import { request } from './request-calls.ts';
import { decodedRuns, flowToExec, fork, kill, runCode, runShell, runWords } from './run-calls.ts';
import { sdkCommand } from './sdk-commands.ts';

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
