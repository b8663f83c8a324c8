import type { HoldState } from './budget-status.ts';
import type { Cost } from './cost.ts';
import type { Unit, Units } from './units.ts';

/** A limit beside money, as a store keeps it. */
export interface UnitLedger {
  readonly limit: number;
  readonly spent: number;
  readonly held: number;
}

/** How often the spend of a budget begins anew, at midnight UTC. */
export type BudgetWindow = 'day' | 'month';

/** A budget as a store keeps it. Money is integer micro-USD. What is optional is absent where it does not apply. */
export interface Ledger {
  readonly limit: number;
  readonly spent: number;
  readonly held: number;
  readonly seq: number;
  /** Something was spent past its limit: money or a unit. */
  readonly exceeded: boolean;
  /** Of the units that are limited. */
  readonly units?: Readonly<Partial<Record<Unit, UnitLedger>>>;
  /** Nothing is admitted until it is thawed. */
  readonly frozen?: true;
  /** It ends by `delete` alone, not by its time to live. */
  readonly lasting?: true;
  /** The run that its limit is carved out of. */
  readonly parent?: string;
  /** Of a child: what tells it from an earlier one of the same id. */
  readonly incarnation?: string;
  /**
   * `pending` while its limit is not held at its parent, `closing` once it admits nothing any more, `closed` once its
   * parent is known to have settled it; absent in between.
   */
  readonly carve?: 'pending' | 'closing' | 'closed';
  readonly window?: BudgetWindow;
  /** Epoch milliseconds at which the window ends; 0 before the first one. */
  readonly endsAt?: number;
  /** Epoch milliseconds by the clock of the store, where the window is over and was not rolled yet. */
  readonly ended?: number;
  /** Of a child: what it spent in windows that are over. Absent: nothing. */
  readonly earlier?: Cost;
  /** Of a child: what its parent is known to be charged with. Absent: nothing. */
  readonly paid?: Cost;
  /** Most micro-USD a minute; see {@link CreateCommand}. */
  readonly velocity?: number;
  readonly loop?: LoopLimit;
}

/** The same call is admitted at most `calls` times within `withinMs` of the first. */
export interface LoopLimit {
  readonly calls: number;
  readonly withinMs: number;
}

/** What every command carries. */
export interface RunCommand {
  readonly runId: string;
  /** Epoch milliseconds of the caller. A store with a clock of its own (Redis) ignores it. */
  readonly now: number;
}

export interface CreateCommand extends RunCommand {
  readonly limit: number;
  /** Milliseconds after which the whole budget vanishes; every create starts them anew. Absent: it is lasting. */
  readonly ttlMs?: number | undefined;
  /** Limits beside money, each more than 0. */
  readonly units?: Units | undefined;
  /** Makes it a child: it admits nothing until `transition` says that its limit is carved out of the parent. */
  readonly parent?: string | undefined;
  /** Of a child, and kept from its first create: no other child of the parent has the same with the same id. */
  readonly incarnation?: string | undefined;
  /** The spend begins anew with each. Nothing is admitted before the first one is begun with `transition`. */
  readonly window?: BudgetWindow | undefined;
  /**
   * Most micro-USD a minute, 1 to {@link MAX_VELOCITY}. A bucket of that size drains evenly within a minute. A hold fills
   * it, and so does what is charged above a hold, until it is full; nothing is given back, for it may have drained
   * already. A hold that would make it run over is refused. Children fill it with nothing. What was poured by a clock that
   * was more than a minute ahead counts as drained.
   */
  readonly velocity?: number | undefined;
  readonly loop?: LoopLimit | undefined;
}

export interface ReserveCommand extends RunCommand {
  readonly holdId: string;
  /** With `units`, what the id stands for: both are compared when it is repeated. */
  readonly amount: number;
  readonly units?: Units | undefined;
  /** Milliseconds after which the hold gives its amount back. Absent: never. */
  readonly ttlMs?: number | undefined;
  /** What the action does, as a digest: for the loop limit. Counted when a hold is admitted. */
  readonly call?: string | undefined;
}

export interface CommitCommand extends RunCommand {
  readonly holdId: string;
  readonly amount: number;
  readonly units?: Units | undefined;
}

export interface HoldCommand extends RunCommand {
  readonly holdId: string;
}

export interface ExtendCommand extends HoldCommand {
  readonly ttlMs: number;
}

export interface SpendCommand extends RunCommand {
  readonly amount: number;
  readonly units?: Units | undefined;
  /** A spend with the same key and amount is recorded once. */
  readonly idempotencyKey: string | undefined;
}

/**
 * A change of state. One that has happened before changes nothing and counts as no operation.
 *
 * With `incarnation` that child is meant: another one of its id is left as it is.
 *
 * - `frozen`, `thawed`: whether anything is admitted.
 * - `carved`: the limit of a child is held at its parent: it admits from now on. Where it has a window, only if that
 *   ends at `endsAt`.
 * - `rolled`: the window that ends at `endedAt` is over (else it is ignored, and for a closed child), the next one ends at
 *   `endsAt`. The spend is 0 again, holds stay. A child becomes `pending`, and what it spent goes to `earlier`.
 * - `paid`: the parent of a child is charged with so much in all; less than is known changes nothing. With `settled` it
 *   has settled the child too: one that is `closing` is `closed`.
 * - `closing`: a child admits nothing any more. Refused as `busy` while it has children that are not settled, and, unless
 *   with `force`, while holds are under way.
 */
export type TransitionCommand = RunCommand & { readonly incarnation?: string | undefined } & (
    | { readonly to: 'frozen' | 'thawed' }
    | { readonly to: 'carved'; readonly endsAt?: number | undefined }
    | { readonly to: 'rolled'; readonly endedAt: number; readonly endsAt: number }
    | {
        readonly to: 'paid';
        readonly amount: number;
        readonly units?: Units | undefined;
        readonly settled?: boolean | undefined;
      }
    | { readonly to: 'closing'; readonly force?: boolean | undefined }
  );

/** Speaks to a parent of one of its children. */
export interface ChildCommand extends RunCommand {
  readonly child: string;
  readonly incarnation: string;
}

/** Sets aside the limit of a child: what is set aside already counts. */
export interface CarveCommand extends ChildCommand {
  readonly amount: number;
  readonly units?: Units | undefined;
}

/**
 * Charges a parent with what a child spent in all, so that it may be repeated and come late: what was charged before
 * counts. What is set aside for the child becomes less by as much.
 */
export interface ChargeCommand extends ChildCommand {
  readonly total: Cost;
  /** What the parent was charged with before, where it has no record of the child (any more). */
  readonly paid?: Cost | undefined;
  /**
   * Nothing is set aside any more for the child, and never will be again: it is `settled` with its total, or `lost`:
   * nobody can tell its total, and what is set aside is charged.
   */
  readonly end?: 'settled' | 'lost' | undefined;
}

export interface DeleteCommand extends RunCommand {
  /**
   * Only where it is owed nothing and owes nothing: all its children are settled, and it is `closed` if it is one, its
   * parent being known to be charged with all that it spent and holds.
   */
  readonly ifSettled?: boolean | undefined;
}

export interface ChildrenCommand extends RunCommand {
  /** The child after which the page starts. */
  readonly after?: Pick<Child, 'child' | 'incarnation'> | undefined;
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

/** The id stands for something else; `charged` is set once it is committed. Both are money. */
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

export interface Charged extends Spent {
  readonly held: number;
  readonly charged: number;
  readonly late: boolean;
  readonly unheld: boolean;
}

export interface Spent extends Done {
  /**
   * Which of {@link THRESHOLDS} this operation reached; of a charge, those that the charges for the child have reached in
   * the window. A replay says what the operation reached, if that was in the window that the budget is in.
   */
  readonly crossed: readonly Threshold[];
  readonly replayed: boolean;
}

/** Per cent of a limit, of the one that is used up furthest, at which an alert is due. */
export const THRESHOLDS = [50, 80, 100] as const;

export type Threshold = (typeof THRESHOLDS)[number];

/** A hold under way. */
export interface ActiveHold {
  readonly holdId: string;
  readonly held: number;
  readonly units: Units;
  readonly expiresAt: number;
}

export interface Holds extends Done {
  /** In the order in which they expire, then of the bytes of their ids; at most {@link MOST_HOLDS}. */
  readonly holds: readonly ActiveHold[];
}

export interface Carved extends Done {
  /** What is set aside for the child. */
  readonly held: Cost;
  readonly replayed: boolean;
}

/** A child that is not settled. */
export interface Child {
  readonly child: string;
  readonly incarnation: string;
  readonly held: Cost;
}

export interface Children extends Done {
  /** In the order of the bytes of their ids; at most {@link MOST_CHILDREN}. */
  readonly children: readonly Child[];
}

/** What a transition did. */
export interface Transitioned extends Done {
  readonly changed: boolean;
}

export const MOST_HOLDS = 1000;
/** On a page. */
export const MOST_CHILDREN = 200;
/** 100,000 USD a minute: what drains in a minute is still counted exactly. */
export const MAX_VELOCITY = 100_000_000_000;
/** Epoch milliseconds of what never expires: the last instant that a Date can tell. */
export const NEVER = 8_640_000_000_000_000;

/** A refusal that leaves everything as it was and tells how it stands. */
export interface Refused<Outcome extends string> {
  readonly outcome: Outcome;
  readonly ledger: Ledger;
}

/** What a hold would not fit: money, or a unit. */
export interface Exceeded extends Refused<'budget_exceeded'> {
  readonly limit: 'usd' | Unit;
}

/** A guard refuses for now. */
export interface Throttled extends Refused<'too_fast' | 'looping'> {
  /** Milliseconds after which the same hold may be admitted, as far as this guard is concerned. Absent: never. */
  readonly retryAfterMs: number | undefined;
}

/** Why nothing is admitted: see {@link Ledger}. `window_ended` until the window is rolled. */
export type Shut = Refused<'closed' | 'frozen' | 'pending' | 'window_ended'>;

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
 * - a repetition is answered as the first time, whatever has become of the budget;
 * - a hold is admitted only while the budget is open (not closed, frozen, pending, past its window: in this order),
 *   when nothing is exceeded, `spent + held + amount <= limit` holds for money, then for each limited unit, and then
 *   the loop limit and the velocity let it pass;
 * - units without a limit are remembered with their id and counted nowhere;
 * - a hold whose time has come (`expires_at <= now`) is settled before anything else is decided;
 * - a released or expired hold id may be reserved again, with its amount, as a new admission;
 * - a commit and a spend are recorded in full, whatever was held, whatever the limit and the state are; only after the
 *   end of a window that is not rolled they are refused as `window_ended`, for they count in the next one (a closed
 *   budget rolls no more);
 * - a carve and a charge are refused as `window_ended` alike. A carve is admitted as a hold is, by its limits, not by
 *   the guards; a charge is recorded always: a spend that would pass what can be counted exactly stays there;
 * - a child that a charge has ended is never carved again (`settled`), while the budget remembers it;
 * - a threshold is reached when `spent / limit` of some limit passes it upwards;
 * - `seq` grows by one with each recorded operation; expiry of a hold is not one.
 *
 * @throws StoreUnavailableError, CorruptValueError; BudgetInputError for an amount no caller may pass.
 */
export interface BudgetStore {
  create(command: CreateCommand): Promise<Done | Refused<'budget_conflict'>>;
  reserve(
    command: ReserveCommand,
  ): Promise<Held | Exceeded | Shut | Throttled | HoldConflict | NotFound>;
  commit(
    command: CommitCommand,
  ): Promise<Charged | Refused<'window_ended'> | HoldConflict | Overflow | NotFound>;
  release(command: HoldCommand): Promise<Done | HoldConflict | HoldNotFound | NotFound>;
  extend(command: ExtendCommand): Promise<Held | HoldConflict | HoldNotFound | NotFound>;
  spend(
    command: SpendCommand,
  ): Promise<Spent | Refused<'window_ended'> | HoldConflict | Overflow | NotFound>;
  carve(command: CarveCommand): Promise<Carved | Exceeded | Shut | Refused<'settled'> | NotFound>;
  charge(command: ChargeCommand): Promise<Spent | Refused<'window_ended'> | NotFound>;
  transition(command: TransitionCommand): Promise<Transitioned | Refused<'busy'> | NotFound>;
  status(command: RunCommand): Promise<Done | NotFound>;
  holds(command: RunCommand): Promise<Holds | NotFound>;
  children(command: ChildrenCommand): Promise<Children | NotFound>;
  list(command: ListCommand): Promise<LedgerPage>;
  delete(command: DeleteCommand): Promise<boolean>;
  /** Whether what is acknowledged outlives the process of the store. */
  persistence(): Promise<Persistence>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Persistence {
  readonly durable: boolean;
  /** How it is kept, or what to do so that it is. */
  readonly detail: string;
}
