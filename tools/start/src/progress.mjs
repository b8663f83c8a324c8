/**
 * Tells what is going on: one line when a step begins, one when it ends, and one every ten seconds
 * in between, each with the seconds since the step began.
 *
 * @typedef {object} Progress
 * @property {<T>(title: string, work: (detail: (text: string) => void) => Promise<T>) => Promise<T>} step
 *   Runs `work`; what it says through `detail` stands on the next line that is due.
 * @property {(text: string) => void} note Prints a line of its own.
 */

const heartbeatMs = 10_000;

/**
 * @param {(line: string) => void} [print]
 * @returns {Progress}
 */
export function createProgress(print = (line) => void process.stdout.write(`${line}\n`)) {
  return {
    note: print,
    async step(title, work) {
      const began = Date.now();
      const seconds = () => ((Date.now() - began) / 1000).toFixed(1).padStart(6);
      let detail = '';
      print(`[  ... ] ${title}`);
      const heartbeat = setInterval(
        () => print(`[${seconds()}] ${title}${detail === '' ? '' : `: ${detail.slice(0, 100)}`}`),
        heartbeatMs,
      );
      try {
        const result = await work((text) => (detail = text.trim() || detail));
        print(`[${seconds()}] ${title}: done`);
        return result;
      } catch (error) {
        print(`[${seconds()}] ${title}: failed`);
        throw error;
      } finally {
        clearInterval(heartbeat);
      }
    },
  };
}
