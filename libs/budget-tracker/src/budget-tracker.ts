import { createHash, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  BudgetError,
  BudgetInputError,
  CorruptValueError,
  HoldConflictError,
  StoreUnavailableError,
} from './budget-error.ts';
import { BudgetFamily } from './budget-family.ts';
import type {
  BudgetStatus,
  ChildStatus,
  CommitReceipt,
  HoldReceipt,
  HoldStatus,
  SpendReceipt,
} from './budget-status.ts';
import { MAX_VELOCITY } from './budget-store.ts';
import type { BudgetStore, BudgetWindow, CreateCommand, Persistence } from './budget-store.ts';
import type { CommitJournal, JournaledCommit } from './commit-journal.ts';
import { checkHoldId, checkRunId } from './identifier.ts';
import { ceilUsd, toMicros, toPositiveMicros } from './money.ts';
import { toUnitLimits, toUnits } from './quantities.ts';
import type { Quantities } from './quantities.ts';
import { inNextWindow } from './budget-window.ts';
import { commitReceipt, holdReceipt, holdStatus, spendReceipt, statusOf } from './receipts.ts';
import { settled } from './refusals.ts';
import { ThresholdAlerts } from './threshold-alerts.ts';
import type { ThresholdAlert } from './threshold-alerts.ts';
import type { Units } from './units.ts';

/** Seconds a budget lives after its (last) create. */
export const BUDGET_TTL_SECONDS = 7 * 24 * 60 * 60;

/** Seconds a hold lives when the caller does not say. */
export const DEFAULT_HOLD_TTL_SECONDS = 600;

const WINDOWS: readonly unknown[] = ['day', 'month'];
/** Most calls and longest time of a loop limit. */
const MAX_CALLS = 1_000_000;
const MAX_LOOP_MS = 24 * 60 * 60 * 1000;

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;

/** Milliseconds between two attempts to replay the journal: the first, doubled up to the last. */
const FIRST_REPLAY_MS = 250;
const LAST_REPLAY_MS = 5000;
/** Commits that the store does not take before a replay takes it for unavailable. */
const MOST_FAILURES = 3;

/** What became of the journal. */
export interface JournalReplay {
  /** Commits that are recorded now. */
  recorded: JournaledCommit[];
  /** Commits that the store refuses for good, with its reason: the budget is gone, or the hold is charged otherwise. */
  refused: { commit: JournaledCommit; reason: BudgetError }[];
  /** Commits that wait on. */
  waiting: number;
}

export interface BudgetTrackerOptions {
  /**
   * Keeps commits that the store cannot take, on the disk of this machine, and replays them until it can: at once for
   * what an earlier process has left, then every quarter of a second to every five while anything waits.
   */
  readonly journal?: CommitJournal;
  /** Told of each replay that recorded or refused something. */
  readonly onReplay?: (replay: JournalReplay) => void;
  /**
   * Told once of each threshold that a commit or a spend has reached, in each window. Where an answer was lost, the
   * repetition tells; a tracker of another process may then tell again, with the same run, threshold and window.
   */
  readonly onThreshold?: (alert: ThresholdAlert) => void;
  /** Epoch milliseconds; for tests. Redis uses the clock of its server instead. */
  readonly clock?: () => number;
}

/** What a budget has beside its limit in USD. */
export interface CreateOptions {
  /** Carves the limit out of this budget, which must be lasting or have a window. */
  readonly parent?: string;
  /** Limits beside money, each more than 0. */
  readonly limits?: Quantities;
  /** The spend begins anew each day or month, at midnight UTC. Such a budget is lasting. */
  readonly window?: BudgetWindow;
  /** It does not end after seven days, but when it is deleted. */
  readonly lasting?: boolean;
  readonly guards?: Guards;
}

/** What refuses a hold besides limits. */
export interface Guards {
  /** Most USD a minute, up to 100,000: a bucket of that size, which drains evenly within a minute. */
  readonly usd_per_minute?: number;
  /** The same `call` is admitted at most `calls` times within `seconds` (up to a day) of its first. */
  readonly repeated_calls?: { readonly calls: number; readonly seconds: number };
}

export interface ReserveOptions {
  /** 0.001 s to 7 days, 600 s by default: longer than the action can take. */
  readonly ttlSeconds?: number;
  /** What the action can cost beside money. */
  readonly units?: Quantities;
  /** What the action does, in any form that is the same for the same call: for the guard `repeated_calls`. */
  readonly call?: string;
}

export interface BudgetPage {
  budgets: BudgetStatus[];
  /** Pass it as `cursor` for the next page; absent on the last one. */
  next_cursor?: string;
  /** Run ids of this page whose stored values cannot be read; absent when there are none. */
  corrupt?: string[];
}

/**
 * Keeps a run of agents inside its money. Admission is a hold: `reserve` before the action,
 * `commit` with its real cost or `release` after it. Every method may throw
 * `StoreUnavailableError` (do not act), `CorruptValueError` and, for bad arguments,
 * `BudgetInputError`; those that name a run, `BudgetNotFoundError`.
 */
export class BudgetTracker {
  readonly #store: BudgetStore;
  readonly #family: BudgetFamily;
  readonly #alerts: ThresholdAlerts;
  readonly #clock: () => number;
  readonly #journal: CommitJournal | undefined;
  readonly #onReplay: (replay: JournalReplay) => void;
  #replayTimer: NodeJS.Timeout | undefined;
  #replayDelay = FIRST_REPLAY_MS;
  #replaying: Promise<JournalReplay> | undefined;

  constructor(store: BudgetStore, options: BudgetTrackerOptions = {}) {
    this.#store = store;
    this.#clock = options.clock ?? Date.now;
    this.#alerts = new ThresholdAlerts(options.onThreshold);
    this.#family = new BudgetFamily(store, this.#clock, (runId, spent) =>
      this.#alerts.tell(runId, spent),
    );
    this.#journal = options.journal;
    this.#onReplay = options.onReplay ?? (() => undefined);
    this.#replaySoon(0);
  }

  /**
   * Gives a run its budget, for seven days unless it is lasting. Repeating it with the same settings changes nothing but
   * starts the seven days anew.
   * @param limit USD, more than 0.
   * @throws BudgetConflictError when the run has other settings; BudgetExceededError and the like when the limit does
   *   not fit the parent (the child then admits nothing until it does: repeat this, or reserve, or delete it);
   *   BudgetInputError `invalid_parent`, `invalid_window`, `invalid_guard`.
   */
  async create(runId: string, limit: number, options: CreateOptions = {}): Promise<BudgetStatus> {
    const { parent, window, lasting = false } = options;
    if (parent !== undefined) checkRunId(parent);
    const ledger = await this.#family.create({
      ...this.#run(runId),
      limit: toPositiveMicros(limit),
      ttlMs: lasting || window !== undefined ? undefined : BUDGET_TTL_SECONDS * 1000,
      units: toUnitLimits(options.limits ?? {}),
      parent,
      window: window === undefined ? undefined : checkWindow(window),
      ...toGuards(options.guards ?? {}),
    });
    return statusOf(runId, ledger);
  }

  /**
   * Sets an amount aside before the action that may cost it. The same id and amount answers as the
   * first time, so a retry never holds twice; once released or expired, the id may be held again.
   * @param amount USD: the most that the action can cost. More than 0, unless `units` are.
   * @throws BudgetExceededError when it does not fit, BudgetFrozenError, BudgetClosedError, BudgetTooFastError and
   *   CallRepeatedError of the guards, HoldConflictError when the id has another amount.
   */
  async reserve(
    runId: string,
    holdId: string,
    amount: number,
    options: ReserveOptions = {},
  ): Promise<HoldReceipt> {
    const held = await this.#family.reserve({
      ...this.#hold(runId, holdId),
      ...toCost(amount, options.units),
      ttlMs: toTtlMs(options.ttlSeconds ?? DEFAULT_HOLD_TTL_SECONDS),
      call: options.call === undefined ? undefined : digestOf(options.call),
    });
    return holdReceipt(runId, holdId, held);
  }

  /**
   * Records what the action did cost, in full, and ends its hold. An amount above the hold, a hold
   * that has ended and one that never was are recorded too: money that is gone is never lost.
   * @param amount USD, 0 or more.
   * @throws HoldConflictError (with `charged`) when the id was committed with another amount.
   *   StoreUnavailableError with `journaled` true when the commit is kept in the journal.
   */
  async commit(
    runId: string,
    holdId: string,
    amount: number,
    options: { units?: Quantities } = {},
  ): Promise<CommitReceipt> {
    const units = toUnits(options.units ?? {});
    const command = { ...this.#hold(runId, holdId), amount: toMicros(amount), units };
    const charged = await this.#family.commit(command).catch((error: unknown) => {
      throw this.#keptInJournal(error, runId, holdId, amount, options.units);
    });
    return commitReceipt(runId, holdId, charged);
  }

  /**
   * Gives a hold back. Repeating it, or releasing one that has expired, changes nothing.
   * @throws HoldNotFoundError, or HoldConflictError (with `charged`) when it is committed.
   */
  async release(runId: string, holdId: string): Promise<BudgetStatus> {
    const result = await this.#store.release(this.#hold(runId, holdId));
    return statusOf(runId, settled(runId, holdId, result).ledger);
  }

  /**
   * Lets an active hold live for `ttlSeconds` from now, never shorter than it would have.
   * @throws HoldNotFoundError when it is not active, HoldConflictError when it is committed.
   */
  async extend(runId: string, holdId: string, ttlSeconds: number): Promise<HoldReceipt> {
    const result = await this.#store.extend({
      ...this.#hold(runId, holdId),
      ttlMs: toTtlMs(ttlSeconds),
    });
    return holdReceipt(runId, holdId, settled(runId, holdId, result));
  }

  /**
   * Records a cost that was not held. Never refused for being over: it sets `exceeded` instead.
   * @param amount USD, more than 0, unless `units` are.
   * @param options.idempotencyKey makes a retry safe; hold ids and keys are apart.
   * @throws HoldConflictError (with `charged`) when the key was used with another amount.
   */
  async spend(
    runId: string,
    amount: number,
    options: { idempotencyKey?: string; units?: Quantities } = {},
  ): Promise<SpendReceipt> {
    const { idempotencyKey } = options;
    if (idempotencyKey !== undefined) checkHoldId(idempotencyKey);
    const command = { ...this.#run(runId), ...toCost(amount, options.units), idempotencyKey };
    const spent = await this.#family.spend(command);
    return spendReceipt(runId, spent);
  }

  /** Whether a hold of `amount` USD (more than 0) would fit now. Advice only: the gate is `reserve`. */
  async canSpend(
    runId: string,
    amount: number,
  ): Promise<{ can_spend: boolean; current_status: BudgetStatus }> {
    const micros = toPositiveMicros(amount);
    const ledger = await this.#family.ledger(this.#run(runId).runId);
    const { limit, spent, held, exceeded, frozen, carve } = ledger;
    const isOpen = !exceeded && frozen !== true && carve === undefined;
    return {
      can_spend: isOpen && spent + held + micros <= limit,
      current_status: statusOf(runId, ledger),
    };
  }

  async status(runId: string): Promise<BudgetStatus> {
    return statusOf(runId, await this.#family.ledger(this.#run(runId).runId));
  }

  /** The holds of actions under way, at most 1000, by the instant at which they end. */
  async holds(runId: string): Promise<HoldStatus[]> {
    return (await this.#family.holds(this.#run(runId).runId)).map(holdStatus);
  }

  /** The budgets that are carved out of this one and not settled. */
  async children(runId: string): Promise<ChildStatus[]> {
    return this.#family.children(this.#run(runId).runId);
  }

  /** Admits nothing any more in this budget and in those below it, until {@link unfreeze}. What is spent is recorded. */
  async freeze(runId: string): Promise<BudgetStatus> {
    return statusOf(runId, await this.#family.freeze(this.#run(runId).runId, 'frozen'));
  }

  /** Ends {@link freeze} for this budget and for all below it, whoever froze them. */
  async unfreeze(runId: string): Promise<BudgetStatus> {
    return statusOf(runId, await this.#family.freeze(this.#run(runId).runId, 'thawed'));
  }

  /**
   * Ends the budget of a child: it admits nothing any more, its parent is charged with what it spent and has the rest
   * again. A cost that is recorded later is charged to the parent too. Repeating it changes nothing. For a child that is
   * left to vanish the parent is charged with its whole limit.
   * @throws BudgetBusyError while holds are under way; BudgetInputError `invalid_parent` when it has none.
   */
  async settle(runId: string): Promise<BudgetStatus> {
    return statusOf(runId, await this.#family.settle(this.#run(runId).runId));
  }

  /**
   * Budgets in the order of their run ids, a page at a time.
   * @param options.limit 1 to 1000, 100 by default.
   * @throws BudgetInputError `invalid_page`
   */
  async list(options: { limit?: number; cursor?: string } = {}): Promise<BudgetPage> {
    const { limit = DEFAULT_PAGE, cursor } = options;
    if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
      throw new BudgetInputError('invalid_page', `A page has 1 to ${MAX_PAGE} budgets.`);
    }
    if (cursor !== undefined && typeof cursor !== 'string') {
      throw new BudgetInputError('invalid_page', 'A cursor is the text of an earlier page.');
    }
    const page = await this.#store.list({
      now: this.#clock(),
      limit,
      after: cursor === undefined ? undefined : fromCursor(cursor),
    });
    return {
      budgets: page.ledgers.map(({ runId, ledger }) => statusOf(runId, inNextWindow(ledger))),
      ...(page.after === undefined ? {} : { next_cursor: toCursor(page.after) }),
      ...(page.corrupt.length === 0 ? {} : { corrupt: [...page.corrupt] }),
    };
  }

  /**
   * Removes a budget with all its holds, also one whose stored values are corrupt. The parent of a child is charged with
   * what it spent, and with what it holds, for nobody can tell any more.
   * @throws BudgetBusyError while it has children.
   */
  async delete(runId: string): Promise<void> {
    await this.#family.delete(this.#run(runId).runId);
    this.#alerts.forget(runId);
  }

  /** Whether what is acknowledged outlives the store's process, and how, or what to do so that it does. */
  async persistence(): Promise<Persistence> {
    return this.#store.persistence();
  }

  /** Resolves when the store answers. */
  async ping(): Promise<void> {
    await this.#store.ping();
  }

  /**
   * Offers the store what waits in the journal, oldest first, and stops once it is unavailable. Runs by itself; call it
   * to have it done now. Without a journal there is nothing to do.
   */
  replayJournal(): Promise<JournalReplay> {
    this.#replaying ??= this.#replay().finally(() => {
      this.#replaying = undefined;
      this.#replaySoon(this.#replayDelay);
      this.#replayDelay = Math.min(2 * this.#replayDelay, LAST_REPLAY_MS);
    });
    return this.#replaying;
  }

  /** Ends the store's own resources and the journal; later calls throw `StoreUnavailableError`. */
  async close(): Promise<void> {
    clearTimeout(this.#replayTimer);
    await this.#replaying?.catch(() => undefined);
    clearTimeout(this.#replayTimer);
    await this.#family.close();
    await this.#store.close();
    this.#journal?.close();
  }

  /**
   * Holds `estimate` USD, runs `fn` and commits the cost it returns (USD, rounded up to 1e-6). When `fn` throws the hold is
   * released, so `fn` must throw only if nothing was spent. When the commit fails its error is
   * thrown and the hold is left to expire.
   */
  async withBudget<T>(
    runId: string,
    estimate: number,
    fn: () => Promise<{ result: T; cost: number; units?: Quantities }>,
    options: ReserveOptions = {},
  ): Promise<T> {
    const holdId = randomUUID();
    await this.reserve(runId, holdId, estimate, options).catch(async (error: unknown) => {
      // Its answer may be lost, and nobody else knows the id.
      await this.release(runId, holdId).catch(() => undefined);
      throw error;
    });
    let outcome: { result: T; cost: number; units?: Quantities };
    try {
      outcome = await fn();
    } catch (error) {
      // The failure of `fn` is what the caller must see; an unreleased hold expires by itself.
      await this.release(runId, holdId).catch(() => undefined);
      throw error;
    }
    const { result, cost, units = {} } = outcome;
    await this.commit(runId, holdId, ceilUsd(cost), { units });
    return result;
  }

  /** The error for a commit that failed, after it was kept where it can be. */
  #keptInJournal(
    error: unknown,
    runId: string,
    holdId: string,
    amount: number,
    units: Quantities | undefined,
  ): unknown {
    const journal = this.#journal;
    if (!(error instanceof StoreUnavailableError) || journal === undefined) return error;
    const known = journal.find(runId, holdId);
    const isSame =
      known?.amount === amount &&
      isDeepStrictEqual(toUnits(known.units ?? {}), toUnits(units ?? {}));
    if (known !== undefined && !isSame)
      return new HoldConflictError(runId, holdId, 0, known.amount);
    try {
      const at = new Date(this.#clock()).toISOString();
      const commit = { run_id: runId, hold_id: holdId, amount, ...(units && { units }), at };
      if (known === undefined) journal.append(commit);
    } catch {
      // The disk is full or gone: the caller must repeat the commit.
      return error;
    }
    if (this.#replaying === undefined) this.#replaySoon(this.#replayDelay);
    return error.asJournaled();
  }

  async #replay(): Promise<JournalReplay> {
    const replay: JournalReplay = { recorded: [], refused: [], waiting: 0 };
    const journal = this.#journal;
    let failures = 0;
    for (const commit of journal?.pending ?? []) {
      try {
        const { run_id, hold_id, amount, units = {} } = commit;
        const cost = { amount: toMicros(amount), units: toUnits(units) };
        await this.#family.commit({ ...this.#hold(run_id, hold_id), ...cost });
        journal?.settle(commit);
        replay.recorded.push(commit);
      } catch (error) {
        if (error instanceof StoreUnavailableError) {
          // One of them may be at fault, not the store.
          failures += 1;
          if (failures === MOST_FAILURES) break;
          continue;
        }
        // What can be repaired waits for that.
        if (!(error instanceof BudgetError) || error instanceof CorruptValueError) continue;
        if (journal !== undefined && this.#putAside(journal, commit, error))
          replay.refused.push({ commit, reason: error });
      }
    }
    replay.waiting = journal?.pending.length ?? 0;
    if (replay.waiting === 0) this.#replayDelay = FIRST_REPLAY_MS;
    if (replay.recorded.length + replay.refused.length > 0) this.#onReplay(replay);
    return replay;
  }

  /** Puts a refused commit aside; says whether it could: on a full disk it goes on waiting. */
  #putAside(journal: CommitJournal, commit: JournaledCommit, { code }: BudgetError): boolean {
    try {
      journal.refuse(commit, code);
      return true;
    } catch {
      return false;
    }
  }

  #replaySoon(delayMs: number): void {
    clearTimeout(this.#replayTimer);
    if ((this.#journal?.pending.length ?? 0) === 0) return;
    this.#replayTimer = setTimeout(() => void this.replayJournal().catch(() => undefined), delayMs);
    this.#replayTimer.unref();
  }

  #run(runId: string): { runId: string; now: number } {
    checkRunId(runId);
    return { runId, now: this.#clock() };
  }

  #hold(runId: string, holdId: string): { runId: string; holdId: string; now: number } {
    checkHoldId(holdId);
    return { ...this.#run(runId), holdId };
  }
}

/** A cost that is not nothing: money, or a unit. */
function toCost(amount: number, quantities: Quantities = {}): { amount: number; units: Units } {
  const units = toUnits(quantities);
  const isSomething = Object.values(units).some((of) => of > 0);
  return { amount: isSomething ? toMicros(amount) : toPositiveMicros(amount), units };
}

function checkWindow(window: BudgetWindow): BudgetWindow {
  if (WINDOWS.includes(window)) return window;
  throw new BudgetInputError('invalid_window', `A window is 'day' or 'month'.`);
}

function toGuards(guards: Guards): Pick<CreateCommand, 'velocity' | 'loop'> {
  const { usd_per_minute, repeated_calls } = guards;
  const velocity = usd_per_minute === undefined ? undefined : toPositiveMicros(usd_per_minute);
  if (velocity !== undefined && velocity > MAX_VELOCITY) {
    throw new BudgetInputError('invalid_guard', 'usd_per_minute is at most 100000.');
  }
  if (repeated_calls === undefined) return { velocity };
  const { calls, seconds } = repeated_calls;
  const withinMs = typeof seconds === 'number' ? Math.round(seconds * 1000) : NaN;
  if (!(Number.isInteger(calls) && calls >= 1 && calls <= MAX_CALLS)) {
    throw new BudgetInputError('invalid_guard', `repeated_calls admits 1 to ${MAX_CALLS} calls.`);
  }
  if (!(withinMs >= 1 && withinMs <= MAX_LOOP_MS)) {
    throw new BudgetInputError(
      'invalid_guard',
      'repeated_calls looks back 0.001 to 86400 seconds.',
    );
  }
  return { velocity, loop: { calls, withinMs } };
}

/** A call may be long and may hold a secret: the store keeps its digest. */
function digestOf(call: string): string {
  if (typeof call !== 'string' || call === '') {
    throw new BudgetInputError('invalid_guard', 'A call must be a string that is not empty.');
  }
  return createHash('sha256').update(call).digest('base64url');
}

function toTtlMs(ttlSeconds: number): number {
  const ttlMs = typeof ttlSeconds === 'number' ? Math.round(ttlSeconds * 1000) : NaN;
  if (!(ttlMs >= 1 && ttlMs <= BUDGET_TTL_SECONDS * 1000)) {
    throw new BudgetInputError(
      'invalid_ttl',
      `A hold lives 0.001 to ${BUDGET_TTL_SECONDS} seconds, not ${String(ttlSeconds)}.`,
    );
  }
  return ttlMs;
}

function toCursor(runId: string): string {
  return Buffer.from(runId, 'utf8').toString('base64url');
}

function fromCursor(cursor: string): string {
  const runId = Buffer.from(cursor, 'base64url').toString('utf8');
  try {
    checkRunId(runId);
    if (toCursor(runId) === cursor) return runId;
  } catch {
    // Falls through: not an id, so not a cursor of ours.
  }
  throw new BudgetInputError('invalid_page', 'The cursor is refused: pass next_cursor unchanged.');
}
