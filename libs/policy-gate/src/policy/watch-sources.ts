import { statSync } from 'node:fs';

import { isPath } from './policy-source.ts';

/** How often a watched file is looked at, in milliseconds. */
const WATCH_INTERVAL = 500;

/**
 * Looks at the files among `sources` and calls back when one changed; returns what ends it. Looking
 * (and not listening) sees files that are replaced as a whole, the way editors and mounted
 * configuration do it. The first look always calls back: a file may have changed between its
 * reading and the first look. Does not keep the process alive.
 */
export function watchSources(
  sources: readonly (string | undefined)[],
  changed: () => void,
): () => void {
  const files = sources.filter((source) => source !== undefined).filter(isPath);
  let seen = '';
  const timer = setInterval(() => {
    const now = files.map(identify).join('\n');
    if (now === seen) return;
    seen = now;
    changed();
  }, WATCH_INTERVAL);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}

/** Which content a path stands for, as far as can be told without reading it. */
function identify(file: string): string {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = statSync(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ');
  } catch {
    return 'missing';
  }
}
