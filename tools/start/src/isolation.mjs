import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { findOnPath } from './command.mjs';
import { canInstallDebianPackages, installDebianPackages } from './debian.mjs';
import { root } from './repository.mjs';

/** @typedef {import('./progress.mjs').Progress} Progress */
/** @typedef {{ backend: 'bubblewrap' | 'docker' | 'none', reason?: string, remedy?: string }} Isolation */

/** Read by its path: by its name, without a condition, a package is what is built of it. */
const detector = join(root, 'libs/sandbox-server/src/isolation/detect-isolation.ts');

/**
 * Makes sure that sandboxes can be isolated on this machine, as the sandbox server will judge it:
 * by bubblewrap on Linux, else by Docker. Needs the Node of the project, which reads TypeScript.
 *
 * @param {Progress} progress
 * @returns {Promise<'bubblewrap' | 'docker'>}
 * @throws {Error} With the one command that helps.
 */
export async function prepareIsolation(progress) {
  if (
    process.platform === 'linux' &&
    findOnPath('bwrap') === undefined &&
    canInstallDebianPackages()
  ) {
    await installDebianPackages(['bubblewrap'], progress);
  }
  /** @type {{ detectIsolation: () => Promise<Isolation> }} */
  const { detectIsolation } = await import(pathToFileURL(detector).href);
  const isolation = await detectIsolation();
  if (isolation.backend === 'none') throw new Error(whatToDo(isolation));
  return isolation.backend;
}

/** @param {Isolation} isolation */
export function whatToDo({ reason = 'no cause is known', remedy }) {
  const help =
    process.platform === 'linux'
      ? `${remedy === undefined ? 'Start Docker' : `Run \`${remedy}\` or start Docker`}, then run this again.`
      : 'Start Docker (Docker Desktop, colima start), then run this again.';
  return `No sandbox: ${reason}. ${help}`;
}
