import { AuditError } from '@ae/audit-log';
import { BudgetError, HoldConflictError, StoreUnavailableError } from '@ae/budget-tracker';
import { SafeExecutionError } from '@ae/safe-execution';
import { SandboxError } from '@ae/sandbox';
import { refusalOf } from '../budgets/budget-refusal.ts';
import { HttpProblem } from './http-problem.ts';

/** The problem of an error that a library threw, or undefined for one that no library names. */
export function problemOfPart(error: unknown): HttpProblem | undefined {
  if (error instanceof BudgetError) return budgetProblem(error);
  if (error instanceof AuditError) return auditProblem(error);
  if (error instanceof SandboxError) {
    return new HttpProblem('sandbox_unavailable', error.message, { part: 'sandbox', cause: error });
  }
  if (error instanceof SafeExecutionError) return executionProblem(error);
  return undefined;
}

function budgetProblem(error: BudgetError): HttpProblem | undefined {
  const cause = error;
  const refusal = refusalOf(error);
  if (refusal !== undefined) {
    return new HttpProblem('budget_exceeded', error.message, { cause, ...refusal });
  }
  switch (error.code) {
    case 'invalid_run_id':
    case 'invalid_hold_id':
    case 'invalid_amount':
    case 'invalid_ttl':
    case 'invalid_page':
    case 'invalid_parent':
    case 'invalid_window':
    case 'invalid_guard':
      return new HttpProblem('invalid_request', error.message, { cause });
    case 'budget_not_found':
    case 'hold_not_found':
      return new HttpProblem('not_found', error.message, { cause });
    case 'budget_conflict':
    case 'budget_busy':
      return new HttpProblem('conflict', error.message, { cause });
    case 'hold_conflict':
      return new HttpProblem('conflict', error.message, {
        cause,
        ...(error instanceof HoldConflictError && error.charged !== undefined
          ? { charged: error.charged }
          : {}),
      });
    case 'store_unavailable': {
      const isKept = error instanceof StoreUnavailableError && error.journaled;
      const advice = isKept ? 'this commit is kept and will be recorded' : 'try again';
      return new HttpProblem('store_unavailable', `the budget store does not answer; ${advice}`, {
        part: 'budgets',
        cause,
      });
    }
    default:
      return undefined;
  }
}

function auditProblem(error: AuditError): HttpProblem | undefined {
  switch (error.code) {
    case 'invalid_query':
    case 'invalid_entry':
      return new HttpProblem('invalid_request', error.message, { cause: error });
    case 'store_unavailable':
      return new HttpProblem('store_unavailable', 'the audit log does not answer; try again', {
        part: 'audit',
        cause: error,
      });
    default:
      return undefined;
  }
}

function executionProblem(error: SafeExecutionError): HttpProblem {
  const detail = error.message;
  switch (error.code) {
    case 'sandbox_failed':
    case 'cancelled':
      return new HttpProblem('sandbox_unavailable', detail, { part: 'sandbox', cause: error });
    default: {
      // What refused it says more than the guarded path does: why, and how the budget stands.
      const details = error.cause instanceof HttpProblem ? error.cause.details : {};
      return new HttpProblem(error.code, detail, { ...details, cause: error });
    }
  }
}
