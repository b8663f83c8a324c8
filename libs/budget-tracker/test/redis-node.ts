import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '@ae/test-support';

/** One redis-server process on loopback. */
export interface RedisNode {
  readonly port: number;
  /** Until {@link resume} it keeps its connections and does nothing. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** Starts a redis-server without snapshots, with further options by their names in its configuration. */
export async function startRedisNode(
  directory: string,
  options: Readonly<Record<string, string | number>>,
): Promise<RedisNode> {
  const port = await freePort();
  const all = { port, bind: '127.0.0.1', dir: directory, save: '', ...options };
  const flags = Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn('redis-server', flags, { stdio: ['ignore', 'pipe', 'inherit'] });
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
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
