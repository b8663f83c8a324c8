import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '@ae/test-support';

/** One redis-server process on loopback. */
export interface RedisNode {
  readonly port: number;
  /** Until {@link resume} it keeps its connections and does nothing. */
  pause(): void;
  resume(): void;
  /** SIGKILL: nothing is flushed, connections break. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a redis-server without snapshots, with further options by their names in its configuration. With the port and
 * the directory of one that was killed it goes on from the files there.
 */
export async function startRedisNode(
  directory: string,
  options: Readonly<Record<string, string | number>>,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RedisNode> {
  const port = Number(options['port'] ?? (await freePort()));
  const all = { bind: '127.0.0.1', dir: directory, save: '', ...options, port };
  const flags = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'], env });
  const exited = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error('redis-server ended before it was ready')));
    child.stdout.on('data', (text: Buffer) => {
      if (text.includes('Ready to accept connections')) resolve();
    });
  });
  return {
    port,
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
