import type { ActiveHold, Charged, Held, Ledger, Spent } from './budget-store.ts';
import type {
  BudgetStatus,
  CommitReceipt,
  HoldReceipt,
  HoldStatus,
  SpendReceipt,
  UnitStatus,
} from './budget-status.ts';
import { isClosed } from './budget-rules.ts';
import { toUsd } from './money.ts';
import { toQuantity } from './quantities.ts';
import type { Quantities } from './quantities.ts';
import { UNITS } from './units.ts';
import type { Units } from './units.ts';

/** A ledger as it is told outside. */
export function statusOf(runId: string, ledger: Ledger): BudgetStatus {
  const { limit, spent, held, parent, window, endsAt } = ledger;
  const units = unitsOf(ledger);
  return {
    run_id: runId,
    spent: toUsd(spent),
    limit: toUsd(limit),
    remaining: toUsd(Math.max(0, limit - spent - held)),
    exceeded: ledger.exceeded,
    held: toUsd(held),
    seq: ledger.seq,
    ...(units !== undefined && { units }),
    ...(parent !== undefined && { parent }),
    ...(window !== undefined && { window }),
    ...(endsAt !== undefined && { window_ends_at: new Date(endsAt).toISOString() }),
    ...(ledger.frozen === true && { frozen: true }),
    ...(isClosed(ledger) && { closed: true }),
  };
}

function unitsOf(ledger: Ledger): BudgetStatus['units'] {
  if (ledger.units === undefined) return undefined;
  const units: Partial<Record<keyof Quantities, UnitStatus>> = {};
  for (const unit of UNITS) {
    const of = ledger.units[unit];
    if (of === undefined) continue;
    const [name] = toQuantity(unit, 0);
    const outside = (amount: number): number => toQuantity(unit, amount)[1];
    units[name] = {
      limit: outside(of.limit),
      spent: outside(of.spent),
      held: outside(of.held),
      remaining: outside(Math.max(0, of.limit - of.spent - of.held)),
    };
  }
  return units;
}

export function holdReceipt(runId: string, holdId: string, held: Held): HoldReceipt {
  return {
    ...statusOf(runId, held.ledger),
    hold_id: holdId,
    amount: toUsd(held.held),
    expires_at: new Date(held.expiresAt).toISOString(),
    replayed: held.replayed,
    state: held.state,
  };
}

export function commitReceipt(runId: string, holdId: string, charged: Charged): CommitReceipt {
  return {
    ...statusOf(runId, charged.ledger),
    hold_id: holdId,
    held_amount: toUsd(charged.held),
    charged: toUsd(charged.charged),
    late: charged.late,
    unheld: charged.unheld,
    replayed: charged.replayed,
    crossed: charged.crossed,
  };
}

export function spendReceipt(runId: string, spent: Spent): SpendReceipt {
  const { ledger, replayed, crossed } = spent;
  return { ...statusOf(runId, ledger), replayed, crossed };
}

export function holdStatus({ holdId, held, units, expiresAt }: ActiveHold): HoldStatus {
  return {
    hold_id: holdId,
    amount: toUsd(held),
    units: quantitiesOf(units),
    expires_at: new Date(expiresAt).toISOString(),
  };
}

function quantitiesOf(units: Units): Quantities {
  const pairs = UNITS.flatMap((unit) => {
    const amount = units[unit];
    return amount === undefined ? [] : [toQuantity(unit, amount)];
  });
  return Object.fromEntries(pairs);
}
