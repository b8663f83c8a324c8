import { relative } from 'node:path';

/** One line for each test file; the messages of failures come at the end, from the report. */
class LineReporter {
  /**
   * @param {{ path: string }} test
   * @param {{ numFailingTests: number, numPassingTests: number, testExecError?: unknown, perfStats: { start: number, end: number } }} result
   */
  onTestFileResult({ path }, { numFailingTests, numPassingTests, testExecError, perfStats }) {
    const failed = numFailingTests > 0 || testExecError !== undefined;
    const seconds = ((perfStats.end - perfStats.start) / 1000).toFixed(1).padStart(6);
    const outcome = failed
      ? `FAIL ${relative(process.cwd(), path)}: ${numFailingTests} of ${numPassingTests + numFailingTests} failed`
      : `pass ${relative(process.cwd(), path)}: ${numPassingTests}`;
    process.stdout.write(`[${seconds}] ${outcome}\n`);
  }
}

export { LineReporter as default };
