import { Redis } from 'ioredis';
import { startRedis } from './redis-server.ts';
import type { RedisOptions, RedisServer } from './redis-server.ts';

const image = process.env['AE_TEST_REDIS_IMAGE'];

async function withRedis(
  options: RedisOptions,
  use: (server: RedisServer, client: Redis) => Promise<void>,
): Promise<void> {
  const server = await startRedis(options);
  const client = new Redis(server.url, { retryStrategy: () => 50 });
  client.on('error', () => undefined);
  try {
    await use(server, client);
  } finally {
    client.disconnect();
    await server.stop();
  }
}

describe.each(
  image === undefined ? ['process' as const] : ['process' as const, 'container' as const],
)('startRedis as a %s', (via) => {
  beforeAll(() => {
    if (via === 'process') delete process.env['AE_TEST_REDIS_IMAGE'];
    else process.env['AE_TEST_REDIS_IMAGE'] = image;
  });

  it('keeps synced writes through kill and restart on the same port', async () => {
    await withRedis({ appendFsync: 'always' }, async (server, client) => {
      expect(server.via).toBe(via);
      await client.set('key', 'value');
      await server.kill();
      await server.restart();
      expect(await client.get('key')).toBe('value');
    });
  }, 60_000);

  it('keeps everything through a clean restart', async () => {
    await withRedis({}, async (server, client) => {
      await client.set('key', 'value');
      await server.restart();
      expect(await client.get('key')).toBe('value');
    });
  }, 60_000);

  it('loses everything on kill when nothing is appended', async () => {
    await withRedis({ appendOnly: false }, async (server, client) => {
      await client.set('key', 'value');
      await server.kill();
      await server.restart();
      expect(await client.get('key')).toBeNull();
    });
  }, 60_000);

  it('hands further arguments to redis-server', async () => {
    await withRedis({ args: ['--maxmemory', '64mb'] }, async (_server, client) => {
      expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', String(64 * 2 ** 20)]);
    });
  }, 60_000);

  it('frees its port when stopped', async () => {
    const server = await startRedis();
    await server.stop();
    const client = new Redis(server.url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    await expect(client.connect()).rejects.toThrow();
  }, 60_000);
});
