import { z } from 'zod';
import { CorruptValueError } from './budget-error.ts';
import {
  carved,
  charge,
  chargedFor,
  crossedNow,
  giveBack,
  hasEnded,
  hold,
  isAlike,
  isClosed,
  isLasting,
  isPaid,
  lacking,
  ledgerOf,
  overflows,
  overrun,
  pour,
  thresholdsBetween,
  transitioned,
  waitForRoom,
  whyShut,
} from './budget-rules.ts';
import type { Budget } from './budget-rules.ts';
import type {
  BudgetStore,
  CarveCommand,
  Carved,
  ChargeCommand,
  Charged,
  Children,
  ChildrenCommand,
  CommitCommand,
  CreateCommand,
  DeleteCommand,
  Done,
  Exceeded,
  ExtendCommand,
  Held,
  HoldCommand,
  HoldConflict,
  HoldNotFound,
  Holds,
  Ledger,
  LedgerPage,
  ListCommand,
  NotFound,
  Overflow,
  Persistence,
  Refused,
  ReserveCommand,
  RunCommand,
  Shut,
  SpendCommand,
  Spent,
  Throttled,
  TransitionCommand,
  Transitioned,
} from './budget-store.ts';
import {
  checkCarve,
  checkCharge,
  checkChildren,
  checkCommit,
  checkCreate,
  checkExtend,
  checkHold,
  checkPage,
  checkReserve,
  checkRun,
  checkSpend,
  checkTransition,
  expiryOf,
} from './command-checks.ts';
import { costOf, isNothing, isSameCost, NOTHING } from './cost.ts';
import type { Cost } from './cost.ts';
import type { Operation } from './sqlite-records.ts';
import { SqliteTables } from './sqlite-tables.ts';
import type { OperationKey } from './sqlite-tables.ts';
import { UNITS } from './units.ts';

const Options = z.strictObject({
  path: z.string().min(1),
  synchronous: z.enum(['NORMAL', 'FULL']).default('NORMAL'),
  busyTimeoutMs: z.int().min(0).default(5000),
});

export type SqliteBudgetStoreOptions = z.input<typeof Options>;

/** A lasting budget goes on for ever, so its ids do not: they are known as long as those of other budgets. */
const REMEMBERED_MS = 7 * 24 * 60 * 60 * 1000;
/** Recorded operations of a lasting budget between two times that it forgets what is older. */
const FORGET_EVERY = 100;
/** What is forgotten at once: more than is added between two times, and too little to wait for. */
const MOST_FORGOTTEN = 1000;

const NOT_FOUND: NotFound = { outcome: 'not_found' };
const HOLD_NOT_FOUND: HoldNotFound = { outcome: 'hold_not_found' };
const OVERFLOW: Overflow = { outcome: 'overflow' };

/**
 * Budgets in one SQLite file (WAL), which several processes of a machine may share. Calls are
 * synchronous inside: each is one transaction of tens of microseconds.
 *
 * - `path`: the file, made when absent; its folder must exist. One of an earlier version is brought to this one.
 * - `synchronous`: NORMAL keeps every acknowledged operation when the process dies, FULL also when
 *   the machine loses power.
 * - `busyTimeoutMs`: how long to wait for other processes' writes (5000 by default).
 *
 * @throws StoreUnavailableError from the constructor when the file cannot be opened or is newer.
 */
export class SqliteBudgetStore implements BudgetStore {
  readonly #tables: SqliteTables;

  constructor(options: SqliteBudgetStoreOptions) {
    this.#tables = new SqliteTables(Options.parse(options));
  }

  async create(command: CreateCommand): Promise<Done | Refused<'budget_conflict'>> {
    checkCreate(command);
    const { runId, now } = command;
    const fresh = newBudget(command);
    return this.#tables.write(() => {
      this.#tables.reap(now);
      const found = this.#tables.settledBudget(command);
      if (found === undefined) {
        this.#tables.insert(runId, fresh);
        return { outcome: 'done', ledger: ledgerOf(fresh, now) };
      }
      const ledger = ledgerOf(found, now);
      if (!isAlike(found, fresh)) return { outcome: 'budget_conflict', ledger };
      this.#tables.renew(runId, fresh.expiresAt);
      return { outcome: 'done', ledger };
    });
  }

  async reserve(
    command: ReserveCommand,
  ): Promise<Held | Exceeded | Shut | Throttled | HoldConflict | NotFound> {
    checkReserve(command);
    const { runId, call, now, ttlMs } = command;
    const key = holdKey(command);
    const cost = costOf(command);
    return this.#change(command, (budget) => {
      const found = this.#tables.operation(key);
      if (found !== undefined && !isSameCost(found.held, cost)) return conflictOf(found);
      if (found?.state === 'active' || found?.state === 'committed') {
        return heldOf(ledgerOf(budget, now), found, true);
      }
      const refusal = this.#refusal(budget, cost, command);
      if (refusal !== undefined) return refusal;
      if (budget.loop !== undefined && call !== undefined) {
        this.#tables.countCall(runId, call, now);
      }
      const admitted: Operation = {
        state: 'active',
        held: cost,
        expiresAt: expiryOf(now, ttlMs),
        charged: undefined,
        mark: '',
        crossed: [],
        crossedIn: undefined,
      };
      this.#putOperation(key, found, admitted, now);
      const after = this.#record(command, pour(hold(budget, cost), cost.amount, now));
      return heldOf(ledgerOf(after, now), admitted, false);
    });
  }

  async commit(
    command: CommitCommand,
  ): Promise<Charged | Refused<'window_ended'> | HoldConflict | Overflow | NotFound> {
    checkCommit(command);
    const { now } = command;
    const key = holdKey(command);
    const cost = costOf(command);
    return this.#change(command, (budget) => {
      const found = this.#tables.operation(key);
      if (found?.charged !== undefined) {
        if (!isSameCost(found.charged, cost)) return conflictOf(found);
        return chargedOf(ledgerOf(budget, now), found, true);
      }
      if (isAfterWindow(budget, now)) return windowEnded(budget, now);
      if (overflows(budget, cost)) return OVERFLOW;
      const freed = found?.state === 'active' ? found.held : NOTHING;
      const charged = charge(giveBack(budget, freed), cost);
      const committed: Operation = {
        state: 'committed',
        held: found?.held ?? NOTHING,
        expiresAt: found?.expiresAt ?? now,
        charged: cost,
        mark: found === undefined ? 'unheld' : found.state === 'active' ? '' : 'late',
        ...crossing(budget, charged),
      };
      this.#putOperation(key, found, committed, now);
      const after = this.#record(
        command,
        pour(charged, Math.max(0, cost.amount - freed.amount), now),
      );
      return chargedOf(ledgerOf(after, now), committed, false);
    });
  }

  async release(command: HoldCommand): Promise<Done | HoldConflict | HoldNotFound | NotFound> {
    checkHold(command);
    const { now } = command;
    const key = holdKey(command);
    return this.#change(command, (budget) => {
      const found = this.#tables.operation(key);
      if (found === undefined) return HOLD_NOT_FOUND;
      if (found.state === 'committed') return conflictOf(found);
      if (found.state !== 'active') return { outcome: 'done', ledger: ledgerOf(budget, now) };
      const { held } = found;
      this.#tables.changeOperation(key, { ...found, state: 'released' }, now);
      const released = giveBack(budget, held);
      return { outcome: 'done', ledger: ledgerOf(this.#record(command, released), now) };
    });
  }

  async extend(command: ExtendCommand): Promise<Held | HoldConflict | HoldNotFound | NotFound> {
    checkExtend(command);
    const { now, ttlMs } = command;
    const key = holdKey(command);
    return this.#change(command, (budget) => {
      const found = this.#tables.operation(key);
      if (found?.state === 'committed') return conflictOf(found);
      if (found?.state !== 'active') return HOLD_NOT_FOUND;
      const expiresAt = Math.max(found.expiresAt, expiryOf(now, ttlMs));
      const extended = { ...found, expiresAt };
      this.#tables.changeOperation(key, extended, now);
      return heldOf(ledgerOf(this.#record(command, budget), now), extended, false);
    });
  }

  async spend(
    command: SpendCommand,
  ): Promise<Spent | Refused<'window_ended'> | HoldConflict | Overflow | NotFound> {
    checkSpend(command);
    const { runId, idempotencyKey: id, now } = command;
    const key = id === undefined ? undefined : ({ runId, kind: 'spend', id } as const);
    const cost = costOf(command);
    return this.#change(command, (budget) => {
      const found = key && this.#tables.operation(key);
      if (found !== undefined) {
        if (!isSameCost(found.charged ?? NOTHING, cost)) return conflictOf(found);
        return spentOf(ledgerOf(budget, now), found, true);
      }
      if (isAfterWindow(budget, now)) return windowEnded(budget, now);
      if (overflows(budget, cost)) return OVERFLOW;
      const charged = charge(budget, cost);
      const spent: Operation = {
        state: 'committed',
        held: NOTHING,
        expiresAt: now,
        charged: cost,
        mark: '',
        ...crossing(budget, charged),
      };
      if (key !== undefined) this.#tables.addOperation(key, spent, now);
      const after = this.#record(command, pour(charged, cost.amount, now));
      return spentOf(ledgerOf(after, now), spent, false);
    });
  }

  async carve(
    command: CarveCommand,
  ): Promise<Carved | Exceeded | Shut | Refused<'settled'> | NotFound> {
    checkCarve(command);
    const { now } = command;
    return this.#change(command, (budget) => {
      const found = this.#tables.allotment(command);
      const ledger = ledgerOf(budget, now);
      if (found?.isSettled === true) return { outcome: 'settled', ledger };
      const more = lacking(found, costOf(command));
      if (found !== undefined && isNothing(more)) {
        return { outcome: 'done', ledger, held: found.held, replayed: true };
      }
      const shut = whyShut(budget, now);
      if (shut !== undefined) return { outcome: shut, ledger };
      const limit = overrun(budget, more);
      if (limit !== undefined) return { outcome: 'budget_exceeded', ledger, limit };
      const step = carved(budget, found, more);
      this.#tables.putAllotment(command, step.allotment);
      const after = this.#record(command, step.budget);
      return {
        outcome: 'done',
        ledger: ledgerOf(after, now),
        held: step.allotment.held,
        replayed: false,
      };
    });
  }

  async charge(command: ChargeCommand): Promise<Spent | Refused<'window_ended'> | NotFound> {
    checkCharge(command);
    const { now } = command;
    return this.#change(command, (budget) => {
      if (isAfterWindow(budget, now)) return windowEnded(budget, now);
      const found = this.#tables.allotment(command);
      const step = chargedFor(budget, found, command);
      if (step === undefined) {
        const crossed = crossedNow(found, budget);
        return { outcome: 'done', ledger: ledgerOf(budget, now), crossed, replayed: true };
      }
      this.#tables.putAllotment(command, step.allotment);
      const after = this.#record(command, step.budget);
      const { crossed } = step.allotment;
      return { outcome: 'done', ledger: ledgerOf(after, now), crossed, replayed: false };
    });
  }

  async transition(command: TransitionCommand): Promise<Transitioned | Refused<'busy'> | NotFound> {
    checkTransition(command);
    const { runId, now } = command;
    return this.#change(command, (budget) => {
      const next = transitioned(budget, command, {
        hasHolds: () => this.#tables.hasHolds(runId),
        hasChildren: () => this.#tables.hasChildren(runId),
      });
      if (next === 'busy') return { outcome: 'busy', ledger: ledgerOf(budget, now) };
      if (next === budget) {
        return { outcome: 'done', ledger: ledgerOf(budget, now), changed: false };
      }
      this.#tables.writeTerms(runId, next);
      const ledger = ledgerOf(this.#record(command, next), now);
      return { outcome: 'done', ledger, changed: true };
    });
  }

  async status(command: RunCommand): Promise<Done | NotFound> {
    checkRun(command);
    return this.#tables.read(() => {
      const budget = this.#tables.budget(command);
      if (budget === undefined) return NOT_FOUND;
      return { outcome: 'done', ledger: ledgerOf(budget, command.now) };
    });
  }

  async holds(command: RunCommand): Promise<Holds | NotFound> {
    checkRun(command);
    return this.#tables.read(() => {
      const budget = this.#tables.budget(command);
      if (budget === undefined) return NOT_FOUND;
      const holds = this.#tables.activeHolds(command);
      return { outcome: 'done', ledger: ledgerOf(budget, command.now), holds };
    });
  }

  async children(command: ChildrenCommand): Promise<Children | NotFound> {
    checkChildren(command);
    return this.#tables.read(() => {
      const budget = this.#tables.budget(command);
      if (budget === undefined) return NOT_FOUND;
      const children = this.#tables.children(command);
      return { outcome: 'done', ledger: ledgerOf(budget, command.now), children };
    });
  }

  async list(command: ListCommand): Promise<LedgerPage> {
    checkPage(command);
    const { now, limit, after = '' } = command;
    return this.#tables.read(() => {
      const runIds = this.#tables.runIds({ now, after, count: limit + 1 });
      const ledgers: { runId: string; ledger: Ledger }[] = [];
      const corrupt: string[] = [];
      for (const runId of runIds.slice(0, limit)) {
        try {
          const budget = this.#tables.budget({ runId, now });
          if (budget !== undefined) ledgers.push({ runId, ledger: ledgerOf(budget, now) });
        } catch (error) {
          if (!(error instanceof CorruptValueError)) throw error;
          corrupt.push(runId);
        }
      }
      return { ledgers, corrupt, after: runIds.length > limit ? runIds[limit - 1] : undefined };
    });
  }

  async delete(command: DeleteCommand): Promise<boolean> {
    checkRun(command);
    const { runId, ifSettled } = command;
    return this.#tables.write(() => {
      if (ifSettled === true) {
        const budget = this.#tables.settledBudget(command);
        const isSettled = budget !== undefined && isPaid(budget);
        if (!isSettled || this.#tables.hasChildren(runId)) return false;
      }
      return this.#tables.delete(command);
    });
  }

  persistence(): Promise<Persistence> {
    return this.#tables.read(() => this.#tables.persistence);
  }

  ping(): Promise<void> {
    return this.#tables.read(() => this.#tables.ping());
  }

  close(): Promise<void> {
    this.#tables.close();
    return Promise.resolve();
  }

  /** Lets `act` change a budget, after its expired holds are settled. */
  #change<T>(command: RunCommand, act: (budget: Budget) => T): Promise<T | NotFound> {
    return this.#tables.write(() => {
      const budget = this.#tables.settledBudget(command);
      return budget === undefined ? NOT_FOUND : act(budget);
    });
  }

  /** Counts one more recorded operation and writes what it has made of the budget. */
  #record({ runId, now }: RunCommand, budget: Budget): Budget {
    const recorded = this.#tables.record(runId, budget);
    if (isLasting(recorded) && recorded.seq % FORGET_EVERY === 0) {
      this.#tables.forget(runId, now - REMEMBERED_MS, MOST_FORGOTTEN);
    }
    return recorded;
  }

  #putOperation(
    key: OperationKey,
    found: Operation | undefined,
    operation: Operation,
    now: number,
  ): void {
    if (found === undefined) this.#tables.addOperation(key, operation, now);
    else this.#tables.changeOperation(key, operation, now);
  }

  /** Why a hold is not admitted, if so. */
  #refusal(
    budget: Budget,
    cost: Cost,
    { runId, call, now }: ReserveCommand,
  ): Exceeded | Shut | Throttled | undefined {
    const ledger = ledgerOf(budget, now);
    const shut = whyShut(budget, now);
    if (shut !== undefined) return { outcome: shut, ledger };
    const limit = overrun(budget, cost);
    if (limit !== undefined) return { outcome: 'budget_exceeded', ledger, limit };
    const untilUnlooped = call === undefined ? 0 : this.#waitForLoop(runId, budget, call, now);
    if (untilUnlooped > 0) return { outcome: 'looping', ledger, retryAfterMs: untilUnlooped };
    const untilRoom = waitForRoom(budget, cost.amount, now);
    if (untilRoom === 0) return undefined;
    const retryAfterMs = Number.isFinite(untilRoom) ? untilRoom : undefined;
    return { outcome: 'too_fast', ledger, retryAfterMs };
  }

  /** Milliseconds until the loop limit admits a call again; 0 when it does. */
  #waitForLoop(runId: string, { loop }: Budget, call: string, now: number): number {
    if (loop === undefined) return 0;
    this.#tables.forgetCalls(runId, now - loop.withinMs);
    const found = this.#tables.callCount(runId, call);
    if (found === undefined || found.count < loop.calls) return 0;
    return found.since + loop.withinMs - now;
  }
}

/** What a create makes. */
function newBudget(command: CreateCommand): Budget {
  const { limit, units = {}, ttlMs, parent, incarnation, window, velocity, loop, now } = command;
  const limited = UNITS.flatMap((unit) => {
    const of = units[unit];
    return of === undefined ? [] : [[unit, { limit: of, spent: 0, held: 0 }] as const];
  });
  return {
    limit,
    spent: 0,
    held: 0,
    seq: 1,
    expiresAt: expiryOf(now, ttlMs),
    units: limited.length === 0 ? undefined : Object.fromEntries(limited),
    frozen: false,
    parent,
    incarnation: parent === undefined ? undefined : incarnation,
    carve: parent === undefined ? undefined : 'pending',
    window: window === undefined ? undefined : { kind: window, endsAt: 0 },
    earlier: NOTHING,
    paid: NOTHING,
    bucket: velocity === undefined ? undefined : { velocity, level: 0, levelAt: now },
    loop,
  };
}

/** The thresholds that an operation reached, and in which window. */
function crossing(before: Budget, after: Budget): Pick<Operation, 'crossed' | 'crossedIn'> {
  const crossed = thresholdsBetween(before, after);
  return { crossed, crossedIn: crossed.length === 0 ? undefined : after.window?.endsAt };
}

function holdKey({ runId, holdId }: HoldCommand): OperationKey {
  return { runId, kind: 'hold', id: holdId };
}

/** Whether a cost counts in a window that is not begun yet. A closed budget begins none. */
function isAfterWindow(budget: Budget, now: number): boolean {
  return !isClosed(budget) && hasEnded(budget, now);
}

function windowEnded(budget: Budget, now: number): Refused<'window_ended'> {
  return { outcome: 'window_ended', ledger: ledgerOf(budget, now) };
}

function heldOf(ledger: Ledger, { held, expiresAt, state }: Operation, replayed: boolean): Held {
  return {
    outcome: 'done',
    ledger,
    held: held.amount,
    expiresAt,
    state: state === 'committed' ? 'committed' : 'active',
    replayed,
  };
}

function spentOf(ledger: Ledger, operation: Operation, replayed: boolean): Spent {
  const { crossed, crossedIn } = operation;
  // What was reached in a window that is over has no meaning in this one.
  const isNow = crossedIn === undefined || crossedIn === ledger.endsAt;
  return { outcome: 'done', ledger, crossed: isNow ? crossed : [], replayed };
}

function chargedOf(ledger: Ledger, operation: Operation, replayed: boolean): Charged {
  const { held, charged = NOTHING, mark } = operation;
  return {
    ...spentOf(ledger, operation, replayed),
    held: held.amount,
    charged: charged.amount,
    late: mark === 'late',
    unheld: mark === 'unheld',
  };
}

function conflictOf({ held, charged }: Operation): HoldConflict {
  return { outcome: 'hold_conflict', held: held.amount, charged: charged?.amount };
}
