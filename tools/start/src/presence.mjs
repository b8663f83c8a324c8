import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writePrivateJson } from './private-file.mjs';

/**
 * Whether a process of a part is still there, told to a launcher that did not start it: the parts of
 * one that was killed take a while to end, and until then keep their databases and ports.
 *
 * Every process of a part holds the reading end of a named pipe, so the operating system knows when
 * the last one is gone, however it ended. A process id alone could be that of another program by
 * then; but while the pipe is held the process group beside it has never been empty, so its number
 * cannot have been given to anyone else.
 */

/** @param {string} path */
const pipeAt = (path) => `${path}.pipe`;
/** @param {string} path */
const groupAt = (path) => `${path}.json`;

/**
 * Opens the presence of a part that is about to be started.
 *
 * @param {string | undefined} path Its files, without their endings; undefined: it is told nowhere.
 * @returns {{ descriptor: number | 'ignore', tell: (group: number) => void, close: () => void }}
 *   `descriptor`: what the part inherits, 'ignore' where there are no named pipes; `tell`: to be
 *   called with its process group.
 */
export function openPresence(path) {
  const nowhere = /** @type {const} */ ({ descriptor: 'ignore', tell: () => {}, close: () => {} });
  if (path === undefined) return nowhere;
  mkdirSync(dirname(path), { recursive: true });
  // Until the new group is known none is: the number of an earlier one may be another program's.
  rmSync(groupAt(path), { force: true });
  const pipe = openPipe(pipeAt(path));
  if (pipe === undefined) return nowhere;
  return {
    descriptor: pipe,
    tell: (group) => writePrivateJson(groupAt(path), { group }),
    close: () => closeSync(pipe),
  };
}

/** @param {string} file */
function openPipe(file) {
  try {
    if (!isPipe(file)) {
      rmSync(file, { force: true });
      execFileSync('mkfifo', ['-m', '600', file], { stdio: 'ignore' });
    }
    return openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    // Not every file system has named pipes: there the parts are not waited for.
    return undefined;
  }
}

/** @param {string} file */
function isPipe(file) {
  return lstatSync(file, { throwIfNoEntry: false })?.isFIFO() ?? false;
}

/** @param {string} path */
function isPresent(path) {
  if (!isPipe(pipeAt(path))) return false;
  try {
    closeSync(openSync(pipeAt(path), constants.O_WRONLY | constants.O_NONBLOCK));
    return true;
  } catch {
    return false;
  }
}

/**
 * Waits until no part of an earlier launcher is left, and ends those that do not end by themselves.
 * Only for who holds the launcher's lock: it ends the parts of a launcher that runs as well.
 *
 * @param {string} folder Where the presences of the parts lie.
 * @param {import('./progress.mjs').Progress} progress
 * @param {{ endMs?: number, killedMs?: number }} [patience] How long they may take to end, before
 *   SIGKILL; and after it.
 * @throws {Error} When one is still there then.
 */
export async function awaitEarlierParts(
  folder,
  progress,
  { endMs = 25_000, killedMs = 5000 } = {},
) {
  const present = earlierParts(folder).filter(isPresent);
  if (present.length === 0) return;
  const names = present.map((path) => basename(path)).join(', ');
  await progress.step(`waiting for the end of an earlier start (${names})`, () =>
    Promise.all(present.map((path) => awaitEnd(path, { endMs, killedMs }))),
  );
}

/** @param {string} folder */
function earlierParts(folder) {
  try {
    const pipes = readdirSync(folder).filter((name) => name.endsWith('.pipe'));
    return pipes.map((name) => join(folder, basename(name, '.pipe')));
  } catch {
    return [];
  }
}

/**
 * @param {string} path
 * @param {{ endMs: number, killedMs: number }} patience
 */
async function awaitEnd(path, { endMs, killedMs }) {
  const group = groupOf(path);
  const began = Date.now();
  let asked = false;
  for (; isPresent(path); await delay()) {
    const waited = Date.now() - began;
    if (waited > endMs + killedMs) {
      const which = group === undefined ? '' : ` (process group ${group})`;
      throw new Error(
        `${basename(path)} of an earlier start${which} does not end: end it, then run this again.`,
      );
    }
    if (group === undefined) continue;
    if (waited > endMs) signal(-group, 'SIGKILL');
    // The first process of a part ends it by itself, since its standard input has ended. Where that
    // one was killed too, nobody else asks what it had started.
    else if (!asked && !signal(group, 0)) asked = signal(-group, 'SIGTERM');
  }
  // What a process has open is closed one after the other, the pipe among the first.
  await delay();
}

/**
 * @param {string} path
 * @returns {number | undefined}
 */
function groupOf(path) {
  try {
    const { group } = JSON.parse(readFileSync(groupAt(path), 'utf8'));
    return Number.isSafeInteger(group) && group > 1 ? group : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {number} target
 * @param {NodeJS.Signals | 0} name
 * @returns {boolean} Whether there is such a process, or one in such a group.
 */
function signal(target, name) {
  try {
    return process.kill(target, name);
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

function delay() {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
