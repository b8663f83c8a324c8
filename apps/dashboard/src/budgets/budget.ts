import type { BudgetPage, BudgetStatus } from '@ae/contracts';
import * as z from 'zod/mini';

const unitStatusSchema = z.object({
  limit: z.number(),
  spent: z.number(),
  held: z.number(),
  remaining: z.number(),
});

export const budgetSchema: z.ZodMiniType<BudgetStatus> = z.object({
  run_id: z.string(),
  spent: z.number(),
  limit: z.number(),
  remaining: z.number(),
  exceeded: z.boolean(),
  held: z.number(),
  units: z.optional(
    z.object({
      tokens: z.optional(unitStatusSchema),
      steps: z.optional(unitStatusSchema),
      sandbox_seconds: z.optional(unitStatusSchema),
    }),
  ),
  parent: z.optional(z.string()),
  window: z.optional(z.enum(['day', 'month'])),
  window_ends_at: z.optional(z.string()),
  frozen: z.optional(z.literal(true)),
  closed: z.optional(z.literal(true)),
});

export const budgetPageSchema: z.ZodMiniType<BudgetPage> = z.object({
  budgets: z.array(budgetSchema),
  next_cursor: z.optional(z.string()),
});

/** How much of the limit is spent or held; above 1 when it is exceeded. */
export function usedShare({ spent, held, limit }: BudgetStatus): number {
  return limit > 0 ? (spent + held) / limit : Number.POSITIVE_INFINITY;
}

/** Soonest to run out first: exceeded ones, then by the share that is used. */
export function byUrgency(left: BudgetStatus, right: BudgetStatus): number {
  return (
    Number(right.exceeded) - Number(left.exceeded) ||
    usedShare(right) - usedShare(left) ||
    (left.run_id < right.run_id ? -1 : 1)
  );
}
