import { z } from 'zod';
import { holdIdSchema, idempotencyKeySchema, runIdSchema } from './identifiers.ts';
import { positiveUsdSchema, usdSchema } from './money.ts';

/** Most of a unit: what a JavaScript number and a Redis script count exactly. */
const MAX_UNITS = 9_000_000_000_000_000;
const SECONDS_A_DAY = 86_400;

const count = z.int().max(MAX_UNITS);
const seconds = z
  .number()
  .max(MAX_UNITS / 1000)
  .refine((amount) => Number(amount.toFixed(3)) === amount, {
    error: 'at most 3 decimal places (milliseconds)',
  });

/** Amounts beside money. */
export const quantitiesSchema = z
  .strictObject({
    tokens: count.nonnegative().optional(),
    steps: count.nonnegative().optional(),
    sandbox_seconds: seconds.nonnegative().optional(),
  })
  .meta({
    id: 'Quantities',
    description: 'Amounts beside money. What is left out is 0.',
    example: { tokens: 1200, steps: 1, sandbox_seconds: 2.5 },
  });
export type Quantities = z.infer<typeof quantitiesSchema>;

/** Limits beside money. */
export const unitLimitsSchema = z
  .strictObject({
    tokens: count.positive().optional(),
    steps: count.positive().optional(),
    sandbox_seconds: seconds.positive().optional(),
  })
  .meta({
    id: 'UnitLimits',
    description: 'Limits beside money. What is left out has none.',
    example: { tokens: 100_000, sandbox_seconds: 600 },
  });
export type UnitLimits = z.infer<typeof unitLimitsSchema>;

/** What a limit of a budget is counted in. */
export const LIMITS = ['usd', 'tokens', 'steps', 'sandbox_seconds'] as const;
export type Limit = (typeof LIMITS)[number];

/** Why a budget admits nothing, or not this. */
export const BUDGET_REASONS = ['limit', 'frozen', 'closed', 'too_fast', 'call_repeated'] as const;
export type BudgetReason = (typeof BUDGET_REASONS)[number];

/** Per cent of a limit at which an alert is due. */
export const thresholdSchema = z.union([z.literal(50), z.literal(80), z.literal(100)]);
export type Threshold = z.infer<typeof thresholdSchema>;

const unitStatusSchema = z
  .object({ limit: z.number(), spent: z.number(), held: z.number(), remaining: z.number() })
  .meta({
    id: 'UnitStatus',
    description: 'A limit beside money, as BudgetStatus has it for money.',
    example: { limit: 100_000, spent: 1200, held: 0, remaining: 98_800 },
  });

const windowSchema = z.enum(['day', 'month']).meta({
  description: 'The spend begins anew at each midnight UTC, or at that of the first of a month.',
});

/** The money of a run, in USD exact to 1e-6. `remaining` is what a new hold may take. */
export const budgetStatusSchema = z
  .object({
    run_id: runIdSchema,
    spent: z.number(),
    limit: z.number(),
    remaining: z.number(),
    exceeded: z.boolean(),
    held: z.number(),
    units: z
      .object({
        tokens: unitStatusSchema.optional(),
        steps: unitStatusSchema.optional(),
        sandbox_seconds: unitStatusSchema.optional(),
      })
      .optional()
      .meta({ description: 'The limits beside money.' }),
    parent: runIdSchema
      .optional()
      .meta({ description: 'The budget that the limit is carved out of.' }),
    window: windowSchema.optional(),
    window_ends_at: z.iso.datetime().optional(),
    frozen: z
      .literal(true)
      .optional()
      .meta({ description: 'Nothing is admitted until it is unfrozen.' }),
    closed: z
      .literal(true)
      .optional()
      .meta({ description: 'Settled with its parent: nothing is admitted any more.' }),
  })
  .meta({
    id: 'BudgetStatus',
    example: { run_id: 'r1', spent: 0.05, limit: 10, remaining: 9.7, exceeded: false, held: 0.25 },
  });
export type BudgetStatus = z.infer<typeof budgetStatusSchema>;

const guardsSchema = z
  .strictObject({
    usd_per_minute: positiveUsdSchema.max(100_000).exactOptional(),
    repeated_calls: z
      .strictObject({
        calls: z.int().min(1).max(1_000_000),
        seconds: z.number().min(0.001).max(SECONDS_A_DAY),
      })
      .exactOptional()
      .meta({ description: 'The same `call` is admitted so often within so many seconds.' }),
  })
  .meta({
    id: 'Guards',
    description: 'What refuses a hold besides limits.',
    example: { usd_per_minute: 1, repeated_calls: { calls: 5, seconds: 60 } },
  });

export const createBudgetRequestSchema = z
  .strictObject({
    run_id: runIdSchema,
    limit: positiveUsdSchema,
    parent: runIdSchema.exactOptional().meta({
      description: 'Carves the limit out of this budget, which must be lasting or have a window.',
    }),
    limits: unitLimitsSchema.exactOptional(),
    window: windowSchema.exactOptional(),
    lasting: z
      .boolean()
      .exactOptional()
      .meta({ description: 'It ends when it is deleted, not after seven days.' }),
    guards: guardsSchema.exactOptional(),
  })
  .meta({
    id: 'CreateBudgetRequest',
    example: { run_id: 'r1', limit: 10, parent: 'team-a', limits: { steps: 100 } },
  });
export type CreateBudgetRequest = z.infer<typeof createBudgetRequestSchema>;

const costAmountSchema = usdSchema.meta({
  description: 'USD with at most 6 decimal places; 0 only where `units` has an amount.',
});
const COSTS_NOTHING = {
  path: ['amount'],
  error: 'must be more than 0, unless units has an amount',
};

function costsSomething(cost: { amount: number; units?: Quantities }): boolean {
  return cost.amount > 0 || Object.values(cost.units ?? {}).some((amount = 0) => amount > 0);
}

export const spendRequestSchema = z
  .strictObject({
    run_id: runIdSchema,
    amount: costAmountSchema,
    units: quantitiesSchema.exactOptional(),
    idempotency_key: idempotencyKeySchema.optional(),
  })
  .refine(costsSomething, COSTS_NOTHING)
  .meta({
    id: 'SpendRequest',
    example: { run_id: 'r1', amount: 0.05, idempotency_key: 'invoice-17' },
  });
export type SpendRequest = z.infer<typeof spendRequestSchema>;

export const spendReceiptSchema = budgetStatusSchema
  .extend({
    replayed: z.boolean(),
    crossed: z
      .array(thresholdSchema)
      .meta({ description: 'Per cent of a limit that the spend reached by this.' }),
  })
  .meta({
    id: 'SpendReceipt',
    example: {
      ...{ run_id: 'r1', spent: 5.05, limit: 10, remaining: 4.95, exceeded: false, held: 0 },
      ...{ replayed: false, crossed: [50] },
    },
  });
export type SpendReceipt = z.infer<typeof spendReceiptSchema>;

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
    amount: costAmountSchema,
    units: quantitiesSchema.exactOptional(),
    ttl_seconds: z.int().min(1).max(604_800).optional(),
    call: z.string().min(1).max(4096).exactOptional().meta({
      description:
        'What the action does, the same for the same call: for the guard `repeated_calls`. A digest is stored.',
    }),
  })
  .refine(costsSomething, COSTS_NOTHING)
  .meta({
    id: 'ReserveRequest',
    example: { run_id: 'r1', hold_id: 'build', amount: 0.25, units: { steps: 1 } },
  });
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
  .strictObject({
    run_id: runIdSchema,
    hold_id: holdIdSchema,
    amount: usdSchema,
    units: quantitiesSchema.exactOptional(),
  })
  .meta({
    id: 'CommitRequest',
    example: { run_id: 'r1', hold_id: 'build', amount: 0.19, units: { sandbox_seconds: 2.5 } },
  });
export type CommitRequest = z.infer<typeof commitRequestSchema>;

export const commitReceiptSchema = spendReceiptSchema
  .extend({
    hold_id: holdIdSchema,
    held_amount: z.number(),
    charged: z.number(),
    late: z.boolean(),
    unheld: z.boolean(),
  })
  .meta({ id: 'CommitReceipt', description: 'What was held and what was charged.' });
export type CommitReceipt = z.infer<typeof commitReceiptSchema>;

export const releaseRequestSchema = z
  .strictObject({ run_id: runIdSchema, hold_id: holdIdSchema })
  .meta({ id: 'ReleaseRequest' });
export type ReleaseRequest = z.infer<typeof releaseRequestSchema>;

/** Body of what concerns a whole budget: settle, freeze, unfreeze. */
export const budgetRequestSchema = z
  .strictObject({ run_id: runIdSchema })
  .meta({ id: 'BudgetRequest', example: { run_id: 'r1' } });
export type BudgetRequest = z.infer<typeof budgetRequestSchema>;

export const budgetHoldsSchema = z
  .object({
    holds: z
      .array(
        z.object({
          hold_id: holdIdSchema,
          amount: z.number(),
          units: quantitiesSchema,
          expires_at: z.iso.datetime(),
        }),
      )
      .meta({
        description: 'Of actions under way, by the instant at which they end; at most 1000.',
      }),
    children: z
      .array(z.object({ run_id: runIdSchema, amount: z.number() }))
      .meta({ description: 'Budgets carved out of this one and not settled; at most 1000.' }),
  })
  .meta({
    id: 'BudgetHolds',
    example: {
      holds: [{ hold_id: 'build', amount: 0.25, units: {}, expires_at: '2026-11-25T10:00:00Z' }],
      children: [{ run_id: 'run-2026-11-25-001', amount: 1 }],
    },
  });
export type BudgetHolds = z.infer<typeof budgetHoldsSchema>;

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
