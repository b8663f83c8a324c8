import { isClosed } from './budget-rules.ts';
import type { BudgetWindow, Ledger, UnitLedger } from './budget-store.ts';
import { UNITS } from './units.ts';
import type { Unit } from './units.ts';

/** The first midnight (UTC) after an instant at which a window of this kind ends. Epoch milliseconds. */
export function windowEnd(window: BudgetWindow, after: number): number {
  const date = new Date(after);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return window === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
}

/** A ledger as it will be once a window that has ended is rolled. */
export function inNextWindow(ledger: Ledger): Ledger {
  const { window, endsAt = 0, ended, units } = ledger;
  if (window === undefined || ended === undefined || isClosed(ledger)) return ledger;
  const next: Partial<Record<Unit, UnitLedger>> = {};
  for (const unit of UNITS) {
    const of = units?.[unit];
    if (of !== undefined) next[unit] = { ...of, spent: 0 };
  }
  return {
    ...ledger,
    spent: 0,
    exceeded: false,
    ...(units !== undefined && { units: next }),
    endsAt: windowEnd(window, Math.max(ended, endsAt)),
  };
}
