import type { SyntaxNode } from '@lezer/common';

import { Taint, UNKNOWN } from '../shell/value.ts';
import type { Arguments, CodeValue } from './code-value.ts';
import {
  NOTHING,
  constant,
  either,
  exactText,
  list,
  name,
  plus,
  taintOf,
  text,
  textOf,
  unknown,
} from './code-value.ts';
import type { Machine } from './machine.ts';
import { itemsOf } from './machine.ts';
import { bindTarget, bindTargets, parametersOf } from './python-statements.ts';
import { Scope } from './scope.ts';
import { pythonString, unescapeLiteral } from './string-literals.ts';
import { children, childrenOf, firstOf } from './tree.ts';

export function evaluate(node: SyntaxNode, machine: Machine): CodeValue {
  switch (node.name) {
    case 'VariableName':
      return machine.lookup(machine.slice(node));
    case 'String':
      return text(pythonString(machine.slice(node)));
    case 'ContinuedString':
      return children(node)
        .map((part) => machine.evaluate(part))
        .reduce(plus, text(''));
    case 'FormatString':
      return formatString(node, machine);
    case 'Number':
      return constant(String(Number(machine.slice(node).replaceAll('_', ''))));
    case 'Boolean':
      return constant(machine.slice(node).toLowerCase());
    case 'None':
      return NOTHING;
    case 'ParenthesizedExpression':
    case 'AwaitExpression':
    case 'YieldExpression':
    case 'UnaryExpression': {
      const parts = children(node).filter(({ name: kind }) => !/^(?:[()]|await|yield)$/.test(kind));
      const last = parts.at(-1);
      const value = last === undefined ? NOTHING : machine.evaluate(last);
      return node.name === 'UnaryExpression' && machine.slice(node).startsWith('-')
        ? constant(`-${textOf(value)}`)
        : value;
    }
    case 'NamedExpression': {
      const [target, , value] = children(node);
      const result = machine.evaluate(value ?? null);
      if (target !== undefined) bindTarget(target, result, machine);
      return result;
    }
    case 'BinaryExpression':
      return binary(node, machine);
    case 'ConditionalExpression': {
      const [yes, , condition, , no] = children(node);
      machine.evaluate(condition ?? null);
      return either(machine.evaluate(yes ?? null), machine.evaluate(no ?? null));
    }
    case 'ArrayExpression':
    case 'TupleExpression':
    case 'SetExpression':
      return list(
        children(node)
          .filter(({ name: kind }) => !/^[()[\]{},*]$/.test(kind))
          .map((item) => machine.evaluate(item)),
      );
    case 'DictionaryExpression':
      return dictionary(node, machine);
    case 'ArrayComprehensionExpression':
    case 'SetComprehensionExpression':
    case 'ComprehensionExpression':
    case 'DictionaryComprehensionExpression':
      return comprehension(node, machine);
    case 'LambdaExpression': {
      const body = children(node).at(-1);
      if (body === undefined) return NOTHING;
      return machine.define({
        is: 'function',
        parameters: parametersOf(node, machine),
        body,
        returns: true,
        scope: machine.scope,
      });
    }
    case 'MemberExpression':
      return member(node, machine);
    case 'CallExpression':
      return call(node, machine);
    default:
      for (const child of children(node)) if (child.firstChild !== null) machine.evaluate(child);
      return NOTHING;
  }
}

function formatString(node: SyntaxNode, machine: Machine): CodeValue {
  const source = machine.slice(node);
  const opening = /^[a-zA-Z]*("""|'''|"|')/.exec(source);
  const quote = opening?.[1] ?? '"';
  const raw = /^[a-zA-Z]*[rR]/.test(source);
  let at = node.from + (opening?.[0].length ?? 0);
  let result: CodeValue = text('');
  const literal = (to: number): void => {
    const piece = machine.source.slice(at, to).replaceAll('{{', '{').replaceAll('}}', '}');
    if (piece !== '') result = plus(result, text(raw ? piece : unescapeLiteral(piece)));
  };
  for (const part of childrenOf(node, 'FormatReplacement')) {
    literal(part.from);
    const inner = children(part).find(({ name: kind }) => !/^(?:[{}]|Format.*)$/.test(kind));
    const value = inner === undefined ? NOTHING : machine.evaluate(inner);
    result = plus(result, value.is === 'text' ? { ...value, constant: false } : unknownText(value));
    at = part.to;
  }
  literal(node.to - (source.endsWith(quote) ? quote.length : 0));
  return result;
}

function unknownText(value: CodeValue): CodeValue {
  return text(UNKNOWN, taintOf(value));
}

function binary(node: SyntaxNode, machine: Machine): CodeValue {
  const [left, sign, right] = children(node);
  const a = machine.evaluate(left ?? null);
  const b = machine.evaluate(right ?? null);
  switch (sign === undefined ? '' : machine.slice(sign)) {
    case '+':
      return plus(a, b);
    case '/':
      // A path and what lies below it.
      if (a.is === 'text' && b.is === 'text' && !a.constant && !b.constant) {
        const below = b.text.startsWith('/') ? b.text : `${a.text}/${b.text}`;
        return text(below, a.taint | b.taint);
      }
      return unknown(taintOf(a) | taintOf(b));
    case '%':
      return percentFormat(a, b);
    case '*':
      return repeat(a, b);
    case 'or':
    case 'and':
      return either(a, b);
    default:
      return unknown(taintOf(a) | taintOf(b));
  }
}

function percentFormat(pattern: CodeValue, values: CodeValue): CodeValue {
  if (pattern.is !== 'text') return unknown(taintOf(pattern) | taintOf(values));
  const items = values.is === 'list' ? values.items : [values];
  let next = 0;
  const filled = pattern.text.replaceAll(
    /%(?:\((\w+)\))?[-+ #0-9.]*[sdrxfi%]/g,
    (all, key?: string) => {
      if (all === '%%') return '%';
      const field =
        key !== undefined && values.is === 'record' ? values.fields.get(key) : undefined;
      return textOf(field ?? items[next++]);
    },
  );
  return text(filled, pattern.taint | taintOf(values));
}

function repeat(a: CodeValue, b: CodeValue): CodeValue {
  const [value, count] = a.is === 'text' && a.constant === true ? [b, a] : [a, b];
  const times = Number(textOf(count));
  if (value.is !== 'text' || !(times >= 0) || times * value.text.length > 4096) {
    return unknown(taintOf(a) | taintOf(b));
  }
  return text(value.text.repeat(times), value.taint);
}

function dictionary(node: SyntaxNode, machine: Machine): CodeValue {
  const fields = new Map<string, CodeValue>();
  const parts = children(node).filter(({ name: kind }) => !/^[{},]$/.test(kind));
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    if (part === undefined) break;
    if (part.name === '**') {
      index += 1;
      const spread = machine.evaluate(parts[index] ?? null);
      if (spread.is === 'record') for (const [key, value] of spread.fields) fields.set(key, value);
      else fields.set('**', unknown(taintOf(spread)));
    } else if (parts[index + 1]?.name === ':') {
      const key = textOf(machine.evaluate(part));
      fields.set(key, machine.evaluate(parts[index + 2] ?? null));
      index += 2;
    }
  }
  return { is: 'record', fields };
}

function comprehension(node: SyntaxNode, machine: Machine): CodeValue {
  const pieces = children(node);
  const first = pieces.findIndex(({ name: kind }) => kind === 'for' || kind === 'async');
  const element = pieces.slice(0, first).find(({ name: kind }) => !/^[([{]$/.test(kind));
  const outer = machine.scope;
  machine.scope = new Scope(outer);
  const results: CodeValue[] = [];
  runClause(pieces, first, element, machine, results);
  machine.scope = outer;
  return list(results);
}

/** One `for ... in ...` with its conditions, and within it the next. */
function runClause(
  pieces: readonly SyntaxNode[],
  from: number,
  element: SyntaxNode | undefined,
  machine: Machine,
  results: CodeValue[],
): void {
  const start = pieces.findIndex(({ name: kind }, at) => at >= from && kind === 'for');
  if (from < 0 || start < 0) {
    results.push(machine.evaluate(element ?? null));
    return;
  }
  const middle = pieces.findIndex(({ name: kind }, at) => at > start && kind === 'in');
  const targets = pieces.slice(start + 1, middle).filter(({ name: kind }) => kind !== ',');
  const over = machine.evaluate(pieces[middle + 1] ?? null);
  const next = pieces.findIndex(({ name: kind }, at) => at > middle && kind === 'for');
  const conditions = pieces.slice(middle + 2, next < 0 ? undefined : next);
  for (const item of itemsOf(over, 4096)) {
    if (results.length >= 4096) return;
    bindTargets(targets, item, machine);
    for (const condition of conditions) {
      if (condition.firstChild !== null) machine.evaluate(condition);
    }
    if (next < 0) results.push(machine.evaluate(element ?? null));
    else runClause(pieces, next, element, machine, results);
  }
}

function member(node: SyntaxNode, machine: Machine): CodeValue {
  const [object] = children(node);
  const property = firstOf(node, 'PropertyName');
  if (object === undefined) return NOTHING;
  if (machine.slice(object) === 'self' && property !== undefined) {
    const own = machine.scope.get(`self.${machine.slice(property)}`);
    if (own !== undefined) return own;
    const method = machine.scope.get(machine.slice(property));
    if (method?.is === 'function') return method;
  }
  const value = machine.evaluate(object);
  if (property !== undefined) return memberOf(value, machine.slice(property), machine);
  return subscript(node, value, machine);
}

function memberOf(value: CodeValue, key: string, machine: Machine): CodeValue {
  if (value.is === 'text') {
    // Members of a path that are texts again.
    if (key === 'parent') return text(`${value.text}/..`, value.taint);
    if (key === 'name' || key === 'path') return value;
  }
  if (value.is === 'name' && value.path === 'os' && key === 'sep') return text('/');
  if (value.is === 'name' && value.path === 'os' && key === 'environ') {
    return name('os.environ', [], Taint.secret);
  }
  return machine.member(value, key);
}

function subscript(node: SyntaxNode, value: CodeValue, machine: Machine): CodeValue {
  const pieces = children(node);
  const from = pieces.findIndex(({ name: kind }) => kind === '[');
  const inside = pieces.slice(from + 1).filter(({ name: kind }) => kind !== ']');
  if (inside.some(({ name: kind }) => kind === ':')) return slice(inside, value, machine);
  const key = machine.evaluate(inside[0] ?? null);
  const known = exactText(key);
  if (known === undefined) return unknown(taintOf(value));
  if (value.is === 'list') return value.items.at(Number(known)) ?? NOTHING;
  if (value.is === 'text') {
    const index = Number(known);
    return Number.isInteger(index) ? text(value.text.at(index) ?? '', value.taint) : NOTHING;
  }
  return machine.member(value, known);
}

function slice(inside: readonly SyntaxNode[], value: CodeValue, machine: Machine): CodeValue {
  const bounds: (number | undefined)[] = [undefined];
  for (const piece of inside) {
    if (piece.name === ':') bounds.push(undefined);
    else bounds[bounds.length - 1] = Number(textOf(machine.evaluate(piece)));
  }
  const [from, to, step] = bounds;
  if (bounds.some((bound) => bound !== undefined && !Number.isInteger(bound))) {
    return unknown(taintOf(value));
  }
  const items = value.is === 'list' ? value.items : Array.from(textOf(value));
  let part = items.slice(from, to) as (CodeValue | string)[];
  if (step !== undefined && step < 0) part = [...items].reverse();
  const stride = Math.abs(step ?? 1);
  if (stride > 1) part = part.filter((_item, index) => index % stride === 0);
  return value.is === 'list'
    ? list(part as CodeValue[])
    : text((part as string[]).join(''), taintOf(value));
}

function call(node: SyntaxNode, machine: Machine): CodeValue {
  const [function_, argumentList] = children(node);
  if (function_ === undefined) return NOTHING;
  const callee = machine.evaluate(function_);
  const args: Arguments = { positional: [], named: new Map() };
  const pieces = argumentList === undefined ? [] : children(argumentList);
  for (let index = 0; index < pieces.length; index += 1) {
    const piece = pieces[index];
    if (piece === undefined || /^[(),]$/.test(piece.name)) continue;
    if (piece.name === 'VariableName' && pieces[index + 1]?.name === 'AssignOp') {
      args.named.set(machine.slice(piece), machine.evaluate(pieces[index + 2] ?? null));
      index += 2;
    } else if (piece.name === '*') {
      index += 1;
      const spread = machine.evaluate(pieces[index] ?? null);
      if (spread.is === 'list') args.positional.push(...spread.items);
      else args.positional.push(unknown(taintOf(spread)));
    } else if (piece.name === '**') {
      index += 1;
      const spread = machine.evaluate(pieces[index] ?? null);
      if (spread.is === 'record')
        for (const [key, value] of spread.fields) args.named.set(key, value);
    } else if (pieces.some(({ name: kind }) => kind === 'for') && index === 1) {
      // A generator as the only argument: `''.join(chr(x) for x in codes)`.
      args.positional.push(comprehension(argumentList ?? node, machine));
      break;
    } else args.positional.push(machine.evaluate(piece));
  }
  return machine.call(callee, args, node);
}
