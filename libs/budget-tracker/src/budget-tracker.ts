import { randomUUID } from 'node:crypto';
import {
  BudgetConflictError,
  BudgetError,
  BudgetExceededError,
  BudgetInputError,
  BudgetNotFoundError,
  CorruptValueError,
  HoldConflictError,
  HoldNotFoundError,
  StoreUnavailableError,
} from './budget-error.ts';
import type { BudgetStatus, CommitReceipt, HoldReceipt } from './budget-status.ts';
import type {
  BudgetStore,
  Done,
  Held,
  HoldConflict,
  HoldNotFound,
  Ledger,
  NotFound,
  Overflow,
} from './budget-store.ts';
import type { CommitJournal, JournaledCommit } from './commit-journal.ts';
import { checkHoldId, checkRunId } from './identifier.ts';
import { ceilUsd, toMicros, toPositiveMicros, toUsd } from './money.ts';

/** Seconds a budget lives after its (last) create. */
export const BUDGET_TTL_SECONDS = 7 * 24 * 60 * 60;

/** Seconds a hold lives when the caller does not say. */
export const DEFAULT_HOLD_TTL_SECONDS = 600;

const DEFAULT_PAGE = 100;
const MAX_PAGE = 1000;

/** Milliseconds between two attempts to replay the journal: the first, doubled up to the last. */
const FIRST_REPLAY_MS = 250;
const LAST_REPLAY_MS = 5000;

/** What became of the journal. */
export interface JournalReplay {
  /** Commits that are recorded now. */
  recorded: number;
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
  /** Epoch milliseconds; for tests. Redis uses the clock of its server instead. */
  readonly clock?: () => number;
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
  readonly #clock: () => number;
  readonly #journal: CommitJournal | undefined;
  readonly #onReplay: (replay: JournalReplay) => void;
  #replayTimer: NodeJS.Timeout | undefined;
  #replayDelay = FIRST_REPLAY_MS;
  #replaying: Promise<JournalReplay> | undefined;

  constructor(store: BudgetStore, options: BudgetTrackerOptions = {}) {
    this.#store = store;
    this.#clock = options.clock ?? Date.now;
    this.#journal = options.journal;
    this.#onReplay = options.onReplay ?? (() => undefined);
    this.#replaySoon(0);
  }

  /**
   * Gives a run its budget, for seven days. Repeating it with the same limit changes nothing but
   * starts the seven days anew.
   * @param limit USD, more than 0.
   * @throws BudgetConflictError when the run has another limit.
   */
  async create(runId: string, limit: number): Promise<BudgetStatus> {
    const micros = toPositiveMicros(limit);
    const result = await this.#store.create({
      ...this.#run(runId),
      limit: micros,
      ttlMs: BUDGET_TTL_SECONDS * 1000,
    });
    const status = statusOf(runId, result.ledger);
    if (result.outcome === 'budget_conflict') throw new BudgetConflictError(status);
    return status;
  }

  /**
   * Sets an amount aside before the action that may cost it. The same id and amount answers as the
   * first time, so a retry never holds twice; once released or expired, the id may be held again.
   * @param amount USD, more than 0: the most that the action can cost.
   * @param options.ttlSeconds 0.001 s to 7 days, 600 s by default: longer than the action can take.
   * @throws BudgetExceededError when it does not fit, HoldConflictError when the id has another amount.
   */
  async reserve(
    runId: string,
    holdId: string,
    amount: number,
    options: { ttlSeconds?: number } = {},
  ): Promise<HoldReceipt> {
    const result = await this.#store.reserve({
      ...this.#hold(runId, holdId),
      amount: toPositiveMicros(amount),
      ttlMs: toTtlMs(options.ttlSeconds ?? DEFAULT_HOLD_TTL_SECONDS),
    });
    if (result.outcome === 'budget_exceeded') {
      throw new BudgetExceededError(statusOf(runId, result.ledger), amount);
    }
    return holdReceipt(runId, holdId, settled(runId, holdId, result));
  }

  /**
   * Records what the action did cost, in full, and ends its hold. An amount above the hold, a hold
   * that has ended and one that never was are recorded too: money that is gone is never lost.
   * @param amount USD, 0 or more.
   * @throws HoldConflictError (with `charged`) when the id was committed with another amount.
   *   StoreUnavailableError with `journaled` true when the commit is kept in the journal.
   */
  async commit(runId: string, holdId: string, amount: number): Promise<CommitReceipt> {
    const command = { ...this.#hold(runId, holdId), amount: toMicros(amount) };
    const result = await this.#store.commit(command).catch((error: unknown) => {
      throw this.#keptInJournal(error, runId, holdId, amount);
    });
    const charged = settled(runId, holdId, result);
    return {
      ...statusOf(runId, charged.ledger),
      hold_id: holdId,
      held_amount: toUsd(charged.held),
      charged: toUsd(charged.charged),
      late: charged.late,
      unheld: charged.unheld,
      replayed: charged.replayed,
    };
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
   * @param amount USD, more than 0.
   * @param options.idempotencyKey makes a retry safe; hold ids and keys are apart.
   * @throws HoldConflictError (with `charged`) when the key was used with another amount.
   */
  async spend(
    runId: string,
    amount: number,
    options: { idempotencyKey?: string } = {},
  ): Promise<BudgetStatus> {
    const { idempotencyKey } = options;
    if (idempotencyKey !== undefined) checkHoldId(idempotencyKey);
    const result = await this.#store.spend({
      ...this.#run(runId),
      amount: toPositiveMicros(amount),
      idempotencyKey,
    });
    return statusOf(runId, settled(runId, idempotencyKey ?? '', result).ledger);
  }

  /** Whether a hold of `amount` USD (more than 0) would fit now. Advice only: the gate is `reserve`. */
  async canSpend(
    runId: string,
    amount: number,
  ): Promise<{ can_spend: boolean; current_status: BudgetStatus }> {
    const micros = toPositiveMicros(amount);
    const ledger = await this.#ledger(runId);
    return {
      can_spend: !ledger.exceeded && ledger.spent + ledger.held + micros <= ledger.limit,
      current_status: statusOf(runId, ledger),
    };
  }

  async status(runId: string): Promise<BudgetStatus> {
    return statusOf(runId, await this.#ledger(runId));
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
    const page = await this.#store.list({
      now: this.#clock(),
      limit,
      after: cursor === undefined ? undefined : fromCursor(cursor),
    });
    return {
      budgets: page.ledgers.map(({ runId, ledger }) => statusOf(runId, ledger)),
      ...(page.after === undefined ? {} : { next_cursor: toCursor(page.after) }),
      ...(page.corrupt.length === 0 ? {} : { corrupt: [...page.corrupt] }),
    };
  }

  /** Removes a budget with all its holds, also one whose stored values are corrupt. */
  async delete(runId: string): Promise<void> {
    if (!(await this.#store.delete(this.#run(runId)))) throw new BudgetNotFoundError(runId);
  }

  /** Resolves when the store answers. */
  async ping(): Promise<void> {
    await this.#store.ping();
  }

  /**
   * Offers the store what waits in the journal, oldest first, and stops where it is unavailable. Runs by itself; call it
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
    fn: () => Promise<{ result: T; cost: number }>,
    options: { ttlSeconds?: number } = {},
  ): Promise<T> {
    const holdId = randomUUID();
    await this.reserve(runId, holdId, estimate, options);
    let outcome: { result: T; cost: number };
    try {
      outcome = await fn();
    } catch (error) {
      // The failure of `fn` is what the caller must see; an unreleased hold expires by itself.
      await this.release(runId, holdId).catch(() => undefined);
      throw error;
    }
    await this.commit(runId, holdId, ceilUsd(outcome.cost));
    return outcome.result;
  }

  /** The error for a commit that failed, after it was kept where it can be. */
  #keptInJournal(error: unknown, runId: string, holdId: string, amount: number): unknown {
    const journal = this.#journal;
    if (!(error instanceof StoreUnavailableError) || journal === undefined) return error;
    const known = journal.find(runId, holdId);
    if (known !== undefined && known.amount !== amount)
      return new HoldConflictError(runId, holdId, 0, known.amount);
    try {
      const at = new Date(this.#clock()).toISOString();
      if (known === undefined) journal.append({ run_id: runId, hold_id: holdId, amount, at });
    } catch {
      // The disk is full or gone: the caller must repeat the commit.
      return error;
    }
    if (this.#replaying === undefined) this.#replaySoon(this.#replayDelay);
    return error.asJournaled();
  }

  async #replay(): Promise<JournalReplay> {
    const replay: JournalReplay = { recorded: 0, refused: [], waiting: 0 };
    const journal = this.#journal;
    for (const commit of journal?.pending ?? []) {
      try {
        const { run_id, hold_id, amount } = commit;
        const command = { ...this.#hold(run_id, hold_id), amount: toMicros(amount) };
        settled(run_id, hold_id, await this.#store.commit(command));
        journal?.settle(commit);
        replay.recorded += 1;
      } catch (error) {
        if (error instanceof StoreUnavailableError) break;
        // What can be repaired waits for that.
        if (!(error instanceof BudgetError) || error instanceof CorruptValueError) continue;
        if (journal !== undefined && this.#putAside(journal, commit, error))
          replay.refused.push({ commit, reason: error });
      }
    }
    replay.waiting = journal?.pending.length ?? 0;
    if (replay.waiting === 0) this.#replayDelay = FIRST_REPLAY_MS;
    if (replay.recorded + replay.refused.length > 0) this.#onReplay(replay);
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

  async #ledger(runId: string): Promise<Ledger> {
    return settled(runId, '', await this.#store.status(this.#run(runId))).ledger;
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

/** The success among a store's outcomes; throws for each refusal. */
function settled<Success extends Done>(
  runId: string,
  holdId: string,
  result: Success | HoldConflict | HoldNotFound | Overflow | NotFound,
): Success {
  switch (result.outcome) {
    case 'not_found':
      throw new BudgetNotFoundError(runId);
    case 'hold_not_found':
      throw new HoldNotFoundError(runId, holdId);
    case 'hold_conflict':
      throw new HoldConflictError(
        runId,
        holdId,
        toUsd(result.held),
        result.charged === undefined ? undefined : toUsd(result.charged),
      );
    case 'overflow':
      throw new BudgetInputError(
        'invalid_amount',
        'The amount is refused: the spend of a run must stay below 9e9 USD.',
      );
    case 'done':
      return result;
  }
}

function statusOf(runId: string, ledger: Ledger): BudgetStatus {
  return {
    run_id: runId,
    spent: toUsd(ledger.spent),
    limit: toUsd(ledger.limit),
    remaining: toUsd(Math.max(0, ledger.limit - ledger.spent - ledger.held)),
    exceeded: ledger.exceeded,
    held: toUsd(ledger.held),
    seq: ledger.seq,
  };
}

function holdReceipt(runId: string, holdId: string, held: Held): HoldReceipt {
  return {
    ...statusOf(runId, held.ledger),
    hold_id: holdId,
    amount: toUsd(held.held),
    expires_at: new Date(held.expiresAt).toISOString(),
    replayed: held.replayed,
    state: held.state,
  };
}

function toTtlMs(ttlSeconds: number): number {
  const ttlMs = Math.round(ttlSeconds * 1000);
  if (typeof ttlSeconds !== 'number' || !(ttlMs >= 1 && ttlMs <= BUDGET_TTL_SECONDS * 1000)) {
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
