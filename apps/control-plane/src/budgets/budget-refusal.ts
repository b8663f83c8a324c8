import {
  BudgetClosedError,
  BudgetExceededError,
  BudgetFrozenError,
  BudgetTooFastError,
  CallRepeatedError,
} from '@ae/budget-tracker';
import type { BudgetReason, BudgetStatus, Limit } from '@ae/contracts';
import { wireStatus } from './wire-status.ts';

/** Why a budget admits something not; who is told so must not act. */
export interface BudgetRefusal {
  reason: BudgetReason;
  /** As it stands: of the run, or of the budget above it that refuses. */
  budget: BudgetStatus;
  /** The limit that it does not fit, where that is the reason. */
  limit?: Limit;
  /** Whole seconds after which the same may be admitted, where time helps. */
  retryAfterSeconds?: number;
}

/** What an error says of a budget that refuses; undefined for every other error. */
export function refusalOf(error: unknown): BudgetRefusal | undefined {
  if (error instanceof BudgetExceededError) {
    return { reason: 'limit', budget: wireStatus(error.status), limit: error.limit };
  }
  if (error instanceof BudgetFrozenError) {
    return { reason: 'frozen', budget: wireStatus(error.status) };
  }
  if (error instanceof BudgetClosedError) {
    return { reason: 'closed', budget: wireStatus(error.status) };
  }
  if (error instanceof BudgetTooFastError || error instanceof CallRepeatedError) {
    const { retryAfterSeconds } = error;
    return {
      reason: error instanceof CallRepeatedError ? 'call_repeated' : 'too_fast',
      budget: wireStatus(error.status),
      ...(retryAfterSeconds === undefined
        ? {}
        : { retryAfterSeconds: Math.max(1, Math.ceil(retryAfterSeconds)) }),
    };
  }
  return undefined;
}
