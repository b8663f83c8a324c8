import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this launcher belongs to. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Where everything that a run leaves behind lies: `.ae/`, never committed, or AE_STATE_DIR. */
export const stateDirectory = resolve(process.env['AE_STATE_DIR'] ?? resolve(root, '.ae'));

/** Makes the state directory, closed to everybody else: it holds keys, the database and logs. */
export function prepareStateDirectory() {
  mkdirSync(stateDirectory, { recursive: true });
  chmodSync(stateDirectory, 0o700);
}
