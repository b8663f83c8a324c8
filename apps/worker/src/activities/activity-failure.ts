import {
  BudgetExceededError,
  PolicyDeniedError,
  SafeExecutionError,
  SandboxFailedError,
} from '@ae/safe-execution';
import { SafetyError } from '@ae/safety-client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { ArtifactError } from '../artifacts/artifact-store.ts';
import { codeOf } from '../error-code.ts';
import { FAILURE_TYPES } from '../failure-types.ts';

/**
 * An error as history keeps it. Messages pass through `redact`, and causes and their stacks are left
 * out: they quote what was sent and answered.
 */
export function activityFailure(error: unknown, redact: (text: string) => string): Error {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  const message = redact(error instanceof Error ? error.message : String(error));
  const final = (type: string): ApplicationFailure =>
    ApplicationFailure.nonRetryable(message, type);
  const passing = (type: string): ApplicationFailure => ApplicationFailure.retryable(message, type);

  if (error instanceof PolicyDeniedError) return final(FAILURE_TYPES.policyDenied);
  if (error instanceof BudgetExceededError) return final(FAILURE_TYPES.budgetExceeded);
  if (error instanceof SandboxFailedError) {
    return isAboutTheInput(error.cause)
      ? final(FAILURE_TYPES.invalidInput)
      : passing(FAILURE_TYPES.sandboxFailed);
  }
  if (error instanceof SafeExecutionError) return passing(error.name);
  if (error instanceof SafetyError) {
    switch (error.code) {
      case 'budget_exceeded':
        return final(FAILURE_TYPES.budgetExceeded);
      case 'invalid_request':
      case 'not_found':
      case 'conflict':
      case 'payload_too_large':
        return final(FAILURE_TYPES.invalidInput);
      default:
        return passing(FAILURE_TYPES.controlPlaneUnavailable);
    }
  }
  if (error instanceof ArtifactError && error.code === 'artifact_path_refused') {
    return final(FAILURE_TYPES.invalidInput);
  }
  if (codeOf(error) === 'sandbox_unavailable') return passing(FAILURE_TYPES.sandboxFailed);
  return passing(error instanceof Error ? error.name : 'UnknownError');
}

/** What a sandbox refuses for what was asked of it; it would refuse it again. */
const ABOUT_THE_INPUT = new Set([
  'invalid_argument',
  'invalid_path',
  'file_not_found',
  'file_too_large',
  'unsupported_by_provider',
]);

function isAboutTheInput(cause: unknown): boolean {
  return cause instanceof SandboxFailedError || ABOUT_THE_INPUT.has(codeOf(cause) ?? '');
}
