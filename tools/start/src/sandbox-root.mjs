import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The folder for the files of sandboxes. Each sandbox of a server that runs as root has an
 * unprivileged user of its own, who has to be able to reach it: so not under a private home.
 *
 * @param {string} state The private state directory.
 * @param {{ uid?: number | undefined, shared?: string }} [options]
 */
export function prepareSandboxRoot(
  state,
  { uid = process.getuid?.(), shared = '/var/lib/ae-safety' } = {},
) {
  if (uid !== 0) {
    const folder = join(state, 'sandboxes');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  }
  const name = createHash('sha256').update(state).digest('hex').slice(0, 12);
  const folder = join(shared, name);
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  const { uid: owner, mode } = lstatSync(folder);
  if (owner !== uid || (mode & 0o022) !== 0) {
    throw new Error(`${folder} must belong to root and be writable by nobody else.`);
  }
  const closed = ancestors(folder).find((path) => (statSync(path).mode & 0o001) === 0);
  if (closed !== undefined) {
    throw new Error(`${closed} is closed to other users: \`chmod o+x ${closed}\`.`);
  }
  return folder;
}

/**
 * @param {string} path
 * @returns {string[]}
 */
function ancestors(path) {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...ancestors(parent)];
}
