import type { ActingAgent, ActingPrincipal, ActionContext } from '../actions.ts';

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
  'body',
  'content',
  'environment',
  'tool',
] as const;

/** Text no analysis needs more of; the analysers have tighter bounds of their own. */
const MAX_LIST = 10_000;

/** What was observed, for looking up. */
export interface CheckedObservation {
  projectRoot: string | undefined;
  links: ReadonlyMap<string, string>;
  environment: ReadonlyMap<string, string>;
}

/** A context whose fields have the types they should have; every field was read once. */
export interface CheckedContext extends Omit<
  ActionContext,
  'arguments' | 'principal' | 'agent' | 'observe'
> {
  principal: ActingPrincipal;
  agent: ActingAgent;
  observe?: CheckedObservation;
}

export type ReadContext = { ok: true; context: CheckedContext } | { ok: false; field: string };

/** Carries the name of the field that has the wrong type. */
class WrongField extends Error {
  readonly field: string;

  constructor(field: string) {
    super(field);
    this.field = field;
  }
}

const NOBODY = Object.freeze({});

/**
 * Takes the known fields of whatever was handed in, own properties only, reading each once. A field
 * of the wrong type makes the whole context invalid: guessing would be letting something through.
 */
export function readContext(value: unknown): ReadContext {
  if (value === undefined) return { ok: true, context: { principal: NOBODY, agent: NOBODY } };
  try {
    return { ok: true, context: read(value) };
  } catch (error) {
    if (error instanceof WrongField) return { ok: false, field: error.field };
    throw error;
  }
}

function read(value: unknown): CheckedContext {
  const given = object(value, 'context');
  const context: CheckedContext = { principal: NOBODY, agent: NOBODY };
  for (const name of TEXTS) {
    const text = optionalText(own(given, name), name);
    if (text !== undefined) context[name] = text;
  }
  const allowlist = texts(own(given, 'allowlist'), 'allowlist');
  if (allowlist !== undefined) context.allowlist = allowlist;
  const paths = texts(own(given, 'paths'), 'paths');
  if (paths !== undefined) context.paths = paths;
  const recursive = own(given, 'recursive');
  if (recursive !== undefined) {
    if (typeof recursive !== 'boolean') throw new WrongField('recursive');
    context.recursive = recursive;
  }
  const args = own(given, 'args') ?? own(given, 'arguments');
  if (args !== undefined) context.args = args;
  const principal = own(given, 'principal');
  if (principal !== undefined) context.principal = readPrincipal(principal);
  const agent = own(given, 'agent');
  if (agent !== undefined) context.agent = readAgent(agent);
  const observe = own(given, 'observe');
  if (observe !== undefined) context.observe = readObservation(observe);
  return context;
}

function readPrincipal(value: unknown): ActingPrincipal {
  if (typeof value === 'string') return { user_id: value };
  const given = object(value, 'principal');
  return {
    tenant_id: optionalText(own(given, 'tenant_id'), 'principal.tenant_id'),
    user_id: optionalText(own(given, 'user_id'), 'principal.user_id'),
    roles: texts(own(given, 'roles'), 'principal.roles'),
  };
}

function readAgent(value: unknown): ActingAgent {
  if (typeof value === 'string') return { name: value };
  const given = object(value, 'agent');
  return {
    name: optionalText(own(given, 'name'), 'agent.name'),
    tier: optionalText(own(given, 'tier'), 'agent.tier'),
  };
}

function readObservation(value: unknown): CheckedObservation {
  const given = object(value, 'observe');
  const links = record(own(given, 'links'), 'observe.links');
  for (const [link, target] of links) {
    if (!link.startsWith('/') || !target.startsWith('/')) throw new WrongField('observe.links');
  }
  return {
    projectRoot: optionalText(own(given, 'project_root'), 'observe.project_root'),
    links,
    environment: record(own(given, 'environment'), 'observe.environment'),
  };
}

function object(value: unknown, field: string): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new WrongField(field);
  }
  return value;
}

function optionalText(value: unknown, field: string): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw new WrongField(field);
  return value;
}

function texts(value: unknown, field: string): string[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value) || value.length > MAX_LIST) throw new WrongField(field);
  const items: string[] = [];
  for (const item of value as unknown[]) {
    if (typeof item !== 'string') throw new WrongField(field);
    items.push(item);
  }
  return items;
}

function record(value: unknown, field: string): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  const entries = Object.entries(object(value, field));
  if (entries.length > MAX_LIST) throw new WrongField(field);
  const result = new Map<string, string>();
  for (const [name, text] of entries as [string, unknown][]) {
    if (typeof text !== 'string') throw new WrongField(field);
    result.set(name, text);
  }
  return result;
}

function own(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}
