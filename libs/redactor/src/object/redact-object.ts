import {
  addressOf,
  builtInOf,
  bytesOf,
  entriesOf,
  errorClassOf,
  headersOf,
  membersOf,
  parametersOf,
  patternOf,
  primitiveOf,
  timeOf,
} from './built-in.ts';
import { isLabelled, labelKeysOf, namesOf } from './field-names.ts';

/** Depth of nesting that is walked; what lies deeper is masked. */
const LONGEST_PATH = 12;
/** Objects that are walked in all; what comes after is masked. */
const MOST_OBJECTS = 20_000;
/** Values, elements and names of properties that are walked in all; what comes after is masked. */
const MOST_VALUES = 100_000;
/** What a value counts for more with each name under which it is judged: so much longer that takes. */
const COST_OF_NAME = 10;
/** Places of an array, with an element or without one, that count for a value: they take time too. */
const PLACES = 64;
/** UTF-16 units of text, names of properties among it, that are read in all; a text that does not fit is masked. */
const MOST_TEXT = 4_000_000;
/** Beyond 5000 digits a number is not printed: that takes time. A key of RSA with 16384 bits has 4932. */
const LARGEST_NUMBER = 10n ** 5000n;

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const ENCODER = new TextEncoder();

/** How texts are redacted: by themselves, and where their field has names that may be those of a secret. */
export interface ObjectRedaction {
  readonly redactText: (text: string) => string;
  readonly redactUnderNames: (names: readonly string[], text: string) => string;
}

/** The name of a property as it is written, and what its value is judged by. */
interface Field {
  readonly shown: string;
  readonly names: readonly string[];
}

interface Walk {
  readonly redaction: ObjectRedaction;
  /** Copies by their original and by the names under which it was walked. */
  readonly copies: WeakMap<object, Map<string, unknown>>;
  readonly fields: Map<string, Field>;
  objects: number;
  values: number;
  text: number;
}

const TOO_MUCH = '[REDACTED:too_large]';
const UNREADABLE = '[REDACTED:unreadable]';
const NO_NAMES: readonly string[] = [];

/** Methods that JSON.stringify, a logger or `await` call: they would show the original, or nothing. */
const CALLED_UNASKED = new Set(['toJSON', 'toString', 'toLocaleString', 'valueOf', 'then']);

/**
 * A redacted copy of a value. The input is not changed. Cycles stay cycles; what throws when read, lies too deep, or
 * comes after the limits is masked. Class instances become plain objects with their own enumerable properties; Errors
 * stay Errors of their built-in class; Maps, Sets, Dates, regular expressions, URLs and bytes become new ones, without
 * what was added to them; functions become empty ones. Nothing of the original can be reached from the copy.
 */
export function redactObject(value: unknown, redaction: ObjectRedaction): unknown {
  const state: Walk = {
    redaction,
    copies: new WeakMap(),
    fields: new Map(),
    objects: 0,
    values: 0,
    text: 0,
  };
  try {
    return walk(value, NO_NAMES, 0, state);
  } catch {
    return UNREADABLE;
  }
}

function walk(value: unknown, names: readonly string[], depth: number, state: Walk): unknown {
  if (++state.values > MOST_VALUES) return TOO_MUCH;
  if (typeof value === 'string') return walkText(value, names, state);
  if (typeof value === 'number' || typeof value === 'bigint')
    return walkNumber(value, names, state);
  if (typeof value === 'symbol') return walkSymbol(value, names, state);
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
  const known = state.copies.get(value)?.get(names.join('\n'));
  if (known !== undefined) return known;
  if (depth >= LONGEST_PATH || ++state.objects > MOST_OBJECTS) return TOO_MUCH;
  try {
    return remember(value, names, walkObject(value, names, depth + 1, state), state);
  } catch {
    return UNREADABLE;
  }
}

/** Notes the copy of an object; what holds others does so before it walks them, so that cycles end. */
function remember<T>(value: object, names: readonly string[], copy: T, state: Walk): T {
  const copies = state.copies.get(value) ?? new Map<string, unknown>();
  state.copies.set(value, copies.set(names.join('\n'), copy));
  return copy;
}

function isSpent(state: Walk): boolean {
  return state.values >= MOST_VALUES || state.objects > MOST_OBJECTS;
}

function walkText(text: string, names: readonly string[], state: Walk): string {
  if (state.text + text.length > MOST_TEXT) return TOO_MUCH;
  state.text += text.length;
  if (names.length === 0) return state.redaction.redactText(text);
  state.values += names.length * COST_OF_NAME;
  return state.redaction.redactUnderNames(names, text);
}

/** A number may be a PIN, or a password of digits. */
function walkNumber(value: number | bigint, names: readonly string[], state: Walk): unknown {
  if (typeof value === 'bigint' && (value > LARGEST_NUMBER || value < -LARGEST_NUMBER))
    return TOO_MUCH;
  const text = String(value);
  const redacted = walkText(text, names, state);
  return redacted === text ? value : redacted;
}

function walkSymbol(value: symbol, names: readonly string[], state: Walk): symbol {
  if (value.description === undefined) return value;
  const redacted = walkText(value.description, names, state);
  return redacted === value.description ? value : Symbol(redacted);
}

function walkObject(value: object, names: readonly string[], depth: number, state: Walk): unknown {
  if (typeof value === 'function') return walkFunction(value, state);
  if (Array.isArray(value)) return walkArray(value, names, depth, state);
  const builtIn = builtInOf(value);
  switch (builtIn) {
    case 'Object':
      return walkProperties(value, {}, names, depth, state);
    case 'Error':
      return walkError(value, names, depth, state);
    case 'Map':
      return walkMap(value, names, depth, state);
    case 'Set':
      return walkSet(value, names, depth, state);
    case 'Headers':
      return walkPairs(headersOf(value), depth, state);
    case 'URLSearchParams':
      return walkPairs(parametersOf(value), depth, state);
    case 'Date':
      return new Date(timeOf(value));
    case 'RegExp':
      return walkPattern(value, names, state);
    case 'URL':
      return walkAddress(value, names, state);
    case 'Bytes':
      return walkBytes(value, names, state);
    case 'Opaque':
      return UNREADABLE;
    default:
      return walk(primitiveOf(value, builtIn), names, depth, state);
  }
}

/** A function that does nothing, under the same name: the original may return what it has closed over. */
function walkFunction(value: object, state: Walk): unknown {
  const copy = (): undefined => undefined;
  const name = read(value, 'name');
  define(copy, 'name', typeof name === 'string' ? walkText(name, NO_NAMES, state) : '', false);
  return copy;
}

function walkArray(
  value: readonly unknown[],
  names: readonly string[],
  depth: number,
  state: Walk,
): unknown[] {
  const copy = remember<unknown[]>(value, names, [], state);
  for (const index of indicesOf(value, state)) {
    if (isSpent(state)) {
      copy.push(TOO_MUCH);
      return copy;
    }
    copy[index] = walk(read(value, String(index)), names, depth, state);
  }
  copy.length = value.length;
  return copy;
}

/** The indices that have an element; of an array beyond the bounds all, because a list of them would be long too. */
function* indicesOf(value: readonly unknown[], state: Walk): Generator<number> {
  if (value.length > MOST_VALUES) {
    for (let index = 0; index < value.length; index++) yield index;
    return;
  }
  state.values += Math.floor(value.length / PLACES);
  for (const name of Object.keys(value)) {
    const index = Number(name);
    // Properties that are no indices come last.
    if (String(index) !== name || !(index < value.length)) return;
    yield index;
  }
}

function walkMap(value: object, names: readonly string[], depth: number, state: Walk): unknown {
  const copy = remember(value, names, new Map<unknown, unknown>(), state);
  for (const [name, item] of entriesOf(value)) {
    if (isSpent(state)) {
      copy.set('…', TOO_MUCH);
      break;
    }
    if (typeof name === 'string') {
      const field = fieldOf(name, state);
      copy.set(field.shown, walkField(field, item, depth, state));
    } else {
      copy.set(walk(name, NO_NAMES, depth, state), walk(item, names, depth, state));
    }
  }
  return copy;
}

function walkSet(value: object, names: readonly string[], depth: number, state: Walk): unknown {
  const copy = remember(value, names, new Set<unknown>(), state);
  for (const item of membersOf(value)) {
    if (isSpent(state)) {
      copy.add(TOO_MUCH);
      break;
    }
    copy.add(walk(item, names, depth, state));
  }
  return copy;
}

/** Headers and query parameters; of a name that stands twice the last value stays. */
function walkPairs(pairs: Iterable<[string, string]>, depth: number, state: Walk): object {
  const copy = {};
  for (const [name, item] of pairs) {
    if (isSpent(state)) {
      define(copy, '…', TOO_MUCH, true);
      break;
    }
    const field = fieldOf(name, state);
    define(copy, field.shown, walkField(field, item, depth, state), true);
  }
  return copy;
}

/** A pattern in which something was masked is none any more: its text is shown. */
function walkPattern(value: object, names: readonly string[], state: Walk): RegExp | string {
  const { source, flags } = patternOf(value);
  const redacted = walkText(source, names, state);
  return redacted === source ? new RegExp(source, flags) : `/${redacted}/${flags}`;
}

function walkAddress(value: object, names: readonly string[], state: Walk): URL | string {
  const redacted = walkText(addressOf(value), names, state);
  return URL.canParse(redacted) ? new URL(redacted) : redacted;
}

/** Text in bytes is redacted as text; bytes that are not UTF-8 cannot be judged and are masked. */
function walkBytes(value: object, names: readonly string[], state: Walk): Uint8Array | string {
  const bytes = bytesOf(value, MOST_TEXT - state.text);
  if (bytes === undefined) return TOO_MUCH;
  let text: string;
  try {
    text = DECODER.decode(bytes);
  } catch {
    state.text += bytes.length;
    return '[REDACTED:binary]';
  }
  const redacted = ENCODER.encode(walkText(text, names, state));
  const bufferClass = (
    globalThis as {
      Buffer?: { isBuffer(value: unknown): boolean; from(bytes: Uint8Array): Uint8Array };
    }
  ).Buffer;
  return bufferClass?.isBuffer(value) === true ? bufferClass.from(redacted) : redacted;
}

/**
 * An Error of the built-in class: methods and accessors of its own class may need private fields that a copy does not
 * have, and would throw where it is printed.
 */
function walkError(error: object, names: readonly string[], depth: number, state: Walk): object {
  const prototype = errorClassOf(error, read(error, 'name')).prototype;
  const copy = remember(error, names, Object.create(prototype) as Error, state);
  for (const name of ['name', 'message', 'stack'] as const) {
    const text = name in error ? read(error, name) : undefined;
    if (text === undefined || text === copy[name]) continue;
    // Printing an error makes texts of them.
    const shown = typeof text === 'string' ? walkText(text, NO_NAMES, state) : UNREADABLE;
    define(copy, name, shown, false);
  }
  for (const name of ['cause', 'errors'])
    if (name in error) define(copy, name, walk(read(error, name), NO_NAMES, depth, state), false);
  return walkProperties(error, copy, names, depth, state);
}

function walkProperties(
  value: object,
  copy: object,
  names: readonly string[],
  depth: number,
  state: Walk,
): object {
  remember(value, names, copy, state);
  for (const name of Object.keys(value)) {
    if (isSpent(state)) {
      define(copy, '…', TOO_MUCH, true);
      break;
    }
    if (Object.hasOwn(copy, name)) continue;
    const item = read(value, name);
    if (typeof item === 'function' && CALLED_UNASKED.has(name)) continue;
    const field = fieldOf(name, state);
    const named = isLabelled(name) ? { ...field, names: labelsOf(value, names, state) } : field;
    define(copy, field.shown, walkField(named, item, depth, state), true);
  }
  return copy;
}

/** The value of a property; that of a name that was too long to be read is masked. */
function walkField(field: Field, value: unknown, depth: number, state: Walk): unknown {
  return field.shown === TOO_MUCH ? TOO_MUCH : walk(value, field.names, depth, state);
}

/** A name is judged as it is shown: a copy that is redacted again stays as it is. */
function fieldOf(key: string, state: Walk): Field {
  const known = state.fields.get(key);
  if (known !== undefined) return known;
  state.values++;
  const shown = walkText(key, NO_NAMES, state);
  const field = { shown, names: namesOf(shown) };
  state.fields.set(key, field);
  return field;
}

/** What the fields beside a `value` call it, and the field that holds them: `{ password: { value: 'x' } }`. */
function labelsOf(value: object, names: readonly string[], state: Walk): readonly string[] {
  const labels = labelKeysOf(value)
    .map((key) => read(value, key))
    .filter((label) => typeof label === 'string');
  return [...new Set([...labels.flatMap((label) => fieldOf(label, state).names), ...names])];
}

function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return UNREADABLE;
  }
}

/** Defines, so that a key such as `__proto__` is data. */
function define(target: object, name: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(target, name, { value, enumerable, writable: true, configurable: true });
}
