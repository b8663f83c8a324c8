import { z } from 'zod';

/** One record of the hash-chained log, as `GET /audit` shows it. */
export const auditRecordSchema = z
  .object({
    sequence: z.int(),
    timestamp: z.iso.datetime(),
    kind: z.enum(['decision', 'outcome']),
    tenant_id: z.string(),
    principal: z.object({ user_id: z.string(), email: z.string().optional() }),
    agent: z
      .object({
        name: z.string().optional(),
        tier: z.string().optional(),
        chain: z.array(z.string()).optional(),
      })
      .optional(),
    action: z.string(),
    tool: z.string().optional(),
    run_id: z.string().optional(),
    decision_id: z.string(),
    decision: z.enum(['allow', 'deny', 'approval_required']).optional(),
    reason_code: z.string().optional(),
    policy_version: z.string().optional(),
    arguments_digest: z.string().optional(),
    outcome: z.string().optional(),
    cost: z.number().optional(),
    trace_id: z.string().optional(),
    context: z.unknown().optional(),
    context_digest: z.string().optional(),
    previous_hash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditRecord' });
export type AuditRecord = z.infer<typeof auditRecordSchema>;

export const auditPageSchema = z
  .object({ records: z.array(auditRecordSchema), next_cursor: z.string().optional() })
  .meta({ id: 'AuditPage' });

export const auditVerificationSchema = z
  .discriminatedUnion('valid', [
    z.object({ valid: z.literal(true), records: z.int(), head: z.string() }),
    z.object({ valid: z.literal(false), sequence: z.int(), reason: z.string() }),
  ])
  .meta({ id: 'AuditVerification' });
