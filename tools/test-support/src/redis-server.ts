import { Redis } from 'ioredis';
import { freePort } from './free-port.ts';
import { dockerAnswers, redisContainer } from './redis-container.ts';
import { redisProcess } from './redis-process.ts';

/** How a test wants its Redis. */
export interface RedisOptions {
  /** Append-only file; default true. Without it `kill` loses everything. */
  readonly appendOnly?: boolean;
  /** When the append-only file is synced; default `everysec`, as Redis itself. */
  readonly appendFsync?: 'always' | 'everysec' | 'no';
  /** Further arguments of redis-server: `['--maxmemory', '64mb']`. */
  readonly args?: readonly string[];
}

/** A real Redis for a test, empty at the start. */
export interface RedisServer {
  /** `redis://127.0.0.1:<port>`; the same after `restart`. */
  readonly url: string;
  /** A container by Testcontainers, or a `redis-server` process of this machine. */
  readonly via: 'container' | 'process';
  /** SIGKILL: nothing is flushed, connections break. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the data it had, after a clean stop if it still runs. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

/** What runs redis-server on a given port: the one difference between the two ways. */
export interface RedisHost {
  start(): Promise<void>;
  /** Ends the server if it runs; its data stay. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  remove(): Promise<void>;
}

let announced = false;

/**
 * Starts a Redis: in a container of the image `AE_TEST_REDIS_IMAGE` where that is set and a Docker
 * engine answers, else as a `redis-server` process. Says once on stderr which.
 * @throws Error when neither can be had, with what to install.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const image = process.env['AE_TEST_REDIS_IMAGE'];
  const via = image !== undefined && (await dockerAnswers()) ? 'container' : 'process';
  const port = await freePort();
  const args = [
    ...['--save', '', '--appendonly', (options.appendOnly ?? true) ? 'yes' : 'no'],
    ...['--appendfsync', options.appendFsync ?? 'everysec'],
    ...(options.args ?? []),
  ];
  const host =
    via === 'container'
      ? await redisContainer(image ?? '', port, args)
      : await redisProcess(port, args);
  if (!announced) {
    announced = true;
    process.stderr.write(
      `Redis for tests: ${via === 'container' ? `container of ${image ?? ''}` : 'redis-server process'}\n`,
    );
  }
  const start = async (): Promise<void> => {
    await host.start();
    await answers(port);
  };
  try {
    await start();
  } catch (error) {
    await host.remove();
    throw error;
  }
  return {
    url: `redis://127.0.0.1:${port}`,
    via,
    kill: () => host.end('SIGKILL'),
    async restart() {
      await host.end('SIGTERM');
      await start();
    },
    async stop() {
      await host.end('SIGTERM');
      await host.remove();
    },
  };
}

/** Waits until the server has loaded its data and takes commands; at most 20 s. */
async function answers(port: number): Promise<void> {
  const client = new Redis(port, '127.0.0.1', {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => (attempt > 400 ? null : 50),
  });
  // Each refused attempt is reported as an event; the ping tells the outcome.
  client.on('error', () => undefined);
  try {
    await client.ping();
  } finally {
    client.disconnect();
  }
}
