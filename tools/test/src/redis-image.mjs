import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findOnPath, run } from '../../start/src/command.mjs';

/** @typedef {import('../../start/src/progress.mjs').Progress} Progress */

const local = 'ae-test/redis:local';

/**
 * The image for Redis in containers: `AE_TEST_REDIS_IMAGE`, or on Linux one made of this machine's
 * own redis-server (no registry is asked), else the official one.
 *
 * @param {NodeJS.ProcessEnv} env
 * @param {Progress} progress
 */
export async function prepareRedisImage(env, progress) {
  const named = env['AE_TEST_REDIS_IMAGE'];
  if (named !== undefined && named !== '') return named;
  const server = findOnPath('redis-server');
  if (process.platform !== 'linux' || server === undefined) return 'redis:7-alpine';
  await progress.step(`making the image ${local}`, () => makeImage(server));
  return local;
}

/**
 * redis-server, redis-cli, a shell and the libraries they are linked with: about 18 MB.
 *
 * @param {string} server
 */
async function makeImage(server) {
  const folder = mkdtempSync(join(tmpdir(), 'ae-redis-image-'));
  const files = join(folder, 'files');
  const archive = join(folder, 'image.tar');
  try {
    const programs = [
      { from: server, to: '/usr/bin/redis-server' },
      { from: join(dirname(server), 'redis-cli'), to: '/usr/bin/redis-cli' },
      { from: '/bin/sh', to: '/bin/sh' },
    ];
    for (const { from, to } of programs) {
      copyInto(files, from, to);
      const linked = await run('ldd', [realpathSync(from)]);
      for (const [library] of linked.matchAll(/\/\S+/g)) {
        if (!library.endsWith(':')) copyInto(files, library, library);
      }
    }
    for (const empty of ['tmp', 'data']) mkdirSync(join(files, empty), { mode: 0o777 });
    await run('tar', ['-C', files, '-cf', archive, '.']);
    const settings = ['WORKDIR /data', 'ENV PATH=/usr/bin:/bin', 'EXPOSE 6379'];
    await run('docker', [
      'import',
      ...settings.flatMap((setting) => ['--change', setting]),
      ...['--change', 'CMD ["redis-server","--protected-mode","no","--save",""]'],
      archive,
      local,
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} files
 * @param {string} from
 * @param {string} to
 */
function copyInto(files, from, to) {
  const target = join(files, to);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(realpathSync(from), target);
}
