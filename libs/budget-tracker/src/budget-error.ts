import type { BudgetStatus } from './budget-status.ts';
import type { Quantities } from './quantities.ts';

/** Stable codes of every error this package throws; safe to match on and to put on a wire. */
export type BudgetErrorCode =
  | 'invalid_run_id'
  | 'invalid_hold_id'
  | 'invalid_amount'
  | 'invalid_ttl'
  | 'invalid_page'
  | 'invalid_usage'
  | 'invalid_parent'
  | 'invalid_window'
  | 'invalid_guard'
  | 'unknown_model'
  | 'budget_not_found'
  | 'budget_exceeded'
  | 'budget_conflict'
  | 'budget_frozen'
  | 'budget_closed'
  | 'budget_busy'
  | 'budget_too_fast'
  | 'call_repeated'
  | 'hold_conflict'
  | 'hold_not_found'
  | 'store_unavailable'
  | 'journal_locked'
  | 'corrupt_value';

type InputErrorCode = Extract<BudgetErrorCode, `invalid_${string}` | 'unknown_model'>;

/** Base of every error of this package. */
export abstract class BudgetError extends Error {
  abstract readonly code: BudgetErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An argument was refused before anything was read or written. Correct it; a retry cannot help. */
export class BudgetInputError extends BudgetError {
  readonly code: InputErrorCode;

  constructor(code: InputErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** No budget of this run: never created, deleted, or past its seven days. Create it first. */
export class BudgetNotFoundError extends BudgetError {
  readonly code = 'budget_not_found';
  readonly runId: string;

  constructor(runId: string) {
    super(`There is no budget for run ${JSON.stringify(runId)}: create it before spending.`);
    this.runId = runId;
  }
}

/** A reserve does not fit. Nothing was changed; `status` is the budget as it stands, of the run or of one above it. */
export class BudgetExceededError extends BudgetError {
  readonly code = 'budget_exceeded';
  readonly status: BudgetStatus;
  /** USD asked for. */
  readonly amount: number;
  /** The limit that it does not fit. */
  readonly limit: 'usd' | keyof Quantities;

  constructor(
    status: BudgetStatus,
    amount: number,
    limit: 'usd' | keyof Quantities = 'usd',
    quantities: Quantities = {},
  ) {
    const of = limit === 'usd' ? status : status.units?.[limit];
    const asked = limit === 'usd' ? amount : (quantities[limit] ?? 0);
    const unit = limit === 'usd' ? 'USD' : limit;
    super(
      `A hold of ${asked} ${unit} does not fit run ${JSON.stringify(status.run_id)}: ` +
        `${of?.remaining ?? 0} ${unit} of ${of?.limit ?? 0} ${unit} remain. ` +
        'Ask for less, wait for holds to end, or stop the run.',
    );
    this.status = status;
    this.amount = amount;
    this.limit = limit;
  }
}

/** The budget is frozen: nothing is admitted until `unfreeze`. What is spent is recorded all the same. */
export class BudgetFrozenError extends BudgetError {
  readonly code = 'budget_frozen';
  readonly status: BudgetStatus;

  constructor(status: BudgetStatus) {
    super(`The budget of run ${JSON.stringify(status.run_id)} is frozen: stop, or unfreeze it.`);
    this.status = status;
  }
}

/** The budget was settled with its parent: it admits nothing any more. Use another run id. */
export class BudgetClosedError extends BudgetError {
  readonly code = 'budget_closed';
  readonly status: BudgetStatus;

  constructor(status: BudgetStatus) {
    super(`The budget of run ${JSON.stringify(status.run_id)} is settled: use another run.`);
    this.status = status;
  }
}

/** Holds are under way, or children: commit, release or settle them first, or wait for their time to end. */
export class BudgetBusyError extends BudgetError {
  readonly code = 'budget_busy';
  readonly status: BudgetStatus;

  constructor(status: BudgetStatus) {
    super(
      `The budget of run ${JSON.stringify(status.run_id)} has holds of ${status.held} USD under way: ` +
        'commit, release or settle them first.',
    );
    this.status = status;
  }
}

/** A guard of the budget refuses for now. Nothing was changed. */
abstract class GuardError extends BudgetError {
  readonly status: BudgetStatus;
  /** Seconds after which the same reserve may pass this guard; undefined: it never will. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: BudgetStatus, retryAfterMs: number | undefined, reason: string) {
    const seconds = retryAfterMs === undefined ? undefined : retryAfterMs / 1000;
    const advice =
      seconds === undefined ? 'hold less at once' : `wait ${seconds} s, or stop the run`;
    super(`Run ${JSON.stringify(status.run_id)} ${reason}: ${advice}.`);
    this.status = status;
    this.retryAfterSeconds = seconds;
  }
}

/** The run would spend more USD a minute than `usd_per_minute`. */
export class BudgetTooFastError extends GuardError {
  readonly code = 'budget_too_fast';

  constructor(status: BudgetStatus, retryAfterMs: number | undefined) {
    super(status, retryAfterMs, 'spends faster than its guard allows');
  }
}

/** The same call was admitted as often as `repeated_calls` allows: the run goes round in circles. */
export class CallRepeatedError extends GuardError {
  readonly code = 'call_repeated';

  constructor(status: BudgetStatus, retryAfterMs: number | undefined) {
    super(status, retryAfterMs, 'repeats the same call');
  }
}

/** The run has a budget with other settings: limits, parent, window or guards. A second create never changes them. */
export class BudgetConflictError extends BudgetError {
  readonly code = 'budget_conflict';
  /** The budget that exists. */
  readonly status: BudgetStatus;

  constructor(status: BudgetStatus) {
    super(
      `Run ${JSON.stringify(status.run_id)} already has a budget of ${status.limit} USD with its own settings: ` +
        'use those, another run id, or delete the budget first.',
    );
    this.status = status;
  }
}

/**
 * The id was used before for something else: another amount, or a hold that is committed and so
 * can be neither released nor extended. Nothing was changed.
 */
export class HoldConflictError extends BudgetError {
  readonly code = 'hold_conflict';
  readonly runId: string;
  /** The hold id, or the idempotency key of a spend. */
  readonly holdId: string;
  /** USD the id holds or held. */
  readonly heldAmount: number;
  /** USD the id was charged with; undefined while nothing was committed. */
  readonly charged: number | undefined;

  constructor(runId: string, holdId: string, heldAmount: number, charged: number | undefined) {
    const past =
      charged === undefined
        ? `holds another amount, ${heldAmount} USD`
        : `was already charged with ${charged} USD`;
    super(
      `${JSON.stringify(holdId)} of run ${JSON.stringify(runId)} ${past}: ` +
        'repeat the first call unchanged, or use a new id.',
    );
    this.runId = runId;
    this.holdId = holdId;
    this.heldAmount = heldAmount;
    this.charged = charged;
  }
}

/** No such hold to release or to extend: never reserved, or (for extend) ended. Reserve again. */
export class HoldNotFoundError extends BudgetError {
  readonly code = 'hold_not_found';
  readonly runId: string;
  readonly holdId: string;

  constructor(runId: string, holdId: string) {
    super(
      `Run ${JSON.stringify(runId)} has no hold ${JSON.stringify(holdId)} under way: reserve it.`,
    );
    this.runId = runId;
    this.holdId = holdId;
  }
}

/**
 * The store did not answer in time, refused the connection or the command. The action must not
 * happen (fail closed). Whether a write took place is unknown: repeat it with the same id.
 */
export class StoreUnavailableError extends BudgetError {
  readonly code = 'store_unavailable';
  /** The commit is in the journal and will be recorded when the store is back; repeating it does no harm. */
  readonly journaled: boolean;
  readonly #store: string;

  constructor(store: string, cause: unknown, options: { journaled?: boolean } = {}) {
    const { journaled = false } = options;
    const reason = cause instanceof Error ? cause.message : String(cause);
    const advice = journaled
      ? 'the commit is kept in the journal and will be recorded.'
      : 'do not spend; repeat the call with the same id.';
    super(`The ${store} budget store is unavailable (${reason}): ${advice}`, { cause });
    this.#store = store;
    this.journaled = journaled;
  }

  /** The same, for a commit that is kept in the journal. */
  asJournaled(): StoreUnavailableError {
    return new StoreUnavailableError(this.#store, this.cause, { journaled: true });
  }
}

/** Another tracker has the journal, in this process or another one. */
export class JournalLockedError extends BudgetError {
  readonly code = 'journal_locked';
  readonly path: string;

  constructor(path: string) {
    super(`The journal ${path} belongs to another tracker: give each one a journal of its own.`);
    this.path = path;
  }
}

/** A stored value is not what this package writes. It is named, never guessed at. */
export class CorruptValueError extends BudgetError {
  readonly code = 'corrupt_value';
  /** The Redis key, or `table.column` and the run of the SQLite value. */
  readonly key: string;

  constructor(key: string) {
    super(`The value at ${JSON.stringify(key)} is corrupt: repair it, or delete the budget.`);
    this.key = key;
  }
}
