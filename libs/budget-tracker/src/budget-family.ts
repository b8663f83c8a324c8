import { randomBytes, randomUUID } from 'node:crypto';
import {
  BudgetBusyError,
  BudgetClosedError,
  BudgetConflictError,
  BudgetError,
  BudgetInputError,
  BudgetNotFoundError,
  CorruptValueError,
  StoreUnavailableError,
} from './budget-error.ts';
import type { ChildStatus } from './budget-status.ts';
import type {
  ActiveHold,
  BudgetStore,
  Charged,
  ChargeCommand,
  Child,
  CommitCommand,
  CreateCommand,
  Held,
  Ledger,
  ReserveCommand,
  SpendCommand,
  Spent,
} from './budget-store.ts';
import { isClosed } from './budget-rules.ts';
import { MOST_CHILDREN } from './budget-store.ts';
import { windowEnd } from './budget-window.ts';
import { isNothing, minus, NOTHING, plus } from './cost.ts';
import type { Cost } from './cost.ts';
import { toUsd } from './money.ts';
import { statusOf } from './receipts.ts';
import { admitted, settled } from './refusals.ts';
import { UNITS } from './units.ts';
import type { Unit, Units } from './units.ts';

/** Levels of budgets above one another. */
const MOST_LEVELS = 8;
/** Windows that end, and limits that are carved, while one hold is asked for. */
const MOST_RENEWALS = 8;
/** Children that are asked at once. */
const CHILDREN_AT_ONCE = 16;

/**
 * Budgets above one another, and windows: what takes more than one step of the store.
 *
 * The limit of a child is set aside at its parent, so that no budget is hot and no step spans two. A child counts what it
 * spent in all its life, and its parent what it was charged with for the child: a charge brings the one up to the other,
 * whoever makes it, however often and late. So a process may die between any two steps, and whoever comes next goes on.
 * What a parent is charged with for a child is set aside no more, so that together they always cover what the child may
 * still spend.
 */
export class BudgetFamily {
  readonly #store: BudgetStore;
  readonly #clock: () => number;
  readonly #onCharge: (runId: string, spent: Spent) => void;
  /** Searches for vanished children that are under way. */
  readonly #searches = new Set<Promise<void>>();
  #isClosed = false;

  /** @param onCharge told of each cost that is recorded or was, also of those that parents are charged with. */
  constructor(
    store: BudgetStore,
    clock: () => number,
    onCharge: (runId: string, spent: Spent) => void,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#onCharge = onCharge;
  }

  /** @throws BudgetConflictError, BudgetClosedError; as {@link reserve} for what the parent refuses. */
  async create(command: Omit<CreateCommand, 'incarnation'>): Promise<Ledger> {
    const { runId, parent } = command;
    if (parent !== undefined) await this.#checkParent(command, parent);
    const incarnation = randomBytes(12).toString('base64url');
    const result = await this.#store.create({ ...command, incarnation });
    const status = statusOf(runId, result.ledger);
    if (result.outcome === 'budget_conflict') throw new BudgetConflictError(status);
    if (isClosed(result.ledger)) throw new BudgetClosedError(status);
    // One that the parent refuses waits for it, and admits nothing: another process may be carving it at this moment.
    return this.#renew(runId, result.ledger);
  }

  async reserve(command: ReserveCommand): Promise<Held> {
    const { runId, holdId, amount, units } = command;
    const result = await this.#admit(runId, () => this.#store.reserve(command));
    return admitted(runId, holdId, { amount, units }, result);
  }

  async commit(command: CommitCommand): Promise<Charged> {
    const { runId, holdId } = command;
    const result = await this.#inWindow(runId, () => this.#store.commit(command));
    return this.#told(runId, settled(runId, holdId, result));
  }

  async spend(command: SpendCommand): Promise<Spent> {
    const { runId, idempotencyKey = randomUUID() } = command;
    const keyed = { ...command, idempotencyKey };
    const result = await this.#inWindow(runId, () => this.#store.spend(keyed));
    return this.#told(runId, settled(runId, idempotencyKey, result));
  }

  /** The budget as it stands, in the window that the store's clock is in. */
  async ledger(runId: string): Promise<Ledger> {
    const ledger = await this.#read(runId);
    if (isClosed(ledger)) return this.#payUp(runId, ledger);
    // A child whose parent has no room for it is as it is: pending.
    return this.#renew(runId, ledger).catch(unlessUnavailable(() => this.#read(runId)));
  }

  /**
   * Freezes or thaws a budget, then all that are carved out of it.
   * @param incarnation the child that is meant, when another one of its id is not.
   */
  async freeze(runId: string, to: 'frozen' | 'thawed', incarnation?: string): Promise<Ledger> {
    const command = { runId, now: this.#clock(), to, incarnation };
    const { ledger } = settled(runId, '', await this.#store.transition(command));
    if (incarnation !== undefined && ledger.incarnation !== incarnation) return ledger;
    const failures: unknown[] = [];
    for await (const children of this.#unsettled(runId)) {
      const frozen = children.map(({ child, incarnation: of }) =>
        // One that has ended meanwhile needs no freezing.
        this.freeze(child, to, of).catch(unless(BudgetNotFoundError)),
      );
      // One that cannot be reached is no reason to leave out the others.
      for (const result of await Promise.allSettled(frozen)) {
        if (result.status === 'rejected') failures.push(result.reason);
      }
    }
    if (failures.length > 0) throw failures[0];
    return ledger;
  }

  /** Ends a child: its parent is charged with what it spent and gets the rest back. */
  async settle(runId: string): Promise<Ledger> {
    const { parent } = await this.#read(runId);
    if (parent === undefined) {
      throw new BudgetInputError(
        'invalid_parent',
        `Run ${JSON.stringify(runId)} has no parent to be settled with.`,
      );
    }
    return this.#close(runId, false);
  }

  /** Removes a budget. Its parent is charged with what it spent and with what it holds: nobody can tell any more. */
  async delete(runId: string): Promise<void> {
    for (let attempts = 0; ; attempts++) {
      const ifSettled = await this.#prepareDelete(runId);
      if (await this.#store.delete({ runId, now: this.#clock(), ifSettled })) return;
      // Something was recorded in between.
      const ledger = await this.#read(runId);
      if (attempts === MOST_RENEWALS) throw new BudgetBusyError(statusOf(runId, ledger));
    }
  }

  /** Settles a budget that is to be removed. @returns false for one that cannot be read: it is removed as it is. */
  async #prepareDelete(runId: string): Promise<boolean> {
    let ledger: Ledger;
    try {
      ledger = await this.#read(runId);
      await this.#page(runId);
    } catch (error) {
      if (error instanceof CorruptValueError) return false;
      throw error;
    }
    for await (const children of this.#unsettled(runId)) {
      const living = await this.#living(runId, children);
      if (living.length > 0) throw new BudgetBusyError(statusOf(runId, ledger));
    }
    if (ledger.parent !== undefined) await this.#close(runId, true);
    return true;
  }

  /** The holds of actions under way. */
  async holds(runId: string): Promise<readonly ActiveHold[]> {
    const result = await this.#store.holds({ runId, now: this.#clock() });
    return settled(runId, '', result).holds;
  }

  async children(runId: string): Promise<ChildStatus[]> {
    const all: ChildStatus[] = [];
    for await (const children of this.#unsettled(runId)) {
      for (const { child, held } of await this.#living(runId, children)) {
        all.push({ run_id: child, amount: toUsd(held.amount) });
      }
    }
    return all;
  }

  /** Ends the searches that run by themselves. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#searches);
  }

  /** Looks for children that have vanished, so that none takes room in another window. Nobody waits for it. */
  #search(runId: string): void {
    const search = this.#searchAll(runId)
      // One that is corrupt, or a store that is away, leaves it to the next search.
      .catch(() => undefined)
      .finally(() => this.#searches.delete(search));
    this.#searches.add(search);
  }

  async #searchAll(runId: string): Promise<void> {
    for await (const children of this.#unsettled(runId)) {
      if (this.#isClosed) return;
      await this.#living(runId, children);
    }
  }

  /**
   * Those that are still there, of some children. What is set aside for the others is charged: nobody can tell what they
   * spent.
   */
  async #living(runId: string, children: readonly Child[]): Promise<Child[]> {
    const areLiving = await Promise.all(children.map((child) => this.#isLiving(child)));
    for (const [index, child] of children.entries()) {
      if (areLiving[index] === true) continue;
      await this.#charge(runId, { ...child, total: NOTHING, end: 'lost' });
    }
    return children.filter((_child, index) => areLiving[index]);
  }

  /** The children of a budget that are not settled, a few at a time. */
  async *#unsettled(runId: string): AsyncGenerator<readonly Child[]> {
    for (let after: Child | undefined; ;) {
      const page = await this.#page(runId, after);
      for (let at = 0; at < page.length; at += CHILDREN_AT_ONCE) {
        yield page.slice(at, at + CHILDREN_AT_ONCE);
      }
      after = page.at(-1);
      if (page.length < MOST_CHILDREN) return;
    }
  }

  async #page(runId: string, after?: Child): Promise<readonly Child[]> {
    const command = { runId, now: this.#clock(), after };
    return settled(runId, '', await this.#store.children(command)).children;
  }

  async #isLiving({ child, incarnation }: Child): Promise<boolean> {
    try {
      return (await this.#read(child)).incarnation === incarnation;
    } catch (error) {
      if (error instanceof BudgetNotFoundError) return false;
      if (error instanceof CorruptValueError) return true;
      throw error;
    }
  }

  async #read(runId: string): Promise<Ledger> {
    return settled(runId, '', await this.#store.status({ runId, now: this.#clock() })).ledger;
  }

  async #checkParent(command: Omit<CreateCommand, 'incarnation'>, parent: string): Promise<void> {
    const ledger = await this.#read(parent);
    const name = JSON.stringify(parent);
    if (ledger.lasting !== true) {
      throw new BudgetInputError(
        'invalid_parent',
        `Run ${name} cannot be a parent: it would vanish before its children. Create it lasting, or with a window.`,
      );
    }
    const missing = UNITS.find(
      (unit) => ledger.units?.[unit] !== undefined && command.units?.[unit] === undefined,
    );
    if (missing !== undefined) {
      throw new BudgetInputError(
        'invalid_parent',
        `Run ${name} limits ${missing}: a child must have a limit of its own for them.`,
      );
    }
    let above: string | undefined = parent;
    for (let level = 1; above !== undefined; level++) {
      if (above === command.runId || level >= MOST_LEVELS) {
        throw new BudgetInputError(
          'invalid_parent',
          `Run ${name} cannot be the parent: at most ${MOST_LEVELS} budgets stand above one another, in no circle.`,
        );
      }
      above = (await this.#read(above)).parent;
    }
  }

  /** Takes a step of a budget, after its window is rolled and its limit is carved where it must be. */
  async #admit<Result extends Outcome>(
    runId: string,
    step: () => Promise<Result>,
  ): Promise<Result> {
    for (let renewals = 0; ; renewals++) {
      const result = await step();
      const isShut = result.outcome === 'pending' || result.outcome === 'window_ended';
      if (!isShut || result.ledger === undefined || renewals === MOST_RENEWALS) return result;
      await this.#renew(runId, result.ledger);
    }
  }

  /** Takes a step of a budget that is recorded whatever its state is, in the window that the store's clock is in. */
  async #inWindow<Result extends Outcome>(
    runId: string,
    step: () => Promise<Result>,
  ): Promise<Result> {
    for (let renewals = 0; ; renewals++) {
      const result = await step();
      const hasEnded = result.outcome === 'window_ended';
      if (!hasEnded || result.ledger === undefined || renewals === MOST_RENEWALS) return result;
      await this.#roll(runId, result.ledger);
    }
  }

  /** Makes a budget admit again whose window has ended, or whose limit is not set aside at its parent. */
  async #renew(runId: string, ledger: Ledger): Promise<Ledger> {
    const rolled = await this.#roll(runId, ledger);
    return rolled.carve === 'pending' ? this.#carve(runId, rolled) : rolled;
  }

  /** Begins the next window of a budget if the last one is over. */
  async #roll(runId: string, ledger: Ledger): Promise<Ledger> {
    const { window, endsAt, ended, incarnation } = ledger;
    const isOver = ended !== undefined && !isClosed(ledger);
    if (!isOver || window === undefined || endsAt === undefined) return ledger;
    const next = windowEnd(window, Math.max(ended, endsAt));
    const command = { runId, now: this.#clock(), incarnation, to: 'rolled' } as const;
    const of = { ...command, endedAt: endsAt, endsAt: next };
    const rolled = settled(runId, '', await this.#store.transition(of));
    if (rolled.changed) this.#search(runId);
    return rolled.ledger;
  }

  /** Charges the parent with what a child has spent, and sets its limit aside for what it will. */
  async #carve(runId: string, ledger: Ledger): Promise<Ledger> {
    const { parent = '', incarnation = '', limit: amount, endsAt } = ledger;
    await this.#payUp(runId, ledger);
    const units = mapUnits((unit) => ledger.units?.[unit]?.limit);
    const of = { runId: parent, child: runId, incarnation, amount, units };
    const result = await this.#admit(parent, () =>
      this.#store.carve({ ...of, now: this.#clock() }),
    );
    if (result.outcome === 'settled') {
      // Another has settled the child meanwhile.
      throw new BudgetClosedError(statusOf(runId, await this.#read(runId)));
    }
    admitted(parent, runId, { amount, units }, result);
    const command = { runId, now: this.#clock(), incarnation, to: 'carved', endsAt } as const;
    return settled(runId, '', await this.#store.transition(command)).ledger;
  }

  async #close(runId: string, force: boolean): Promise<Ledger> {
    const command = { runId, now: this.#clock(), to: 'closing', force } as const;
    const { ledger } = settled(runId, '', await this.#store.transition(command));
    return this.#payUp(runId, ledger);
  }

  /** Hands a recorded cost on, after the parent is charged with one that nothing is set aside for. */
  async #told<Recorded extends Spent>(runId: string, recorded: Recorded): Promise<Recorded> {
    const { ledger } = recorded;
    const isCovered =
      ledger.parent === undefined || (ledger.carve === undefined && !ledger.exceeded);
    if (!isCovered) await this.#payUp(runId, ledger);
    this.#onCharge(runId, recorded);
    return recorded;
  }

  /** Charges the parent with what a child has spent that it is not known to be charged with, and settles one that closes. */
  async #payUp(runId: string, ledger: Ledger): Promise<Ledger> {
    const { parent = '', incarnation = '', paid = NOTHING } = ledger;
    const closed = isClosed(ledger);
    // Nobody can tell what a hold will have cost that is left when a child is closed.
    const total = closed ? plus(totalOf(ledger), heldOf(ledger)) : totalOf(ledger);
    if (ledger.carve !== 'closing' && isNothing(minus(total, paid))) return ledger;
    const end = closed ? 'settled' : undefined;
    await this.#charge(parent, { child: runId, incarnation, total, paid, end }).catch(
      // A parent that is gone has nothing to be charged any more.
      unless(BudgetNotFoundError),
    );
    const command = {
      runId,
      now: this.#clock(),
      incarnation,
      to: 'paid',
      settled: closed,
    } as const;
    const result = await this.#store.transition({ ...command, ...total });
    // Its deletion has charged the parent, too.
    return result.outcome === 'not_found' ? ledger : settled(runId, '', result).ledger;
  }

  async #charge(parent: string, of: Omit<ChargeCommand, 'runId' | 'now'>): Promise<void> {
    const result = await this.#inWindow(parent, () =>
      this.#store.charge({ ...of, runId: parent, now: this.#clock() }),
    );
    await this.#told(parent, settled(parent, of.child, result));
  }
}

/** What the steps of a store have in common. */
interface Outcome {
  readonly outcome: string;
  readonly ledger?: Ledger;
}

/** What a child has spent in all its life. */
function totalOf(ledger: Ledger): Cost {
  const units = mapUnits((unit) => ledger.units?.[unit]?.spent);
  return plus(ledger.earlier ?? NOTHING, { amount: ledger.spent, units });
}

function heldOf(ledger: Ledger): Cost {
  return { amount: ledger.held, units: mapUnits((unit) => ledger.units?.[unit]?.held) };
}

function mapUnits(amountOf: (unit: Unit) => number | undefined): Units {
  const pairs = UNITS.flatMap((unit) => {
    const amount = amountOf(unit);
    return amount === undefined || amount === 0 ? [] : [[unit, amount] as const];
  });
  return Object.fromEntries(pairs);
}

/** Lets an error of one class pass for an answer, and throws every other. */
function unless(of: abstract new (...args: never[]) => Error): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof of)) throw error;
    return undefined;
  };
}

/** Answers otherwise where a budget refuses, and throws when the store cannot tell. */
function unlessUnavailable<T>(otherwise: () => Promise<T>): (error: unknown) => Promise<T> {
  return (error) => {
    if (!(error instanceof BudgetError) || error instanceof StoreUnavailableError) throw error;
    return otherwise();
  };
}
