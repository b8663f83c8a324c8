const MAX_DEPTH = 64;

/**
 * The canonical form of JSON data (RFC 8785): members sorted by UTF-16 code units, no white space,
 * numbers and strings as ECMAScript writes them. A member that is `undefined` counts as absent.
 *
 * @throws TypeError naming the path of what is not JSON data: NaN, Infinity, lone surrogates,
 * functions, bigints, symbols, class instances, cycles and anything nested deeper than 64 levels.
 */
export function canonicalJson(value: unknown, path = '$', depth = 0): string {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) throw new TypeError(`${path} holds a lone surrogate`);
      return JSON.stringify(value);
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError(`${path} is not a finite number`);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (depth >= MAX_DEPTH) throw new TypeError(`${path} is nested deeper than ${MAX_DEPTH}`);
      return Array.isArray(value)
        ? canonicalArray(value, path, depth)
        : canonicalObject(value, path, depth);
    default:
      throw new TypeError(`${path} is not JSON data (${typeof value})`);
  }
}

function canonicalArray(array: unknown[], path: string, depth: number): string {
  let text = '[';
  for (let index = 0; index < array.length; index++) {
    if (index > 0) text += ',';
    text += canonicalJson(array[index], `${path}[${index}]`, depth + 1);
  }
  return `${text}]`;
}

function canonicalObject(object: object, path: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(object);
  // Another realm (Jest, node:vm) has its own Object.prototype: what counts is that nothing is
  // inherited beyond one.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new TypeError(`${path} is not a plain object`);
  }
  const members = object as Record<string, unknown>;
  let text = '{';
  for (const name of Object.keys(members).sort()) {
    const member = members[name];
    if (member === undefined) continue;
    if (!name.isWellFormed()) throw new TypeError(`${path} has a name with a lone surrogate`);
    if (text.length > 1) text += ',';
    text += `${JSON.stringify(name)}:${canonicalJson(member, `${path}.${name}`, depth + 1)}`;
  }
  return `${text}}`;
}
