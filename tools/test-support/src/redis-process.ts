import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisHost } from './redis-server.ts';

/** `redis-server` of this machine with its data in a temporary folder. */
export async function redisProcess(port: number, args: readonly string[]): Promise<RedisHost> {
  const directory = await mkdtemp(join(tmpdir(), 'ae-redis-'));
  let running: { child: ChildProcess; exited: Promise<unknown> } | undefined;
  return {
    async start() {
      const child = spawn(
        'redis-server',
        ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, ...args],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
      const exited = new Promise((resolve) => child.once('exit', resolve));
      try {
        await once(child, 'spawn');
      } catch (cause) {
        throw new Error(
          'redis-server does not start: install it (Debian: apt-get install redis-server; macOS: brew install redis).',
          { cause },
        );
      }
      running = { child, exited };
    },
    async end(signal) {
      running?.child.kill(signal);
      await running?.exited;
      running = undefined;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
