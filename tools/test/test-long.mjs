/**
 * `npm run test:long`: soaks, kill loops and long fuzzing (`*.long.spec.ts`), at most half an hour.
 *
 *   npm run test:long                      everything
 *   npm run test:long -- libs/budget ...   the tests whose path matches
 */
import { fileURLToPath } from 'node:url';
import { longTests } from './src/jest.mjs';
import { runTests } from './src/test-run.mjs';

const paths = process.argv.slice(2);

await runTests({
  command: [fileURLToPath(import.meta.url), ...paths],
  stages: [],
  tests: true,
  paths,
  jestArgs: [...longTests, '--passWithNoTests'],
  timeoutMs: 30 * 60_000,
});
