import { relative } from 'node:path';

/** How often those files are named that take longer than this. */
const slowMs = 60_000;

/** @param {string} path */
const shown = (path) => relative(process.cwd(), path);

/** One line for each test file; the messages of failures come at the end, from the report. */
class LineReporter {
  constructor() {
    /** @type {Map<string, number>} Files that run, and since when. */
    this.running = new Map();
    this.watch = setInterval(() => this.nameSlow(), slowMs).unref();
  }

  /** @param {{ path: string }} test */
  onTestFileStart({ path }) {
    this.running.set(path, Date.now());
  }

  /**
   * @param {{ path: string }} test
   * @param {{ numFailingTests: number, numPassingTests: number, testExecError?: unknown, perfStats: { start: number, end: number } }} result
   */
  onTestFileResult({ path }, { numFailingTests, numPassingTests, testExecError, perfStats }) {
    this.running.delete(path);
    const failed = numFailingTests > 0 || testExecError !== undefined;
    const seconds = ((perfStats.end - perfStats.start) / 1000).toFixed(1).padStart(6);
    const outcome = failed
      ? `FAIL ${shown(path)}: ${numFailingTests} of ${numPassingTests + numFailingTests} failed`
      : `pass ${shown(path)}: ${numPassingTests}`;
    process.stdout.write(`[${seconds}] ${outcome}\n`);
  }

  onRunComplete() {
    clearInterval(this.watch);
  }

  /** A file that hangs would otherwise be the one that is never mentioned. */
  nameSlow() {
    for (const [path, since] of this.running) {
      const seconds = (Date.now() - since) / 1000;
      if (seconds * 1000 < slowMs) continue;
      process.stdout.write(`[${seconds.toFixed(1).padStart(6)}] still running ${shown(path)}\n`);
    }
  }
}

export { LineReporter as default };
