import { BudgetInputError } from './budget-error.ts';

const MAX_LENGTH = 256;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Refuses a run id that could not be kept alike on every store.
 * @throws BudgetInputError `invalid_run_id` unless it has 1 to 256 UTF-16 units, no control
 *   character and no lone surrogate, and does not start with `}` (an empty hash tag: the keys of
 *   the run would land in different Redis Cluster slots).
 */
export function checkRunId(runId: string): void {
  const fault = faultOf(runId) ?? (runId.startsWith('}') ? 'must not start with }' : undefined);
  if (fault !== undefined) throw new BudgetInputError('invalid_run_id', `A run id ${fault}.`);
}

/**
 * Refuses a hold id or an idempotency key, by the rules of {@link checkRunId} but for the brace.
 * @throws BudgetInputError `invalid_hold_id`
 */
export function checkHoldId(holdId: string): void {
  const fault = faultOf(holdId);
  if (fault !== undefined) throw new BudgetInputError('invalid_hold_id', `A hold id ${fault}.`);
}

function faultOf(id: unknown): string | undefined {
  if (typeof id !== 'string') return 'must be a string';
  if (id.length === 0 || id.length > MAX_LENGTH) return `must have 1 to ${MAX_LENGTH} characters`;
  if (CONTROL.test(id)) return 'must not contain control characters';
  return id.isWellFormed() ? undefined : 'must be well-formed Unicode';
}
