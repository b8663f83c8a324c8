import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { run } from './command.mjs';

/** @typedef {import('./progress.mjs').Progress} Progress */

/** Folders in which nothing is a source. */
const skipped = new Set(['dist', 'node_modules', 'out-tsc', 'coverage']);

/**
 * Builds the dashboard, unless what was built is newer than its sources.
 *
 * @param {string} root
 * @param {Progress} progress
 */
export async function buildDashboard(root, progress) {
  const dashboard = join(root, 'apps', 'dashboard');
  const built = join(dashboard, 'dist', 'index.html');
  const sources = [dashboard, join(root, 'libs', 'contracts')];
  if (existsSync(built) && Math.max(...sources.map(newestFile)) < statSync(built).mtimeMs) return;
  await progress.step('building the dashboard', (detail) =>
    run(process.execPath, [viteOf(dashboard), 'build'], {
      cwd: dashboard,
      onLine: detail,
      log: join(root, '.ae', 'logs', 'dashboard-build.log'),
    }),
  );
}

/** @param {string} dashboard */
function viteOf(dashboard) {
  const manifest = createRequire(join(dashboard, 'package.json')).resolve('vite/package.json');
  return join(dirname(manifest), 'bin', 'vite.js');
}

/**
 * @param {string} folder
 * @returns {number} Modification time in ms of the newest file in it.
 */
function newestFile(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !skipped.has(name))
    .map((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? newestFile(path) : statSync(path).mtimeMs;
    })
    .reduce((newest, time) => Math.max(newest, time), 0);
}
