import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { CommandError, run } from '../../start/src/command.mjs';
import { tallyOf } from './tally.mjs';

/** @typedef {import('../../start/src/progress.mjs').Progress} Progress */

/** Arguments that turn a run of the usual tests into one of the long ones. */
export const longTests = [
  ...[
    '--testMatch',
    '<rootDir>/src/**/*.long.spec.ts',
    '--testPathIgnorePatterns',
    '/node_modules/',
  ],
];

const reporter = fileURLToPath(new URL('./jest-reporter.mjs', import.meta.url));

/**
 * Runs the tests of all projects in one Jest.
 *
 * @param {object} options
 * @param {string} options.root
 * @param {NodeJS.ProcessEnv} options.env
 * @param {Progress} options.progress
 * @param {readonly string[]} options.paths Patterns of files; none: all.
 * @param {readonly string[]} options.args
 * @param {number} options.timeoutMs
 * @returns {Promise<import('./tally.mjs').Tally>}
 */
export async function runJest({ root, env, progress, paths, args, timeoutMs }) {
  const report = join(root, '.ae', 'jest-report.json');
  rmSync(report, { force: true });
  const jest = join(root, 'node_modules', '.bin', 'jest');
  try {
    await run(
      process.execPath,
      [
        ...[jest, ...paths, ...args, '--projects', ...jestProjects(root)],
        ...['--maxWorkers=2', '--silent', '--reporters', reporter],
        ...['--json', '--outputFile', report],
      ],
      {
        cwd: root,
        env: {
          ...env,
          NODE_OPTIONS: '--experimental-vm-modules --disable-warning=ExperimentalWarning',
        },
        log: join(root, '.ae', 'logs', 'tests.log'),
        // The reporter's lines; what tests and their servers write is in the log.
        onLine: (line) => (/^\[ *\d/.test(line) ? progress.note(line) : undefined),
        timeoutMs,
      },
    );
  } catch (error) {
    // With a report its failures tell the story; without one Jest itself failed.
    if (!(error instanceof CommandError) || !existsSync(report)) throw error;
  }
  const { failures, skips, ...tally } = tallyOf(JSON.parse(readFileSync(report, 'utf8')));
  for (const failure of failures) {
    progress.note(`\nFAILED ${stripVTControlCharacters(failure).slice(0, 4000)}`);
  }
  for (const skip of skips) progress.note(`SKIPPED ${skip}`);
  return tally;
}

/**
 * The folders that have tests.
 *
 * @param {string} root
 */
function jestProjects(root) {
  return ['libs', 'apps', 'tools'].flatMap((group) =>
    readdirSync(join(root, group))
      .map((name) => join(root, group, name))
      .filter((folder) => existsSync(join(folder, 'jest.config.cjs'))),
  );
}
