import { endCommands } from '../../start/src/command.mjs';
import { installPackages } from '../../start/src/packages.mjs';
import { createProgress } from '../../start/src/progress.mjs';
import { prepareStateDirectory, root } from '../../start/src/repository.mjs';
import { chooseNode, continueOn, stopWithStarter } from '../../start/src/runtime.mjs';
import { findTemporal, quickFinders } from '../../start/src/temporal.mjs';
import { prepareDockerEngine } from './docker-engine.mjs';
import { runJest } from './jest.mjs';
import { prepareMachine } from './machine.mjs';
import { prepareRedisImage } from './redis-image.mjs';
import { closingLine } from './tally.mjs';

/** @typedef {import('./stages.mjs').Stage} Stage */

/**
 * @typedef {object} TestRun
 * @property {readonly string[]} command The script and its arguments, to go on with another Node.
 * @property {readonly Stage[]} stages Checks before the tests.
 * @property {boolean} tests Whether Jest runs.
 * @property {readonly string[]} paths Patterns of test files; none: all.
 * @property {readonly string[]} jestArgs
 * @property {number} timeoutMs For all tests together.
 */

/**
 * Prepares the machine, runs checks and tests, prints the closing line and ends the process: 0 when
 * nothing failed, else 1.
 *
 * @param {TestRun} testRun
 */
export async function runTests(testRun) {
  const progress = createProgress();
  /** What has to be undone at the end. @type {() => Promise<void>} */
  let undo = async () => undefined;
  let ending = false;
  const end = async (/** @type {number} */ code) => {
    if (ending) return;
    ending = true;
    endCommands();
    await undo();
    process.exit(code);
  };
  process.on('SIGINT', () => void end(130)).on('SIGTERM', () => void end(143));
  stopWithStarter(() => void end(143));

  const tally = { passed: 0, failed: 0, skipped: 0 };
  /** @param {unknown} error */
  const count = (error) => {
    tally.failed += 1;
    progress.note(error instanceof Error ? error.message : String(error));
  };
  try {
    prepareStateDirectory();
    const search = { root, env: process.env, progress };
    const [early] = await Promise.all([
      prepareMachine(progress).then(() => findTemporal({ ...search, finders: quickFinders })),
      installPackages(root, progress),
    ]);
    const node = chooseNode({ root });
    if (!node.current) await continueOn(node.path, testRun.command);

    for (const { name, check } of testRun.stages) {
      await progress.step(name, (detail) => check(root, detail)).catch(count);
    }
    if (testRun.tests) {
      const temporal = 'reasons' in early ? await findTemporal(search) : early;
      if ('reasons' in temporal) {
        progress.note(`No Temporal dev server:\n  ${temporal.reasons.join('\n  ')}`);
      }
      const docker = await prepareDockerEngine(progress);
      undo = docker.stop;
      /** @type {NodeJS.ProcessEnv} */
      const env = { ...process.env, TESTCONTAINERS_RYUK_DISABLED: 'true' };
      if ('binary' in temporal) env['AE_TEMPORAL_BIN'] = temporal.binary;
      if (docker.available) env['AE_TEST_REDIS_IMAGE'] = await prepareRedisImage(env, progress);
      else delete env['AE_TEST_REDIS_IMAGE'];
      progress.note(
        `Redis for the tests: ${env['AE_TEST_REDIS_IMAGE'] ?? 'redis-server of this machine'}`,
      );

      const { paths, jestArgs: args, timeoutMs } = testRun;
      const tests = await progress.step('tests', () =>
        runJest({ root, env, progress, paths, args, timeoutMs }),
      );
      tally.passed += tests.passed;
      tally.failed += tests.failed;
      tally.skipped += tests.skipped;
    }
  } catch (error) {
    if (ending) return;
    count(error);
  }
  if (ending) return;
  await undo();
  undo = async () => undefined;
  progress.note(closingLine(tally));
  await end(tally.failed === 0 ? 0 : 1);
}
