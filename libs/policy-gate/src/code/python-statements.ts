import type { SyntaxNode } from '@lezer/common';

import type { CodeValue, FunctionValue } from './code-value.ts';
import { NOTHING, either, exactText, list, name, plus, taintOf, unknown } from './code-value.ts';
import type { Machine } from './machine.ts';
import { itemsOf } from './machine.ts';
import { Scope } from './scope.ts';
import { children, firstOf } from './tree.ts';

/** Items of a literal that a loop runs for. */
const MAX_ROUNDS = 32;

const SCOPED = new Set(['Script', 'Body', 'StatementGroup']);

export function run(node: SyntaxNode, machine: Machine): void {
  switch (node.name) {
    case 'Script':
    case 'Body':
    case 'StatementGroup':
      for (const child of children(node)) if (!SKIPPED.has(child.name)) machine.run(child);
      return;
    case 'ImportStatement':
      importNames(node, machine);
      return;
    case 'AssignStatement':
      assign(node, machine);
      return;
    case 'UpdateStatement':
      update(node, machine);
      return;
    case 'FunctionDefinition': {
      const identifier = firstOf(node, 'VariableName');
      const value = functionOf(node, machine);
      if (identifier !== undefined) machine.scope.assign(machine.slice(identifier), value);
      return;
    }
    case 'ClassDefinition':
      classBody(node, machine);
      return;
    case 'ReturnStatement': {
      const value = children(node).find(({ name: kind }) => kind !== 'return');
      const returned = value === undefined ? NOTHING : machine.evaluate(value);
      machine.returned =
        machine.returned === NOTHING ? returned : either(machine.returned, returned);
      return;
    }
    case 'ForStatement':
      loop(node, machine);
      return;
    case 'WhileStatement': {
      const condition = children(node).find(({ name: kind }) => kind !== 'while');
      const endless = condition !== undefined && /^(?:True|1)$/.test(machine.slice(condition));
      machine.endless += endless ? 1 : 0;
      runParts(node, machine);
      machine.endless -= endless ? 1 : 0;
      return;
    }
    case 'WithStatement':
      withItems(node, machine);
      return;
    case 'DeleteStatement':
    case 'ScopeStatement':
    case 'PassStatement':
      return;
    case 'IfStatement':
    case 'TryStatement':
    case 'MatchStatement':
    case 'MatchBody':
    case 'MatchClause':
    case 'DecoratedStatement':
    case 'ExpressionStatement':
      runParts(node, machine);
      return;
    default:
      machine.evaluate(node);
  }
}

const SKIPPED = new Set(['Comment', ':', ';', '(', ')', ',', '⚠']);

/** Bodies run, expressions are evaluated, keywords are passed over. */
function runParts(node: SyntaxNode, machine: Machine): void {
  for (const child of children(node)) {
    if (SCOPED.has(child.name) || child.name.endsWith('Definition')) machine.run(child);
    else if (child.name.endsWith('Statement') || child.name.startsWith('Match')) machine.run(child);
    else if (child.firstChild !== null || isAtom(child)) machine.evaluate(child);
  }
}

function isAtom({ name: kind }: SyntaxNode): boolean {
  return kind === 'VariableName' || kind === 'String' || kind === 'Number';
}

function importNames(node: SyntaxNode, machine: Machine): void {
  const pieces = children(node);
  const isFrom = pieces[0]?.name === 'from';
  let module = '';
  let index = 1;
  if (isFrom) {
    for (; index < pieces.length && pieces[index]?.name !== 'import'; index += 1) {
      const piece = pieces[index];
      if (piece !== undefined) module += machine.slice(piece);
    }
    index += 1;
    machine.modules.add(module.split('.', 1)[0] ?? '');
  }
  let path = '';
  let alias = '';
  const bind = (): void => {
    if (path === '') return;
    const full = isFrom ? `${module}.${path}` : path;
    const first = path.split('.', 1)[0] ?? '';
    if (!isFrom) machine.modules.add(first);
    // `import a.b` binds a; `import a.b as c` binds c to a.b.
    const target = alias === '' && !isFrom ? first : full;
    machine.scope.assign(alias === '' ? first : alias, name(machine.language.canonical(target)));
    path = '';
    alias = '';
  };
  for (; index < pieces.length; index += 1) {
    const piece = pieces[index];
    if (piece === undefined) break;
    if (piece.name === ',') bind();
    else if (piece.name === '*') machine.scope.starModules.push(module);
    else if (piece.name === 'as') {
      index += 1;
      const next = pieces[index];
      alias = next === undefined ? '' : machine.slice(next);
    } else if (piece.name === 'VariableName' || piece.name === '.') path += machine.slice(piece);
  }
  bind();
}

function assign(node: SyntaxNode, machine: Machine): void {
  // `a = b = value`, `a, b = x, y`, `a: int = 1`: sides between the signs.
  const sides: SyntaxNode[][] = [[]];
  for (const child of children(node)) {
    if (child.name === 'AssignOp') sides.push([]);
    else if (child.name !== 'TypeDef') sides.at(-1)?.push(child);
  }
  const right = (sides.pop() ?? []).filter(({ name: kind }) => kind !== ',');
  const values = right.map((value) => machine.evaluate(value));
  for (const side of sides) {
    const targets = side.filter(({ name: kind }) => kind !== ',');
    const [only] = targets;
    if (targets.length === 1 && only !== undefined) {
      bindTarget(only, values.length === 1 ? (values[0] ?? NOTHING) : list(values), machine);
      continue;
    }
    const [first] = values;
    const items = values.length === 1 && first?.is === 'list' ? first.items : values;
    for (const [index, target] of targets.entries()) {
      const spread = values.length === 1 && first?.is !== 'list';
      bindTarget(target, spread ? unknown(taintOf(first)) : (items[index] ?? NOTHING), machine);
    }
  }
}

export function bindTarget(target: SyntaxNode, value: CodeValue, machine: Machine): void {
  if (target.name === 'VariableName') {
    machine.scope.assign(machine.slice(target), value);
    return;
  }
  if (target.name === 'TupleExpression' || target.name === 'ArrayExpression') {
    const parts = children(target).filter(({ name: kind }) => !/^[(),[\]]$/.test(kind));
    for (const [index, part] of parts.entries()) {
      const item = value.is === 'list' ? value.items[index] : unknown(taintOf(value));
      bindTarget(part, item ?? NOTHING, machine);
    }
    return;
  }
  if (target.name !== 'MemberExpression') return;
  // `record['key'] = value`, `self.path = value`.
  const [object] = children(target);
  if (object === undefined) return;
  const holder = machine.evaluate(object);
  const key = memberKey(target, machine);
  if (holder.is === 'record' && key !== undefined) holder.fields.set(key, value);
  else if (machine.slice(object) === 'self' && key !== undefined) {
    machine.scope.assign(`self.${key}`, value);
  }
}

function memberKey(node: SyntaxNode, machine: Machine): string | undefined {
  const property = firstOf(node, 'PropertyName');
  if (property !== undefined) return machine.slice(property);
  const [, , key] = children(node);
  return key === undefined ? undefined : exactText(machine.evaluate(key));
}

function update(node: SyntaxNode, machine: Machine): void {
  const [target, sign, value] = children(node);
  if (target === undefined || value === undefined || sign === undefined) return;
  const added = machine.evaluate(value);
  if (target.name !== 'VariableName') return;
  const identifier = machine.slice(target);
  const before = machine.lookup(identifier);
  const joined = machine.slice(sign) === '+=' ? plus(before, added) : unknown(taintOf(added));
  machine.scope.assign(identifier, joined);
}

function functionOf(node: SyntaxNode, machine: Machine): CodeValue {
  const body = firstOf(node, 'Body');
  if (body === undefined) return NOTHING;
  const value: FunctionValue = {
    is: 'function',
    parameters: parametersOf(node, machine),
    body,
    returns: false,
    scope: machine.scope,
  };
  return machine.define(value);
}

export function parametersOf(node: SyntaxNode, machine: Machine): FunctionValue['parameters'] {
  const parameters: { name: string; fallback: SyntaxNode | undefined }[] = [];
  const list = firstOf(node, 'ParamList');
  const pieces = list === undefined ? [] : children(list);
  for (const [index, piece] of pieces.entries()) {
    if (piece.name !== 'VariableName' || pieces[index - 1]?.name === 'AssignOp') continue;
    const after = pieces[index + 1]?.name === 'TypeDef' ? index + 2 : index + 1;
    const fallback = pieces[after]?.name === 'AssignOp' ? pieces[after + 1] : undefined;
    parameters.push({ name: machine.slice(piece), fallback });
  }
  return parameters;
}

function classBody(node: SyntaxNode, machine: Machine): void {
  const outer = machine.scope;
  machine.scope = new Scope(outer);
  const body = firstOf(node, 'Body');
  if (body !== undefined) machine.run(body);
  machine.scope = outer;
}

function loop(node: SyntaxNode, machine: Machine): void {
  const pieces = children(node);
  const at = pieces.findIndex(({ name: kind }) => kind === 'in');
  const targets = pieces.slice(1, at).filter(({ name: kind }) => kind !== ',' && kind !== 'for');
  const source = pieces[at + 1];
  const over = source === undefined ? NOTHING : machine.evaluate(source);
  const bodies = pieces.filter(({ name: kind }) => kind === 'Body');
  const items = itemsOf(over, MAX_ROUNDS);
  if (over.is === 'list' && over.items.length > MAX_ROUNDS) machine.shell.limits.add('code');
  for (const item of items) {
    bindTargets(targets, item, machine);
    for (const body of bodies) machine.run(body);
  }
}

function withItems(node: SyntaxNode, machine: Machine): void {
  let value: CodeValue = NOTHING;
  let bindNext = false;
  for (const child of children(node)) {
    if (child.name === 'Body') machine.run(child);
    else if (child.name === 'as') bindNext = true;
    else if (bindNext) {
      bindTarget(child, value, machine);
      bindNext = false;
    } else if (child.firstChild !== null) value = machine.evaluate(child);
  }
}

/** One name takes the whole, several take its parts. */
export function bindTargets(
  targets: readonly SyntaxNode[],
  item: CodeValue,
  machine: Machine,
): void {
  for (const [index, target] of targets.entries()) {
    const part =
      targets.length === 1
        ? item
        : item.is === 'list'
          ? (item.items[index] ?? NOTHING)
          : unknown(taintOf(item));
    if (target.name === 'VariableName') machine.scope.declare(machine.slice(target), part);
    else bindTarget(target, part, machine);
  }
}
