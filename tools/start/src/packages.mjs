import { readFileSync } from 'node:fs';
import { delimiter, join, sep } from 'node:path';
import { run } from './command.mjs';

/** @typedef {import('./progress.mjs').Progress} Progress */
/** @typedef {Record<string, { version?: string, optional?: boolean, link?: boolean }>} LockedPackages */

/**
 * Whether node_modules holds what package-lock.json says: compared by content, since a checkout
 * changes times and not meaning.
 *
 * @param {string} root
 */
export function packagesMatchLock(root) {
  const wanted = lockedPackages(join(root, 'package-lock.json'));
  const installed = lockedPackages(join(root, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || installed === undefined) return false;
  const missing = Object.entries(wanted).some(
    ([path, { version, optional }]) =>
      path.includes('node_modules/') &&
      (installed[path] === undefined ? optional !== true : installed[path].version !== version),
  );
  return !missing && Object.keys(installed).every((path) => wanted[path] !== undefined);
}

/**
 * `npm ci`, unless node_modules is already what the lockfile says.
 *
 * @param {string} root
 * @param {Progress} progress
 * @returns {Promise<boolean>} Whether anything was installed.
 */
export async function installPackages(root, progress) {
  if (packagesMatchLock(root)) return false;
  await progress.step('npm ci (one to three minutes the first time)', (detail) =>
    run('npm', ['ci', '--no-progress', '--no-audit', '--no-fund'], {
      cwd: root,
      env: { ...process.env, PATH: pathWithoutPackages() },
      log: join(root, '.ae', 'logs', 'npm-ci.log'),
      // That npm itself runs on an older Node is of no importance here.
      onLine: (line) => (line.startsWith('npm warn') ? undefined : detail(line)),
    }),
  );
  return true;
}

/** The PATH without node_modules: npm must not run on the Node that it is about to replace. */
function pathWithoutPackages() {
  const own = `${sep}node_modules${sep}.bin`;
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(own) && !folder.includes('node-gyp-bin'))
    .join(delimiter);
}

/**
 * @param {string} file
 * @returns {LockedPackages | undefined}
 */
function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}
