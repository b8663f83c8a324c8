import type { BudgetStatus } from './budget-status.ts';
import type { Spent, Threshold } from './budget-store.ts';
import { statusOf } from './receipts.ts';

/** A budget has reached a part of its limit. */
export interface ThresholdAlert {
  /** Per cent of the limit that is used up furthest: 50, 80 or 100. */
  readonly threshold: Threshold;
  readonly status: BudgetStatus;
}

/** Alerts that are remembered so that a repetition tells nothing again. */
const MOST_TOLD = 10_000;

/** Tells of each threshold once. */
export class ThresholdAlerts {
  readonly #listener: ((alert: ThresholdAlert) => void) | undefined;
  readonly #told = new Set<string>();

  constructor(listener: ((alert: ThresholdAlert) => void) | undefined) {
    this.#listener = listener;
  }

  /** Of a run that is deleted: another one of its id may come. */
  forget(runId: string): void {
    const beginning = JSON.stringify([runId]).slice(0, -1) + ',';
    for (const key of this.#told) if (key.startsWith(beginning)) this.#told.delete(key);
  }

  /** A replay tells what was not told before: its first answer may have been lost. */
  tell(runId: string, { ledger, crossed }: Spent): void {
    if (this.#listener === undefined || crossed.length === 0) return;
    const status = statusOf(runId, ledger);
    for (const threshold of crossed) {
      const key = JSON.stringify([runId, ledger.incarnation, ledger.endsAt, threshold]);
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      if (this.#told.size > MOST_TOLD) this.#told.delete(this.#told.values().next().value ?? '');
      try {
        this.#listener({ threshold, status });
      } catch (error) {
        // The cost is recorded: what goes wrong in telling must not look as if it were not.
        process.emitWarning(String(error));
      }
    }
  }
}
