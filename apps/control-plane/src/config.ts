import { z } from 'zod';

const key = z
  .string()
  .regex(/^ae_[A-Za-z0-9_-]{43}$/, { error: 'must be "ae_" and 32 random bytes as base64url' });
const port = z.coerce.number().int().min(0).max(65_535);
const optionalUrl = z.url().optional();
/** One address, or those of several nodes parted by commas. */
const redisUrls = z.string().refine((urls) => urls.split(',').every((url) => URL.canParse(url)), {
  error: 'must be redis://host:port, or several of them parted by commas',
});

const variables = z.object({
  AE_HOST: z.string().default('127.0.0.1'),
  AE_PORT: port.default(7300),
  AE_DATA_DIR: z.string().min(1).default('.ae'),
  AE_ADMIN_KEY: key,
  AE_WORKER_KEY: key,
  AE_POLICY_FILE: z.string().min(1).optional(),
  AE_DASHBOARD_DIR: z.string().min(1).optional(),
  AE_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']).default('info'),
  AE_RATE_LIMIT_PER_SECOND: z.coerce.number().int().min(1).default(1000),
  AE_SANDBOX_USD_PER_SECOND: z.coerce.number().nonnegative().optional(),
  AE_SANDBOX_URL: optionalUrl,
  AE_SANDBOX_API_KEY: z.string().min(1).default('local'),
  AE_EXIT_ON_STDIN_CLOSE: z.literal('1').optional(),
  AE_DRAIN_MS: z.coerce.number().int().min(0).max(60_000).default(0),
  E2B_API_KEY: z.string().min(1).optional(),
  REDIS_URL: redisUrls.optional(),
  AE_REDIS_REPLICAS: z.coerce.number().int().min(0).default(0),
  TEMPORAL_ADDRESS: z.string().min(1).optional(),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
});

const environmentSchema = variables.refine(
  ({ AE_REDIS_REPLICAS: replicas, REDIS_URL: urls }) =>
    replicas === 0 || (urls !== undefined && !urls.includes(',')),
  {
    path: ['AE_REDIS_REPLICAS'],
    error: 'needs REDIS_URL to name one server: nodes of a cluster cannot be waited for',
  },
);

export type Config = z.infer<typeof environmentSchema>;

/** The configuration does not hold; the message names each variable and what it should be. */
export class ConfigError extends Error {
  readonly code = 'invalid_config';
  override readonly name = 'ConfigError';
}

/** Reads the environment once. An empty variable counts as absent. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const present = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = environmentSchema.safeParse(present);
  if (result.success) return result.data;
  const lines = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigError(`correct these variables and start again:\n  ${lines.join('\n  ')}`);
}
