import { once } from 'node:events';
import { startRedis } from '@ae/test-support';
import type { RedisServer } from '@ae/test-support';
import { Redis } from 'ioredis';
import { CommandBurst } from './command-burst.ts';
import { redisOptions } from './redis-options.ts';

describe('CommandBurst', () => {
  let server: RedisServer;
  let client: Redis;
  let burst: CommandBurst;

  beforeEach(async () => {
    server = await startRedis();
    client = new Redis(server.url, redisOptions);
    client.on('error', () => undefined);
    burst = new CommandBurst(client);
    await once(client, 'ready');
  });
  afterEach(async () => {
    client.disconnect();
    await server.stop();
  });

  const push = (value: number): Promise<number> => burst.add(() => client.rpush('list', value));
  const reads = async (): Promise<number> =>
    Number(/total_reads_processed:(\d+)/.exec(await client.info('stats'))?.[1]);

  it('sends what is asked for in one turn in few writes, and in its order', async () => {
    const before = await reads();
    const lengths = await Promise.all(Array.from({ length: 60 }, (_, at) => push(at)));
    // Two full ones, the rest, and the question itself.
    expect((await reads()) - before).toBeLessThanOrEqual(4);
    expect(lengths).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
    expect(await client.lrange('list', 0, -1)).toEqual(lengths.map((length) => String(length - 1)));
  });

  it('lets a command wait for no turn but its own', async () => {
    for (let at = 1; at <= 3; at += 1) expect(await push(at)).toBe(at);
  });

  it('goes on with the next connection when one is lost in the middle', async () => {
    const sent = Array.from({ length: 30 }, (_, at) => push(at));
    const ready = once(client, 'ready');
    client.stream.destroy();
    const results = await Promise.allSettled(sent);
    expect(results.some(({ status }) => status === 'rejected')).toBe(true);
    await ready;
    const length = await client.llen('list');
    expect(await push(0)).toBe(length + 1);
  });

  it('leaves a client that is not connected to itself', async () => {
    const lazy = new Redis(server.url, { lazyConnect: true });
    expect(await new CommandBurst(lazy).add(() => lazy.rpush('list', 1))).toBe(1);
    lazy.disconnect();
  });

  it('passes on what a command throws', async () => {
    const failed = new Error('failed');
    const throwing = (): Promise<never> => {
      throw failed;
    };
    expect(() => burst.add(throwing)).toThrow(failed);
    expect(await push(1)).toBe(1);
  });
});
