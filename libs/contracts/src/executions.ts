import { z } from 'zod';
import { positiveUsdSchema, usdSchema } from './money.ts';

/** Longest wall-clock time of one command, in seconds. */
export const MAX_TIMEOUT_SECONDS = 3600;
export const DEFAULT_TIMEOUT_SECONDS = 60;
/** Size of the files of one execution, in bytes of JSON: they travel in one Temporal payload. */
export const MAX_FILES_BYTES = 1_048_576;
/** Longest value of a variable, in UTF-16 units: the redactor masks values up to this length. */
export const MAX_ENV_LENGTH = 16_384;
/** Size of the environment of one execution, in bytes of JSON. */
export const MAX_ENVS_BYTES = 262_144;

const pathSchema = z
  .string()
  .min(1)
  .max(1024)
  .refine((path) => !path.includes('\0'), { error: 'a path must not contain NUL' })
  .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'), {
    error: 'a path must be relative and stay inside the working folder',
  });

export const filesSchema = z
  .record(pathSchema, z.string())
  .refine((files) => Object.keys(files).length <= 1000, { error: 'at most 1000 files' })
  .refine((files) => jsonBytes(files) <= MAX_FILES_BYTES, {
    error: `files must not exceed ${String(MAX_FILES_BYTES)} bytes of JSON together`,
  })
  .meta({ description: 'Path (relative to the working folder) to text.' });

export const envsSchema = z
  .record(
    z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/),
    z
      .string()
      .max(MAX_ENV_LENGTH)
      .refine((value) => !value.includes('\0'), {
        error: 'a value must not contain NUL',
      }),
  )
  .refine((envs) => Object.keys(envs).length <= 100, { error: 'at most 100 variables' })
  .refine((envs) => jsonBytes(envs) <= MAX_ENVS_BYTES, {
    error: `variables must not exceed ${String(MAX_ENVS_BYTES)} bytes of JSON together`,
  })
  .meta({
    description:
      'Environment of the command. Values of 6 characters or more are masked in the output.',
  });

export const commandSchema = z
  .string()
  .min(1)
  .max(65_536)
  .refine((command) => !command.includes('\0'), { error: 'a command must not contain NUL' });

export const timeoutSecondsSchema = z.int().min(1).max(MAX_TIMEOUT_SECONDS);

/** Input of a run of kind `execute`. */
export const executionInputSchema = z
  .strictObject({
    command: commandSchema,
    files: filesSchema.optional(),
    envs: envsSchema.optional(),
    cwd: pathSchema.optional(),
    timeout_seconds: timeoutSecondsSchema.default(DEFAULT_TIMEOUT_SECONDS),
    network_allowlist: z.array(z.string().min(1).max(253)).max(256).optional(),
    estimate: positiveUsdSchema.optional().meta({
      description: 'USD to hold before the command runs. By default the price of its timeout.',
    }),
  })
  .meta({ id: 'ExecutionInput', example: { command: 'node --version' } });
export type ExecutionInput = z.infer<typeof executionInputSchema>;

export const executionResultSchema = z
  .object({
    stdout: z.string(),
    stderr: z.string(),
    exitCode: z.int(),
    timedOut: z.boolean(),
    truncated: z.boolean().optional(),
    cost: usdSchema.optional(),
    budgetRemaining: z.number().optional(),
  })
  .meta({ id: 'ExecutionResult', description: 'What a command printed, redacted.' });
export type ExecutionResult = z.infer<typeof executionResultSchema>;

/** Bytes of a value as UTF-8 JSON. */
function jsonBytes(value: unknown): number {
  let bytes = 0;
  for (const character of JSON.stringify(value)) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
