import { spawn } from 'node:child_process';
import { accessSync, constants, createWriteStream, mkdirSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** A command that could not be run, ran out of time, or ended with another code than 0. */
export class CommandError extends Error {
  /**
   * @param {string} message
   * @param {string} output Its last lines.
   */
  constructor(message, output) {
    super(output === '' ? message : `${message}\n${output}`);
    this.name = 'CommandError';
    this.code = 'command_failed';
    this.output = output;
  }
}

/** @type {Set<import('node:child_process').ChildProcess>} */
const running = new Set();

/** Ends every command that still runs: called when the program itself has to end. */
export function endCommands() {
  for (const child of running) child.kill('SIGTERM');
}

/**
 * Runs a command to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {object} [options]
 * @param {string} [options.cwd]
 * @param {NodeJS.ProcessEnv} [options.env]
 * @param {number} [options.timeoutMs]
 * @param {AbortSignal} [options.signal] Ends it.
 * @param {number} [options.shownLines] How many of its last lines an error shows; default 20.
 * @param {string} [options.log] A file that takes its whole output.
 * @param {(line: string) => void} [options.onLine] Each line of its output.
 * @returns {Promise<string>} Its output, the last 64 KiB.
 * @throws {CommandError}
 */
export async function run(command, args, options = {}) {
  if (options.log !== undefined) mkdirSync(dirname(options.log), { recursive: true });
  const log = options.log === undefined ? undefined : createWriteStream(options.log);
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    signal: options.signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      log?.write(text);
      output = (output + text).slice(-65_536);
    });
    if (options.onLine !== undefined) createInterface(stream).on('line', options.onLine);
  }
  let late = false;
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          late = true;
          child.kill('SIGKILL');
        }, options.timeoutMs);
  try {
    return await new Promise((resolve, reject) => {
      const fail = (/** @type {string} */ how) => {
        const shown = [command, ...args].join(' ').slice(0, 200);
        const lines = output
          .trimEnd()
          .split('\n')
          .slice(-(options.shownLines ?? 20))
          .join('\n');
        reject(new CommandError(`\`${shown}\` ${how}`, lines));
      };
      child.once('error', (error) => fail(`did not run: ${error.message}`));
      child.once('close', (code, signal) => {
        if (late) fail(`took more than ${(options.timeoutMs ?? 0) / 1000} s`);
        else if (code === 0) resolve(output);
        else fail(`ended with ${signal ?? `code ${code}`}`);
      });
    });
  } finally {
    clearTimeout(timer);
    running.delete(child);
    log?.end();
  }
}

/**
 * The full path of an executable file on a PATH.
 *
 * @param {string} name
 * @param {string} [path] Default: the PATH of this process.
 * @returns {string | undefined}
 */
export function findOnPath(name, path = process.env['PATH'] ?? '') {
  return path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** @param {string} file */
export function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
