import type { ProblemCode, RunResult, RunStatus, RunStep } from '@ae/contracts';
import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { ApprovalDemand } from '../failure-types.ts';
import { FAILURE_TYPES } from '../failure-types.ts';

/** How a run ends. */
export interface RunEnding {
  status: RunStatus;
  result?: RunResult;
  error?: { code: ProblemCode; detail: string };
  steps?: RunStep[];
}

/** Ends a run from within, when the work itself cannot go on. */
export class RunEnded extends Error {
  readonly ending: RunEnding;
  constructor(ending: RunEnding) {
    super(`the run ends as ${ending.status}`);
    this.ending = ending;
  }
}

/** The ending that a failure means; undefined for what is a defect of this workflow. */
export function endingOf(error: unknown): RunEnding | undefined {
  if (error instanceof RunEnded) return error.ending;
  if (isCancellation(error)) return { status: 'cancelled' };
  if (!(error instanceof ActivityFailure)) return undefined;
  const failure = error.cause;
  const detail = failure?.message ?? error.message;
  switch (failure instanceof ApplicationFailure ? failure.type : undefined) {
    case FAILURE_TYPES.policyDenied:
      return { status: 'denied', error: { code: 'policy_denied', detail } };
    case FAILURE_TYPES.approvalRequired:
    case FAILURE_TYPES.approvalNotConfirmed:
      return { status: 'denied', error: { code: 'approval_required', detail } };
    case FAILURE_TYPES.budgetExceeded:
      return { status: 'budget_exceeded', error: { code: 'budget_exceeded', detail } };
    case FAILURE_TYPES.invalidInput:
      return { status: 'failed', error: { code: 'invalid_request', detail } };
    case FAILURE_TYPES.controlPlaneUnavailable:
      return { status: 'needs_attention', error: { code: 'store_unavailable', detail } };
    default:
      return { status: 'needs_attention', error: { code: 'sandbox_unavailable', detail } };
  }
}

/** What has to be approved before the activity that failed can be tried again, if that is why. */
export function approvalDemandOf(error: unknown): ApprovalDemand | undefined {
  if (!(error instanceof ActivityFailure)) return undefined;
  const failure = error.cause;
  if (!(failure instanceof ApplicationFailure)) return undefined;
  if (failure.type !== FAILURE_TYPES.approvalRequired) return undefined;
  return failure.details?.[0] as ApprovalDemand | undefined;
}
