import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** The Node that may stand in where the locked one has no build for the platform. */
const oldest = [22, 22, 2];

/**
 * The Node that runs the project: the locked one, or on platforms that have none the current one.
 *
 * @param {{ root: string, execPath?: string, version?: string }} options
 * @returns {{ path: string, current: boolean }}
 * @throws {Error} When neither will do, with what to install.
 */
export function chooseNode({ root, execPath = process.execPath, version = process.versions.node }) {
  const locked = join(root, 'node_modules', '.bin', 'node');
  if (existsSync(locked)) {
    return { path: locked, current: realpathSync(locked) === realpathSync(execPath) };
  }
  if (isAtLeast(version, oldest)) return { path: execPath, current: true };
  const wanted = readFileSync(join(root, '.nvmrc'), 'utf8').trim();
  throw new Error(
    `Node ${version} is too old and no Node of the project exists for ${process.platform} ${process.arch}: install Node ${wanted} (\`nvm install\` reads .nvmrc) and run this again.`,
  );
}

/**
 * @param {string} version
 * @param {readonly number[]} least
 */
function isAtLeast(version, least) {
  const parts = version.split('.').map(Number);
  for (const [index, part] of least.entries()) {
    const own = parts[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

/**
 * Runs this program again on another Node and takes its place: same arguments, same terminal, same
 * exit code. The second one ends when the first does, however that ends.
 *
 * @param {string} node
 * @param {readonly string[]} args The script and its arguments.
 * @param {NodeJS.ProcessEnv} [env] Added to the environment.
 * @returns {Promise<never>}
 */
export async function continueOn(node, args, env = {}) {
  const child = spawn(node, args, {
    env: { ...process.env, ...env, AE_EXIT_ON_STDIN_CLOSE: '1' },
    stdio: ['pipe', 'inherit', 'inherit'],
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) {
    process.removeAllListeners(signal);
    process.on(signal, () => child.kill(signal));
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => resolve(status ?? 1));
  });
  process.exit(code);
}

/** How often it is looked whether npm is still there, in milliseconds. */
const STARTER_CHECK_MS = 500;

/**
 * Calls `stop` when the program that started this one is gone, where that program asked for it; and
 * when npm is gone, which does not hand SIGTERM on to what it runs.
 *
 * @param {() => void} stop
 */
export function stopWithStarter(stop) {
  if (process.env['npm_lifecycle_event'] !== undefined) {
    const starter = process.ppid;
    const look = () => {
      if (process.ppid !== starter) stop();
    };
    setInterval(look, STARTER_CHECK_MS).unref();
  }
  const asked = process.env['AE_EXIT_ON_STDIN_CLOSE'] === '1';
  // It is meant for this process, not for those that it starts.
  delete process.env['AE_EXIT_ON_STDIN_CLOSE'];
  if (!asked) return;
  process.stdin.on('end', stop).on('error', stop).resume();
  // Waiting for the starter's end must not keep this one alive.
  if ('unref' in process.stdin) process.stdin.unref();
}
