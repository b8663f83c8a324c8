import type {
  BudgetStore,
  CommitCommand,
  CreateCommand,
  ExtendCommand,
  HoldCommand,
  Ledger,
  ReserveCommand,
  RunCommand,
  SpendCommand,
} from '../src/budget-store.ts';
import type { HoldState } from '../src/budget-status.ts';

interface Entry {
  state: HoldState;
  held: number;
  expiresAt: number;
  charged?: number;
  mark?: 'late' | 'unheld';
}

interface Budget {
  limit: number;
  spent: number;
  seq: number;
  expiresAt: number;
  holds: Map<string, Entry>;
  spends: Map<string, number>;
}

/** One call of a store, as data. */
export type Call =
  | ['create', CreateCommand]
  | ['reserve', ReserveCommand]
  | ['commit', CommitCommand]
  | ['release', HoldCommand]
  | ['extend', ExtendCommand]
  | ['spend', SpendCommand]
  | ['status', RunCommand]
  | ['delete', RunCommand];

export async function callStore(store: BudgetStore, [verb, command]: Call): Promise<unknown> {
  // The pairs of `Call` keep verb and command together; TypeScript cannot see it through a call.
  return (store[verb] as (of: typeof command) => Promise<unknown>)(command);
}

/**
 * What every store must do, written without regard to how: the held amount is not kept but summed
 * from the holds, and expiry is looked at, not carried out.
 */
export class BudgetModel {
  readonly #budgets = new Map<string, Budget>();

  call([verb, command]: Call): unknown {
    switch (verb) {
      case 'create':
        return this.create(command);
      case 'delete':
        return this.delete(command);
      default: {
        const budget = this.#budget(command);
        if (budget === undefined) return { outcome: 'not_found' };
        for (const hold of budget.holds.values()) {
          if (hold.state === 'active' && hold.expiresAt <= command.now) hold.state = 'expired';
        }
        switch (verb) {
          case 'reserve':
            return reserve(budget, command);
          case 'commit':
            return commit(budget, command);
          case 'release':
            return release(budget, command);
          case 'extend':
            return extend(budget, command);
          case 'spend':
            return spend(budget, command);
          case 'status':
            return { outcome: 'done', ledger: ledgerOf(budget) };
        }
      }
    }
  }

  create({ runId, limit, now, ttlMs }: CreateCommand): unknown {
    let budget = this.#budget({ runId, now });
    if (budget !== undefined && budget.limit !== limit) {
      return { outcome: 'budget_conflict', ledger: ledgerOf(budget, now) };
    }
    budget ??= {
      limit,
      spent: 0,
      seq: 1,
      expiresAt: 0,
      holds: new Map(),
      spends: new Map(),
    };
    budget.expiresAt = now + ttlMs;
    this.#budgets.set(runId, budget);
    return { outcome: 'done', ledger: ledgerOf(budget, now) };
  }

  delete({ runId, now }: RunCommand): boolean {
    const existed = this.#budget({ runId, now }) !== undefined;
    this.#budgets.delete(runId);
    return existed;
  }

  #budget({ runId, now }: RunCommand): Budget | undefined {
    const budget = this.#budgets.get(runId);
    return budget !== undefined && budget.expiresAt > now ? budget : undefined;
  }
}

function reserve(budget: Budget, { holdId, amount, now, ttlMs }: ReserveCommand): unknown {
  const hold = budget.holds.get(holdId);
  if (hold !== undefined) {
    if (hold.held !== amount) return conflict(hold);
    if (hold.state === 'active' || hold.state === 'committed') return held(budget, hold, true);
  }
  const { spent, held: sum, exceeded } = ledgerOf(budget);
  if (exceeded || spent + sum + amount > budget.limit) {
    return { outcome: 'budget_exceeded', ledger: ledgerOf(budget) };
  }
  const fresh: Entry = { state: 'active', held: amount, expiresAt: now + ttlMs };
  budget.holds.set(holdId, fresh);
  budget.seq += 1;
  return held(budget, fresh, false);
}

function commit(budget: Budget, { holdId, amount, now }: CommitCommand): unknown {
  const hold = budget.holds.get(holdId);
  if (hold?.charged !== undefined) {
    return hold.charged === amount ? charged(budget, hold, true) : conflict(hold);
  }
  if (budget.spent + amount > 9e15) return { outcome: 'overflow' };
  const done: Entry = hold ?? { state: 'active', held: 0, expiresAt: now, mark: 'unheld' };
  if (done.state !== 'active') done.mark = 'late';
  else if (hold !== undefined) delete done.mark;
  done.state = 'committed';
  done.charged = amount;
  budget.holds.set(holdId, done);
  budget.spent += amount;
  budget.seq += 1;
  return charged(budget, done, false);
}

function release(budget: Budget, { holdId }: HoldCommand): unknown {
  const hold = budget.holds.get(holdId);
  if (hold === undefined) return { outcome: 'hold_not_found' };
  if (hold.state === 'committed') return conflict(hold);
  if (hold.state === 'active') {
    hold.state = 'released';
    budget.seq += 1;
  }
  return { outcome: 'done', ledger: ledgerOf(budget) };
}

function extend(budget: Budget, { holdId, now, ttlMs }: ExtendCommand): unknown {
  const hold = budget.holds.get(holdId);
  if (hold?.state === 'committed') return conflict(hold);
  if (hold?.state !== 'active') return { outcome: 'hold_not_found' };
  hold.expiresAt = Math.max(hold.expiresAt, now + ttlMs);
  budget.seq += 1;
  return held(budget, hold, false);
}

function spend(budget: Budget, { amount, idempotencyKey }: SpendCommand): unknown {
  const before = idempotencyKey === undefined ? undefined : budget.spends.get(idempotencyKey);
  if (before !== undefined) {
    return before === amount
      ? { outcome: 'done', ledger: ledgerOf(budget) }
      : { outcome: 'hold_conflict', held: 0, charged: before };
  }
  if (budget.spent + amount > 9e15) return { outcome: 'overflow' };
  if (idempotencyKey !== undefined) budget.spends.set(idempotencyKey, amount);
  budget.spent += amount;
  budget.seq += 1;
  return { outcome: 'done', ledger: ledgerOf(budget) };
}

function ledgerOf({ limit, spent, seq, holds }: Budget, now = -Infinity): Ledger {
  const active = [...holds.values()].filter((h) => h.state === 'active' && h.expiresAt > now);
  const sum = active.reduce((total, hold) => total + hold.held, 0);
  return { limit, spent, held: sum, seq, exceeded: spent > limit };
}

function held(budget: Budget, hold: Entry, replayed: boolean): unknown {
  const { state, expiresAt } = hold;
  return { outcome: 'done', ledger: ledgerOf(budget), held: hold.held, expiresAt, state, replayed };
}

function charged(budget: Budget, hold: Entry, replayed: boolean): unknown {
  return {
    outcome: 'done',
    ledger: ledgerOf(budget),
    held: hold.held,
    charged: hold.charged,
    late: hold.mark === 'late',
    unheld: hold.mark === 'unheld',
    replayed,
  };
}

function conflict(hold: Entry): unknown {
  return { outcome: 'hold_conflict', held: hold.held, charged: hold.charged };
}
