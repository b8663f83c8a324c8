import type { SyntaxNode } from '@lezer/common';

import type { Span } from '../effects/effect.ts';
import { isSecretVariable } from '../shell/secret-variable.ts';
import type { Shell } from '../shell/shell.ts';
import type { ShellState } from '../shell/state.ts';
import { Taint, UNKNOWN } from '../shell/value.ts';
import { applyCall } from './apply-call.ts';
import type { CallTable } from './call-table.ts';
import type { Arguments, CodeValue, FunctionValue } from './code-value.ts';
import { NOTHING, name, taintOf, text, unknown } from './code-value.ts';
import { Scope } from './scope.ts';
import { callTextFunction } from './text-functions.ts';

/** Bounds of one program. Beyond any of them the answer is approval. */
const MAX_STEPS = 12_000;
const MAX_DEPTH = 120;
const MAX_CALLS = 8;

/** Names of the program that runs the program. */
const INTERPRETERS: ReadonlySet<string> = new Set(['sys.executable', 'process.execPath']);

/** How one language's tree is read. */
export interface Language {
  readonly calls: CallTable;
  /** The command that runs a program of this language. */
  readonly interpreter: string;
  /** Runs statements, or evaluates an expression for what it does. */
  run(node: SyntaxNode, machine: Machine): void;
  evaluate(node: SyntaxNode, machine: Machine): CodeValue;
  /** One name for a thing that has several (`fs.promises.rmSync`). */
  canonical(path: string): string;
}

/** One program to evaluate, and where. */
export interface Program {
  source: string;
  language: Language;
  shell: Shell;
  state: ShellState;
  /** Where its effects are told when its own positions do not index the checked text. */
  span: Span;
  ownPositions: boolean;
  /** Evaluates a text that the program evaluates. */
  evaluateNested: (source: string) => void;
}

/**
 * Evaluates a program without running it: values as far as they are written out, calls of library
 * functions for what they do. Every branch is taken; functions nobody calls are called at the end.
 */
export class Machine {
  readonly source: string;
  readonly language: Language;
  readonly shell: Shell;
  readonly state: ShellState;
  scope = new Scope();
  /** What the program does besides its effects: `socket`, `redirect`, `shell`. */
  readonly traits = new Set<string>();
  /** First names of imported modules: a method of one is no method of something unknown. */
  readonly modules = new Set<string>();
  /** Inside a loop that never ends. */
  endless = 0;
  returned: CodeValue = NOTHING;
  private readonly span: Span;
  private readonly ownPositions: boolean;
  private readonly evaluateNested: (source: string) => void;
  private readonly uncalled = new Set<FunctionValue>();
  private readonly calling: FunctionValue[] = [];
  private steps = 0;
  private depth = 0;

  constructor({ source, language, shell, state, span, ownPositions, evaluateNested }: Program) {
    this.source = source;
    this.language = language;
    this.shell = shell;
    this.state = state;
    this.span = span;
    this.ownPositions = ownPositions;
    this.evaluateNested = evaluateNested;
  }

  runProgram(top: SyntaxNode): void {
    this.run(top);
    for (const value of this.uncalled) this.invoke(value, { positional: [], named: new Map() });
    if (this.traits.has('socket') && (this.traits.has('redirect') || this.traits.has('shell'))) {
      this.shell.remoteShell(this.span);
    }
  }

  slice(node: SyntaxNode): string {
    return this.source.slice(node.from, node.to);
  }

  /** Where an effect of this node is told. */
  spanOf(node: SyntaxNode): Span {
    return this.ownPositions ? { start: node.from, end: node.to } : this.span;
  }

  /** Statements of a block. */
  run(node: SyntaxNode): void {
    if (!this.enter()) return;
    this.language.run(node, this);
    this.depth -= 1;
  }

  evaluate(node: SyntaxNode | null): CodeValue {
    if (node === null || !this.enter()) return NOTHING;
    const value = this.language.evaluate(node, this);
    this.depth -= 1;
    return value;
  }

  private enter(): boolean {
    this.steps += 1;
    if (this.steps > MAX_STEPS || this.depth >= MAX_DEPTH) {
      if (!this.shell.limits.has('code_size')) this.shell.limit('code_size', this.span);
      return false;
    }
    this.depth += 1;
    return true;
  }

  lookup(identifier: string): CodeValue {
    const known = this.scope.get(identifier);
    if (known !== undefined) return known;
    for (const module of this.scope.starModules) {
      const path = `${module}.${identifier}`;
      if (this.language.calls.has(path)) return name(path);
    }
    return name(this.language.canonical(identifier));
  }

  define(value: FunctionValue): FunctionValue {
    this.uncalled.add(value);
    return value;
  }

  member(value: CodeValue, member: string): CodeValue {
    if (value.is === 'name' && INTERPRETERS.has(`${value.path}.${member}`)) {
      return text(this.language.interpreter);
    }
    if (value.is === 'record') {
      const field = value.fields.get(member);
      if (field !== undefined) return field;
    }
    if (value.is !== 'name') return { is: 'method', receiver: value, name: member };
    const path = this.language.canonical(`${value.path}.${member}`);
    const variable = /^(?:os\.environ|process\.env|Deno\.env|Bun\.env)\.([A-Z_][A-Z0-9_]*)$/.exec(
      path,
    );
    if (variable?.[1] !== undefined) return this.environment(variable[1]);
    return name(path, value.args, value.taint);
  }

  /** A variable of the environment. */
  environment(variable: string): CodeValue {
    const known = this.state.lookup(variable);
    const taint = isSecretVariable(variable) ? Taint.secretVariable : 0;
    return text(known?.text ?? UNKNOWN, (known?.taint ?? 0) | taint);
  }

  call(callee: CodeValue, args: Arguments, node: SyntaxNode): CodeValue {
    if (callee.is === 'function') return this.invoke(callee, args);
    const plain = callTextFunction(this, callee, args);
    if (plain !== undefined) return plain;
    const result = applyCall(this, callee, args, node);
    this.runCallbacks(callee, args, result, node);
    return result;
  }

  /** Functions that are handed on run with whatever the one they are handed to gives them. */
  private runCallbacks(
    callee: CodeValue,
    args: Arguments,
    result: CodeValue,
    node: SyntaxNode,
  ): void {
    for (const arg of [...args.positional, ...args.named.values()]) {
      const isKnown = arg.is === 'name' && this.language.calls.has(arg.path);
      if (arg.is !== 'function' && !isKnown) continue;
      const receiver = receiverOf(callee);
      const items =
        receiver?.is === 'list' || receiver?.is === 'name'
          ? receiver.is === 'name' && callee.is === 'name' && callee.path.endsWith('.then')
            ? [receiver]
            : itemsOf(receiver, 32)
          : [unknown(taintOf(result))];
      for (const item of items) {
        const given = { positional: [item], named: new Map<string, CodeValue>() };
        if (arg.is === 'function') this.invoke(arg, given);
        else applyCall(this, arg, given, node);
      }
    }
  }

  /** Calls a function of the program itself. */
  invoke(callee: FunctionValue, args: Arguments): CodeValue {
    this.uncalled.delete(callee);
    if (this.calling.length >= MAX_CALLS || this.calling.includes(callee)) {
      return unknown([...args.positional].reduce((sum, arg) => sum | taintOf(arg), 0));
    }
    const outer = this.scope;
    const outerReturned = this.returned;
    const inner = new Scope(callee.scope);
    this.scope = inner;
    this.returned = NOTHING;
    this.calling.push(callee);
    for (const [index, parameter] of callee.parameters.entries()) {
      const given = args.positional[index] ?? args.named.get(parameter.name);
      const value =
        given ?? (parameter.fallback === undefined ? NOTHING : this.evaluate(parameter.fallback));
      inner.declare(parameter.name, value);
    }
    if (callee.returns) this.returned = this.evaluate(callee.body);
    else this.run(callee.body);
    const value = this.returned;
    this.calling.pop();
    this.scope = outer;
    this.returned = outerReturned;
    return value;
  }

  /** Evaluates another program inside this one (`eval`). */
  evaluateText(source: string): void {
    if (!this.shell.enter()) return;
    this.evaluateNested(source);
    this.shell.leave();
  }
}

/** What a loop over a value gives: the items of a list, `x[]` of a library's collection. */
export function itemsOf(value: CodeValue, most: number): CodeValue[] {
  if (value.is === 'list') return value.items.slice(0, most);
  if (value.is === 'name') return [name(`${value.path}[]`, value.args, value.taint)];
  return [unknown(taintOf(value))];
}

/** What a function is handed to: the list of `list.map(f)`, the promise of `promise.then(f)`. */
function receiverOf(callee: CodeValue): CodeValue | undefined {
  if (callee.is === 'method') return callee.receiver;
  const owner =
    callee.is === 'name' ? /^(.+)\.(?:then|forEach|map|filter)$/.exec(callee.path) : null;
  if (callee.is !== 'name' || owner?.[1] === undefined) return undefined;
  return name(owner[1], callee.args, callee.taint);
}
