import type { SyntaxNode } from '@lezer/common';

import { UNKNOWN, isExact } from '../shell/value.ts';
import type { Scope } from './scope.ts';

/**
 * What an expression of a program may be. Texts keep what is not known as markers inside them, the
 * way shell words do (see ../shell/value.ts).
 */
export type CodeValue =
  TextValue | ListValue | RecordValue | NameValue | MethodValue | FunctionValue | UnknownValue;

export interface TextValue {
  is: 'text';
  text: string;
  taint: number;
  /** A number or a truth value, which `+` does not join. */
  constant?: boolean;
}

export interface ListValue {
  is: 'list';
  items: CodeValue[];
}

export interface RecordValue {
  is: 'record';
  fields: Map<string, CodeValue>;
}

/** Something a library offers, by its full name; `f()` is what a call of `f` returned. */
export interface NameValue {
  is: 'name';
  path: string;
  /** What the innermost call in the path was given. */
  args: readonly CodeValue[];
  taint: number;
}

/** A member of a value that is no library's. */
export interface MethodValue {
  is: 'method';
  receiver: CodeValue;
  name: string;
}

export interface FunctionValue {
  is: 'function';
  parameters: readonly { name: string; fallback: SyntaxNode | undefined }[];
  body: SyntaxNode;
  /** Whether the body is an expression, whose value is returned. */
  returns: boolean;
  scope: Scope;
}

export interface UnknownValue {
  is: 'unknown';
  taint: number;
}

/** The arguments of one call. */
export interface Arguments {
  positional: CodeValue[];
  named: Map<string, CodeValue>;
}

export const NOTHING: UnknownValue = Object.freeze({ is: 'unknown', taint: 0 });

export function unknown(taint: number): CodeValue {
  return taint === 0 ? NOTHING : { is: 'unknown', taint };
}

export function text(value: string, taint = 0): TextValue {
  return { is: 'text', text: value, taint };
}

export function constant(value: string): TextValue {
  return { is: 'text', text: value, taint: 0, constant: true };
}

export function list(items: CodeValue[]): ListValue {
  return { is: 'list', items };
}

export function name(path: string, args: readonly CodeValue[] = [], taint = 0): NameValue {
  return { is: 'name', path: path.length > 400 ? `?${path.slice(-200)}` : path, args, taint };
}

/** Where any part of a value came from. */
export function taintOf(value: CodeValue | undefined, depth = 0): number {
  if (value === undefined || depth > 8) return 0;
  switch (value.is) {
    case 'text':
    case 'unknown':
    case 'name':
      return value.taint;
    case 'list':
      return value.items.reduce((sum, item) => sum | taintOf(item, depth + 1), 0);
    case 'record': {
      let taint = 0;
      for (const item of value.fields.values()) taint |= taintOf(item, depth + 1);
      return taint;
    }
    case 'method':
      return taintOf(value.receiver, depth + 1);
    case 'function':
      return 0;
  }
}

/** The text of a value, `UNKNOWN` where it is none. */
export function textOf(value: CodeValue | undefined): string {
  return value?.is === 'text' ? value.text : UNKNOWN;
}

/** The text of a value where every character is known. */
export function exactText(value: CodeValue | undefined): string | undefined {
  return value?.is === 'text' && isExact(value.text) ? value.text : undefined;
}

export function isTrue(value: CodeValue | undefined): boolean {
  return value?.is === 'text' && value.constant === true && value.text === 'true';
}

/** Joins two values the way `+` does. */
export function plus(left: CodeValue, right: CodeValue): CodeValue {
  if (left.is === 'list' && right.is === 'list') return list([...left.items, ...right.items]);
  if (left.is === 'list') return list([...left.items, right]);
  const taint = taintOf(left) | taintOf(right);
  if (left.is !== 'text' && right.is !== 'text') return unknown(taint);
  if (left.is === 'text' && right.is === 'text' && left.constant && right.constant) {
    return constant(UNKNOWN);
  }
  const joined = textOf(left) + textOf(right);
  return joined.length > 65_536 ? unknown(taint) : text(joined, taint);
}

/** Either of two values: known only where both agree. */
export function either(left: CodeValue, right: CodeValue): CodeValue {
  if (left.is === 'text' && right.is === 'text' && left.text === right.text) return left;
  if (left === NOTHING) return right;
  if (right === NOTHING) return left;
  return left.is === 'name' && right.is !== 'name' ? left : right;
}
