import { z } from 'zod';
import { approvalSchema } from './approvals.ts';
import { budgetStatusSchema, thresholdSchema } from './budgets.ts';
import { runIdSchema } from './identifiers.ts';
import { runSchema } from './runs.ts';

const base = { id: z.string(), timestamp: z.iso.datetime() };

/** One entry of the ordered log that `GET /events` follows. `id` is the cursor. */
export const eventSchema = z
  .discriminatedUnion('type', [
    z.object({ ...base, type: z.literal('run.updated'), data: runSchema }),
    z.object({
      ...base,
      type: z.literal('run.output'),
      data: z.object({
        run_id: runIdSchema,
        stream: z.enum(['stdout', 'stderr']),
        text: z.string(),
      }),
    }),
    z.object({ ...base, type: z.literal('budget.updated'), data: budgetStatusSchema }),
    z.object({
      ...base,
      type: z.literal('budget.deleted'),
      data: z.object({ run_id: runIdSchema }),
    }),
    z.object({
      ...base,
      type: z.literal('budget.threshold'),
      data: z.object({
        run_id: runIdSchema,
        threshold: thresholdSchema.meta({
          description: 'Per cent of the limit that is used up furthest.',
        }),
        budget: budgetStatusSchema,
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
        run_id: runIdSchema.optional(),
      }),
    }),
  ])
  .meta({ id: 'Event' });
export type Event = z.infer<typeof eventSchema>;
export type EventType = Event['type'];

/** An event before the log gave it its place and time. */
export type NewEvent = Event extends infer E
  ? E extends Event
    ? Omit<E, 'id' | 'timestamp'>
    : never
  : never;
