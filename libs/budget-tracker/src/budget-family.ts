import { createHash, randomUUID } from 'node:crypto';
import {
  BudgetBusyError,
  BudgetClosedError,
  BudgetConflictError,
  BudgetInputError,
  BudgetNotFoundError,
  CorruptValueError,
} from './budget-error.ts';
import type { ChildStatus } from './budget-status.ts';
import type {
  ActiveHold,
  BudgetStore,
  Charged,
  CommitCommand,
  CreateCommand,
  Held,
  Ledger,
  ReserveCommand,
  SpendCommand,
  Spent,
} from './budget-store.ts';
import { windowEnd } from './budget-window.ts';
import { toUsd } from './money.ts';
import { statusOf } from './receipts.ts';
import { admitted, settled } from './refusals.ts';
import { UNITS } from './units.ts';
import type { Unit, Units } from './units.ts';

/** Levels of budgets above one another. */
const MOST_LEVELS = 8;
/** Windows that end, and limits that are carved, while one hold is asked for. */
const MOST_RENEWALS = 8;
/** Begins the ids of holds that are limits of children; no caller's id may contain it. */
const MARK = '\u0001';

/**
 * Budgets above one another, and windows: what takes more than one step of the store.
 *
 * The limit of a child is a hold on its parent, so that no budget is hot and no step spans two. Each step can be
 * repeated, and the order is such that a process may die between any two: a child admits nothing before its limit is
 * held, and its parent is charged before the child forgets what it owes.
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
  async create(command: CreateCommand): Promise<Ledger> {
    const { runId, parent } = command;
    if (parent !== undefined) await this.#checkParent(command, parent);
    const result = await this.#store.create(command);
    const status = statusOf(runId, result.ledger);
    if (result.outcome === 'budget_conflict') throw new BudgetConflictError(status);
    if (result.ledger.carve === 'closed') throw new BudgetClosedError(status);
    if (result.ledger.carve !== 'pending') return result.ledger;
    // One that the parent refuses waits for it, and admits nothing: another process may be carving it at this moment.
    return this.#carve(runId, result.ledger);
  }

  async reserve(command: ReserveCommand): Promise<Held> {
    for (let renewals = 0; ; renewals++) {
      const result = await this.#store.reserve(command);
      const isShut = result.outcome === 'pending' || result.outcome === 'window_ended';
      if (!isShut || renewals === MOST_RENEWALS) return admitted(command, result);
      await this.#renew(command.runId, result.ledger);
    }
  }

  async commit(command: CommitCommand): Promise<Charged> {
    const { runId, holdId, amount, units } = command;
    let result = await this.#store.commit(command);
    if (result.outcome === 'closed') {
      const key = digest('commit', runId, String(result.ledger.since), holdId);
      await this.#chargeParent(result.ledger, key, amount, units);
      result = await this.#store.commit({ ...command, settled: true });
    }
    const charged = settled(runId, holdId, result);
    this.#onCharge(runId, charged);
    return charged;
  }

  async spend(command: SpendCommand): Promise<Spent> {
    const { runId, amount, units } = command;
    const { idempotencyKey = randomUUID() } = command;
    let result = await this.#store.spend(command);
    if (result.outcome === 'closed') {
      const key = digest('spend', runId, String(result.ledger.since), idempotencyKey);
      await this.#chargeParent(result.ledger, key, amount, units);
      result = await this.#store.spend({ ...command, idempotencyKey, settled: true });
    }
    const spent = settled(runId, idempotencyKey, result);
    this.#onCharge(runId, spent);
    return spent;
  }

  /** The budget as it stands, in the window that the store's clock is in. */
  async ledger(runId: string): Promise<Ledger> {
    const { ledger } = await this.#read(runId);
    if (ledger.ended !== true || ledger.carve !== undefined) return ledger;
    await this.#renew(runId, ledger);
    return (await this.#read(runId)).ledger;
  }

  /** Freezes or thaws a budget, then all that are carved out of it. */
  async freeze(runId: string, to: 'frozen' | 'thawed'): Promise<Ledger> {
    const { ledger } = settled(
      runId,
      '',
      await this.#store.transition({ runId, now: this.#clock(), to }),
    );
    const failures: unknown[] = [];
    for (const child of await this.children(runId)) {
      // One that has ended meanwhile needs no freezing; one that cannot be reached is no reason to leave out the others.
      await this.freeze(child.run_id, to)
        .catch(unless(BudgetNotFoundError))
        .catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
    return ledger;
  }

  /** Ends a child: its parent is charged with what it spent and gets the rest back. */
  async settle(runId: string): Promise<Ledger> {
    const { ledger } = await this.#read(runId);
    if (ledger.parent === undefined) {
      throw new BudgetInputError(
        'invalid_parent',
        `Run ${JSON.stringify(runId)} has no parent to be settled with.`,
      );
    }
    // A child that waits for its parent admits nothing: without holds nothing can come between.
    if (ledger.carve === 'pending' && ledger.held > 0) {
      throw new BudgetBusyError(statusOf(runId, ledger));
    }
    return this.#close(runId, ledger.carve === 'pending');
  }

  /** Removes a budget. Its parent is charged with what it spent and with what it holds: nobody can tell any more. */
  async delete(runId: string): Promise<void> {
    for (let attempts = 0; ; attempts++) {
      const ifSeq = await this.#prepareDelete(runId).catch(unless(CorruptValueError));
      const existed = await this.#store.delete({ runId, now: this.#clock(), ifSeq });
      if (existed) return;
      // Something was recorded in between, and it may have been a child.
      const { ledger } = await this.#read(runId);
      if (attempts === MOST_RENEWALS) throw new BudgetBusyError(statusOf(runId, ledger));
    }
  }

  /** Settles a budget that is to be removed. @returns the number of its operations at that moment. */
  async #prepareDelete(runId: string): Promise<number> {
    const command = { runId, now: this.#clock(), lasting: true };
    const { ledger, holds } = settled(runId, '', await this.#store.holds(command));
    if (holds.some(({ holdId }) => holdId.startsWith(MARK))) {
      throw new BudgetBusyError(statusOf(runId, ledger));
    }
    return ledger.parent === undefined ? ledger.seq : (await this.#close(runId, true)).seq;
  }

  /** The holds of actions under way; those of children are told by {@link children}. */
  async holds(runId: string): Promise<ActiveHold[]> {
    const holds = await this.#holds(runId, false);
    return holds.filter(({ holdId }) => !holdId.startsWith(MARK));
  }

  async children(runId: string): Promise<ChildStatus[]> {
    const holds = await this.#holds(runId, true);
    return holds.flatMap(({ holdId, held }) => {
      const [, child] = holdId.split(MARK);
      return child === undefined ? [] : [{ run_id: child, amount: toUsd(held) }];
    });
  }

  async #holds(runId: string, lasting: boolean): Promise<readonly ActiveHold[]> {
    const result = await this.#store.holds({ runId, now: this.#clock(), lasting });
    return settled(runId, '', result).holds;
  }

  async #read(runId: string): Promise<{ ledger: Ledger }> {
    return settled(runId, '', await this.#store.status({ runId, now: this.#clock() }));
  }

  async #checkParent(command: CreateCommand, parent: string): Promise<void> {
    const { ledger } = await this.#read(parent);
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
      above = (await this.#read(above)).ledger.parent;
    }
  }

  /** Makes a budget admit again whose window has ended, or whose limit is not held at its parent. */
  async #renew(runId: string, ledger: Ledger): Promise<void> {
    const { window, endsAt } = ledger;
    if (ledger.carve === 'pending') {
      await this.#carve(runId, ledger);
    } else if (window !== undefined && endsAt !== undefined) {
      const now = this.#clock();
      // The store's clock says that it is over; this one may be behind.
      const next = windowEnd(window, Math.max(now, endsAt));
      const command = { runId, now, to: 'rolled', endedAt: endsAt, endsAt: next } as const;
      settled(runId, '', await this.#store.transition(command));
    }
  }

  /** Pays what a child owes for its last window, and holds its limit for the next. */
  async #carve(runId: string, ledger: Ledger): Promise<Ledger> {
    const { parent = '', limit, units, endsAt } = ledger;
    const now = this.#clock();
    await this.#pay(runId, ledger);
    const limits = mapUnits((unit) => units?.[unit]?.limit);
    const holdId = carveId(runId, ledger.since, endsAt);
    const command = { runId: parent, now, holdId, amount: limit, units: limits };
    const held = await this.reserve(command);
    // The hold of an earlier child that was made in the same millisecond: nothing is held for this one.
    if (held.state !== 'active') throw new BudgetBusyError(statusOf(runId, ledger));
    const result = await this.#store.transition({ runId, now, to: 'carved', endsAt });
    return settled(runId, '', result).ledger;
  }

  async #close(runId: string, force: boolean): Promise<Ledger> {
    const command = { runId, now: this.#clock(), to: 'closed', force } as const;
    const { ledger } = settled(runId, '', await this.#store.transition(command));
    const { owed, endsAt = 0 } = ledger;
    await this.#pay(runId, ledger);
    if (owed !== undefined && owed.endedAt !== endsAt) {
      // Closed by force while an earlier window was owed: what this one has cost has no hold.
      const rest = mapUnits((unit) => {
        const of = ledger.units?.[unit];
        return of && of.spent + of.held;
      });
      const key = digest('rest', runId, String(ledger.since), String(endsAt));
      await this.#chargeParent(ledger, key, ledger.spent + ledger.held, rest);
    }
    return ledger;
  }

  /**
   * Commits the hold that a limit was carved out with, where something is owed. A parent that is gone has nothing to be
   * charged any more.
   */
  async #pay(runId: string, { parent = '', since, owed }: Ledger): Promise<void> {
    if (owed === undefined) return;
    const now = this.#clock();
    const holdId = carveId(runId, since, owed.endedAt);
    const command = { runId: parent, now, holdId, amount: owed.spent, units: owed.units };
    await this.commit(command).catch(unless(BudgetNotFoundError));
  }

  async #chargeParent(
    { parent }: Ledger,
    idempotencyKey: string,
    amount: number,
    units: Units | undefined,
  ): Promise<void> {
    if (parent === undefined || isNothing(amount, units ?? {})) return;
    const command = { runId: parent, now: this.#clock(), amount, units, idempotencyKey };
    await this.spend(command).catch(unless(BudgetNotFoundError));
  }
}

/** The hold that is the limit of a child made at an instant, for the window that ends at another; 0 where it has none. */
function carveId(child: string, since = 0, endsAt = 0): string {
  return `${MARK}${child}${MARK}${since}.${endsAt}`;
}

/** An idempotency key that no caller can have chosen. */
function digest(...parts: string[]): string {
  return MARK + createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}

function mapUnits(amountOf: (unit: Unit) => number | undefined): Units {
  const pairs = UNITS.flatMap((unit) => {
    const amount = amountOf(unit);
    return amount === undefined || amount === 0 ? [] : [[unit, amount] as const];
  });
  return Object.fromEntries(pairs);
}

function isNothing(amount: number, units: Units): boolean {
  return amount === 0 && UNITS.every((unit) => (units[unit] ?? 0) === 0);
}

/** Lets an error of one class pass for an answer, and throws every other. */
function unless(of: new (...args: never[]) => Error): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof of)) throw error;
    return undefined;
  };
}
