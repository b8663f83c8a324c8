import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout this launcher belongs to. */
export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Where everything that a run leaves behind lies; never committed. */
export const stateDirectory = resolve(root, '.ae');
