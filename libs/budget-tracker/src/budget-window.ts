import type { BudgetWindow } from './budget-store.ts';

/** The first midnight (UTC) after an instant at which a window of this kind ends. Epoch milliseconds. */
export function windowEnd(window: BudgetWindow, after: number): number {
  const date = new Date(after);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  return window === 'day' ? Date.UTC(year, month, day + 1) : Date.UTC(year, month + 1, 1);
}
