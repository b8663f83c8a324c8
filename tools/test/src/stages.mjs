import { join } from 'node:path';
import { run } from '../../start/src/command.mjs';
import { checkPackages } from './package-check.mjs';

/**
 * A check that is no test: it passes or throws.
 *
 * @typedef {object} Stage
 * @property {string} name
 * @property {(root: string, detail: (text: string) => void) => Promise<void>} check
 */

/** @type {readonly Stage[]} In the order in which they run: the quick ones first. */
export const stages = [
  {
    name: 'lockfile',
    check: (root, detail) => node(root, detail, ['tools/check-lockfile/check-lockfile.mjs']),
  },
  {
    name: 'format',
    check: (root, detail) =>
      tool(root, detail, 'prettier', ['--check', '.', '--log-level', 'warn']),
  },
  { name: 'lint', check: (root, detail) => nx(root, detail, ['lint']) },
  { name: 'typecheck', check: (root, detail) => nx(root, detail, ['typecheck']) },
  {
    name: 'packages',
    async check(root, detail) {
      await nx(root, detail, ['build', '--projects=libs/*']);
      await checkPackages(root, detail);
    },
  },
];

/**
 * @param {string} root
 * @param {(text: string) => void} detail
 * @param {readonly string[]} target
 */
async function nx(root, detail, [target = '', ...more]) {
  const args = ['run-many', '-t', target, ...more, '--parallel=2', '--output-style=static'];
  await tool(root, detail, 'nx', args);
}

/**
 * @param {string} root
 * @param {(text: string) => void} detail
 * @param {string} name
 * @param {readonly string[]} args
 */
async function tool(root, detail, name, args) {
  await node(root, detail, [join('node_modules', '.bin', name), ...args]);
}

/**
 * @param {string} root
 * @param {(text: string) => void} detail
 * @param {readonly string[]} args
 */
async function node(root, detail, args) {
  await run(process.execPath, args, {
    cwd: root,
    env: {
      ...process.env,
      NX_DAEMON: 'false',
      NX_NO_CLOUD: 'true',
      NO_COLOR: '1',
      FORCE_COLOR: '0',
    },
    onLine: detail,
    shownLines: 400,
    timeoutMs: 600_000,
  });
}
