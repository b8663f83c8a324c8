import { ConfigError, readConfig } from './config.ts';

const key = ['ae', 'k'.repeat(43)].join('_');
const complete = { AE_WORKER_KEY: key, AE_SANDBOX_URL: 'http://127.0.0.1:7320' };

it('fills in what a single machine needs', () => {
  expect(readConfig(complete)).toEqual({
    controlPlaneUrl: 'http://127.0.0.1:7300',
    apiKey: key,
    temporal: { address: '127.0.0.1:7233', namespace: 'default' },
    sandbox: {
      apiKey: 'local',
      apiUrl: 'http://127.0.0.1:7320',
      sandboxUrl: 'http://127.0.0.1:7320',
      leaseMs: 8000,
    },
    artifactsDirectory: '.ae/artifacts',
    deployRoot: '.ae/deployments',
    port: 7310,
    usdPerSecond: undefined,
    logLevel: 'info',
    exitOnStdinClose: false,
  });
});

it("uses E2B's cloud where no server is named", () => {
  const { sandbox } = readConfig({ AE_WORKER_KEY: key, E2B_API_KEY: 'cloud' });
  expect(sandbox).toEqual({ apiKey: 'cloud', leaseMs: 30_000 });
});

it('prefers a named server to the cloud, and given folders to its own', () => {
  const config = readConfig({
    ...complete,
    E2B_API_KEY: 'cloud',
    AE_SANDBOX_API_KEY: 'server',
    AE_DATA_DIR: '/data',
    AE_DEPLOY_ROOT: '/www',
    AE_SANDBOX_USD_PER_SECOND: '0.5',
    AE_EXIT_ON_STDIN_CLOSE: '1',
  });
  expect(config.sandbox.apiKey).toBe('server');
  expect(config.artifactsDirectory).toBe('/data/artifacts');
  expect(config.deployRoot).toBe('/www');
  expect(config.usdPerSecond).toBe(0.5);
  expect(config.exitOnStdinClose).toBe(true);
});

it('names every variable that is wrong, and no value', () => {
  const wrong = { AE_WORKER_KEY: `${key}x`, AE_SANDBOX_URL: 'nonsense', AE_LOG_LEVEL: 'loud' };
  const read = (): unknown => readConfig(wrong);
  expect(read).toThrow(ConfigError);
  expect(read).toThrow(/AE_WORKER_KEY[^]*AE_SANDBOX_URL[^]*AE_LOG_LEVEL/);
  expect(read).not.toThrow(new RegExp(key));
});

it('refuses to start without any sandbox', () => {
  expect(() => readConfig({ AE_WORKER_KEY: key, AE_SANDBOX_URL: '' })).toThrow(/E2B_API_KEY/);
});
