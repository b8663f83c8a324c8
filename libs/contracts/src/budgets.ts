import { z } from 'zod';
import { holdIdSchema, idempotencyKeySchema, runIdSchema } from './identifiers.ts';
import { positiveUsdSchema, usdSchema } from './money.ts';

/** The money of a run, in USD exact to 1e-6. `remaining` is what a new hold may take. */
export const budgetStatusSchema = z
  .object({
    run_id: runIdSchema,
    spent: z.number(),
    limit: z.number(),
    remaining: z.number(),
    exceeded: z.boolean(),
    held: z.number(),
  })
  .meta({
    id: 'BudgetStatus',
    example: { run_id: 'r1', spent: 0.05, limit: 10, remaining: 9.7, exceeded: false, held: 0.25 },
  });
export type BudgetStatus = z.infer<typeof budgetStatusSchema>;

export const createBudgetRequestSchema = z
  .strictObject({ run_id: runIdSchema, limit: positiveUsdSchema })
  .meta({ id: 'CreateBudgetRequest' });
export type CreateBudgetRequest = z.infer<typeof createBudgetRequestSchema>;

export const spendRequestSchema = z
  .strictObject({
    run_id: runIdSchema,
    amount: positiveUsdSchema,
    idempotency_key: idempotencyKeySchema.optional(),
  })
  .meta({ id: 'SpendRequest' });
export type SpendRequest = z.infer<typeof spendRequestSchema>;

export const canSpendRequestSchema = z
  .strictObject({ run_id: runIdSchema, amount: positiveUsdSchema })
  .meta({ id: 'CanSpendRequest' });
export type CanSpendRequest = z.infer<typeof canSpendRequestSchema>;

export const canSpendSchema = z
  .object({ can_spend: z.boolean(), current_status: budgetStatusSchema })
  .meta({ id: 'CanSpend', description: 'Advice, never the gate: only a hold admits.' });
export type CanSpend = z.infer<typeof canSpendSchema>;

export const reserveRequestSchema = z
  .strictObject({
    run_id: runIdSchema,
    hold_id: holdIdSchema,
    amount: positiveUsdSchema,
    ttl_seconds: z.int().min(1).max(604_800).optional(),
  })
  .meta({ id: 'ReserveRequest' });
export type ReserveRequest = z.infer<typeof reserveRequestSchema>;

export const holdReceiptSchema = budgetStatusSchema
  .extend({
    hold_id: holdIdSchema,
    amount: z.number(),
    expires_at: z.iso.datetime(),
    replayed: z.boolean(),
  })
  .meta({ id: 'HoldReceipt' });
export type HoldReceipt = z.infer<typeof holdReceiptSchema>;

export const commitRequestSchema = z
  .strictObject({ run_id: runIdSchema, hold_id: holdIdSchema, amount: usdSchema })
  .meta({ id: 'CommitRequest' });
export type CommitRequest = z.infer<typeof commitRequestSchema>;

export const commitReceiptSchema = budgetStatusSchema
  .extend({
    hold_id: holdIdSchema,
    held_amount: z.number(),
    charged: z.number(),
    late: z.boolean(),
    unheld: z.boolean(),
    replayed: z.boolean(),
  })
  .meta({ id: 'CommitReceipt', description: 'What was held and what was charged.' });
export type CommitReceipt = z.infer<typeof commitReceiptSchema>;

export const releaseRequestSchema = z
  .strictObject({ run_id: runIdSchema, hold_id: holdIdSchema })
  .meta({ id: 'ReleaseRequest' });
export type ReleaseRequest = z.infer<typeof releaseRequestSchema>;

export const budgetPageSchema = z
  .object({
    budgets: z.array(budgetStatusSchema),
    next_cursor: z.string().optional(),
    corrupt: z
      .array(z.string())
      .optional()
      .meta({ description: 'Runs whose stored values are unreadable: look at the store.' }),
  })
  .meta({ id: 'BudgetPage' });
export type BudgetPage = z.infer<typeof budgetPageSchema>;
