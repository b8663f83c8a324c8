import type { HoldState } from './budget-status.ts';

/** A budget as a store keeps it. Money is integer micro-USD. */
export interface Ledger {
  readonly limit: number;
  readonly spent: number;
  readonly held: number;
  readonly seq: number;
  readonly exceeded: boolean;
}

/** What every command carries. */
export interface RunCommand {
  readonly runId: string;
  /** Epoch milliseconds of the caller. A store with a clock of its own (Redis) ignores it. */
  readonly now: number;
}

export interface CreateCommand extends RunCommand {
  readonly limit: number;
  /** Milliseconds after which the whole budget vanishes; every create starts them anew. */
  readonly ttlMs: number;
}

export interface ReserveCommand extends RunCommand {
  readonly holdId: string;
  readonly amount: number;
  readonly ttlMs: number;
}

export interface CommitCommand extends RunCommand {
  readonly holdId: string;
  readonly amount: number;
}

export interface HoldCommand extends RunCommand {
  readonly holdId: string;
}

export interface ExtendCommand extends HoldCommand {
  readonly ttlMs: number;
}

export interface SpendCommand extends RunCommand {
  readonly amount: number;
  /** A spend with the same key and amount is recorded once. */
  readonly idempotencyKey: string | undefined;
}

export interface ListCommand {
  readonly now: number;
  /** Most budgets on a page. */
  readonly limit: number;
  /** Run id after which the page starts, in the byte order of UTF-8. */
  readonly after: string | undefined;
}

export interface NotFound {
  readonly outcome: 'not_found';
}

/** The id stands for something else; `charged` is set once it is committed. */
export interface HoldConflict {
  readonly outcome: 'hold_conflict';
  readonly held: number;
  readonly charged: number | undefined;
}

export interface HoldNotFound {
  readonly outcome: 'hold_not_found';
}

/** The total would pass what can be counted exactly (9e9 USD). Nothing was changed. */
export interface Overflow {
  readonly outcome: 'overflow';
}

export interface Done {
  readonly outcome: 'done';
  readonly ledger: Ledger;
}

export interface Held extends Done {
  readonly held: number;
  readonly expiresAt: number;
  readonly state: Extract<HoldState, 'active' | 'committed'>;
  readonly replayed: boolean;
}

export interface Charged extends Done {
  readonly held: number;
  readonly charged: number;
  readonly late: boolean;
  readonly unheld: boolean;
  readonly replayed: boolean;
}

/** A refusal that leaves everything as it was and tells how it stands. */
export interface Refused<Outcome extends string> {
  readonly outcome: Outcome;
  readonly ledger: Ledger;
}

export interface LedgerPage {
  readonly ledgers: readonly { readonly runId: string; readonly ledger: Ledger }[];
  /** Runs of the page whose stored values cannot be read. */
  readonly corrupt: readonly string[];
  /** Set when there is more. */
  readonly after: string | undefined;
}

/**
 * Where budgets are kept. Each mutation is atomic and durable as far as the store is; ids make
 * each repeatable. Arguments are checked by `BudgetTracker`, and again here.
 *
 * Rules every store keeps (the contract suite runs them on each):
 * - a reserve is admitted only when `spent + held + amount <= limit` and nothing is exceeded;
 * - a hold whose time has come (`expires_at <= now`) is settled before anything else is decided;
 * - a released or expired hold id may be reserved again, with its amount, as a new admission;
 * - a commit and a spend are recorded in full, whatever was held and whatever the limit is;
 * - `seq` grows by one with each recorded operation; expiry of a hold is not one.
 *
 * @throws StoreUnavailableError, CorruptValueError; BudgetInputError for an amount no caller may pass.
 */
export interface BudgetStore {
  create(command: CreateCommand): Promise<Done | Refused<'budget_conflict'>>;
  reserve(
    command: ReserveCommand,
  ): Promise<Held | Refused<'budget_exceeded'> | HoldConflict | NotFound>;
  commit(command: CommitCommand): Promise<Charged | HoldConflict | Overflow | NotFound>;
  release(command: HoldCommand): Promise<Done | HoldConflict | HoldNotFound | NotFound>;
  extend(command: ExtendCommand): Promise<Held | HoldConflict | HoldNotFound | NotFound>;
  spend(command: SpendCommand): Promise<Done | HoldConflict | Overflow | NotFound>;
  status(command: RunCommand): Promise<Done | NotFound>;
  list(command: ListCommand): Promise<LedgerPage>;
  delete(command: RunCommand): Promise<boolean>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
