import type { NetworkPolicy } from '@ae/network-rules';

import { evaluateCode } from '../code/evaluate-code.ts';
import type { CodeLanguage } from '../code/evaluate-code.ts';
import type { Effect, TargetClass } from '../effects/effect.ts';
import { deleteEffect, readEffect, writeEffect } from '../effects/file-effects.ts';
import { classifyPath, followLinks } from '../effects/path-class.ts';
import { requestEffects } from '../network/request.ts';
import type { PostgresParser } from '../postgresql/postgres-parser.ts';
import type { EvaluatedCall } from '../shell/effect-log.ts';
import { LIMITS } from '../shell/limits.ts';
import type { ShellOptions } from '../shell/shell.ts';
import { Shell } from '../shell/shell.ts';
import { STAR } from '../shell/value.ts';
import { writtenEffects, writtenPrograms } from './analyse-content.ts';
import { readTool } from './analyse-tool.ts';
import type { CheckedContext } from './read-context.ts';

/** Where a command runs when the context does not say: a project in somebody's home. */
const DEFAULT_HOME = '/home/agent';
const DEFAULT_CWD = '/home/agent/work/project';

export interface Analysis {
  effects: readonly Effect[];
  /** The command each effect is of, where it is of one. */
  owners: ReadonlyMap<Effect, EvaluatedCall>;
  calls: readonly EvaluatedCall[];
  limits: ReadonlySet<string>;
  /** A field without which this action says nothing, when it is missing. */
  missing?: string;
}

const LANGUAGES: Readonly<Record<string, CodeLanguage | 'shell' | 'sql'>> = {
  python: 'python',
  python3: 'python',
  py: 'python',
  javascript: 'javascript',
  typescript: 'javascript',
  js: 'javascript',
  ts: 'javascript',
  node: 'javascript',
  ruby: 'ruby',
  perl: 'perl',
  php: 'php',
  bash: 'shell',
  sh: 'shell',
  shell: 'shell',
  zsh: 'shell',
  sql: 'sql',
};

const NEEDS: Readonly<Record<string, readonly (keyof CheckedContext)[]>> = {
  execute_code: ['command', 'code'],
  network_access: ['url'],
  query_database: ['sql'],
  delete_files: ['paths', 'command'],
  write_files: ['paths'],
  read_files: ['paths'],
  call_tool: ['tool'],
};

/** What the action would do. Every action that carries a command, code, SQL or URL is looked into. */
export function analyseAction(
  action: string,
  context: CheckedContext,
  network: NetworkPolicy,
  postgres?: PostgresParser,
): Analysis {
  const options = shellOptions(context, network);
  const shell = new Shell(postgres === undefined ? options : { ...options, postgres });
  const { command, code, sql, url, tool } = context;
  if (command !== undefined)
    analyseText(shell, command, () => {
      shell.check(command);
    });
  if (code !== undefined)
    analyseText(shell, code, () => {
      analyseCode(shell, code, context.language ?? '');
    });
  if (sql !== undefined)
    analyseText(shell, sql, () => {
      emitAll(shell, queryEffects(shell, sql, context.dialect));
    });
  if (url !== undefined) {
    emitAll(shell, requestEffects({ url, method: context.method, body: context.body }, network));
  }
  if (context.paths !== undefined) analysePaths(shell, action, context, context.paths);
  if (tool !== undefined) analyseTool(shell, tool, context);
  const { effects, owners, calls, limits } = shell;
  const fields = Object.hasOwn(NEEDS, action) ? NEEDS[action] : undefined;
  const [missing] = fields?.every((field) => context[field] === undefined) === true ? fields : [];
  const analysis = { effects, owners, calls, limits };
  return missing === undefined ? analysis : { ...analysis, missing };
}

function shellOptions(context: CheckedContext, network: NetworkPolicy): ShellOptions {
  const home = absolute(context.home, DEFAULT_HOME);
  const cwd = absolute(
    context.cwd,
    context.home === undefined ? DEFAULT_CWD : `${home}/work/project`,
  );
  const { observe } = context;
  if (observe === undefined) {
    return { cwd, home, workspace: workspaceOf(cwd, home), network };
  }
  const { links, environment, projectRoot } = observe;
  return {
    cwd: followLinks(cwd, links),
    home: followLinks(home, links),
    workspace: workspaceOf(followLinks(absolute(projectRoot, cwd), links), home),
    network,
    links,
    environment,
  };
}

/** No path is in it. */
const NO_WORKSPACE = '/\u0003';
/** Where somebody may stand, but where nothing is theirs to clear away. */
const NOT_OWN: ReadonlySet<TargetClass> = new Set([
  'root',
  'system',
  'home',
  'device',
  'secret',
  'persistence',
  'policy',
]);

/** Directories that were judged before: a caller checks in few, and often. */
const WORKSPACES = new Map<string, string>();
const MAX_WORKSPACES = 256;

/** A home, the root or a system directory is no workspace, even where a command starts in it. */
function workspaceOf(directory: string, home: string): string {
  const key = `${home}\n${directory}`;
  const known = WORKSPACES.get(key);
  if (known !== undefined) return known;
  const frame = { cwd: '/', home, workspace: NO_WORKSPACE };
  const { targetClass } = classifyPath(directory, frame);
  const workspace = NOT_OWN.has(targetClass) ? NO_WORKSPACE : directory;
  if (WORKSPACES.size >= MAX_WORKSPACES) WORKSPACES.clear();
  if (key.length <= 4096) WORKSPACES.set(key, workspace);
  return workspace;
}

function absolute(path: string | undefined, fallback: string): string {
  if (path?.startsWith('/') !== true) return fallback;
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** Half a surrogate pair becomes another character on its way to a process: nobody read that one. */
function analyseText(shell: Shell, text: string, analyse: () => void): void {
  if (text.isWellFormed()) analyse();
  else shell.limit('encoding', { start: 0, end: text.length });
}

function emitAll(shell: Shell, effects: readonly Effect[]): void {
  for (const effect of effects) shell.emit(effect);
}

function analyseCode(shell: Shell, code: string, language: string): void {
  const name = language.toLowerCase();
  const kind = Object.hasOwn(LANGUAGES, name) ? LANGUAGES[name] : undefined;
  const span = { start: 0, end: code.length };
  if (kind === 'shell') shell.check(code);
  else if (kind === 'sql') emitAll(shell, queryEffects(shell, code));
  else {
    evaluateCode(code, kind ?? 'other', shell, shell.startState(), { span, own: true });
    if (kind === undefined) shell.limits.add('language');
  }
}

function queryEffects(shell: Shell, sql: string, dialect?: string): Effect[] {
  if (sql.length <= LIMITS.bytes * 4) return shell.queryEffects(sql, dialect);
  return [
    {
      kind: 'limit',
      operation: 'bytes',
      irreversible: false,
      rule_id: 'sql.limit',
      verdict: 'approve',
      message: 'is more SQL than is analysed',
    },
  ];
}

type PathUse = 'delete' | 'read' | 'write';

function analysePaths(
  shell: Shell,
  action: string,
  context: CheckedContext,
  paths: readonly string[],
): void {
  const use = action === 'delete_files' ? 'delete' : action === 'read_files' ? 'read' : 'write';
  for (const path of paths) analysePath(shell, path, use, context.recursive ?? false);
  const { content } = context;
  if (content === undefined || use !== 'write') return;
  for (const path of paths) analyseContent(shell, path, content);
}

function analysePath(shell: Shell, text: string, use: PathUse, recursive: boolean): void {
  const frame = shell.startState();
  const expanded = text === '~' || text.startsWith('~/') ? frame.home + text.slice(1) : text;
  // A NUL ends a path in the system calls: what is checked would not be what is opened.
  if (expanded === '' || /[\u0000-\u0002]/.test(expanded) || !expanded.isWellFormed()) {
    shell.limit('control_characters', { start: 0, end: text.length });
    return;
  }
  const target = classifyPath(expanded.replaceAll('*', STAR), frame);
  if (use === 'delete') shell.emit(deleteEffect(target, recursive));
  else if (use === 'read') shell.emit(readEffect(target, true));
  else shell.emit(writeEffect(target, 'overwrite'));
}

function analyseContent(shell: Shell, path: string, content: string): void {
  for (const { text, language } of writtenPrograms(path, content)) {
    if (text.length > LIMITS.bytes) continue;
    const inner = new Shell(shell.options);
    analyseCode(inner, text, language);
    emitAll(shell, writtenEffects(inner.effects));
  }
}

function analyseTool(shell: Shell, tool: string, context: CheckedContext): void {
  const { parts, effect, beyond } = readTool(tool, context.args);
  const before = shell.effects.length;
  if (beyond) shell.limit('arguments', { start: 0, end: 0 });
  if (effect !== undefined) shell.emit(effect);
  for (const part of parts) {
    switch (part.is) {
      case 'command':
        analyseText(shell, part.text, () => {
          shell.check(part.text);
        });
        break;
      case 'code':
        analyseText(shell, part.text, () => {
          analyseCode(shell, part.text, part.language);
        });
        break;
      case 'sql':
        emitAll(shell, queryEffects(shell, part.text));
        break;
      case 'url':
        emitAll(shell, requestEffects({ url: part.text }, shell.options.network));
        break;
      case 'path':
        analysePath(shell, part.text, part.does, part.does === 'delete');
    }
  } // Positions in an argument are no positions in what the caller checked.
  for (const found of shell.effects.slice(before)) delete found.span;
}
