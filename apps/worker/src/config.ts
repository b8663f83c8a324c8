import { join } from 'node:path';
import { CLOUD_LEASE_MS, OWN_SERVER_LEASE_MS } from '@ae/sandbox';
import { z } from 'zod';

const port = z.coerce.number().int().min(0).max(65_535);

const environmentSchema = z
  .object({
    AE_CONTROL_PLANE_URL: z.url({ protocol: /^https?$/ }).default('http://127.0.0.1:7300'),
    AE_WORKER_KEY: z
      .string()
      .regex(/^ae_[A-Za-z0-9_-]{43}$/, { error: 'must be "ae_" and 32 random bytes as base64url' }),
    TEMPORAL_ADDRESS: z.string().min(1).default('127.0.0.1:7233'),
    TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
    AE_SANDBOX_URL: z.url({ protocol: /^https?$/ }).optional(),
    AE_SANDBOX_API_KEY: z.string().min(1).default('local'),
    E2B_API_KEY: z.string().min(1).optional(),
    AE_DATA_DIR: z.string().min(1).default('.ae'),
    AE_DEPLOY_ROOT: z.string().min(1).optional(),
    AE_WORKER_PORT: port.default(7310),
    AE_SANDBOX_USD_PER_SECOND: z.coerce.number().nonnegative().optional(),
    AE_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
    AE_EXIT_ON_STDIN_CLOSE: z.literal('1').optional(),
  })
  .refine((env) => env.AE_SANDBOX_URL !== undefined || env.E2B_API_KEY !== undefined, {
    path: ['AE_SANDBOX_URL'],
    error: 'name a sandbox server, or set E2B_API_KEY to use the cloud of E2B',
  });

/** What the worker is told once, at its start. */
export interface WorkerConfig {
  controlPlaneUrl: string;
  apiKey: string;
  temporal: { address: string; namespace: string };
  /** Without addresses: the cloud of E2B. After `leaseMs` a sandbox ends whose worker was killed. */
  sandbox: { apiKey: string; apiUrl?: string; sandboxUrl?: string; leaseMs: number };
  artifactsDirectory: string;
  deployRoot: string;
  /** Of the health endpoints, on loopback; 0 takes a free one. */
  port: number;
  usdPerSecond: number | undefined;
  logLevel: string;
  exitOnStdinClose: boolean;
}

/** The configuration does not hold; the message names each variable and what it should be. */
export class ConfigError extends Error {
  readonly code = 'invalid_config';
  override readonly name = 'ConfigError';
}

/** Reads the environment. An empty variable counts as absent; no value appears in an error. */
export function readConfig(environment: NodeJS.ProcessEnv): WorkerConfig {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const { data: env, error } = environmentSchema.safeParse(present);
  if (!env) {
    const lines = error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new ConfigError(`correct these variables and start again:\n  ${lines.join('\n  ')}`);
  }
  const url = env.AE_SANDBOX_URL;
  return {
    controlPlaneUrl: env.AE_CONTROL_PLANE_URL,
    apiKey: env.AE_WORKER_KEY,
    temporal: { address: env.TEMPORAL_ADDRESS, namespace: env.TEMPORAL_NAMESPACE },
    sandbox:
      url === undefined
        ? { apiKey: env.E2B_API_KEY ?? '', leaseMs: CLOUD_LEASE_MS }
        : {
            apiKey: env.AE_SANDBOX_API_KEY,
            apiUrl: url,
            sandboxUrl: url,
            leaseMs: OWN_SERVER_LEASE_MS,
          },
    artifactsDirectory: join(env.AE_DATA_DIR, 'artifacts'),
    deployRoot: env.AE_DEPLOY_ROOT ?? join(env.AE_DATA_DIR, 'deployments'),
    port: env.AE_WORKER_PORT,
    usdPerSecond: env.AE_SANDBOX_USD_PER_SECOND,
    logLevel: env.AE_LOG_LEVEL,
    exitOnStdinClose: env.AE_EXIT_ON_STDIN_CLOSE === '1',
  };
}
