import {
  controlPlaneEnvironment,
  sandboxServerEnvironment,
  temporalEnvironment,
  workerEnvironment,
} from './environment.mjs';
import type { Plan } from './environment.mjs';

const plan: Plan = {
  root: '/checkout',
  state: '/checkout/.ae',
  keys: { admin: 'admin-key', worker: 'worker-key', sandbox: 'sandbox-key' },
  controlPlanePort: 7300,
  workerPort: 7310,
  sandboxPort: 7320,
  temporalAddress: '127.0.0.1:7233',
  sandboxUrl: 'http://127.0.0.1:7320',
  sandboxRoot: '/sandboxes',
  env: {
    PATH: '/bin',
    REDIS_URL: 'redis://store',
    OTEL_SERVICE_NAME: 'x',
    TEMPORAL_NAMESPACE: 'n',
    AE_ADMIN_KEY: 'inherited',
    AE_LOG_LEVEL: 'debug',
    UNRELATED_TOKEN: 'unrelated',
  },
};

describe('environment of the parts', () => {
  it('tells the control plane all that it owns', () => {
    expect(controlPlaneEnvironment(plan)).toEqual({
      PATH: '/bin',
      REDIS_URL: 'redis://store',
      OTEL_SERVICE_NAME: 'x',
      TEMPORAL_NAMESPACE: 'n',
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      AE_LOG_LEVEL: 'debug',
      AE_EXIT_ON_STDIN_CLOSE: '1',
      AE_PORT: '7300',
      AE_HOST: '127.0.0.1',
      AE_DATA_DIR: '/checkout/.ae',
      AE_ADMIN_KEY: 'admin-key',
      AE_WORKER_KEY: 'worker-key',
      AE_SANDBOX_URL: 'http://127.0.0.1:7320',
      AE_SANDBOX_API_KEY: 'sandbox-key',
      AE_DASHBOARD_DIR: '/checkout/apps/dashboard/dist',
    });
  });

  it('gives the worker neither the store nor the key of a person', () => {
    expect(workerEnvironment(plan)).toEqual({
      PATH: '/bin',
      OTEL_SERVICE_NAME: 'x',
      TEMPORAL_NAMESPACE: 'n',
      TEMPORAL_ADDRESS: '127.0.0.1:7233',
      AE_LOG_LEVEL: 'debug',
      AE_EXIT_ON_STDIN_CLOSE: '1',
      AE_DATA_DIR: '/checkout/.ae',
      AE_CONTROL_PLANE_URL: 'http://127.0.0.1:7300',
      AE_WORKER_KEY: 'worker-key',
      AE_WORKER_PORT: '7310',
      AE_SANDBOX_URL: 'http://127.0.0.1:7320',
      AE_SANDBOX_API_KEY: 'sandbox-key',
    });
  });

  it('gives the sandbox server its own key only', () => {
    expect(sandboxServerEnvironment(plan)).toEqual({
      PATH: '/bin',
      OTEL_SERVICE_NAME: 'x',
      AE_SANDBOX_HOST: '127.0.0.1',
      AE_SANDBOX_PORT: '7320',
      AE_SANDBOX_API_KEY: 'sandbox-key',
      AE_SANDBOX_ROOT: '/sandboxes',
    });
  });

  it('gives Temporal nothing of the project', () => {
    expect(temporalEnvironment(plan)).toEqual({ PATH: '/bin', OTEL_SERVICE_NAME: 'x' });
  });

  it('names no Temporal where there is none: the inline engine', () => {
    const { TEMPORAL_ADDRESS, ...rest } = controlPlaneEnvironment({
      ...plan,
      temporalAddress: undefined,
    });
    expect(TEMPORAL_ADDRESS).toBeUndefined();
    expect(Object.keys(rest)).toContain('AE_PORT');
  });

  it('takes the key that came with a sandbox server elsewhere', () => {
    const url = 'https://sandboxes.test';
    const env = { ...plan.env, AE_SANDBOX_URL: url, AE_SANDBOX_API_KEY: 'their-key' };
    expect(workerEnvironment({ ...plan, sandboxUrl: url, env })).toMatchObject({
      AE_SANDBOX_URL: url,
      AE_SANDBOX_API_KEY: 'their-key',
    });
  });
});
