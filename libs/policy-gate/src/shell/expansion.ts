import type {
  ArithmeticExpansionPart,
  DoubleQuotedChild,
  ParameterExpansionPart,
  SyntaxNode,
  Word,
  WordPart,
} from 'unbash';
import { forEachChild, parse } from 'unbash';

import { LIMITS } from './limits.ts';
import { isSecretVariable } from './secret-variable.ts';
import type { Shell } from './shell.ts';
import type { ShellState, Variable } from './state.ts';
import type { Stream, Value } from './value.ts';
import { ANY_CHARACTER, STAR, Taint, UNKNOWN, isExact } from './value.ts';

/** Fields one word may become, and alternatives of one brace expression. */
const MAX_FIELDS = 256;

/** Collects the fields of one word while its parts are expanded. */
class Fields {
  readonly done: string[] = [];
  taint = 0;
  /** More text or more fields than are kept: what is missing must not pass unseen. */
  overflow = false;
  private current = '';
  private started = false;
  private size = 0;

  quoted(text: string): void {
    this.started = true;
    this.append(text);
  }

  /** Text of an unquoted expansion: split at IFS, glob characters are active. */
  unquoted(text: string, separators: string): void {
    let from = 0;
    for (let index = 0; index < text.length; index += 1) {
      if (!separators.includes(text.charAt(index))) continue;
      this.literal(activateGlobs(text.slice(from, index)));
      this.breakField();
      from = index + 1;
    }
    this.literal(activateGlobs(text.slice(from)));
  }

  literal(text: string): void {
    if (text === '') return;
    this.started = true;
    this.append(text);
  }

  breakField(): void {
    if (this.started) {
      if (this.done.length < MAX_FIELDS) this.done.push(this.current);
      else this.overflow = true;
    }
    this.current = '';
    this.started = false;
  }

  finish(): string[] {
    this.breakField();
    return this.done;
  }

  private append(text: string): void {
    this.size += text.length;
    if (this.size > LIMITS.bytes) this.overflow = true;
    else this.current += text;
  }
}

function activateGlobs(text: string): string {
  return text.includes('*') || text.includes('?')
    ? text.replaceAll('*', STAR).replaceAll('?', ANY_CHARACTER)
    : text;
}

function separatorsOf(state: ShellState): string {
  return state.variables.get('IFS')?.text ?? ' \t\n';
}

function tilde(text: string, state: ShellState): string {
  const slash = text.indexOf('/');
  const name = slash < 0 ? text : text.slice(0, slash);
  const rest = slash < 0 ? '' : text.slice(slash);
  if (name === '~') return (state.lookup('HOME')?.text ?? state.home) + rest;
  if (name === '~+') return state.cwd + rest;
  if (name === '~-') return UNKNOWN + rest;
  return (name === '~root' ? '/root' : `/home/${name.slice(1)}`) + rest;
}

/** The fields a word becomes. */
export function expandWord(word: Word, shell: Shell, state: ShellState, out: Value[]): void {
  const { parts, pos: start, end } = word;
  if (parts === undefined) {
    const text = word.text.startsWith('~') ? tilde(word.value, state) : word.value;
    out.push({ text, taint: 0, start, end });
    return;
  }
  const brace = parts.find((part) => part.type === 'BraceExpansion');
  if (brace !== undefined) {
    expandBraces(word, brace.pos, brace.end, shell, state, out);
    return;
  }
  const fields = new Fields();
  for (const [index, part] of parts.entries()) {
    if (index === 0 && part.type === 'Literal' && part.text.startsWith('~')) {
      fields.literal(tilde(part.value, state));
    } else expandPart(part, fields, shell, state);
  }
  for (const text of fields.finish()) out.push({ text, taint: fields.taint, start, end });
  if (fields.overflow) shell.limit('expansion', { start, end });
}

/** A word where the shell does no splitting: assignments, redirections, here-strings. */
export function expandSingle(word: Word, shell: Shell, state: ShellState): Value {
  const out: Value[] = [];
  expandWord(word, shell, state, out);
  if (out.length === 1 && out[0] !== undefined) return out[0];
  let taint = 0;
  for (const value of out) taint |= value.taint;
  const text = out.map((value) => value.text).join(' ');
  return { text, taint, start: word.pos, end: word.end };
}

/** The parts of a here-document: expansions happen, globs and splitting do not. */
export function expandHereDoc(
  parts: readonly WordPart[],
  shell: Shell,
  state: ShellState,
): { text: string; taint: number } {
  const fields = new Fields();
  for (const part of parts) {
    if (part.type === 'Literal') fields.quoted(part.value);
    else expandQuoted(part as DoubleQuotedChild, fields, shell, state);
  }
  const text = fields.finish().join('');
  if (fields.overflow) shell.limit('expansion', { start: 0, end: 0 });
  return { text, taint: fields.taint };
}

function expandPart(part: WordPart, fields: Fields, shell: Shell, state: ShellState): void {
  switch (part.type) {
    case 'Literal':
      fields.literal(part.value);
      return;
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      fields.quoted(part.value);
      return;
    case 'DoubleQuoted':
    case 'LocaleString':
      fields.quoted('');
      for (const child of part.parts) expandQuoted(child, fields, shell, state);
      return;
    case 'Glob':
      if (part.kind === 'star') fields.literal(STAR);
      else fields.literal(ANY_CHARACTER);
      return;
    case 'ExtendedGlob':
      fields.literal(STAR);
      return;
    case 'SimpleExpansion':
      expandVariable(part.text.slice(1), false, fields, state);
      return;
    case 'ParameterExpansion':
      expandParameter(part, false, fields, shell, state);
      return;
    case 'CommandExpansion': {
      const stream = substitute(part, shell, state);
      fields.taint |= stream.taint;
      fields.unquoted(stream.text, separatorsOf(state));
      return;
    }
    case 'ArithmeticExpansion':
      fields.literal(arithmetic(part, shell, state));
      return;
    case 'ProcessSubstitution': {
      const stream = shell.substitution(part.script, state, part.operator === '>');
      const path = `/dev/fd/s${String(state.files.size)}`;
      state.files.set(path, stream);
      fields.taint |= stream.taint;
      fields.literal(path);
      return;
    }
    case 'BraceExpansion':
      fields.literal(part.text);
  }
}

function expandQuoted(
  part: DoubleQuotedChild,
  fields: Fields,
  shell: Shell,
  state: ShellState,
): void {
  switch (part.type) {
    case 'Literal':
      fields.quoted(part.value);
      return;
    case 'SimpleExpansion':
      expandVariable(part.text.slice(1), true, fields, state);
      return;
    case 'ParameterExpansion':
      expandParameter(part, true, fields, shell, state);
      return;
    case 'CommandExpansion': {
      const stream = substitute(part, shell, state);
      fields.taint |= stream.taint;
      fields.quoted(stream.text);
      return;
    }
    case 'ArithmeticExpansion':
      fields.quoted(arithmetic(part, shell, state));
  }
}

function substitute(
  part: { text: string; script: Parameters<Shell['substitution']>[0] },
  shell: Shell,
  state: ShellState,
): Stream {
  const stream = shell.substitution(part.script, state, false);
  return { text: stream.text.replace(/\n+$/, ''), taint: stream.taint };
}

/** Runs the command substitutions anywhere below a node, for what they do and not for their text. */
export function runSubstitutions(node: SyntaxNode, shell: Shell, state: ShellState): void {
  if (
    node.type === 'CommandExpansion' ||
    node.type === 'ArithmeticCommandExpansion' ||
    node.type === 'ProcessSubstitution'
  ) {
    shell.substitution(node.script, state, false);
    return;
  }
  forEachChild(node, (child) => runSubstitutions(child, shell, state));
}

function mayHoldCommand(text: string): boolean {
  return text.includes('(', 3) || text.includes('`') || text.includes('${', 1);
}

/** Numbers harm nobody, but a command may stand inside the expression. */
function arithmetic(part: ArithmeticExpansionPart, shell: Shell, state: ShellState): string {
  if (mayHoldCommand(part.text)) runSubstitutions(part, shell, state);
  return '1';
}

function push(text: string, quoted: boolean, fields: Fields, state: ShellState): void {
  if (quoted) fields.quoted(text);
  else fields.unquoted(text, separatorsOf(state));
}

function pushAll(
  texts: readonly string[],
  quoted: boolean,
  joined: boolean,
  fields: Fields,
  state: ShellState,
): void {
  if (joined && quoted) {
    fields.quoted(texts.join(' '));
    return;
  }
  for (const [index, text] of texts.entries()) {
    if (index > 0) fields.breakField();
    push(text, quoted, fields, state);
  }
}

function expandVariable(name: string, quoted: boolean, fields: Fields, state: ShellState): void {
  if (name === '@' || name === '*') {
    if (state.positional === undefined) push(UNKNOWN, quoted, fields, state);
    else pushAll(state.positional, quoted, name === '*', fields, state);
    return;
  }
  const variable = state.lookup(name);
  if (isSecretVariable(name)) fields.taint |= Taint.secretVariable;
  if (variable === undefined) {
    push(UNKNOWN, quoted, fields, state);
    return;
  }
  fields.taint |= variable.taint;
  push(variable.text, quoted, fields, state);
}

function expandParameter(
  part: ParameterExpansionPart,
  quoted: boolean,
  fields: Fields,
  shell: Shell,
  state: ShellState,
): void {
  const { parameter, operation, index } = part;
  // Which operand is used depends on what is not known; commands in any of them may run.
  if ((operation !== undefined || index !== undefined) && mayHoldCommand(part.text)) {
    runSubstitutions(part, shell, state);
  }
  if (part.prefix === '#') {
    push('1', quoted, fields, state);
    return;
  }
  let variable: Variable | undefined = state.lookup(parameter);
  if (isSecretVariable(parameter) && part.prefix === undefined) {
    fields.taint |= Taint.secretVariable;
  }
  if (part.prefix === '!') {
    variable =
      variable !== undefined && isExact(variable.text) ? state.lookup(variable.text) : undefined;
  }
  if (parameter === '@' || parameter === '*') {
    if (operation === undefined) {
      expandVariable(parameter, quoted, fields, state);
      return;
    }
    variable = undefined;
  }
  if (variable !== undefined) fields.taint |= variable.taint;
  if (index !== undefined) {
    const elements = variable?.elements;
    if (operation !== undefined || elements === undefined) {
      push(
        variable === undefined || elements !== undefined ? UNKNOWN : variable.text,
        quoted,
        fields,
        state,
      );
      return;
    }
    const which = expandSingle(index, shell, state).text;
    if (which === '@' || which === '*') pushAll(elements, quoted, which === '*', fields, state);
    // A key of an associative array says nothing about its place.
    else
      push(
        /^-?\d+$/.test(which) ? (elements.at(Number(which)) ?? '') : UNKNOWN,
        quoted,
        fields,
        state,
      );
    return;
  }
  if (operation === undefined) {
    push(variable?.text ?? UNKNOWN, quoted, fields, state);
    return;
  }
  push(operate(operation, variable, parameter, shell, state, fields), quoted, fields, state);
}

function operate(
  operation: NonNullable<ParameterExpansionPart['operation']>,
  variable: Variable | undefined,
  name: string,
  shell: Shell,
  state: ShellState,
  fields: Fields,
): string {
  const operand = (word: Word): string => {
    const value = expandSingle(word, shell, state);
    fields.taint |= value.taint;
    return value.text;
  };
  if (operation.type === 'Default') {
    const kind = operation.operator.at(-1);
    // Nothing is known of an unset variable: the text written beside it is the likely one.
    const set =
      variable !== undefined &&
      variable.text !== UNKNOWN &&
      (variable.text !== '' || !operation.operator.startsWith(':'));
    if (kind === '+') return set || variable === undefined ? operand(operation.operand) : '';
    if (set) return variable.text;
    if (kind === '?') return UNKNOWN;
    const text = operand(operation.operand);
    if (kind === '=') shell.assign(state, name, { text, taint: fields.taint });
    return text;
  }
  const text = variable?.text ?? UNKNOWN;
  if (!isExact(text) || text.length > 4096) return UNKNOWN;
  switch (operation.type) {
    case 'Remove':
      return removeAffix(text, operation.operator, operand(operation.operand));
    case 'Replace': {
      const pattern = operand(operation.pattern);
      if (!isExact(pattern) || pattern === '') return UNKNOWN;
      const replacement = operand(operation.replacement);
      if (operation.operator === '//') return text.replaceAll(pattern, () => replacement);
      if (operation.operator === '/') return text.replace(pattern, () => replacement);
      return UNKNOWN;
    }
    case 'Slice': {
      const offset = Number(operand(operation.offset));
      const length = operation.length === undefined ? undefined : Number(operand(operation.length));
      if (!Number.isInteger(offset)) return UNKNOWN;
      if (length === undefined) return text.slice(offset);
      return Number.isInteger(length) && length >= 0 && offset >= 0
        ? text.slice(offset, offset + length)
        : UNKNOWN;
    }
    case 'CaseModification':
      if (operation.operand !== undefined) return UNKNOWN;
      if (operation.operator === '^^') return text.toUpperCase();
      if (operation.operator === ',,') return text.toLowerCase();
      return operation.operator === '^'
        ? text.charAt(0).toUpperCase() + text.slice(1)
        : text.charAt(0).toLowerCase() + text.slice(1);
    default:
      return UNKNOWN;
  }
}

function removeAffix(text: string, operator: string, pattern: string): string {
  if (pattern.includes(UNKNOWN) || pattern.includes(ANY_CHARACTER)) return UNKNOWN;
  const star = pattern.indexOf(STAR);
  const literal = pattern.replaceAll(STAR, '');
  if (star < 0) {
    if (operator.startsWith('%'))
      return text.endsWith(literal) ? text.slice(0, text.length - literal.length) : text;
    return text.startsWith(literal) ? text.slice(literal.length) : text;
  }
  if (pattern.lastIndexOf(STAR) !== star || literal === '') return UNKNOWN;
  // The two everyday shapes: `${x%.*}` / `${x%%/*}` and `${x#*.}` / `${x##*/}`.
  if (operator.startsWith('%') && star === pattern.length - 1) {
    const at = operator === '%' ? text.lastIndexOf(literal) : text.indexOf(literal);
    return at < 0 ? text : text.slice(0, at);
  }
  if (operator.startsWith('#') && star === 0) {
    const at = operator === '#' ? text.indexOf(literal) : text.lastIndexOf(literal);
    return at < 0 ? text : text.slice(at + literal.length);
  }
  return UNKNOWN;
}

function expandBraces(
  word: Word,
  from: number,
  to: number,
  shell: Shell,
  state: ShellState,
  out: Value[],
): void {
  const before = word.text.slice(0, from - word.pos);
  const after = word.text.slice(to - word.pos);
  const inner = word.text.slice(from - word.pos + 1, to - word.pos - 1);
  const first = out.length;
  for (const alternative of braceAlternatives(inner)) {
    if (out.length - first >= MAX_FIELDS || !shell.enter()) {
      shell.limit('expansion', { start: word.pos, end: word.end });
      out.push({ text: UNKNOWN, taint: 0, start: word.pos, end: word.end });
      return;
    }
    // The alternative is shell text again: quotes, variables and further braces included.
    const statement = parse(`: ${before}${alternative}${after}`).commands[0]?.command;
    if (statement?.type === 'Command') {
      for (const argument of statement.suffix) {
        if (argument.type !== 'Word') continue;
        const expanded: Value[] = [];
        expandWord(argument, shell, state, expanded);
        for (const value of expanded) out.push({ ...value, start: word.pos, end: word.end });
      }
    } else out.push({ text: UNKNOWN, taint: 0, start: word.pos, end: word.end });
    shell.leave();
  }
}

function braceAlternatives(inner: string): string[] {
  const alternatives: string[] = [];
  let depth = 0;
  let quote = '';
  let from = 0;
  for (let index = 0; index < inner.length; index += 1) {
    const character = inner.charAt(index);
    if (character === '\\') index += 1;
    else if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === '{') depth += 1;
    else if (character === '}') depth -= 1;
    else if (character === ',' && depth === 0) {
      alternatives.push(inner.slice(from, index));
      from = index + 1;
    }
  }
  if (alternatives.length > 0 || !inner.includes('..')) return [...alternatives, inner.slice(from)];
  return sequence(inner);
}

function sequence(inner: string): string[] {
  const [first = '', last = '', step = '1'] = inner.split('..');
  const letters = first.length === 1 && last.length === 1 && Number.isNaN(Number(first));
  const low = letters ? first.charCodeAt(0) : Number(first);
  const high = letters ? last.charCodeAt(0) : Number(last);
  const by = Math.max(1, Math.abs(Number(step) || 1));
  if (!Number.isInteger(low) || !Number.isInteger(high)) return [`{${inner}}`];
  const count = Math.floor(Math.abs(high - low) / by) + 1;
  if (count > MAX_FIELDS) return [STAR];
  return Array.from({ length: count }, (_unused, index) => {
    const value = low + (high >= low ? by : -by) * index;
    return letters ? String.fromCharCode(value) : String(value);
  });
}
