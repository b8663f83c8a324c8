import { fileURLToPath } from 'node:url';
import { readmeExamples, startRedis } from '@ae/test-support';
import type { RedisServer } from '@ae/test-support';

// Processes and servers of their own are slow on a busy machine.
import.meta.jest.setTimeout(60_000);

describe('README.md', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  const examples = readmeExamples(fileURLToPath(new URL('..', import.meta.url)));
  it.each(examples.map((example) => [example.title, example] as const))(
    '%s',
    async (_title, example) => {
      await expect(example.run({ env: { REDIS_URL: redis.url } })).resolves.toBeUndefined();
    },
  );
});
