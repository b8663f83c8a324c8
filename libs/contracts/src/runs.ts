import { z } from 'zod';
import { agentSchema } from './actions.ts';
import { budgetStatusSchema, unitLimitsSchema } from './budgets.ts';
import {
  commandSchema,
  envsSchema,
  executionInputSchema,
  executionResultSchema,
  filesSchema,
  timeoutSecondsSchema,
} from './executions.ts';
import { approvalIdSchema, runIdSchema } from './identifiers.ts';
import { positiveUsdSchema, usdSchema } from './money.ts';
import { problemSchema } from './problems.ts';

/** A name that is safe as one path segment and one DNS label. */
export const deployNameSchema = z.string().regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/);

/** Input of a run of kind `build_and_deploy`: the commands run in order in one sandbox. */
export const buildAndDeployInputSchema = z
  .strictObject({
    files: filesSchema.optional(),
    envs: envsSchema.optional(),
    install: commandSchema.optional(),
    test: commandSchema.optional(),
    build: commandSchema,
    artifact_directory: z
      .string()
      .min(1)
      .max(1024)
      .refine((path) => !path.startsWith('/') && !path.split('/').includes('..'))
      .default('dist')
      .meta({ description: 'Folder that the build fills, relative to the working folder.' }),
    target: z
      .strictObject({ kind: z.literal('directory'), name: deployNameSchema })
      .meta({ description: 'Where to deploy: a folder of this name under the deploy root.' }),
    timeout_seconds: timeoutSecondsSchema.default(600).meta({
      description: 'Wall-clock limit of each command.',
    }),
    approval_timeout_seconds: z.int().min(1).max(604_800).default(86_400),
  })
  .meta({ id: 'BuildAndDeployInput' });
export type BuildAndDeployInput = z.infer<typeof buildAndDeployInputSchema>;

const common = {
  run_id: runIdSchema.optional().meta({ description: 'Made by the control plane when absent.' }),
  limit: positiveUsdSchema,
  parent: runIdSchema.exactOptional().meta({
    description: 'Carves the limit out of this budget, until the run is over.',
  }),
  limits: unitLimitsSchema.exactOptional(),
  agent: agentSchema.optional(),
};

/** Body of `POST /runs`. */
export const createRunRequestSchema = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('execute'), ...common, input: executionInputSchema }),
    z.strictObject({
      kind: z.literal('build_and_deploy'),
      ...common,
      input: buildAndDeployInputSchema,
    }),
  ])
  .meta({ id: 'CreateRunRequest' });
export type CreateRunRequest = z.input<typeof createRunRequestSchema>;
export type ParsedCreateRunRequest = z.output<typeof createRunRequestSchema>;

export const RUN_KINDS = ['execute', 'build_and_deploy'] as const;

export const RUN_STATUSES = [
  'queued',
  'running',
  'waiting_approval',
  'succeeded',
  'failed',
  'denied',
  'budget_exceeded',
  'cancelled',
  'needs_attention',
] as const;
export const runStatusSchema = z.enum(RUN_STATUSES);
export type RunStatus = z.infer<typeof runStatusSchema>;

const UNFINISHED: readonly RunStatus[] = ['queued', 'running', 'waiting_approval'];

/** Whether a run in this status will not change any more. */
export function isTerminal(status: RunStatus): boolean {
  return !UNFINISHED.includes(status);
}

export const STEP_STATUSES = ['running', 'succeeded', 'failed', 'skipped'] as const;

export const runStepSchema = z
  .object({
    name: z.string().min(1).max(64),
    status: z.enum(STEP_STATUSES),
    started_at: z.iso.datetime(),
    ended_at: z.iso.datetime().optional(),
    cost: usdSchema.optional(),
  })
  .meta({ id: 'RunStep' });
export type RunStep = z.infer<typeof runStepSchema>;

export const buildAndDeployResultSchema = z
  .object({
    commands: z.record(z.string(), executionResultSchema),
    deployment: z.object({ target: z.string(), files: z.int(), version: z.string() }).optional(),
    cost: usdSchema,
  })
  .meta({ id: 'BuildAndDeployResult' });
export type BuildAndDeployResult = z.infer<typeof buildAndDeployResultSchema>;

export const runResultSchema = z.union([executionResultSchema, buildAndDeployResultSchema]);
export type RunResult = z.infer<typeof runResultSchema>;

/** A command that exits non-zero is a run that succeeded in running it: `exitCode` tells. */
export const runSchema = z
  .object({
    run_id: runIdSchema,
    kind: z.enum(RUN_KINDS),
    title: z.string().meta({ description: 'What runs, redacted and cut to 200 characters.' }),
    status: runStatusSchema,
    steps: z.array(runStepSchema),
    result: runResultSchema.optional(),
    approval_id: approvalIdSchema.optional(),
    budget: budgetStatusSchema,
    error: problemSchema.optional(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof runSchema>;

export const runPageSchema = z
  .object({ runs: z.array(runSchema), next_cursor: z.string().optional() })
  .meta({ id: 'RunPage' });
export type RunPage = z.infer<typeof runPageSchema>;

/**
 * Body of `POST /runs/{run_id}/progress`: how the worker tells what became of a run. A step
 * replaces the stored one of the same name and start; a terminal status is final.
 */
export const runProgressSchema = z
  .strictObject({
    status: runStatusSchema.optional(),
    steps: z.array(runStepSchema).max(100).optional(),
    output: z
      .array(z.strictObject({ stream: z.enum(['stdout', 'stderr']), text: z.string() }))
      .max(1000)
      .optional(),
    result: runResultSchema.optional(),
    approval_id: approvalIdSchema.optional(),
    error: problemSchema.optional(),
  })
  .meta({ id: 'RunProgress' });
export type RunProgress = z.infer<typeof runProgressSchema>;
