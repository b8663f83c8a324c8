import { z } from 'zod';
import { actionContextSchema, actionSchema, agentSchema } from './actions.ts';
import { approvalIdSchema, runIdSchema } from './identifiers.ts';

export const APPROVAL_STATUSES = [
  'pending',
  'approved',
  'rejected',
  'expired',
  'cancelled',
] as const;

/** Body of `POST /approvals`: asks a person. The same run and step ask once. */
export const createApprovalRequestSchema = z
  .strictObject({
    run_id: runIdSchema,
    step: z.string().min(1).max(64),
    action: actionSchema,
    context: actionContextSchema,
    agent: agentSchema.optional(),
    reason: z.string().max(1000),
    expires_in_seconds: z.int().min(1).max(604_800).default(86_400),
  })
  .meta({ id: 'CreateApprovalRequest' });
export type CreateApprovalRequest = z.input<typeof createApprovalRequestSchema>;

export const approvalSchema = z
  .object({
    approval_id: approvalIdSchema,
    run_id: runIdSchema,
    step: z.string(),
    status: z.enum(APPROVAL_STATUSES),
    action: actionSchema,
    context: actionContextSchema,
    digest: z.string().meta({
      description: 'SHA-256 of the exact action and context (RFC 8785): what is approved.',
    }),
    reason: z.string(),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime(),
    decided_by: z.string().optional(),
    decided_at: z.iso.datetime().optional(),
    decision_reason: z.string().optional(),
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof approvalSchema>;

export const approvalPageSchema = z
  .object({ approvals: z.array(approvalSchema) })
  .meta({ id: 'ApprovalPage' });
export type ApprovalPage = z.infer<typeof approvalPageSchema>;

/** Body of `POST /approvals/{approval_id}/decision`. */
export const approvalDecisionRequestSchema = z
  .strictObject({
    decision: z.enum(['approve', 'reject']),
    reason: z.string().min(1).max(1000),
    digest: z.string().optional().meta({
      description: 'The digest that was read. Another one in the store is a conflict.',
    }),
  })
  .meta({ id: 'ApprovalDecisionRequest' });
export type ApprovalDecisionRequest = z.infer<typeof approvalDecisionRequestSchema>;
