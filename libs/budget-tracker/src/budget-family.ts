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
/** Children that are looked at in one go. */
const CHILDREN_AT_ONCE = 64;

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
    if (result.ledger.carve === 'closed') throw new BudgetClosedError(status);
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
    if (ledger.carve === 'closed') return this.#payUp(runId, ledger);
    // A child whose parent has no room for it is as it is: pending.
    return this.#renew(runId, ledger).catch(unlessUnavailable(() => this.#read(runId)));
  }

  /** Freezes or thaws a budget, then all that are carved out of it. */
  async freeze(runId: string, to: 'frozen' | 'thawed'): Promise<Ledger> {
    const { ledger } = settled(
      runId,
      '',
      await this.#store.transition({ runId, now: this.#clock(), to }),
    );
    const failures: unknown[] = [];
    for (const { child } of await this.#unsettled(runId)) {
      // One that has ended meanwhile needs no freezing; one that cannot be reached is no reason to leave out the others.
      await this.freeze(child, to)
        .catch(unless(BudgetNotFoundError))
        .catch((error: unknown) => failures.push(error));
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
      const ifSeq = await this.#prepareDelete(runId).catch(unless(CorruptValueError));
      const existed = await this.#store.delete({ runId, now: this.#clock(), ifSeq });
      if (existed) return;
      // Something was recorded in between, and it may have been a child.
      const ledger = await this.#read(runId);
      if (attempts === MOST_RENEWALS) throw new BudgetBusyError(statusOf(runId, ledger));
    }
  }

  /** Settles a budget that is to be removed. @returns the number of its operations at that moment. */
  async #prepareDelete(runId: string): Promise<number> {
    const children = await this.#living(runId);
    const ledger = await this.#read(runId);
    if (children.length > 0) throw new BudgetBusyError(statusOf(runId, ledger));
    return ledger.parent === undefined ? ledger.seq : (await this.#close(runId, true)).seq;
  }

  /** The holds of actions under way. */
  async holds(runId: string): Promise<readonly ActiveHold[]> {
    const result = await this.#store.holds({ runId, now: this.#clock() });
    return settled(runId, '', result).holds;
  }

  async children(runId: string): Promise<ChildStatus[]> {
    const children = await this.#living(runId);
    return children.map(({ child, held }) => ({ run_id: child, amount: toUsd(held.amount) }));
  }

  /**
   * The children of a budget that are not settled. What is set aside for those that have vanished is charged: nobody can
   * tell what they spent.
   */
  async #living(runId: string): Promise<Child[]> {
    const children = await this.#unsettled(runId);
    const living: Child[] = [];
    for (let at = 0; at < children.length; at += CHILDREN_AT_ONCE) {
      const some = children.slice(at, at + CHILDREN_AT_ONCE);
      const areLiving = await Promise.all(some.map((child) => this.#isLiving(child)));
      for (const [index, child] of some.entries()) {
        if (areLiving[index] === true) living.push(child);
        else await this.#charge(runId, { ...child, total: NOTHING, end: 'lost' });
      }
    }
    return living;
  }

  async #unsettled(runId: string): Promise<readonly Child[]> {
    const result = await this.#store.children({ runId, now: this.#clock() });
    return settled(runId, '', result).children;
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
    const { window, endsAt, ended, carve } = ledger;
    const isOver = ended !== undefined && carve !== 'closed';
    if (!isOver || window === undefined || endsAt === undefined) return ledger;
    const next = windowEnd(window, Math.max(ended, endsAt));
    const command = {
      runId,
      now: this.#clock(),
      to: 'rolled',
      endedAt: endsAt,
      endsAt: next,
    } as const;
    const rolled = settled(runId, '', await this.#store.transition(command));
    // No child that has vanished takes room in another window. One that is corrupt must not hinder the others.
    await this.#living(runId).catch(unlessUnavailable(() => Promise.resolve([])));
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
    const command = { runId, now: this.#clock(), to: 'carved', endsAt } as const;
    return settled(runId, '', await this.#store.transition(command)).ledger;
  }

  async #close(runId: string, force: boolean): Promise<Ledger> {
    const command = { runId, now: this.#clock(), to: 'closed', force } as const;
    const { ledger } = settled(runId, '', await this.#store.transition(command));
    const total = totalOf(ledger);
    return this.#pay(runId, ledger, force ? plus(total, heldOf(ledger)) : total, 'settled');
  }

  /** Hands a recorded cost on, after the parent of a settled child is charged with it. */
  async #told<Recorded extends Spent>(runId: string, recorded: Recorded): Promise<Recorded> {
    if (recorded.ledger.carve === 'closed') await this.#payUp(runId, recorded.ledger);
    this.#onCharge(runId, recorded);
    return recorded;
  }

  /** Charges the parent with what a child has spent that it is not known to be charged with. */
  async #payUp(runId: string, ledger: Ledger): Promise<Ledger> {
    const total = totalOf(ledger);
    return isNothing(minus(total, paidOf(ledger))) ? ledger : this.#pay(runId, ledger, total);
  }

  async #pay(runId: string, ledger: Ledger, total: Cost, end?: 'settled'): Promise<Ledger> {
    const { parent = '', incarnation = '' } = ledger;
    const paid = paidOf(ledger);
    await this.#charge(parent, { child: runId, incarnation, total, paid, end }).catch(
      // A parent that is gone has nothing to be charged any more.
      unless(BudgetNotFoundError),
    );
    if (isNothing(minus(total, paid))) return ledger;
    const command = { runId, now: this.#clock(), to: 'paid', ...total } as const;
    return settled(runId, '', await this.#store.transition(command)).ledger;
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

function paidOf({ paid = NOTHING }: Ledger): Cost {
  return paid;
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
