import { findOnPath, run } from './command.mjs';

/** @typedef {import('./progress.mjs').Progress} Progress */

let updated = false;

/** Whether this process may install Debian packages. */
export function canInstallDebianPackages() {
  return process.getuid?.() === 0 && findOnPath('apt-get') !== undefined;
}

/**
 * Installs Debian packages; the package lists are read anew once per process.
 *
 * @param {readonly string[]} packages
 * @param {Progress} progress
 */
export async function installDebianPackages(packages, progress) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await progress.step(`apt-get install ${packages.join(' ')}`, async (detail) => {
    if (!updated) {
      await run('apt-get', ['update'], { env, onLine: detail, timeoutMs: 300_000 });
      updated = true;
    }
    const install = ['install', '-y', '--no-install-recommends', ...packages];
    await run('apt-get', install, { env, onLine: detail, timeoutMs: 900_000 });
  });
}

/**
 * The one command that installs packages on this system.
 *
 * @param {{ debian: readonly string[], mac?: readonly string[] }} packages
 */
export function installCommand({ debian, mac = debian }) {
  if (process.platform === 'darwin') return `brew install ${mac.join(' ')}`;
  const manager = [
    ['apt-get', 'apt-get install -y'],
    ['dnf', 'dnf install -y'],
    ['pacman', 'pacman -S'],
    ['zypper', 'zypper install'],
    ['apk', 'apk add'],
  ].find(([name]) => findOnPath(/** @type {string} */ (name)) !== undefined);
  return `sudo ${manager?.[1] ?? 'apt-get install -y'} ${debian.join(' ')}`;
}
