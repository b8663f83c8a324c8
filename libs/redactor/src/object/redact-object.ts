/** Depth of nesting that is walked; what lies deeper is masked. */
const LONGEST_PATH = 12;
/** Values that are walked in all; what comes after is masked. */
const MOST_VALUES = 20_000;
/** UTF-16 units of text that are read in all; what comes after is masked. */
const MOST_TEXT = 4_000_000;

const DECODER = new TextDecoder('utf-8', { fatal: false });
const ENCODER = new TextEncoder();

/** Names of keys whose string is a secret whatever it looks like are judged as `name: "value"` by the engine. */
export interface ObjectRedaction {
  readonly redactText: (text: string) => string;
  /** The mask for a string under a key, or undefined when the key says nothing. */
  readonly redactUnderKey: (key: string, value: string) => string;
}

interface Walk {
  readonly redaction: ObjectRedaction;
  readonly copies: WeakMap<object, unknown>;
  values: number;
  text: number;
}

const TOO_MUCH = '[REDACTED:too_large]';
const UNREADABLE = '[REDACTED:unreadable]';

/**
 * A redacted copy of a value. The input is not changed. Cycles stay cycles; what throws when read, lies too deep, or
 * comes after the limits is masked. Class instances become plain objects with their own enumerable properties;
 * Errors stay Errors; Dates, regular expressions, URLs and numbers stay.
 */
export function redactObject(value: unknown, redaction: ObjectRedaction): unknown {
  try {
    return walk(value, '', 0, { redaction, copies: new WeakMap(), values: 0, text: 0 });
  } catch {
    return UNREADABLE;
  }
}

function walk(value: unknown, key: string, depth: number, state: Walk): unknown {
  if (typeof value === 'string') return walkText(value, key, state);
  if (typeof value === 'symbol' || typeof value === 'function') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return walkNumber(value, key, state);
  if (typeof value !== 'object' || value === null) return value;
  const known = state.copies.get(value);
  if (known !== undefined) return known;
  if (depth >= LONGEST_PATH || ++state.values > MOST_VALUES) return TOO_MUCH;
  try {
    return walkObject(value, key, depth + 1, state);
  } catch {
    return UNREADABLE;
  }
}

/** A number under the name of a secret: a PIN, a password of digits. */
function walkNumber(value: number | bigint, key: string, state: Walk): unknown {
  if (key === '') return value;
  const text = String(value);
  const redacted = walkText(text, key, state);
  return redacted === text ? value : redacted;
}

function walkText(text: string, key: string, state: Walk): string {
  state.text += text.length;
  if (state.text > MOST_TEXT) return TOO_MUCH;
  return key === '' ? state.redaction.redactText(text) : state.redaction.redactUnderKey(key, text);
}

function walkObject(value: object, key: string, depth: number, state: Walk): unknown {
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    state.copies.set(value, copy);
    const length = Math.min(value.length, MOST_VALUES);
    for (let index = 0; index < length && state.values <= MOST_VALUES; index++) {
      copy.push(walk(read(value, String(index)), key, depth, state));
    }
    if (copy.length < value.length) copy.push(TOO_MUCH);
    return copy;
  }
  if (value instanceof Date || value instanceof RegExp) return value;
  if (value instanceof URL) return new URL(state.redaction.redactText(value.href));
  if (value instanceof Uint8Array) return walkBytes(value, key, state);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return UNREADABLE;
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    state.copies.set(value, copy);
    for (const [name, item] of value as Map<unknown, unknown>) {
      if (state.values > MOST_VALUES) break;
      copy.set(
        walk(name, '', depth, state),
        walk(item, typeof name === 'string' ? name : '', depth, state),
      );
    }
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    state.copies.set(value, copy);
    for (const item of value as Set<unknown>) {
      if (state.values > MOST_VALUES) break;
      copy.add(walk(item, key, depth, state));
    }
    return copy;
  }
  if (value instanceof Headers || value instanceof URLSearchParams)
    return walk(Object.fromEntries(value), key, depth, state);
  if (value instanceof Error) return walkError(value, depth, state);
  return walkProperties(value, {}, depth, state);
}

/** Text in bytes is redacted as text; bytes that are not UTF-8 cannot be judged and are masked. */
function walkBytes(bytes: Uint8Array, key: string, state: Walk): unknown {
  if (bytes.length > MOST_TEXT) return TOO_MUCH;
  const text = DECODER.decode(bytes);
  if (text.includes('\ufffd')) return '[REDACTED:binary]';
  const redacted = walkText(text, key, state);
  if (redacted === text) return bytes;
  const encoded = ENCODER.encode(redacted);
  const bufferClass = (
    globalThis as {
      Buffer?: { isBuffer(value: unknown): boolean; from(bytes: Uint8Array): Uint8Array };
    }
  ).Buffer;
  return bufferClass?.isBuffer(bytes) === true ? bufferClass.from(encoded) : encoded;
}

function walkError(error: Error, depth: number, state: Walk): Error {
  const copy = Object.create(Object.getPrototypeOf(error) as object | null) as Error;
  state.copies.set(error, copy);
  for (const name of ['name', 'message', 'stack', 'cause', 'errors']) {
    if (!(name in error)) continue;
    if (name === 'name' && !Object.hasOwn(error, 'name')) continue;
    define(copy, name, walk(read(error, name), '', depth, state), false);
  }
  walkProperties(error, copy, depth, state);
  return copy;
}

function walkProperties(value: object, copy: object, depth: number, state: Walk): unknown {
  if (!state.copies.has(value)) state.copies.set(value, copy);
  const label = labelOf(value);
  for (const name of Object.keys(value)) {
    if (state.values > MOST_VALUES) {
      define(copy, '…', TOO_MUCH, true);
      break;
    }
    if (Object.hasOwn(copy, name)) continue;
    define(
      copy,
      state.redaction.redactText(name),
      walk(read(value, name), name === 'value' ? label : name, depth, state),
      true,
    );
  }
  return copy;
}

/** What `{ name: 'DB_PASSWORD', value: 'x' }` calls its value. */
function labelOf(value: object): string {
  for (const key of ['name', 'key', 'Name', 'Key']) {
    const label = Object.hasOwn(value, key) ? read(value, key) : undefined;
    if (typeof label === 'string') return label;
  }
  return 'value';
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
