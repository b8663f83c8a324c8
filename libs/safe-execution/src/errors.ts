import type { PolicyDecision } from '@ae/contracts';

export type SafeExecutionErrorCode =
  'policy_denied' | 'approval_required' | 'budget_exceeded' | 'cancelled' | 'sandbox_failed';

/** Base of what stops a guarded execution. `code` is stable. */
export abstract class SafeExecutionError extends Error {
  abstract readonly code: SafeExecutionErrorCode;
  override get name(): string {
    return this.constructor.name;
  }
}

/** Policy said no. Nothing was held, nothing ran. Never retry: change the action or the policy. */
export class PolicyDeniedError extends SafeExecutionError {
  readonly code = 'policy_denied';
  readonly decision: PolicyDecision;
  constructor(decision: PolicyDecision) {
    super(decision.reason);
    this.decision = decision;
  }
}

/** A person has to approve first. Ask, then run again with the approval's id. */
export class ApprovalRequiredError extends SafeExecutionError {
  readonly code = 'approval_required';
  readonly decision: PolicyDecision;
  constructor(decision: PolicyDecision) {
    super(decision.reason);
    this.decision = decision;
  }
}

/** The budget refuses: the estimate does not fit, or nothing is admitted. Nothing was held, nothing ran. */
export class BudgetExceededError extends SafeExecutionError {
  readonly code = 'budget_exceeded';
}

/** The caller's signal ended the execution. What ran until then was charged. */
export class ExecutionCancelledError extends SafeExecutionError {
  readonly code = 'cancelled';
}

/** The sandbox could not be made or broke. What it ran until then was charged. Retry with backoff. */
export class SandboxFailedError extends SafeExecutionError {
  readonly code = 'sandbox_failed';
}
