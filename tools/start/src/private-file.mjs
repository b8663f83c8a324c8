import { renameSync, writeFileSync } from 'node:fs';

/**
 * Writes JSON that only its owner may read, in one piece: a reader sees the old or the new one.
 *
 * @param {string} file
 * @param {unknown} value
 */
export function writePrivateJson(file, value) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
}
