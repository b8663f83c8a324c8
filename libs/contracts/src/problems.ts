import { z } from 'zod';
import { BUDGET_REASONS, LIMITS } from './budgets.ts';

/** The stable codes of errors on the wire and the status each is answered with. */
export const PROBLEM_STATUS = {
  invalid_request: 400,
  unauthenticated: 401,
  budget_exceeded: 402,
  forbidden: 403,
  policy_denied: 403,
  approval_required: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  payload_too_large: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal: 500,
  store_unavailable: 503,
  sandbox_unavailable: 503,
  workflow_engine_unavailable: 503,
} as const;

export type ProblemCode = keyof typeof PROBLEM_STATUS;

export const PROBLEM_CODES = Object.keys(PROBLEM_STATUS) as [ProblemCode, ...ProblemCode[]];

/** `application/problem+json` (RFC 9457) with a stable `code`. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(PROBLEM_CODES),
    detail: z.string(),
    instance: z.string().optional(),
    request_id: z.string().optional(),
    part: z.string().optional().meta({ description: 'The part that is down (503).' }),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'The fields that failed (400), as JSON pointers.' }),
    charged: z
      .number()
      .optional()
      .meta({ description: 'What was charged before (409 of a commit).' }),
    budget: z.unknown().optional().meta({
      description: 'BudgetStatus (402): of the run, or of the budget above it that refuses.',
    }),
    reason: z.enum(BUDGET_REASONS).optional().meta({
      description: 'Why the budget refuses (402). With `too_fast` and `call_repeated` Retry-After.',
    }),
    limit: z
      .enum(LIMITS)
      .optional()
      .meta({ description: 'The limit that it does not fit (402, reason `limit`).' }),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;
