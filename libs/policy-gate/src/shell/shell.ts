import type { NetworkPolicy } from '@ae/network-rules';
import type {
  Assignment,
  Command,
  CommandNode,
  CompoundList,
  ParsedScript,
  PipelineNode,
  AndOr,
  Redirection,
  Script,
  Statement,
} from 'unbash';
import { parse } from 'unbash';

import type { Effect, Span } from '../effects/effect.ts';
import { readEffect, writeEffect } from '../effects/file-effects.ts';
import type { ClassifiedPath } from '../effects/path-class.ts';
import { classifyPath, isHarmlessDevice } from '../effects/path-class.ts';
import type { PostgresParser } from '../postgresql/postgres-parser.ts';
import { analyzeSql } from '../sql/sql-effects.ts';
import { commandName, runCall } from './commands/run-call.ts';
import { isShellName } from './commands/shell-names.ts';
import { judgeAssignment } from './assignments.ts';
import { alternative, runCompound } from './compound.ts';
import { EffectLog } from './effect-log.ts';
import { expandSingle, expandWord, runSubstitutions } from './expansion.ts';
import { LIMITS, findHardLimit, nestsTooDeep } from './limits.ts';
import { deliver, isLocalSocket, isSocket, redirect } from './redirections.ts';
import { isSecretVariable } from './secret-variable.ts';
import type { ShellFunction, Variable } from './state.ts';
import { ShellState } from './state.ts';
import type { Stream, Value } from './value.ts';
import { SILENT, Taint, UNKNOWN, UNKNOWN_STREAM, isExact } from './value.ts';

export interface ShellOptions {
  cwd: string;
  home: string;
  /** The directory the agent works in. */
  workspace: string;
  network: NetworkPolicy;
  /** Where links lead, as it was observed. */
  links?: ReadonlyMap<string, string>;
  /** Variables of the environment, as they were observed. */
  environment?: ReadonlyMap<string, string>;
  /** A second reader for statements of PostgreSQL. */
  postgres?: PostgresParser;
}

/** One simple command after expansion. */
export interface Call {
  name: string;
  args: readonly Value[];
  stdin: Stream | undefined;
  span: Span;
  state: ShellState;
}

/**
 * Evaluates a shell script without running it and collects what it would do. Bounded: every bound
 * that is hit becomes an effect that asks for approval, so that nothing is let through unseen.
 */
export class Shell extends EffectLog {
  readonly options: ShellOptions;
  private steps = 0;
  private depth = 0;
  /** Functions that are being called right now, with what they were called with. */
  private readonly callStack: { body: CommandNode | CompoundList; signature: string }[] = [];
  /** What `local` hid in each function that is being called. */
  private readonly localFrames: Map<string, Variable | undefined>[] = [];
  private forking = 0;

  constructor(options: ShellOptions) {
    super();
    this.options = options;
  }

  /** Evaluates the text that was asked about. */
  check(source: string): void {
    const limit = findHardLimit(source);
    if (limit !== undefined) {
      this.limit(limit, { start: 0, end: source.length });
      return;
    }
    const { taint } = this.runScript(parse(source), this.startState());
    const told = this.effects.some(({ kind }) => kind === 'credential_read');
    if ((taint & (Taint.secret | Taint.secretVariable)) !== 0 && !told) {
      this.report(
        'credential_read',
        'print',
        'approve',
        'credentials.printed',
        'prints credentials',
        { start: 0, end: source.length },
      );
    }
  }

  /** What a command starts with: the directories and the environment of the context. */
  startState(): ShellState {
    const { cwd, home, workspace, links, environment } = this.options;
    const state = new ShellState(cwd, home, workspace);
    if (links !== undefined) state.links = links;
    for (const [name, text] of environment ?? []) {
      state.variables.set(name, { text, taint: isSecretVariable(name) ? Taint.secret : 0 });
    }
    return state;
  }

  classify(text: string, state: ShellState): ClassifiedPath {
    return classifyPath(text, state);
  }

  /** What the statements of an SQL text do, by every reading there is. */
  queryEffects(sql: string, dialect?: string): Effect[] {
    const effects = analyzeSql(sql, dialect);
    const { postgres } = this.options;
    if (postgres === undefined || !/^postgres(?:ql)?$/i.test(dialect ?? '')) return effects;
    const known = new Set(effects.map((effect) => effect.rule_id));
    const others = postgres.effects(sql) ?? [];
    return [...effects, ...others.filter((effect) => !known.has(effect.rule_id))];
  }

  // --- bounds ------------------------------------------------------------------------------

  /** Opens one level of nesting; false (and a limit) when there are too many. */
  enter(): boolean {
    if (this.depth >= LIMITS.depth) {
      this.limit('depth', { start: 0, end: 0 });
      return false;
    }
    this.depth += 1;
    return true;
  }

  leave(): void {
    this.depth -= 1;
  }

  private step(span: Span): boolean {
    this.steps += 1;
    if (this.steps <= LIMITS.statements) return true;
    if (!this.limits.has('statements')) this.limit('statements', span);
    return false;
  }

  exhausted(): boolean {
    return this.steps > LIMITS.statements;
  }

  // --- scripts -----------------------------------------------------------------------------

  /** Evaluates text that a command of the script hands to a shell. */
  evaluateText(text: string, state: ShellState, span: Span, stdin?: Stream): Stream {
    if (text.trim() === '') return SILENT;
    if (text.length > LIMITS.bytes) {
      this.limit('bytes', span);
      return UNKNOWN_STREAM;
    }
    if (nestsTooDeep(text)) {
      this.limit('depth', span);
      return UNKNOWN_STREAM;
    }
    if (!this.enter()) return UNKNOWN_STREAM;
    const outerSpan = this.foreignSpan;
    const outerStdin = state.stdin;
    this.foreignSpan = outerSpan ?? span;
    if (stdin !== undefined) state.stdin = stdin;
    const stream = this.runScript(parse(text), state);
    state.stdin = outerStdin;
    this.foreignSpan = outerSpan;
    this.leave();
    return stream;
  }

  /** The output of `$(...)`, or of what reads from / writes to a process substitution. */
  substitution(script: ParsedScript | undefined, state: ShellState, isSink: boolean): Stream {
    if (script === undefined) return UNKNOWN_STREAM;
    if (!this.enter()) return UNKNOWN_STREAM;
    const child = state.fork();
    if (isSink) child.stdin = UNKNOWN_STREAM;
    const outerSpan = this.foreignSpan;
    // Escaped backticks own a decoded source: its positions are not the checked text's.
    if (script.source !== undefined) {
      this.foreignSpan = outerSpan ?? { start: script.pos, end: script.end };
    }
    const stream = this.runScript(script, child);
    this.foreignSpan = outerSpan;
    this.leave();
    return stream;
  }

  runScript(script: Script & { errors?: ParsedScript['errors'] }, state: ShellState): Stream {
    if (script.errors !== undefined && script.errors.length > 0) {
      const at = script.errors[0]?.pos ?? script.pos;
      this.limit('unparsable', { start: at, end: Math.max(script.end, at) });
    }
    return this.runStatements(script.commands, state);
  }

  private runStatements(statements: readonly Statement[], state: ShellState): Stream {
    if (statements.length === 1 && statements[0] !== undefined) {
      return this.runStatement(statements[0], state);
    }
    let output = SILENT;
    for (const statement of statements) {
      output = concat(output, this.runStatement(statement, state));
      if (this.exhausted()) break;
    }
    return output;
  }

  private runStatement(statement: Statement, state: ShellState): Stream {
    if (statement.background !== true) return this.runNode(statement.command, state);
    this.forking += 1;
    const stream = this.runNode(statement.command, state);
    this.forking -= 1;
    return stream;
  }

  runList(list: CompoundList, state: ShellState): Stream {
    return this.runStatements(list.commands, state);
  }

  runBody(body: CommandNode | CompoundList, state: ShellState): Stream {
    return body.type === 'CompoundList' ? this.runList(body, state) : this.runNode(body, state);
  }

  private runNode(node: PipelineNode | AndOr, state: ShellState): Stream {
    switch (node.type) {
      case 'Command':
        return this.runCommand(node, state);
      case 'AndOr': {
        let output = SILENT;
        for (const [index, command] of node.commands.entries()) {
          if (index > 0 && node.operators[index - 1] === '||') {
            output = concat(
              output,
              alternative(this, state, () => this.runNode(command, state)),
            );
          } else output = concat(output, this.runNode(command, state));
        }
        return output;
      }
      case 'Pipeline': {
        if (node.commands.length === 1 && node.commands[0] !== undefined) {
          return this.runNode(node.commands[0], state);
        }
        const outer = state.stdin;
        let stream: Stream | undefined = outer;
        this.forking += 1;
        for (const command of node.commands) {
          state.stdin = stream;
          stream = this.runNode(command, state);
        }
        this.forking -= 1;
        state.stdin = outer;
        return stream ?? SILENT;
      }
      case 'Redirected': {
        const outer = state.stdin;
        const target = redirect(this, node.redirects, state);
        if (target.stdin !== undefined) state.stdin = target.stdin;
        const stream = this.runNode(node.command, state);
        state.stdin = outer;
        return deliver(this, stream, target, state, { start: node.pos, end: node.end });
      }
      case 'Function':
        state.functions.set(node.name.value, {
          body: node.body,
          foreign: this.foreignSpan !== undefined,
        });
        // It runs for every command that is not there.
        if (node.name.value === 'command_not_found_handle') this.runBody(node.body, state.fork());
        return SILENT;
      case 'TestCommand':
      case 'ArithmeticCommand':
        runSubstitutions(node, this, state);
        return SILENT;
      default:
        return runCompound(this, node, state);
    }
  }

  // --- commands ----------------------------------------------------------------------------

  assign(state: ShellState, name: string, variable: Variable): void {
    judgeAssignment(this, state, name, variable);
    state.variables.set(name, variable);
  }

  /** `local NAME`: the caller's value comes back when the function returns. */
  hide(state: ShellState, name: string): void {
    const frame = this.localFrames.at(-1);
    if (frame?.has(name) === false) frame.set(name, state.variables.get(name));
  }

  private runAssignment(assignment: Assignment, state: ShellState): void {
    const { value, name, index } = assignment;
    if (index !== undefined) runSubstitutions(index, this, state);
    const old = assignment.append === true ? state.lookup(name) : undefined;
    if (value.type === 'ArrayValue') {
      const elements: Value[] = [];
      for (const word of value.elements) expandWord(word, this, state, elements);
      const texts = [...(old?.elements ?? []), ...elements.map((element) => element.text)];
      const taint = elements.reduce((sum, element) => sum | element.taint, old?.taint ?? 0);
      this.assign(state, name, { text: texts[0] ?? '', taint, elements: texts });
      return;
    }
    const expanded = expandSingle(value, this, state);
    // Globs are not expanded in an assignment; they become active when the variable is used.
    const text = expanded.text.replaceAll('\u0001', '*').replaceAll('\u0002', '?');
    this.assign(state, name, {
      text: (old?.text ?? '') + text,
      taint: expanded.taint | (old?.taint ?? 0),
    });
  }

  private runCommand(command: Command, state: ShellState): Stream {
    const span = { start: command.pos, end: command.end };
    if (!this.step(span)) return UNKNOWN_STREAM;
    const words: Value[] = [];
    if (command.name !== undefined) expandWord(command.name, this, state, words);
    let assignments: Assignment[] | undefined;
    let redirects: Redirection[] | undefined;
    for (const item of command.prefix) {
      if (item.type === 'Assignment') (assignments ??= []).push(item);
      else (redirects ??= []).push(item);
    }
    for (const item of command.suffix) {
      if (item.type === 'Word') expandWord(item, this, state, words);
      else if (item.type === 'Assignment') this.expandAssignmentArgument(item, state, words);
      else (redirects ??= []).push(item);
    }
    const first = words[0];
    let restore: Map<string, Variable> | undefined;
    if (assignments !== undefined) {
      if (first !== undefined) restore = new Map(state.variables);
      for (const assignment of assignments) this.runAssignment(assignment, state);
    }
    const target = redirects === undefined ? undefined : redirect(this, redirects, state);
    if (first === undefined) {
      // `> file` alone empties the file; an assignment alone takes its value's output.
      // `$(< file)` is the file.
      if (target === undefined) return SILENT;
      if (target.stdin !== undefined) return deliver(this, target.stdin, target, state, span);
      return deliver(this, SILENT, target, state, span, true);
    }
    const stdin = target?.stdin ?? state.stdin;
    if (
      target?.outputs.some(({ path }) => isSocket(path)) === true &&
      words.slice(0, 3).some((word) => isShellName(commandName(word.text)))
    ) {
      this.remoteShell(span);
    }
    const stream = this.call(first, words.slice(1), stdin, span, state);
    if (restore !== undefined) state.variables = restore;
    // `exec > file` keeps its redirections: the file is emptied all the same.
    return target === undefined ? stream : deliver(this, stream, target, state, span);
  }

  /** `export X=1`, `dd of=...`: an assignment to the parser, an argument to the command. */
  private expandAssignmentArgument(item: Assignment, state: ShellState, words: Value[]): void {
    if (item.value.type === 'ArrayValue') {
      this.runAssignment(item, state);
      return;
    }
    const value = expandSingle(item.value, this, state);
    words.push({
      text: `${item.name}${item.append === true ? '+' : ''}=${value.text}`,
      taint: value.taint,
      start: item.pos,
      end: item.end,
    });
  }

  /** Runs a command by its words. `name` may be a path, a function, or unresolved. */
  call(
    name: Value,
    args: readonly Value[],
    stdin: Stream | undefined,
    span: Span,
    state: ShellState,
  ): Stream {
    const exact = name.text;
    const custom = state.functions.get(exact);
    if (custom !== undefined) return this.callFunction(custom, args, stdin, state, span);
    const alias = state.aliases.get(exact);
    if (alias !== undefined && this.callStack.length < LIMITS.calls) {
      state.aliases.delete(exact);
      const text = `${alias} ${args.map((arg) => quote(arg.text)).join(' ')}`;
      const stream = this.evaluateText(text, state, span, stdin);
      state.aliases.set(exact, alias);
      return stream;
    }
    const outer = this.current;
    this.current = { name: commandName(exact), args, span: this.spanOf(span), caller: outer };
    this.calls.push(this.current);
    const stream = runCall(this, { name: exact, args, stdin, span, state }, name);
    this.current = outer;
    return stream;
  }

  private callFunction(
    { body, foreign }: ShellFunction,
    args: readonly Value[],
    stdin: Stream | undefined,
    state: ShellState,
    span: Span,
  ): Stream {
    const recursive = this.callStack.some((active) => active.body === body);
    if (recursive && this.forking > 0) {
      this.report(
        'exec',
        'fork_bomb',
        'deny',
        'shell.fork-bomb',
        'starts copies of itself without end',
        span,
      );
      return UNKNOWN_STREAM;
    }
    // Recursion is followed until nothing changes any more from one call to the next.
    const signature = callSignature(args, state);
    if (
      recursive &&
      this.callStack.some((active) => active.body === body && active.signature === signature)
    ) {
      return UNKNOWN_STREAM;
    }
    if (this.callStack.length >= LIMITS.calls || !this.enter()) {
      this.limit('depth', span);
      return UNKNOWN_STREAM;
    }
    const { positional, stdin: outer } = state;
    state.positional = args.map((arg) => arg.text);
    state.stdin = stdin;
    this.callStack.push({ body, signature });
    const frame = new Map<string, Variable | undefined>();
    this.localFrames.push(frame);
    const outerSpan = this.foreignSpan;
    if (foreign) this.foreignSpan = outerSpan ?? span;
    const stream = this.runBody(body, state);
    this.foreignSpan = outerSpan;
    this.localFrames.pop();
    for (const [local, hidden] of frame) {
      if (hidden === undefined) state.variables.delete(local);
      else state.variables.set(local, hidden);
    }
    this.callStack.pop();
    state.positional = positional;
    state.stdin = outer;
    this.leave();
    return stream;
  }

  /** The state of a shell on another machine or in a container. */
  remoteState(state: ShellState): ShellState {
    const remote = new ShellState('/', '/root', '/workspace');
    remote.files = new Map();
    for (const [name, variable] of state.variables) remote.variables.set(name, variable);
    return remote;
  }

  // --- files -------------------------------------------------------------------------------

  remember(path: string, stream: Stream, append: boolean, state: ShellState): void {
    const target = this.classify(path, state);
    const old = append ? state.files.get(target.path) : undefined;
    state.files.set(target.path, old === undefined ? stream : concat(old, stream));
    if (target.targetClass === 'persistence' && isExact(stream.text)) {
      // It runs, only later; a crontab has times before its commands.
      const isCrontab = target.path.includes('/cron');
      const text = isCrontab ? withoutTimes(stream.text) : stream.text;
      this.evaluateText(text, state.fork(), { start: 0, end: 0 });
    }
  }

  writeFile(path: string, append: boolean, span: Span, state: ShellState, empties = false): void {
    if (path === '' || isHarmlessDevice(path)) return;
    const target = this.classify(path, state);
    const operation = append ? 'append' : empties ? 'truncate' : 'overwrite';
    this.emit(writeEffect(target, operation, this.spanOf(span)));
  }

  /** What reading a file yields; `printed` when its content reaches the output as it is. */
  readFile(value: Value, state: ShellState, printed: boolean): Stream {
    if (isSocket(value.text) && isLocalSocket(value.text)) {
      return { text: UNKNOWN, taint: Taint.network };
    }
    if (isSocket(value.text)) {
      this.report(
        'network',
        'socket',
        'approve',
        'network.raw-socket',
        'opens a raw network connection',
        { start: value.start, end: value.end },
        { target: value.text },
      );
      return { text: UNKNOWN, taint: Taint.network };
    }
    const target = this.classify(value.text, state);
    const written = state.files.get(target.path);
    if (written !== undefined) {
      if (printed && (written.taint & Taint.secret) !== 0) {
        const secret = { ...target, targetClass: 'secret' as const };
        this.emit(readEffect(secret, true, this.spanOf({ start: value.start, end: value.end })));
      }
      return written;
    }
    if (target.targetClass === 'secret') {
      if (printed) {
        this.emit(readEffect(target, printed, this.spanOf({ start: value.start, end: value.end })));
      }
      return { text: UNKNOWN, taint: Taint.secret | Taint.file };
    }
    const bulk = target.targetClass === 'workspace' && SECRET_TREE.test(target.path);
    const origin = Taint.file | (value.taint & Taint.network);
    return { text: UNKNOWN, taint: bulk ? origin | Taint.bulk : origin };
  }
}

/** The commands of a crontab. */
function withoutTimes(table: string): string {
  return table
    .split('\n')
    .map((line) => line.replace(/^\s*(?:@\w+|(?:[\d*/,-]+\s+){5}(?:root\s+)?)/, ''))
    .join('\n');
}

/** `walk "$dir"/*` grows its pattern with every call; one star says as much as ten. */
function callSignature(args: readonly Value[], state: ShellState): string {
  const texts = args.map((arg) => arg.text);
  for (const [name, variable] of state.variables) texts.push(name, variable.text);
  return texts
    .join('\n')
    .slice(0, 8192)
    .replace(/(?:\/\u0001)+/g, '/\u0001');
}

/** Directories of a project that by their name hold keys. */
const SECRET_TREE = /\/(?:certs?|certificates|secrets?|keys|private|credentials)(?:\/|$)/;

/** For handing an argument on inside a text that is parsed again. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function concat(first: Stream, second: Stream): Stream {
  if (first.text === '' && first.taint === 0) return second;
  if (second.text === '' && second.taint === 0) return first;
  return { text: first.text + second.text, taint: first.taint | second.taint };
}
