import type { Span } from '../effects/effect.ts';
import type { Value } from '../shell/value.ts';
import { Taint, UNKNOWN, isExact } from '../shell/value.ts';
import type { Arguments, CodeValue } from './code-value.ts';
import { taintOf, text, textOf } from './code-value.ts';
import type { Machine } from './machine.ts';

/** Keywords that hold the main argument, by what a function does. */
const NAMED = [
  'args',
  'cmd',
  'command',
  'path',
  'file',
  'filename',
  'url',
  'src',
  'query',
  'sql',
  'source',
];
/** One call of a library function, with everything its judgement looks at. */
export interface Site {
  machine: Machine;
  args: Arguments;
  span: Span;
  path: string;
  receiver: CodeValue | undefined;
  /** What the innermost call in the name was given: the path of an opened file. */
  given: readonly CodeValue[];
}

export function main(site: Site, at = 0): CodeValue | undefined {
  const { positional, named } = site.args;
  if (positional[at] !== undefined) return positional[at];
  for (const keyword of NAMED) if (named.has(keyword)) return named.get(keyword);
  return undefined;
}

export function word(value: CodeValue, span: Span): Value {
  return { text: textOf(value), taint: taintOf(value) & ~Taint.secretVariable, ...span };
}

export function fromStream({ text: output, taint }: { text: string; taint: number }): CodeValue {
  return text(isExact(output) ? output : UNKNOWN, taint);
}

/** A field of an options object, or a keyword. */
export function option({ args }: Site, key: string): CodeValue | undefined {
  const named = args.named.get(key);
  if (named !== undefined) return named;
  for (const value of args.positional) {
    if (value.is === 'record' && value.fields.has(key)) return value.fields.get(key);
  }
  return undefined;
}
