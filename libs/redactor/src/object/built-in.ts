/** Objects whose content is in internal slots, by the name of their class. */
export type BuiltIn =
  | 'BigInt'
  | 'Boolean'
  | 'Bytes'
  | 'Date'
  | 'Error'
  | 'Headers'
  | 'Map'
  | 'Number'
  | 'Object'
  | 'Opaque'
  | 'RegExp'
  | 'Set'
  | 'String'
  | 'Symbol'
  | 'URL'
  | 'URLSearchParams';

/** Calls an accessor of a class on an object, whatever the object itself defines under the name. */
function accessorOf(prototype: object, name: PropertyKey): (value: object) => unknown {
  const accessor = Object.getOwnPropertyDescriptor(prototype, name);
  return (value) => accessor?.get?.call(value) as unknown;
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
const tagOfView = accessorOf(typedArray, Symbol.toStringTag);
const lengthOfView = accessorOf(typedArray, 'length');
const hrefOf = accessorOf(URL.prototype, 'href');
const sourceOf = accessorOf(RegExp.prototype, 'source');
const flagsOf = accessorOf(RegExp.prototype, 'flags');

/** A class, and a read of its internal slot: it throws for an object that does not have it. */
interface Slot {
  readonly builtIn: BuiltIn;
  readonly type: abstract new (...values: never[]) => object;
  readonly read: (value: object) => unknown;
}

/** By the tag of Object.prototype.toString. */
const SLOTS: ReadonlyMap<string, Slot> = new Map<string, Slot>([
  ['Map', { builtIn: 'Map', type: Map, read: accessorOf(Map.prototype, 'size') }],
  ['Set', { builtIn: 'Set', type: Set, read: accessorOf(Set.prototype, 'size') }],
  ['Date', { builtIn: 'Date', type: Date, read: timeOf }],
  ['RegExp', { builtIn: 'RegExp', type: RegExp, read: sourceOf }],
  ['URL', { builtIn: 'URL', type: URL, read: hrefOf }],
  ['URLSearchParams', { builtIn: 'URLSearchParams', type: URLSearchParams, read: parametersOf }],
  ['Headers', { builtIn: 'Headers', type: Headers, read: headersOf }],
  ...(['String', 'Number', 'Boolean', 'Symbol', 'BigInt'] as const).map(boxed),
]);

/** The class of objects around a primitive: `new String('x')`. */
function boxed(builtIn: 'String' | 'Number' | 'Boolean' | 'Symbol' | 'BigInt'): [string, Slot] {
  const type = globalThis[builtIn] as unknown as StringConstructor;
  return [builtIn, { builtIn, type, read: (value) => type.prototype.valueOf.call(value) }];
}

/**
 * What an object is. Its tag or class only says what to look for: nothing can feign an internal slot, and objects of
 * other realms (a frame, a context of `node:vm`) have them too. May throw where the object is a proxy that does.
 */
export function builtInOf(value: object): BuiltIn {
  if (ArrayBuffer.isView(value)) return tagOfView(value) === 'Uint8Array' ? 'Bytes' : 'Opaque';
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag === 'Error' || tag === 'DOMException' || value instanceof Error) return 'Error';
  if (tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer') return 'Opaque';
  // The usual case; what only calls itself so is read by its own properties.
  if (tag === 'Object') return 'Object';
  const slot = SLOTS.get(tag) ?? [...SLOTS.values()].find(({ type }) => value instanceof type);
  return slot !== undefined && hasSlot(value, slot) ? slot.builtIn : 'Object';
}

function hasSlot(value: object, slot: Slot): boolean {
  try {
    slot.read(value);
    return true;
  } catch {
    return false;
  }
}

/** The primitive in `new String('x')` and its like. */
export function primitiveOf(value: object, builtIn: BuiltIn): unknown {
  return SLOTS.get(builtIn)?.read(value);
}

export function timeOf(value: object): number {
  return Date.prototype.getTime.call(value);
}

export function addressOf(value: object): string {
  return String(hrefOf(value));
}

/** @returns source and flags; each flag is an accessor that the object may have of its own. */
export function patternOf(value: object): { source: string; flags: string } {
  return { source: String(sourceOf(value)), flags: String(flagsOf(value)) };
}

/** A copy of bytes, with no more than them; undefined where there are more than `most`. */
export function bytesOf(value: object, most: number): Uint8Array | undefined {
  return Number(lengthOfView(value)) > most ? undefined : new Uint8Array(value as Uint8Array);
}

export function entriesOf(value: object): MapIterator<[unknown, unknown]> {
  return Map.prototype.entries.call(value) as MapIterator<[unknown, unknown]>;
}

export function membersOf(value: object): SetIterator<unknown> {
  return Set.prototype.values.call(value) as SetIterator<unknown>;
}

export function parametersOf(value: object): Iterable<[string, string]> {
  return URLSearchParams.prototype.entries.call(value);
}

export function headersOf(value: object): Iterable<[string, string]> {
  return Headers.prototype.entries.call(value);
}

const ERRORS: readonly ErrorConstructor[] = [
  AggregateError as unknown as ErrorConstructor,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  Error,
];

/** The built-in class of an error; of one of another realm by its name. */
export function errorClassOf(error: object, name: unknown): ErrorConstructor {
  return (
    ERRORS.find((type) => error instanceof type) ??
    ERRORS.find((type) => type.name === name) ??
    Error
  );
}
