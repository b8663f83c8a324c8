import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './command.mjs';
import {
  controlPlaneEnvironment,
  sandboxServerEnvironment,
  temporalEnvironment,
  workerEnvironment,
} from './environment.mjs';
import { answersWith, createPart } from './part.mjs';

/** @typedef {import('./environment.mjs').Plan} Plan */
/** @typedef {import('./part.mjs').Part} Part */

const supervise = fileURLToPath(new URL('./supervise.mjs', import.meta.url));
const sandboxServer = 'libs/sandbox-server/src/cli.ts';
/** Node's arguments for a program from source whose requests are traced where OTLP is configured. */
const traced = ['--conditions=@ae/source', '--import', '@ae/telemetry/register'];

/** Where it is told which parts are there. @param {string} state */
export function partsFolder(state) {
  return join(state, 'parts');
}

/**
 * The parts of the system. `start` starts each when those it needs are ready; `stop` ends them in
 * the opposite order and may be called at any time.
 *
 * @param {object} options
 * @param {Plan} options.plan
 * @param {{ binary: string, port: number } | undefined} options.devServer The Temporal dev server to
 *   start; undefined where one runs elsewhere or there is none.
 * @param {() => Promise<void>} options.prepared What has to be there before the control plane.
 * @param {import('./progress.mjs').Progress} options.progress
 * @param {(error: Error) => void} options.lost
 * @returns {Part}
 */
export function createSystem({ plan, devServer, prepared, progress, lost }) {
  /** @type {Part[]} */
  const parts = [];

  /**
   * @param {Pick<import('./part.mjs').PartSpec, 'name' | 'args' | 'env' | 'ready'>} spec
   */
  const start = async (spec) => {
    const file = spec.name.replaceAll(' ', '-');
    const log = join(plan.state, 'logs', `${file}.log`);
    const presence = join(partsFolder(plan.state), file);
    const command = process.execPath;
    const part = createPart({ ...spec, command, cwd: plan.root, log, presence, progress, lost });
    parts.push(part);
    await part.start();
  };

  async function startAll() {
    /** @type {Promise<unknown>[]} */
    const first = [prepared()];
    if (devServer !== undefined) first.push(start(temporalPart(plan, devServer)));
    if (plan.sandboxUrl === `http://127.0.0.1:${plan.sandboxPort}`) {
      first.push(
        start({
          name: 'sandbox server',
          // A library's program knows nothing of launchers: it is ended for it.
          args: [supervise, process.execPath, '--conditions=@ae/source', sandboxServer],
          env: sandboxServerEnvironment(plan),
          ready: () => answersWith(`${plan.sandboxUrl}/health`, 204),
        }),
      );
    }
    await Promise.all(first);
    await start({
      name: 'control plane',
      args: [...traced, 'apps/control-plane/src/main.ts'],
      env: controlPlaneEnvironment(plan),
      ready: () => answersWith(`http://127.0.0.1:${plan.controlPlanePort}/readyz`, 200),
    });
    if (plan.temporalAddress === undefined) return;
    await start({
      name: 'worker',
      args: [...traced, 'apps/worker/src/main.ts'],
      env: workerEnvironment(plan),
      ready: () => answersWith(`http://127.0.0.1:${plan.workerPort}/readyz`, 200),
    });
  }

  return {
    start: startAll,
    async stop() {
      for (const part of parts.splice(0).reverse()) await part.stop();
    },
  };
}

/**
 * @param {Plan} plan
 * @param {{ binary: string, port: number }} devServer
 */
function temporalPart(plan, { binary, port }) {
  const env = temporalEnvironment(plan);
  const address = `127.0.0.1:${port}`;
  return {
    name: 'temporal',
    args: [
      supervise,
      ...[binary, 'server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)],
      ...['--db-filename', join(plan.state, 'temporal.db'), '--log-level', 'warn'],
    ],
    env,
    // The frontend answers before its namespace is there: only then a worker can poll.
    ready: () =>
      run(binary, ['operator', 'namespace', 'describe', 'default', '--address', address], {
        env,
        timeoutMs: 5000,
      }).then(
        () => true,
        () => false,
      ),
  };
}
