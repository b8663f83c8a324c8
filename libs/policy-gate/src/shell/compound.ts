import type {
  ArithmeticFor,
  BraceGroup,
  Case,
  CompoundList,
  Coproc,
  For,
  If,
  Select,
  Subshell,
  While,
  Word,
} from 'unbash';

import type { Span } from '../effects/effect.ts';
import { expandSingle, expandWord, runSubstitutions } from './expansion.ts';
import { LIMITS } from './limits.ts';
import type { Shell } from './shell.ts';
import { concat } from './shell.ts';
import type { ShellState, Variable } from './state.ts';
import type { Stream, Value } from './value.ts';
import { SILENT, UNKNOWN, UNKNOWN_STREAM, isExact } from './value.ts';

export type Compound =
  ArithmeticFor | BraceGroup | Case | Coproc | For | If | Select | Subshell | While;

/** Groups, branches and loops. Every branch is taken; a loop runs as often as its words say. */
export function runCompound(shell: Shell, node: Compound, state: ShellState): Stream {
  switch (node.type) {
    case 'Subshell':
      return nested(shell, () => shell.runList(node.body, state.fork()));
    case 'BraceGroup':
      return nested(shell, () => shell.runList(node.body, state));
    case 'If':
      return nested(shell, () => {
        shell.runList(node.clause, state);
        const ways = [
          () => shell.runList(node.then, state),
          ...node.elif.map((branch) => () => {
            shell.runList(branch.clause, state);
            return shell.runList(branch.then, state);
          }),
        ];
        const otherwise = node.else;
        if (otherwise !== undefined) ways.push(() => shell.runList(otherwise, state));
        return branch(shell, ways, otherwise !== undefined, state);
      });
    case 'Case':
      return nested(shell, () => {
        expandSingle(node.word, shell, state);
        for (const item of node.items) {
          for (const pattern of item.pattern) runSubstitutions(pattern, shell, state);
        }
        return branch(
          shell,
          node.items.map((item) => () => shell.runList(item.body, state)),
          false,
          state,
        );
      });
    case 'For':
    case 'Select':
      return nested(shell, () => runFor(shell, node.name.value, node.wordlist, node.body, state));
    case 'While':
      if (isEndless(node)) checkSpawning(shell, node.body, { start: node.pos, end: node.end });
      return nested(shell, () => runWhile(shell, node.clause, node.body, state));
    case 'ArithmeticFor':
      for (const part of [node.initialize, node.test, node.update]) {
        if (part !== undefined) runSubstitutions(part, shell, state);
      }
      if (node.test === undefined)
        checkSpawning(shell, node.body, { start: node.pos, end: node.end });
      return nested(shell, () => shell.runList(node.body, state));
    case 'Coproc':
      return nested(shell, () => shell.runBody(node.body, state.fork()));
  }
}

function nested(shell: Shell, run: () => Stream): Stream {
  if (!shell.enter()) return UNKNOWN_STREAM;
  const stream = run();
  shell.leave();
  return stream;
}

/** Runs what may or may not happen; a variable that ends up different is not known after it. */
export function alternative(shell: Shell, state: ShellState, run: () => Stream): Stream {
  const before = new Map(state.variables);
  const { cwd } = state;
  const stream = run();
  state.mergeVariables(before);
  state.cwd = cwd;
  return stream;
}

function branch(
  shell: Shell,
  ways: readonly (() => Stream)[],
  complete: boolean,
  state: ShellState,
): Stream {
  const before = state.variables;
  const { cwd } = state;
  let output = SILENT;
  const results: Map<string, Variable>[] = complete ? [] : [before];
  const directories = new Set<string>();
  for (const way of ways) {
    state.variables = new Map(before);
    state.cwd = cwd;
    output = either(output, way());
    results.push(state.variables);
    directories.add(state.cwd);
  }
  const [first, ...others] = results;
  state.variables = new Map(first ?? before);
  for (const other of others) state.mergeVariables(other);
  state.cwd = directories.size === 1 && complete ? ([...directories][0] ?? cwd) : cwd;
  return output;
}

function runFor(
  shell: Shell,
  name: string,
  wordlist: readonly Word[] | undefined,
  body: CompoundList,
  state: ShellState,
): Stream {
  const values: Value[] = [];
  if (wordlist === undefined) {
    for (const text of state.positional ?? [UNKNOWN])
      values.push({ text, taint: 0, start: 0, end: 0 });
  } else for (const word of wordlist) expandWord(word, shell, state, values);
  let output = SILENT;
  const unique = new Map(values.map((value) => [value.text, value]));
  let rounds = 0;
  for (const { text, taint } of unique.values()) {
    if (shell.exhausted()) break;
    rounds += 1;
    if (rounds > LIMITS.rounds) {
      shell.limit('rounds', { start: 0, end: 0 });
      break;
    }
    shell.assign(state, name, { text, taint });
    output = concat(output, shell.runList(body, state));
  }
  return output;
}

/** `while true; do work & done`: starts processes without end, unless it waits for them. */
function checkSpawning(shell: Shell, body: CompoundList, span: Span): void {
  let spawns = false;
  for (const { command, background } of body.commands) {
    spawns ||= background === true;
    const name = command.type === 'Command' ? command.name?.value : undefined;
    if (name === 'wait' || name === 'sleep' || name === 'read' || name === 'break') return;
  }
  if (spawns) {
    shell.report(
      'exec',
      'fork_bomb',
      'approve',
      'shell.fork-loop',
      'starts processes in an endless loop',
      span,
    );
  }
}

/** Once, and again as long as `read` in the condition finds another line of a known input. */
function runWhile(
  shell: Shell,
  clause: CompoundList,
  body: CompoundList,
  state: ShellState,
): Stream {
  let output = SILENT;
  for (let round = 0; round < LIMITS.rounds && !shell.exhausted(); round += 1) {
    const before = state.stdin;
    shell.runList(clause, state);
    output = concat(output, shell.runList(body, state));
    const after = state.stdin;
    if (after === before || after === undefined || after.text === '' || !isExact(after.text))
      return output;
  }
  if (!shell.exhausted()) shell.limit('rounds', { start: 0, end: 0 });
  return output;
}

/** Conditions that never change. */
function isEndless({ kind, clause }: While): boolean {
  const [statement, ...more] = clause.commands;
  if (statement === undefined || more.length > 0) return false;
  const { command } = statement;
  if (command.type === 'ArithmeticCommand') return command.body.trim() === '1';
  if (command.type === 'TestCommand') return command.expression.type === 'TestUnary';
  if (command.type !== 'Command' || command.name === undefined) return false;
  const name = command.name.value.slice(command.name.value.lastIndexOf('/') + 1);
  if (kind === 'until') return name === 'false';
  return name === 'true' || name === ':' || (name === '[' && command.args.length === 2);
}

/** One of two outputs: known only where both agree. */
function either(first: Stream, second: Stream): Stream {
  if (first === SILENT) return second;
  const taint = first.taint | second.taint;
  return { text: first.text === second.text ? first.text : UNKNOWN, taint };
}
