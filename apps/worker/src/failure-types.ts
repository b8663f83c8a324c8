import type { Action, ActionContext } from '@ae/contracts';

/**
 * Types of the failures that cross from activities to workflows. Everything else is a passing
 * failure and is tried again.
 */
export const FAILURE_TYPES = {
  policyDenied: 'PolicyDenied',
  approvalRequired: 'ApprovalRequired',
  approvalNotConfirmed: 'ApprovalNotConfirmed',
  budgetExceeded: 'BudgetExceeded',
  invalidInput: 'InvalidInput',
  sandboxFailed: 'SandboxFailed',
  controlPlaneUnavailable: 'ControlPlaneUnavailable',
} as const;

/** These end the work: to try again would change nothing. */
export const NON_RETRYABLE_TYPES: string[] = [
  FAILURE_TYPES.policyDenied,
  FAILURE_TYPES.approvalRequired,
  FAILURE_TYPES.budgetExceeded,
  FAILURE_TYPES.invalidInput,
];

/** Detail of an `ApprovalRequired` failure: exactly what a person has to approve. */
export interface ApprovalDemand {
  /** The command or step that is held up. */
  step: string;
  action: Action;
  context: ActionContext;
  /** Why the policy asks. */
  reason: string;
}
