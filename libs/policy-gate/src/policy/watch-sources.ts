import { unwatchFile, watchFile } from 'node:fs';

import { isPath } from './policy-source.ts';

/** How often a watched file is looked at, in milliseconds. */
const WATCH_INTERVAL = 500;

/**
 * Looks at the files among `sources` and calls back when one changed; returns what ends it. Looking
 * (and not listening) sees files that are replaced as a whole, the way editors and mounted
 * configuration do it. Does not keep the process alive.
 */
export function watchSources(
  sources: readonly (string | undefined)[],
  changed: () => void,
): () => void {
  const files = sources.filter((source) => source !== undefined).filter(isPath);
  const listener = (): void => {
    changed();
  };
  for (const file of files) {
    watchFile(file, { interval: WATCH_INTERVAL, persistent: false }, listener);
  }
  return () => {
    for (const file of files) unwatchFile(file, listener);
  };
}
