import type { ActionContext } from '../actions.ts';
import { evaluateCode } from '../code/evaluate-code.ts';
import type { CodeLanguage } from '../code/evaluate-code.ts';
import type { Effect } from '../effects/effect.ts';
import { deleteEffect, readEffect, writeEffect } from '../effects/file-effects.ts';
import { classifyPath } from '../effects/path-class.ts';
import { checkHost, hostOfUrl } from '../network/network-check.ts';
import type { NetworkPolicy } from '../network/network-check.ts';
import { Shell } from '../shell/shell.ts';
import { LIMITS } from '../shell/limits.ts';
import { ShellState } from '../shell/state.ts';
import { STAR } from '../shell/value.ts';
import { analyzeSql } from '../sql/sql-effects.ts';

/** Where a command runs when the context does not say: a project in somebody's home. */
const DEFAULT_HOME = '/home/agent';
const DEFAULT_CWD = '/home/agent/work/project';

export interface Analysis {
  effects: readonly Effect[];
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

/** What the action would do. Every action that carries a command, code, SQL or URL is looked into. */
export function analyseAction(
  action: string,
  context: ActionContext,
  network: NetworkPolicy,
): Analysis {
  const home = absolute(context.home, DEFAULT_HOME);
  const cwd = absolute(
    context.cwd,
    context.home === undefined ? DEFAULT_CWD : `${home}/work/project`,
  );
  const shell = new Shell({ cwd, home, network });
  let missing: string | undefined;
  if (context.command !== undefined) shell.check(context.command);
  if (context.code !== undefined)
    analyseCode(shell, context.code, context.language ?? '', cwd, home);
  if (context.sql !== undefined) for (const effect of analyseQuery(context.sql)) shell.emit(effect);
  if (context.url !== undefined) shell.emit(analyseUrl(context.url, network));
  if (context.paths !== undefined) analysePaths(shell, action, context, cwd, home);
  const needs: Readonly<Record<string, readonly (keyof ActionContext)[]>> = {
    execute_code: ['command', 'code'],
    network_access: ['url'],
    query_database: ['sql'],
    delete_files: ['paths', 'command'],
    write_files: ['paths'],
    read_files: ['paths'],
    call_tool: ['tool'],
  };
  const fields = Object.hasOwn(needs, action) ? needs[action] : undefined;
  if (fields?.every((field) => context[field] === undefined) === true) missing = fields[0];
  const { effects, limits } = shell;
  return missing === undefined ? { effects, limits } : { effects, limits, missing };
}

function absolute(path: string | undefined, fallback: string): string {
  if (path?.startsWith('/') !== true) return fallback;
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

function analyseCode(
  shell: Shell,
  code: string,
  language: string,
  cwd: string,
  home: string,
): void {
  const kind = Object.hasOwn(LANGUAGES, language.toLowerCase())
    ? LANGUAGES[language.toLowerCase()]
    : undefined;
  const span = { start: 0, end: code.length };
  if (kind === 'shell') shell.check(code);
  else if (kind === 'sql') for (const effect of analyseQuery(code)) shell.emit(effect);
  else if (code.length > LIMITS.bytes) shell.limit('bytes', span);
  else {
    const state = new ShellState(cwd, home, cwd);
    evaluateCode(code, kind ?? 'other', shell, state, span);
    if (kind === undefined) shell.limits.add('language');
  }
}

function analyseQuery(sql: string): Effect[] {
  if (sql.length <= LIMITS.bytes * 4) return analyzeSql(sql);
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

function analyseUrl(url: string, network: NetworkPolicy): Effect {
  const answer = checkHost(hostOfUrl(url), url, network);
  const base = {
    kind: 'network',
    operation: 'request',
    target: answer.host,
    irreversible: false,
  } as const;
  switch (answer.outcome) {
    case 'allowed':
      return { ...base, rule_id: 'network.request', verdict: 'allow', message: '' };
    case 'not_allowed':
      return {
        ...base,
        rule_id: 'network.not-allowed',
        verdict: 'deny',
        message: `talks to ${answer.host}, which is not in the allowlist`,
      };
    case 'blocked_address':
      return {
        ...base,
        rule_id: 'network.blocked-address',
        verdict: 'deny',
        message: `talks to ${answer.host}, a ${answer.addressClass.replace('_', '-')} address`,
      };
    case 'invalid':
      return {
        ...base,
        rule_id: 'network.invalid-url',
        verdict: 'deny',
        message: 'names no host that can be read without doubt',
      };
  }
}

function analysePaths(
  shell: Shell,
  action: string,
  context: ActionContext,
  cwd: string,
  home: string,
): void {
  const frame = { cwd, home, workspace: cwd };
  for (const text of context.paths ?? []) {
    const expanded = text === '~' || text.startsWith('~/') ? home + text.slice(1) : text;
    // A NUL ends a path in the system calls: what is checked would not be what is opened.
    const path = /[\u0000-\u0002]/.test(expanded) ? '' : expanded.replaceAll('*', STAR);
    const target = classifyPath(path, frame);
    if (path === '') {
      shell.limit('control_characters', { start: 0, end: text.length });
    } else if (action === 'delete_files')
      shell.emit(deleteEffect(target, context.recursive ?? false));
    else if (action === 'read_files') shell.emit(readEffect(target, true));
    else shell.emit(writeEffect(target, 'overwrite'));
  }
}
