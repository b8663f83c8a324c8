import type { BudgetStatus as TrackedStatus } from '@ae/budget-tracker';
import type { BudgetStatus } from '@ae/contracts';

/** The wire knows no sequence number, and nothing of a receipt; they stay inside. */
export function wireStatus(status: Omit<TrackedStatus, 'seq'>): BudgetStatus {
  const { run_id, spent, limit, remaining, exceeded, held } = status;
  const { units, parent, window, window_ends_at, frozen, closed } = status;
  return {
    ...{ run_id, spent, limit, remaining, exceeded, held },
    ...(units && { units }),
    ...(parent !== undefined && { parent }),
    ...(window && { window }),
    ...(window_ends_at !== undefined && { window_ends_at }),
    ...(frozen && { frozen }),
    ...(closed && { closed }),
  };
}
