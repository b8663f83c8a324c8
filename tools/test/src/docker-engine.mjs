import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath, run } from '../../start/src/command.mjs';
import { createPart } from '../../start/src/part.mjs';
import { root, stateDirectory } from '../../start/src/repository.mjs';

/** @typedef {import('../../start/src/progress.mjs').Progress} Progress */

const supervise = fileURLToPath(new URL('../../start/src/supervise.mjs', import.meta.url));

/** @returns {Promise<boolean>} */
async function dockerAnswers() {
  if (findOnPath('docker') === undefined) return false;
  return run('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 }).then(
    () => true,
    () => false,
  );
}

/**
 * Makes a Docker engine available, where one can be: the one that runs, or one that is started and
 * has to be stopped.
 *
 * @param {Progress} progress
 * @returns {Promise<{ available: boolean, stop: () => Promise<void> }>}
 */
export async function prepareDockerEngine(progress) {
  const nothingToStop = async () => undefined;
  if (await dockerAnswers()) return { available: true, stop: nothingToStop };
  const binary = findOnPath('dockerd');
  if (process.getuid?.() !== 0 || binary === undefined || findOnPath('docker') === undefined) {
    return { available: false, stop: nothingToStop };
  }
  const engine = createPart({
    name: 'dockerd',
    command: process.execPath,
    args: [supervise, binary],
    env: process.env,
    cwd: root,
    log: join(stateDirectory, 'logs', 'dockerd.log'),
    ready: dockerAnswers,
    progress,
    lost: (error) => progress.note(error.message),
    patience: { readyMs: 30_000, restarts: 0 },
  });
  try {
    await engine.start();
    return { available: true, stop: engine.stop };
  } catch (error) {
    // Containers may not be allowed here at all; the tests know another way.
    progress.note(error instanceof Error ? error.message : String(error));
    return { available: false, stop: nothingToStop };
  }
}
