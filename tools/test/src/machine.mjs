import { findOnPath, run } from '../../start/src/command.mjs';
import {
  canInstallDebianPackages,
  installCommand,
  installDebianPackages,
} from '../../start/src/debian.mjs';

/** @typedef {import('../../start/src/progress.mjs').Progress} Progress */

/**
 * What tests use and npm does not bring.
 *
 * @typedef {object} Need
 * @property {readonly string[]} commands Any one of them will do.
 * @property {readonly string[]} debian
 * @property {readonly string[]} mac
 * @property {boolean} optional Where it is missing and cannot be installed, another way is taken.
 */

/** @type {readonly Need[]} */
const linuxNeeds = [
  { commands: ['redis-server'], debian: ['redis-server'], mac: [], optional: false },
  { commands: ['bwrap'], debian: ['bubblewrap'], mac: [], optional: false },
  {
    commands: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    debian: ['chromium'],
    mac: [],
    optional: false,
  },
  { commands: ['docker'], debian: ['docker.io'], mac: [], optional: true },
  { commands: ['dockerd'], debian: ['docker.io', 'iptables'], mac: [], optional: true },
];

/** @type {readonly Need[]} */
const macNeeds = [
  { commands: ['redis-server'], debian: [], mac: ['redis'], optional: false },
  { commands: ['docker'], debian: [], mac: ['--cask docker'], optional: false },
];

/**
 * Installs what the machine lacks, where this process may.
 *
 * @param {Progress} progress
 * @throws {Error} With the one command that installs what is missing.
 */
export async function prepareMachine(progress) {
  const needs = process.platform === 'darwin' ? macNeeds : linuxNeeds;
  const missing = needs.filter(
    ({ commands }) => !commands.some((command) => findOnPath(command) !== undefined),
  );
  if (canInstallDebianPackages()) {
    const packages = new Set(missing.flatMap(({ debian }) => debian));
    // A fetch of the Temporal dev server needs it.
    if (!(await pipWorks())) packages.add('python3-pip');
    if (packages.size > 0) await installDebianPackages([...packages], progress);
    return;
  }
  const required = missing.filter(({ optional }) => !optional);
  if (required.length > 0) {
    const command = installCommand({
      debian: required.flatMap(({ debian }) => debian),
      mac: required.flatMap(({ mac }) => mac),
    });
    throw new Error(`The tests need more than is installed. Run \`${command}\`, then this again.`);
  }
}

async function pipWorks() {
  try {
    await run('python3', ['-m', 'pip', '--version'], { timeoutMs: 20_000 });
    return true;
  } catch {
    return false;
  }
}
