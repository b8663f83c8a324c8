import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { openPresence } from './presence.mjs';

/**
 * A long-running program of the system.
 *
 * @typedef {object} PartSpec
 * @property {string} name
 * @property {string} command
 * @property {readonly string[]} args
 * @property {NodeJS.ProcessEnv} env
 * @property {string} cwd
 * @property {string} log The file that takes its output.
 * @property {string} [presence] Where it is told that it is there; see presence.mjs. Absent: nowhere.
 * @property {() => Promise<boolean>} ready
 * @property {import('./progress.mjs').Progress} progress
 * @property {(error: Error) => void} lost Called when it is down and will not be started again.
 * @property {Partial<Patience>} [patience]
 */

/**
 * @typedef {object} Patience
 * @property {number} readyMs How long it may take to be ready.
 * @property {number} stopMs How long it may take to end on SIGTERM, before SIGKILL.
 * @property {number} restarts How often in a row it is started again.
 * @property {number} backoffMs The wait before the first of them; doubled for each further one.
 * @property {number} steadyMs Up for this long, it counts as well again.
 */

/**
 * @typedef {object} Part
 * @property {() => Promise<void>} start Ends when it is ready.
 * @property {() => Promise<void>} stop Ends when it is gone; may be called at any time.
 */

/** @type {Patience} */
const usual = { readyMs: 60_000, stopMs: 25_000, restarts: 5, backoffMs: 1000, steadyMs: 60_000 };

/**
 * A program that is started, awaited, and from then on started again when it ends by itself. It runs
 * in a process group of its own (Ctrl-C reaches the launcher, which ends the parts in order), its
 * standard input is a pipe that closes when the launcher is gone, and descriptor 3 is its presence.
 *
 * `start` fails with the last lines of the log when the program is not ready in time or ends before.
 *
 * @param {PartSpec} spec
 * @returns {Part}
 */
export function createPart(spec) {
  const { name, progress } = spec;
  const patience = { ...usual, ...spec.patience };
  /** @type {import('node:child_process').ChildProcess | undefined} */
  let child;
  /** @type {Promise<string>} How the current child ended. */
  let ended = Promise.resolve('');
  let stopping = false;

  async function launch() {
    const presence = openPresence(spec.presence);
    const output = openSync(spec.log, 'a');
    const launched = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: ['pipe', output, output, presence.descriptor],
    });
    if (launched.pid !== undefined) presence.tell(launched.pid);
    presence.close();
    closeSync(output);
    // Its end closes the pipe: that is told by `exit`.
    launched.stdin?.on('error', () => undefined);
    child = launched;
    let over = false;
    ended = new Promise((resolve) => {
      launched.once('error', (error) => resolve(`does not start: ${error.message}`));
      launched.once('exit', (code, signal) => resolve(`ended with ${signal ?? `code ${code}`}`));
    });
    void ended.then(() => {
      over = true;
      killRemnants(launched.pid);
    });
    const deadline = Date.now() + patience.readyMs;
    while (!(await spec.ready())) {
      if (over) throw failure(await ended);
      if (Date.now() > deadline) {
        killRemnants(launched.pid);
        throw failure(`is not ready after ${patience.readyMs / 1000} s`);
      }
      await delay(100);
    }
    // Another program may have answered in its place.
    if (over) throw failure(await ended);
  }

  /** @param {string} how */
  function failure(how) {
    const lines = readFileSync(spec.log, 'utf8').trimEnd().split('\n').slice(-20);
    return new Error(`${name} ${how}. The end of ${spec.log}:\n${lines.map(cut).join('\n')}`);
  }

  async function watch() {
    let attempt = 0;
    let since = Date.now();
    for (;;) {
      let problem = failure(await ended);
      if (stopping) return;
      if (Date.now() - since > patience.steadyMs) attempt = 0;
      for (let up = false; !up;) {
        if (attempt === patience.restarts) {
          stopping = true;
          spec.lost(problem);
          return;
        }
        const wait = patience.backoffMs * 2 ** attempt;
        attempt += 1;
        progress.note(problem.message);
        progress.note(
          `${name} starts again in ${wait / 1000} s (${attempt} of ${patience.restarts})`,
        );
        await delay(wait);
        if (stopping) return;
        try {
          await launch();
          up = true;
        } catch (error) {
          if (stopping) return;
          problem = /** @type {Error} */ (error);
        }
      }
      since = Date.now();
      progress.note(`${name} is ready again`);
    }
  }

  /**
   * What a program started and left behind would keep its ports and files.
   *
   * @param {number | undefined} pid
   */
  function killRemnants(pid) {
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Nothing is left of the group.
    }
  }

  async function stop() {
    stopping = true;
    child?.kill('SIGTERM');
    const killing = setTimeout(() => killRemnants(child?.pid), patience.stopMs);
    await ended;
    clearTimeout(killing);
  }

  return {
    async start() {
      mkdirSync(dirname(spec.log), { recursive: true });
      writeFileSync(spec.log, '', { mode: 0o600 });
      try {
        await progress.step(`starting ${name}`, launch);
      } catch (error) {
        await stop();
        throw error;
      }
      void watch();
    },
    stop,
  };
}

/**
 * Whether a GET of `url` answers with `status`.
 *
 * @param {string} url
 * @param {number} status
 */
export async function answersWith(url, status) {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await response.body?.cancel();
    return response.status === status;
  } catch {
    return false;
  }
}

/** @param {number} ms */
function delay(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A line of a log as it fits a terminal: the whole of it is in the file. @param {string} line */
function cut(line) {
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
