import type { BudgetWindow, Threshold } from './budget-store.ts';
import type { Quantities } from './quantities.ts';

/** A budget as the wire shows it. Amounts are USD, exact to 1e-6. */
export interface BudgetStatus {
  run_id: string;
  /** Recorded spend. May pass the limit: what was spent is recorded whatever the limit says. */
  spent: number;
  limit: number;
  /** `max(0, limit - spent - held)`: what a new hold may take. */
  remaining: number;
  /** Spend has passed the limit. Nothing is admitted any more. */
  exceeded: boolean;
  /** Sum of the holds under way. */
  held: number;
  /** Number of recorded operations of the budget, without gaps; the create is 1. */
  seq: number;
  /** The limits beside money; absent when there are none. */
  units?: Partial<Record<keyof Quantities, UnitStatus>>;
  /** The budget that the limit is carved out of. */
  parent?: string;
  /** The spend begins anew at each midnight UTC (`day`), or at that of the first of a month. */
  window?: BudgetWindow;
  /** ISO 8601 instant at which the window ends. */
  window_ends_at?: string;
  /** Nothing is admitted until it is unfrozen. */
  frozen?: true;
  /** Settled with its parent: nothing is admitted any more. */
  closed?: true;
}

/** A limit beside money, as {@link BudgetStatus} has it for money. */
export interface UnitStatus {
  limit: number;
  spent: number;
  held: number;
  remaining: number;
}

/**
 * Where a hold is in its life: `active` (its amount is set aside), `committed` (charged),
 * `released` (given back) or `expired` (its time to live ended).
 */
export type HoldState = 'active' | 'committed' | 'released' | 'expired';

/** Answer to a reserve and to an extend. The status part is the budget right after the call. */
export interface HoldReceipt extends BudgetStatus {
  hold_id: string;
  /** USD held. */
  amount: number;
  /** ISO 8601 instant at which an uncommitted hold gives its amount back. */
  expires_at: string;
  /** The same hold was answered before; nothing was changed. */
  replayed: boolean;
  /** `committed` on a replay means: already paid for, and nothing is set aside any more. */
  state: Extract<HoldState, 'active' | 'committed'>;
}

/** Answer to a commit. The status part is the budget right after the call. */
export interface CommitReceipt extends BudgetStatus {
  hold_id: string;
  /** USD the hold had set aside; 0 where there was none. */
  held_amount: number;
  /** USD recorded as spent, always the full amount of the commit. */
  charged: number;
  /** The hold had expired or been released before. */
  late: boolean;
  /** There never was such a hold. */
  unheld: boolean;
  /** The same commit was answered before; nothing was changed. */
  replayed: boolean;
  /** Per cent of the limit (50, 80, 100) that the spend reached by this commit; a replay tells the same. */
  crossed: readonly Threshold[];
}

/** Answer to a spend. The status part is the budget right after the call. */
export interface SpendReceipt extends BudgetStatus {
  /** As in {@link CommitReceipt}. */
  replayed: boolean;
  crossed: readonly Threshold[];
}

/** An active hold of a budget. */
export interface HoldStatus {
  hold_id: string;
  /** USD held. */
  amount: number;
  /** What is held beside money. */
  units: Quantities;
  /** ISO 8601 instant at which the hold gives its amount back. */
  expires_at: string;
}

/** A budget that is carved out of another one. */
export interface ChildStatus {
  run_id: string;
  /** USD that are set aside for it. */
  amount: number;
}
