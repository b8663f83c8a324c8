import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writePrivateJson } from './private-file.mjs';

/**
 * @typedef {object} Keys
 * @property {string} admin The person's key to the control plane.
 * @property {string} worker The worker's key to the control plane.
 * @property {string} sandbox What control plane and worker show to the sandbox server.
 */

/**
 * The keys of this checkout, made once and kept in `<state>/keys.json`.
 *
 * @param {string} state
 * @returns {Keys}
 * @throws {Error} When the file is there and holds no keys: they are not replaced in silence.
 */
export function loadKeys(state) {
  const file = join(state, 'keys.json');
  if (!existsSync(file)) {
    const made = { admin: makeKey(), worker: makeKey(), sandbox: makeKey() };
    writePrivateJson(file, made);
    return made;
  }
  try {
    const { admin, worker, sandbox } = JSON.parse(readFileSync(file, 'utf8'));
    if ([admin, worker, sandbox].every(isKey)) return { admin, worker, sandbox };
  } catch {
    // Told below, as any other damage.
  }
  throw new Error(`${file} is damaged: restore it, or delete it to have new keys made.`);
}

function makeKey() {
  return `ae_${randomBytes(32).toString('base64url')}`;
}

/** @param {unknown} value */
function isKey(value) {
  return typeof value === 'string' && /^ae_[\w-]{43}$/.test(value);
}
