import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const DIRECTORY = new URL('../lua/', import.meta.url);
const INCLUDE = /^--- @include "([^"]+)"$/gm;

/** A script of the folder `lua/`, its includes resolved. */
export interface LuaScript {
  readonly source: string;
  readonly sha1: string;
  readonly numberOfKeys: number;
}

/** Reads `lua/<verb>-<numberOfKeys>.lua`. */
export function loadScript(name: `${string}-${number}`): LuaScript {
  const source = resolveIncludes(name);
  return {
    source,
    sha1: createHash('sha1').update(source).digest('hex'),
    numberOfKeys: Number(name.slice(name.lastIndexOf('-') + 1)),
  };
}

/**
 * The text of `lua/<path>.lua`. A line `--- @include "path"` is replaced by the file of that path (relative to the
 * including one, without `.lua`), once.
 */
export function resolveIncludes(path: string): string {
  const included = new Set<string>();
  const read = (url: URL): string =>
    readFileSync(url, 'utf8').replace(INCLUDE, (_line, include: string) => {
      const target = new URL(`${include}.lua`, url);
      if (included.has(target.href)) return '';
      included.add(target.href);
      return read(target);
    });
  return read(new URL(`${path}.lua`, DIRECTORY));
}
