import type { Event } from '@ae/contracts';
import * as z from 'zod/mini';
import { approvalSchema } from '../approvals/approval.ts';
import { budgetSchema } from '../budgets/budget.ts';
import { runSchema } from '../runs/run.ts';
import type { SseMessage } from './sse-parser.ts';

const base = { id: z.string(), timestamp: z.string() };

const eventSchema: z.ZodMiniType<Event> = z.discriminatedUnion('type', [
  z.object({ ...base, type: z.literal('run.updated'), data: runSchema }),
  z.object({
    ...base,
    type: z.literal('run.output'),
    data: z.object({
      run_id: z.string(),
      stream: z.enum(['stdout', 'stderr']),
      text: z.string(),
    }),
  }),
  z.object({ ...base, type: z.literal('budget.updated'), data: budgetSchema }),
  z.object({
    ...base,
    type: z.literal('budget.deleted'),
    data: z.object({ run_id: z.string() }),
  }),
  z.object({
    ...base,
    type: z.literal('budget.threshold'),
    data: z.object({
      run_id: z.string(),
      threshold: z.union([z.literal(50), z.literal(80), z.literal(100)]),
      budget: budgetSchema,
    }),
  }),
  z.object({ ...base, type: z.literal('approval.updated'), data: approvalSchema }),
  z.object({
    ...base,
    type: z.literal('policy.decided'),
    data: z.object({
      decision_id: z.string(),
      action: z.string(),
      allowed: z.boolean(),
      requires_approval: z.boolean(),
      reason_code: z.string(),
      reason: z.string(),
      run_id: z.optional(z.string()),
    }),
  }),
]);

/** The event in a message, or undefined when this page cannot read it. */
export function readEvent(message: SseMessage): Event | undefined {
  try {
    const parsed = eventSchema.safeParse(JSON.parse(message.data));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
