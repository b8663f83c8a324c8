import { join } from 'node:path';

/**
 * What each part is told. A part gets what it needs and nothing else: no store credentials for the
 * worker, no keys but its own for the sandbox server.
 *
 * @typedef {object} Plan
 * @property {string} root
 * @property {string} state
 * @property {import('./keys.mjs').Keys} keys
 * @property {number} controlPlanePort
 * @property {number} workerPort
 * @property {number} sandboxPort
 * @property {string | undefined} temporalAddress Undefined: the inline engine.
 * @property {string | undefined} sandboxUrl Undefined: E2B's cloud, with E2B_API_KEY.
 * @property {string} sandboxRoot
 * @property {NodeJS.ProcessEnv} env The environment of the launcher.
 */

/** Names, and beginnings of names, of what every program on a machine may need. */
const everyday = [
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_*', 'TZ', 'TMPDIR', 'TERM'],
  ...['NODE_ENV', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR', 'OTEL_*'],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'http_proxy', 'https_proxy', 'no_proxy'],
];

/** @param {Plan} plan */
export function controlPlaneEnvironment(plan) {
  return {
    ...pick(plan.env, [...everyday, 'AE_*', 'TEMPORAL_*', 'REDIS_URL', 'E2B_*']),
    ...common(plan),
    AE_PORT: String(plan.controlPlanePort),
    AE_HOST: '127.0.0.1',
    AE_ADMIN_KEY: plan.keys.admin,
    AE_WORKER_KEY: plan.keys.worker,
    AE_DASHBOARD_DIR: join(plan.root, 'apps', 'dashboard', 'dist'),
  };
}

/** @param {Plan} plan */
export function workerEnvironment(plan) {
  return {
    ...pick(plan.env, [...everyday, 'AE_*', 'TEMPORAL_*', 'E2B_*']),
    ...common(plan),
    AE_CONTROL_PLANE_URL: `http://127.0.0.1:${plan.controlPlanePort}`,
    AE_WORKER_KEY: plan.keys.worker,
    AE_WORKER_PORT: String(plan.workerPort),
  };
}

/** @param {Plan} plan */
export function sandboxServerEnvironment(plan) {
  return {
    ...pick(plan.env, [...everyday, 'AE_SANDBOX_*', 'DOCKER_*', 'XDG_RUNTIME_DIR']),
    AE_SANDBOX_HOST: '127.0.0.1',
    AE_SANDBOX_PORT: String(plan.sandboxPort),
    AE_SANDBOX_API_KEY: plan.keys.sandbox,
    AE_SANDBOX_ROOT: plan.sandboxRoot,
  };
}

/** @param {Plan} plan */
export function temporalEnvironment(plan) {
  return pick(plan.env, everyday);
}

/** @param {Plan} plan */
function common(plan) {
  return {
    AE_DATA_DIR: plan.state,
    AE_EXIT_ON_STDIN_CLOSE: '1',
    ...(plan.temporalAddress === undefined ? {} : { TEMPORAL_ADDRESS: plan.temporalAddress }),
    ...(plan.sandboxUrl === undefined
      ? {}
      : { AE_SANDBOX_URL: plan.sandboxUrl, AE_SANDBOX_API_KEY: sandboxKey(plan) }),
  };
}

/** A sandbox server that the caller named comes with the caller's key. @param {Plan} plan */
function sandboxKey({ env, keys }) {
  return env['AE_SANDBOX_URL'] === undefined ? keys.sandbox : (env['AE_SANDBOX_API_KEY'] ?? '');
}

/** Keys reach a part only by being handed to it by name. */
const neverInherited = ['AE_ADMIN_KEY', 'AE_WORKER_KEY', 'AE_SANDBOX_API_KEY'];

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {readonly string[]} names A name, or a beginning that ends in `*`.
 * @returns {NodeJS.ProcessEnv}
 */
function pick(env, names) {
  return Object.fromEntries(
    Object.entries(env).filter(
      ([name]) =>
        !neverInherited.includes(name) &&
        names.some((n) => (n.endsWith('*') ? name.startsWith(n.slice(0, -1)) : name === n)),
    ),
  );
}
