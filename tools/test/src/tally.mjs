/**
 * What became of tests and checks.
 *
 * @typedef {{ passed: number, failed: number, skipped: number }} Tally
 */

/**
 * The one line that ends a run.
 *
 * @param {Tally} tally
 */
export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * @typedef {object} JestReport What `jest --json` writes, as far as it is read here.
 * @property {readonly JestFile[]} testResults
 */
/**
 * @typedef {object} JestFile
 * @property {string} name
 * @property {string} status
 * @property {string} message
 * @property {readonly { status: string, fullName: string, failureMessages: readonly string[] }[]} assertionResults
 */

/** A skipped test says what it would need: `... (needs a Docker engine)`. */
const cause = /\(needs [^)]+\)/;

/**
 * Counts the tests of a Jest report. A file that could not be run counts as one failed test, and so
 * does a skipped test whose name gives no cause.
 *
 * @param {JestReport} report
 * @returns {Tally & { failures: string[], skips: string[] }} With what to print for each.
 */
export function tallyOf(report) {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  /** @type {string[]} */
  const failures = [];
  /** @type {string[]} */
  const skips = [];
  for (const { name, status, message, assertionResults } of report.testResults) {
    let failedHere = 0;
    const fail = (/** @type {string} */ text) => {
      failedHere += 1;
      failures.push(`${name}: ${text}`);
    };
    for (const test of assertionResults) {
      if (test.status === 'passed') tally.passed += 1;
      else if (test.status === 'failed')
        fail(`${test.fullName}\n${test.failureMessages.join('\n')}`);
      else if (cause.test(test.fullName)) {
        tally.skipped += 1;
        skips.push(test.fullName);
      } else fail(`${test.fullName}\nskipped, and its name gives no cause: "(needs ...)"`);
    }
    if (status === 'failed' && failedHere === 0) fail(message);
    tally.failed += failedHere;
  }
  return { ...tally, failures, skips };
}
