import type { SyntaxNode } from '@lezer/common';
import { parser } from '@lezer/javascript';

import { Taint } from '../shell/value.ts';
import type { Arguments, CodeValue, FunctionValue } from './code-value.ts';
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
import { JAVASCRIPT_CALLS } from './javascript-calls.ts';
import type { Language, Machine } from './machine.ts';
import { itemsOf } from './machine.ts';
import { Scope } from './scope.ts';
import { javascriptString, unescapeLiteral } from './string-literals.ts';
import { moduleName } from './text-functions.ts';
import { children, firstOf, hasError, parseBounded } from './tree.ts';

const MAX_ROUNDS = 32;
const PARSER = parser.configure({ dialect: 'ts' });
/** Elements in angle brackets; the other dialect reads them as types. */
const PARSER_WITH_ELEMENTS = parser.configure({ dialect: 'ts jsx' });

const GLOBALS =
  /^(?:globalThis|global|window|self|process\.mainModule|module\.constructor)\.(?=\w)/;
/** Packages that offer what Node's fs offers. */
const FILE_SYSTEMS = /^(?:fs-extra|graceful-fs|fs\/promises|fs\.promises|memfs)(?=$|\.)/;

export const JAVASCRIPT: Language = {
  calls: JAVASCRIPT_CALLS,
  interpreter: 'node',
  run,
  evaluate,
  canonical(path) {
    return path
      .replace(GLOBALS, '')
      .replace(FILE_SYSTEMS, 'fs')
      .replace('.promises.', '.')
      .replace(/\.default(?=$|\.)/, '')
      .replace(/^(?:_load|module\._load)$/, 'require')
      .replace(/(\w)Sync(?=$|\()/, '$1');
  },
};

export function parseJavaScript(source: string): SyntaxNode | undefined {
  const first = parseBounded(PARSER, source);
  if (first === undefined || !/<[A-Za-z>]/.test(source) || !hasError(first)) return first;
  const second = parseBounded(PARSER_WITH_ELEMENTS, source);
  return second === undefined || hasError(second) ? first : second;
}

function run(node: SyntaxNode, machine: Machine): void {
  switch (node.name) {
    case 'Script':
    case 'Block':
    case 'ExportDeclaration':
      for (const child of children(node)) machine.run(child);
      return;
    case 'ImportDeclaration':
      importNames(node, machine);
      return;
    case 'VariableDeclaration':
      declare(node, machine);
      return;
    case 'FunctionDeclaration': {
      const identifier = firstOf(node, 'VariableDefinition');
      const value = functionOf(node, machine);
      if (identifier !== undefined) machine.scope.declare(machine.slice(identifier), value);
      return;
    }
    case 'ReturnStatement': {
      const value = children(node).find(({ name: kind }) => kind !== 'return' && kind !== ';');
      const returned = value === undefined ? NOTHING : machine.evaluate(value);
      machine.returned =
        machine.returned === NOTHING ? returned : either(machine.returned, returned);
      return;
    }
    case 'ForStatement':
      loop(node, machine);
      return;
    case 'WhileStatement': {
      const [, condition] = children(node);
      const endless =
        condition !== undefined && /^\(\s*(?:true|1)\s*\)$/.test(machine.slice(condition));
      machine.endless += endless ? 1 : 0;
      runParts(node, machine);
      machine.endless -= endless ? 1 : 0;
      return;
    }
    default:
      if (node.name.endsWith('Statement') || node.name.endsWith('Body')) runParts(node, machine);
      else if (node.firstChild !== null) machine.evaluate(node);
  }
}

function runParts(node: SyntaxNode, machine: Machine): void {
  for (const child of children(node)) {
    const { name: kind } = child;
    if (/(?:Statement|Declaration|Block|Body)$/.test(kind)) machine.run(child);
    else if (child.firstChild !== null || kind === 'VariableName') machine.evaluate(child);
  }
}

function importNames(node: SyntaxNode, machine: Machine): void {
  const source = firstOf(node, 'String');
  if (source === undefined) return;
  const module = moduleName(javascriptString(machine.slice(source)));
  machine.modules.add(module);
  const bind = (identifier: string, path: string): void => {
    machine.scope.declare(identifier, name(machine.language.canonical(path)));
  };
  for (const child of children(node)) {
    if (child.name === 'VariableDefinition') bind(machine.slice(child), module);
    if (child.name !== 'ImportGroup') continue;
    let imported = '';
    for (const part of children(child)) {
      if (part.name === 'VariableName') imported = machine.slice(part);
      else if (part.name === 'VariableDefinition') {
        const local = machine.slice(part);
        bind(local, `${module}.${imported === '' ? local : imported}`);
        imported = '';
      }
    }
  }
}

function declare(node: SyntaxNode, machine: Machine): void {
  let target: SyntaxNode | undefined;
  for (const child of children(node)) {
    if (child.name === 'VariableDefinition' || child.name.endsWith('Pattern')) {
      if (target !== undefined) bindTarget(target, NOTHING, machine);
      target = child;
    } else if (!/^(?:const|let|var|Equals|,|;|TypeAnnotation)$/.test(child.name)) {
      const value = machine.evaluate(child);
      if (target !== undefined) bindTarget(target, value, machine);
      target = undefined;
    }
  }
  if (target !== undefined) bindTarget(target, NOTHING, machine);
}

function bindTarget(target: SyntaxNode, value: CodeValue, machine: Machine): void {
  switch (target.name) {
    case 'VariableDefinition':
      machine.scope.declare(machine.slice(target), value);
      return;
    case 'VariableName':
      machine.scope.assign(machine.slice(target), value);
      return;
    case 'ObjectPattern':
      for (const property of children(target)) {
        if (property.name !== 'PatternProperty') continue;
        const [key, , inner] = children(property);
        if (key === undefined) continue;
        const member = machine.member(value, machine.slice(key));
        bindTarget(inner ?? key, member, machine);
      }
      return;
    case 'ArrayPattern': {
      const parts = children(target).filter(({ name: kind }) => !/^[[\],]$/.test(kind));
      for (const [index, part] of parts.entries()) {
        const item = value.is === 'list' ? value.items[index] : unknown(taintOf(value));
        bindTarget(part, item ?? NOTHING, machine);
      }
      return;
    }
    case 'MemberExpression': {
      const [object] = children(target);
      const holder = object === undefined ? NOTHING : machine.evaluate(object);
      const key = memberKey(target, machine);
      if (holder.is === 'record' && key !== undefined) holder.fields.set(key, value);
      else if (object?.name === 'this' && key !== undefined) {
        machine.scope.assign(`this.${key}`, value);
      }
    }
  }
}

function memberKey(node: SyntaxNode, machine: Machine): string | undefined {
  const property = firstOf(node, 'PropertyName') ?? firstOf(node, 'PrivatePropertyName');
  if (property !== undefined) return machine.slice(property);
  const pieces = children(node);
  const from = pieces.findIndex(({ name: kind }) => kind === '[');
  const key = pieces[from + 1];
  return from < 0 || key === undefined ? undefined : exactText(machine.evaluate(key));
}

function functionOf(node: SyntaxNode, machine: Machine): CodeValue {
  const body = children(node).at(-1);
  if (body === undefined) return NOTHING;
  const value: FunctionValue = {
    is: 'function',
    parameters: parametersOf(node, machine),
    body,
    returns: body.name !== 'Block',
    scope: machine.scope,
  };
  return machine.define(value);
}

function parametersOf(node: SyntaxNode, machine: Machine): FunctionValue['parameters'] {
  const parameters: { name: string; fallback: SyntaxNode | undefined }[] = [];
  const given = firstOf(node, 'ParamList');
  const pieces = given === undefined ? [] : children(given);
  for (const [index, piece] of pieces.entries()) {
    if (piece.name !== 'VariableDefinition' && !piece.name.endsWith('Pattern')) continue;
    const after = pieces[index + 1]?.name === 'TypeAnnotation' ? index + 2 : index + 1;
    const fallback = pieces[after]?.name === 'Equals' ? pieces[after + 1] : undefined;
    const isName = piece.name === 'VariableDefinition';
    parameters.push({ name: isName ? machine.slice(piece) : '', fallback });
  }
  return parameters;
}

function loop(node: SyntaxNode, machine: Machine): void {
  const spec = firstOf(node, 'ForOfSpec') ?? firstOf(node, 'ForInSpec');
  const body = children(node).at(-1);
  if (spec === undefined) {
    const parts = firstOf(node, 'ForSpec');
    const endless = parts !== undefined && /^\(\s*;\s*;\s*\)$/.test(machine.slice(parts));
    machine.endless += endless ? 1 : 0;
    runParts(node, machine);
    machine.endless -= endless ? 1 : 0;
    return;
  }
  const pieces = children(spec);
  const at = pieces.findIndex(({ name: kind }) => kind === 'of' || kind === 'in');
  const target = pieces[at - 1];
  const over = machine.evaluate(pieces[at + 1] ?? null);
  const items = itemsOf(over, MAX_ROUNDS);
  if (over.is === 'list' && over.items.length > MAX_ROUNDS) machine.shell.limits.add('code');
  for (const item of items) {
    if (target !== undefined) bindTarget(target, item, machine);
    if (body !== undefined) machine.run(body);
  }
}

function evaluate(node: SyntaxNode, machine: Machine): CodeValue {
  switch (node.name) {
    case 'VariableName':
      return identifier(machine.slice(node), machine);
    case 'String':
      return text(javascriptString(machine.slice(node)));
    case 'TemplateString':
      return templateText(node, machine);
    case 'TaggedTemplateExpression':
      return taggedTemplate(node, machine);
    case 'Number':
      return constant(String(Number(machine.slice(node).replaceAll('_', ''))));
    case 'BooleanLiteral':
      return constant(machine.slice(node));
    case 'ParenthesizedExpression':
    case 'AwaitExpression':
    case 'YieldExpression':
    case 'UnaryExpression':
    case 'NonNullExpression':
    case 'SpreadElement': {
      const parts = children(node).filter(
        ({ name: kind }) => !/^(?:[()!]|await|yield)$/.test(kind),
      );
      return machine.evaluate(parts.at(-1) ?? null);
    }
    case 'AsExpression':
    case 'SatisfiesExpression':
      return machine.evaluate(node.firstChild);
    case 'SequenceExpression':
      return (
        children(node)
          .filter(({ name: kind }) => kind !== ',')
          .map((part) => machine.evaluate(part))
          .at(-1) ?? NOTHING
      );
    case 'BinaryExpression': {
      const [left, sign, right] = children(node);
      const a = machine.evaluate(left ?? null);
      const b = machine.evaluate(right ?? null);
      const operator = sign === undefined ? '' : machine.slice(sign);
      if (operator === '+') return plus(a, b);
      if (operator === '||' || operator === '??' || operator === '&&') return either(a, b);
      return unknown(taintOf(a) | taintOf(b));
    }
    case 'ConditionalExpression': {
      const [condition, , yes, , no] = children(node);
      machine.evaluate(condition ?? null);
      return either(machine.evaluate(yes ?? null), machine.evaluate(no ?? null));
    }
    case 'AssignmentExpression':
      return assignment(node, machine);
    case 'ArrayExpression':
      return list(
        children(node)
          .filter(({ name: kind }) => !/^[[\],]$|^Spread$/.test(kind))
          .map((item) => machine.evaluate(item)),
      );
    case 'ObjectExpression':
      return objectLiteral(node, machine);
    case 'ArrowFunction':
    case 'FunctionExpression':
    case 'MethodDeclaration':
      return functionOf(node, machine);
    case 'ClassDeclaration':
    case 'ClassExpression':
      classBody(node, machine);
      return NOTHING;
    case 'MemberExpression':
      return member(node, machine);
    case 'CallExpression':
      return call(node, machine);
    case 'NewExpression':
      return call(node, machine);
    case 'DynamicImport': {
      const source = children(node).find(({ name: kind }) => !/^(?:import|[()])$/.test(kind));
      const module = exactText(machine.evaluate(source ?? null));
      return module === undefined ? NOTHING : moduleValue(module, machine);
    }
    default:
      for (const child of children(node)) {
        if (/(?:Statement|Declaration|Block)$/.test(child.name)) machine.run(child);
        else if (child.firstChild !== null) machine.evaluate(child);
      }
      return NOTHING;
  }
}

function identifier(word: string, machine: Machine): CodeValue {
  const value = machine.lookup(word);
  if (value.is !== 'name' || machine.scope.get(word) !== undefined) return value;
  if (word === '__dirname') return text(machine.state.cwd);
  if (word === '__filename') return text(`${machine.state.cwd}/__filename`);
  if (word === 'undefined') return NOTHING;
  return value;
}

function moduleValue(module: string, machine: Machine): CodeValue {
  const path = moduleName(module);
  machine.modules.add(path);
  return name(machine.language.canonical(path));
}

function templateText(node: SyntaxNode, machine: Machine): CodeValue {
  let at = node.from + 1;
  let result: CodeValue = text('');
  for (const part of children(node)) {
    if (part.name !== 'Interpolation') continue;
    result = plus(result, text(unescapeLiteral(machine.source.slice(at, part.from))));
    const inner = children(part).find(({ name: kind }) => !kind.startsWith('Interpolation'));
    const value = machine.evaluate(inner ?? null);
    result = plus(result, value.is === 'text' ? { ...value, constant: false } : spread(value));
    at = part.to;
  }
  return plus(result, text(unescapeLiteral(machine.source.slice(at, node.to - 1))));
}

/** A list inside a template: its items, separated, as `$` of zx writes them. */
function spread(value: CodeValue): CodeValue {
  if (value.is === 'list') return text(value.items.map(textOf).join(' '), taintOf(value));
  return text(textOf(value), taintOf(value));
}

function taggedTemplate(node: SyntaxNode, machine: Machine): CodeValue {
  const [tag, template] = children(node);
  const value = template === undefined ? NOTHING : machine.evaluate(template);
  const callee = machine.evaluate(tag ?? null);
  return machine.call(callee, { positional: [value], named: new Map() }, node);
}

function assignment(node: SyntaxNode, machine: Machine): CodeValue {
  const [target, sign, right] = children(node);
  let value = machine.evaluate(right ?? null);
  if (target === undefined || sign === undefined) return value;
  if (machine.slice(sign) === '+=') value = plus(machine.evaluate(target), value);
  bindTarget(target, value, machine);
  return value;
}

function objectLiteral(node: SyntaxNode, machine: Machine): CodeValue {
  const fields = new Map<string, CodeValue>();
  for (const property of children(node)) {
    if (property.name !== 'Property') continue;
    const parts = children(property);
    const [key] = parts;
    const colon = parts.findIndex(({ name: kind }) => kind === ':');
    if (key === undefined) continue;
    if (key.name === 'Spread') {
      const value = machine.evaluate(parts[1] ?? null);
      if (value.is === 'record')
        for (const [name_, field] of value.fields) fields.set(name_, field);
      else fields.set('...', unknown(taintOf(value)));
    } else if (colon >= 0) {
      const label =
        key.name === '['
          ? textOf(machine.evaluate(parts[1] ?? null))
          : machine.slice(key).replaceAll(/^["']|["']$/g, '');
      fields.set(label, machine.evaluate(parts[colon + 1] ?? null));
    } else if (parts.some(({ name: kind }) => kind === 'ParamList')) {
      fields.set(machine.slice(key), functionOf(property, machine));
    } else fields.set(machine.slice(key), identifier(machine.slice(key), machine));
  }
  return { is: 'record', fields };
}

function classBody(node: SyntaxNode, machine: Machine): void {
  const outer = machine.scope;
  machine.scope = new Scope(outer);
  const body = firstOf(node, 'ClassBody');
  for (const part of body === undefined ? [] : children(body)) {
    if (part.name === 'MethodDeclaration') {
      const key = firstOf(part, 'PropertyDefinition');
      const value = functionOf(part, machine);
      if (key !== undefined) machine.scope.declare(`this.${machine.slice(key)}`, value);
    } else if (part.name === 'PropertyDeclaration') {
      for (const child of children(part)) if (child.firstChild !== null) machine.evaluate(child);
    } else if (part.firstChild !== null) machine.run(part);
  }
  machine.scope = outer;
}

function member(node: SyntaxNode, machine: Machine): CodeValue {
  const [object] = children(node);
  if (object === undefined) return NOTHING;
  const key = memberKey(node, machine);
  if (object.name === 'this' && key !== undefined) {
    return machine.scope.get(`this.${key}`) ?? name(`this.${key}`);
  }
  const value = machine.evaluate(object);
  if (key === undefined) return unknown(taintOf(value));
  if (value.is === 'list' && /^\d+$/.test(key)) return value.items[Number(key)] ?? NOTHING;
  const result = machine.member(value, key);
  if (result.is === 'name' && /^(?:process\.env|Bun\.env)$/.test(result.path)) {
    return name(result.path, [], Taint.secret);
  }
  // `[].constructor.constructor('...')` is Function.
  return key === 'constructor' && memberEnds(object, machine, 'constructor')
    ? name('Function')
    : result;
}

function memberEnds(node: SyntaxNode, machine: Machine, key: string): boolean {
  return node.name === 'MemberExpression' && machine.slice(node).endsWith(`.${key}`);
}

function call(node: SyntaxNode, machine: Machine): CodeValue {
  const parts = children(node).filter(({ name: kind }) => kind !== 'new' && kind !== '?.');
  const [function_] = parts;
  const given = firstOf(node, 'ArgList');
  if (function_ === undefined) return NOTHING;
  const callee = machine.evaluate(function_);
  const args: Arguments = { positional: [], named: new Map() };
  for (const piece of given === undefined ? [] : children(given)) {
    if (/^[(),]$/.test(piece.name)) continue;
    if (piece.name === 'Spread') continue;
    args.positional.push(machine.evaluate(piece));
  }
  if (callee.is === 'name' && callee.path === 'require') {
    const module = exactText(args.positional[0]);
    if (module !== undefined) return moduleValue(module, machine);
  }
  // `run.call(this, x)`, `run.bind(null, x)`: the function itself.
  if (callee.is === 'method' || callee.is === 'name') {
    const bound = boundCall(function_, args, machine, node);
    if (bound !== undefined) return bound;
  }
  return machine.call(callee, args, node);
}

function boundCall(
  function_: SyntaxNode,
  args: Arguments,
  machine: Machine,
  node: SyntaxNode,
): CodeValue | undefined {
  if (function_.name !== 'MemberExpression') return undefined;
  const key = firstOf(function_, 'PropertyName');
  const method = key === undefined ? '' : machine.slice(key);
  if (method !== 'call' && method !== 'apply') return undefined;
  const target = machine.evaluate(function_.firstChild);
  const [, second] = args.positional;
  const positional =
    method === 'call' ? args.positional.slice(1) : second?.is === 'list' ? second.items : [];
  return machine.call(target, { positional, named: args.named }, node);
}
