import type { ActionContext } from '../actions.ts';

const TEXTS = [
  'command',
  'cwd',
  'home',
  'code',
  'language',
  'sql',
  'dialect',
  'url',
  'method',
  'content',
  'environment',
  'tool',
] as const;
const LISTS = ['allowlist', 'paths'] as const;

/** Text no analysis needs more of; the analysers have tighter bounds of their own. */
const MAX_LIST = 10_000;

export type ReadContext = { ok: true; context: ActionContext } | { ok: false; field: string };

/**
 * Takes the known fields of whatever was handed in, own properties only, reading each once. A field
 * of the wrong type makes the whole context invalid: guessing would be letting something through.
 */
export function readContext(value: unknown): ReadContext {
  if (value === undefined) return { ok: true, context: {} };
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { ok: false, field: 'context' };
  const context: ActionContext = {};
  for (const name of TEXTS) {
    const field = own(value, name);
    if (field === undefined) continue;
    if (typeof field !== 'string') return { ok: false, field: name };
    context[name] = field;
  }
  for (const name of LISTS) {
    const field = own(value, name);
    if (field === undefined) continue;
    if (!Array.isArray(field) || field.length > MAX_LIST) return { ok: false, field: name };
    const items: string[] = [];
    for (const item of field as unknown[]) {
      if (typeof item !== 'string') return { ok: false, field: name };
      items.push(item);
    }
    context[name] = items;
  }
  const recursive = own(value, 'recursive');
  if (recursive !== undefined) {
    if (typeof recursive !== 'boolean') return { ok: false, field: 'recursive' };
    context.recursive = recursive;
  }
  context.arguments = own(value, 'arguments');
  return { ok: true, context };
}

function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
