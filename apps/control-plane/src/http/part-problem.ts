import { AuditError } from '@ae/audit-log';
import { BudgetError, BudgetExceededError, HoldConflictError } from '@ae/budget-tracker';
import { SafeExecutionError } from '@ae/safe-execution';
import { SandboxError } from '@ae/sandbox';
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
  switch (error.code) {
    case 'invalid_run_id':
    case 'invalid_hold_id':
    case 'invalid_amount':
    case 'invalid_ttl':
    case 'invalid_page':
      return new HttpProblem('invalid_request', error.message, { cause });
    case 'budget_not_found':
    case 'hold_not_found':
      return new HttpProblem('not_found', error.message, { cause });
    case 'budget_exceeded':
      return new HttpProblem('budget_exceeded', error.message, {
        cause,
        ...(error instanceof BudgetExceededError ? { budget: error.status } : {}),
      });
    case 'budget_conflict':
      return new HttpProblem('conflict', error.message, { cause });
    case 'hold_conflict':
      return new HttpProblem('conflict', error.message, {
        cause,
        ...(error instanceof HoldConflictError && error.charged !== undefined
          ? { charged: error.charged }
          : {}),
      });
    case 'store_unavailable':
      return new HttpProblem('store_unavailable', 'the budget store does not answer; try again', {
        part: 'budgets',
        cause,
      });
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
    default:
      return new HttpProblem(error.code, detail, { cause: error });
  }
}
