import type { Run, RunPage, RunStatus } from '@ae/contracts';
import * as z from 'zod/mini';
import { budgetSchema } from '../budgets/budget.ts';
import type { IconName } from '../display/icon.tsx';

interface StatusLook {
  word: string;
  icon: IconName;
  tone: 'good' | 'bad' | 'warn' | 'wait' | 'busy' | 'idle';
  /** Whether the run may still change. */
  open?: true;
}

export const RUN_STATUS: Record<RunStatus, StatusLook> = {
  queued: { word: 'Queued', icon: 'clock', tone: 'idle', open: true },
  running: { word: 'Running', icon: 'spinner', tone: 'busy', open: true },
  waiting_approval: { word: 'Waiting for approval', icon: 'hand', tone: 'wait', open: true },
  succeeded: { word: 'Succeeded', icon: 'check', tone: 'good' },
  failed: { word: 'Failed', icon: 'cross', tone: 'bad' },
  denied: { word: 'Denied', icon: 'blocked', tone: 'bad' },
  budget_exceeded: { word: 'Over budget', icon: 'money', tone: 'bad' },
  cancelled: { word: 'Cancelled', icon: 'minus', tone: 'idle' },
  needs_attention: { word: 'Needs attention', icon: 'warning', tone: 'warn' },
};

const statuses = Object.keys(RUN_STATUS) as [RunStatus, ...RunStatus[]];

export function isOpen({ status }: Pick<Run, 'status'>): boolean {
  return RUN_STATUS[status].open ?? false;
}

const executionResultSchema = z.object({
  stdout: z.string(),
  stderr: z.string(),
  exitCode: z.number(),
  timedOut: z.boolean(),
  truncated: z.optional(z.boolean()),
  cost: z.optional(z.number()),
  budgetRemaining: z.optional(z.number()),
});

const buildAndDeployResultSchema = z.object({
  commands: z.record(z.string(), executionResultSchema),
  deployment: z.optional(z.object({ target: z.string(), files: z.number(), version: z.string() })),
  cost: z.number(),
});

/** What the page reads of a run's error; its code may be newer than this page. */
const runErrorSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string() as unknown as z.ZodMiniType<NonNullable<Run['error']>['code']>,
  detail: z.string(),
});

export const runSchema: z.ZodMiniType<Run> = z.object({
  run_id: z.string(),
  kind: z.enum(['execute', 'build_and_deploy']),
  title: z.string(),
  status: z.enum(statuses),
  steps: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['running', 'succeeded', 'failed', 'skipped']),
      started_at: z.string(),
      ended_at: z.optional(z.string()),
      cost: z.optional(z.number()),
    }),
  ),
  result: z.optional(z.union([executionResultSchema, buildAndDeployResultSchema])),
  approval_id: z.optional(z.string()),
  budget: budgetSchema,
  error: z.optional(runErrorSchema),
  created_at: z.string(),
  updated_at: z.string(),
});

export const runPageSchema: z.ZodMiniType<RunPage> = z.object({
  runs: z.array(runSchema),
  next_cursor: z.optional(z.string()),
});

/** Newest first. */
export function byAge(left: Run, right: Run): number {
  return (
    Date.parse(right.created_at) - Date.parse(left.created_at) ||
    (left.run_id < right.run_id ? 1 : -1)
  );
}
