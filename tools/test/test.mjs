/**
 * `npm test`: all that is needed to test the project on a machine that has never seen it. Plain
 * JavaScript for Node 18 and newer, since it runs before anything is installed.
 *
 *   npm test                           everything
 *   npm test -- --only lint            one stage: lockfile, format, lint, typecheck, packages, tests
 *   npm test -- libs/redactor ...      the tests whose path matches
 */
import { fileURLToPath } from 'node:url';
import { stages } from './src/stages.mjs';
import { runTests } from './src/test-run.mjs';

const args = process.argv.slice(2);
const flag = args.indexOf('--only');
const only = flag === -1 ? undefined : args[flag + 1];
const paths = flag === -1 ? args : args.filter((_, index) => index !== flag && index !== flag + 1);
const names = [...stages.map(({ name }) => name), 'tests'];
if (flag !== -1 && (only === undefined || !names.includes(only))) {
  process.stderr.write(`--only takes one of: ${names.join(', ')}\n`);
  process.exit(2);
}

await runTests({
  command: [fileURLToPath(import.meta.url), ...args],
  stages:
    only !== undefined
      ? stages.filter(({ name }) => name === only)
      : paths.length > 0
        ? []
        : stages,
  tests: only === undefined || only === 'tests',
  paths,
  jestArgs: [],
  timeoutMs: 12 * 60_000,
});
