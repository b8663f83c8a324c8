import { ConfigError, readConfig } from './config.ts';

const KEYS = { AE_ADMIN_KEY: `ae_${'a'.repeat(43)}`, AE_WORKER_KEY: `ae_${'b'.repeat(43)}` };

it('waits for no replica by default', () => {
  expect(readConfig(KEYS).AE_REDIS_REPLICAS).toBe(0);
});

it('takes the replicas of one Redis', () => {
  const environment = { ...KEYS, REDIS_URL: 'redis://a:6379', AE_REDIS_REPLICAS: '2' };
  expect(readConfig(environment).AE_REDIS_REPLICAS).toBe(2);
});

// bug: addresses with ports were refused when there were several of them
it('takes nodes of a cluster, parted by commas', () => {
  const urls = 'redis://a:6379, redis://b:6379';
  expect(readConfig({ ...KEYS, REDIS_URL: urls }).REDIS_URL).toBe(urls);
});

it.each([
  [{ REDIS_URL: 'localhost' }, 'REDIS_URL'],
  [{ REDIS_URL: 'redis://a:1,' }, 'REDIS_URL'],
  [{ AE_REDIS_REPLICAS: '1' }, 'AE_REDIS_REPLICAS'],
  [{ AE_REDIS_REPLICAS: '1', REDIS_URL: 'redis://a:1,redis://b:1' }, 'AE_REDIS_REPLICAS'],
  [{ AE_REDIS_REPLICAS: '-1', REDIS_URL: 'redis://a:1' }, 'AE_REDIS_REPLICAS'],
])('refuses %j by name', (environment, name) => {
  const read = () => readConfig({ ...KEYS, ...environment });
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(`${name}: `);
});
