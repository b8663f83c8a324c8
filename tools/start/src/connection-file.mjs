import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { launcherLockIsHeld } from './launcher-lock.mjs';
import { writePrivateJson } from './private-file.mjs';

/**
 * How other tools on this machine reach the running system: `<state>/connection.json`.
 *
 * @typedef {object} Connection
 * @property {string} url The control plane.
 * @property {string} api_key
 * @property {string | null} temporal_address Null: no Temporal, runs are carried out inline.
 * @property {string | null} sandbox_url Null: E2B's cloud.
 */

/** @param {string} state */
const fileIn = (state) => join(state, 'connection.json');

/**
 * @param {string} state
 * @param {Connection} connection
 */
export function writeConnection(state, connection) {
  writePrivateJson(fileIn(state), connection);
}

/** @param {string} state */
export function removeConnection(state) {
  rmSync(fileIn(state), { force: true });
}

/**
 * The system that runs from this checkout, if one does: it has to answer, and to know the key, since
 * another program may have taken the port of one that is gone; and its launcher has to be there,
 * since one that was killed leaves a control plane that answers a little longer.
 *
 * @param {string} state
 * @returns {Promise<Connection | undefined>}
 */
export async function findRunning(state) {
  try {
    const connection = JSON.parse(readFileSync(fileIn(state), 'utf8'));
    const ask = (/** @type {string} */ path) =>
      fetch(new URL(path, connection.url), {
        headers: { authorization: `Bearer ${connection.api_key}` },
        signal: AbortSignal.timeout(2000),
      });
    const health = await ask('/healthz');
    const runs = await ask('/api/v1/safety/runs?limit=1');
    if (!health.ok || !runs.ok) return undefined;
    return (await launcherLockIsHeld(state)) ? connection : undefined;
  } catch {
    return undefined;
  }
}
