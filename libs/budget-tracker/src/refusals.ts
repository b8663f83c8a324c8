import {
  BudgetBusyError,
  BudgetClosedError,
  BudgetExceededError,
  BudgetFrozenError,
  BudgetInputError,
  BudgetNotFoundError,
  BudgetTooFastError,
  CallRepeatedError,
  HoldConflictError,
  HoldNotFoundError,
} from './budget-error.ts';
import type { BudgetError } from './budget-error.ts';
import type {
  Done,
  Exceeded,
  HoldConflict,
  HoldNotFound,
  NotFound,
  Overflow,
  Refused,
  Shut,
  Throttled,
} from './budget-store.ts';
import { toUsd } from './money.ts';
import { toQuantity } from './quantities.ts';
import type { Quantities } from './quantities.ts';
import { statusOf } from './receipts.ts';
import type { Unit, Units } from './units.ts';

type Refusal =
  Refused<'busy'> | Shut | Throttled | HoldConflict | HoldNotFound | Overflow | NotFound;

/** The success among a store's outcomes; throws for each refusal. `holdId` names the hold, or the idempotency key. */
export function settled<Success extends Done>(
  runId: string,
  holdId: string,
  result: Success | Refusal,
): Success {
  if (result.outcome === 'done') return result;
  throw errorOf(runId, holdId, result);
}

/** As {@link settled}, for what was to be set aside. */
export function admitted<Success extends Done>(
  runId: string,
  holdId: string,
  { amount, units = {} }: { amount: number; units?: Units | undefined },
  result: Success | Exceeded | Refusal,
): Success {
  if (result.outcome !== 'budget_exceeded') return settled(runId, holdId, result);
  const status = statusOf(runId, result.ledger);
  if (result.limit === 'usd') throw new BudgetExceededError(status, toUsd(amount));
  const [name, quantity] = asked(result.limit, units);
  throw new BudgetExceededError(status, toUsd(amount), name, { [name]: quantity });
}

function asked(unit: Unit, units: Units): readonly [keyof Quantities, number] {
  return toQuantity(unit, units[unit] ?? 0);
}

function errorOf(runId: string, holdId: string, result: Refusal): BudgetError {
  switch (result.outcome) {
    case 'not_found':
      return new BudgetNotFoundError(runId);
    case 'hold_not_found':
      return new HoldNotFoundError(runId, holdId);
    case 'hold_conflict': {
      const charged = result.charged === undefined ? undefined : toUsd(result.charged);
      return new HoldConflictError(runId, holdId, toUsd(result.held), charged);
    }
    case 'overflow':
      return new BudgetInputError(
        'invalid_amount',
        'The amount is refused: the spend of a run must stay below 9e9 USD and 9e15 units.',
      );
    case 'frozen':
      return new BudgetFrozenError(statusOf(runId, result.ledger));
    case 'closed':
      return new BudgetClosedError(statusOf(runId, result.ledger));
    case 'too_fast':
      return new BudgetTooFastError(statusOf(runId, result.ledger), result.retryAfterMs);
    case 'looping':
      return new CallRepeatedError(statusOf(runId, result.ledger), result.retryAfterMs);
    case 'busy':
    // Others are changing it at the same moment.
    case 'pending':
    case 'window_ended':
      return new BudgetBusyError(statusOf(runId, result.ledger));
  }
}
