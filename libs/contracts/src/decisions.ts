import { z } from 'zod';
import { actionContextSchema, actionSchema, agentSchema } from './actions.ts';
import { approvalIdSchema, decisionIdSchema, runIdSchema } from './identifiers.ts';
import { usdSchema } from './money.ts';

/** Body of `POST /check`. */
export const checkRequestSchema = z
  .strictObject({
    action: actionSchema,
    context: actionContextSchema.default({}),
    run_id: runIdSchema.optional(),
    agent: agentSchema.optional(),
    approval_id: approvalIdSchema.optional().meta({
      description: 'A granted approval of exactly this action and context.',
    }),
  })
  .meta({ id: 'CheckRequest' });
export type CheckRequest = z.input<typeof checkRequestSchema>;

export const findingSchema = z
  .object({
    rule_id: z.string(),
    message: z.string(),
    span: z.object({ start: z.int(), end: z.int() }).optional(),
    effect: z.string().optional(),
  })
  .meta({ id: 'Finding', description: 'One reason, with the place in the command it is about.' });
export type Finding = z.infer<typeof findingSchema>;

/**
 * Answer of `POST /check`. While an approval is outstanding `allowed` is false and
 * `requires_approval` is true, so that a caller who looks at `allowed` alone fails closed.
 */
export const policyDecisionSchema = z
  .object({
    allowed: z.boolean(),
    reason: z.string(),
    requires_approval: z.boolean(),
    reason_code: z.string(),
    decision_id: decisionIdSchema,
    policy_version: z.string(),
    findings: z.array(findingSchema),
    network_allowlist: z.array(z.string()).optional().meta({
      description:
        'Of the hosts in the allowlist of the context, those that the policy lets it reach: give the sandbox no other.',
    }),
    suggestion: z.string().optional(),
    approval_id: approvalIdSchema.optional(),
  })
  .meta({ id: 'PolicyDecision' });
export type PolicyDecision = z.infer<typeof policyDecisionSchema>;

export const OUTCOMES = ['succeeded', 'failed', 'cancelled', 'timed_out'] as const;

/** Body of `POST /outcomes`: what became of an allowed action. */
export const outcomeRequestSchema = z
  .strictObject({
    decision_id: decisionIdSchema,
    status: z.enum(OUTCOMES),
    cost: usdSchema.optional(),
    secrets_redacted: z
      .record(z.string().max(64), z.int().nonnegative())
      .optional()
      .meta({ description: 'How many secrets of each kind were masked in the output.' }),
    duration_seconds: z.number().nonnegative().max(1e7).optional(),
  })
  .meta({ id: 'OutcomeRequest' });
export type OutcomeRequest = z.infer<typeof outcomeRequestSchema>;
