import type { Action, Approval, ApprovalPage } from '@ae/contracts';
import * as z from 'zod/mini';

/** What each action is called where a person decides on it. */
export const ACTION_WORDS: Record<Action, string> = {
  execute_code: 'Run a command',
  deploy: 'Deploy',
  create_billing: 'Create a billing entry',
  delete_files: 'Delete files',
  network_access: 'Reach the network',
  write_files: 'Write files',
  read_files: 'Read files',
  query_database: 'Query a database',
  call_tool: 'Call a tool',
};

const actions = Object.keys(ACTION_WORDS) as [Action, ...Action[]];

/** The context is shown whole, whatever it holds: nothing of it is dropped by reading. */
const contextSchema = z.looseObject({}) as unknown as z.ZodMiniType<Approval['context']>;

export const approvalSchema: z.ZodMiniType<Approval> = z.object({
  approval_id: z.string(),
  run_id: z.string(),
  step: z.string(),
  status: z.enum(['pending', 'approved', 'rejected', 'expired', 'cancelled']),
  action: z.enum(actions),
  context: contextSchema,
  digest: z.string(),
  reason: z.string(),
  created_at: z.string(),
  expires_at: z.string(),
  decided_by: z.optional(z.string()),
  decided_at: z.optional(z.string()),
  decision_reason: z.optional(z.string()),
});

export const approvalPageSchema: z.ZodMiniType<ApprovalPage> = z.object({
  approvals: z.array(approvalSchema),
});

/** First to expire first. */
export function byExpiry(left: Approval, right: Approval): number {
  return (
    Date.parse(left.expires_at) - Date.parse(right.expires_at) ||
    (left.approval_id < right.approval_id ? -1 : 1)
  );
}
