import { findOnPath, run } from './command.mjs';
import { canInstallDebianPackages, installCommand, installDebianPackages } from './debian.mjs';

/** @typedef {import('./progress.mjs').Progress} Progress */

/**
 * Makes sure that sandboxes can be isolated on this machine: bubblewrap on Linux, else Docker.
 *
 * @param {Progress} progress
 * @returns {Promise<'bubblewrap' | 'docker'>}
 * @throws {Error} With the one command that helps.
 */
export async function prepareIsolation(progress) {
  if (process.platform === 'linux') {
    if (findOnPath('bwrap') === undefined && canInstallDebianPackages()) {
      await installDebianPackages(['bubblewrap'], progress);
    }
    if (await bubblewrapWorks()) return 'bubblewrap';
  }
  if (await dockerWorks()) return 'docker';
  throw new Error(whatToDo());
}

/** Debian and Ubuntu may forbid user namespaces: that it is installed is not enough. */
async function bubblewrapWorks() {
  if (findOnPath('bwrap') === undefined) return false;
  try {
    await run('bwrap', ['--ro-bind', '/', '/', '--unshare-all', 'true'], { timeoutMs: 10_000 });
    return true;
  } catch {
    return false;
  }
}

async function dockerWorks() {
  if (findOnPath('docker') === undefined) return false;
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 });
    return true;
  } catch {
    return false;
  }
}

function whatToDo() {
  if (process.platform !== 'linux') {
    return 'No sandbox: start Docker (Docker Desktop, colima start), then run this again.';
  }
  if (findOnPath('bwrap') === undefined) {
    return `No sandbox: bubblewrap is missing. Run \`${installCommand({ debian: ['bubblewrap'] })}\`, then this again.`;
  }
  return 'No sandbox: bubblewrap may not create user namespaces here. Run `sudo sysctl -w kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0` (the setting that your system has of the two), or start Docker, then run this again.';
}
