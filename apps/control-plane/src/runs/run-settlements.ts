import { BudgetError } from '@ae/budget-tracker';
import type { Logger } from '@ae/telemetry';
import type { BudgetService } from '../budgets/budget-service.ts';
import type { RecordStore, StoredRecord } from '../records/record-store.ts';

/** A run whose budget is carved out of another one and has to be settled when it is over. */
export interface SettlementRecord extends StoredRecord {
  /** ISO 8601 instant of the latest start of the run. */
  started_at: string;
}

/** Codes of budgets that nobody has to settle any more: gone, or made anew without a parent. */
const NOTHING_TO_SETTLE: readonly string[] = ['budget_not_found', 'invalid_parent'];
/** A run that was not stored this long after its start never will be. */
const START_MS = 60_000;

export interface RunSettlementsOptions {
  records: RecordStore<SettlementRecord>;
  budgets: Pick<BudgetService, 'settle'>;
  logger: Pick<Logger, 'warn'>;
}

/**
 * Gives the rest of a run's budget back to its parent. What is due is stored before the run is, so
 * that a process that dies, a store that is down and a hold that has not ended only delay it.
 */
export class RunSettlements {
  readonly #options: RunSettlementsOptions;

  constructor(options: RunSettlementsOptions) {
    this.#options = options;
  }

  /** Remembers a run that starts, before it is stored. */
  async expect(runId: string): Promise<void> {
    const record = { id: runId, status: 'due', started_at: new Date().toISOString() };
    const { records } = this.#options;
    if (!(await records.insert(record))) await records.update(runId, () => record);
  }

  /** Settles a run that is over; what cannot be settled now is left to {@link reconcile}. */
  async settle(runId: string): Promise<void> {
    const { records, budgets, logger } = this.#options;
    try {
      if ((await records.get(runId)) === undefined) return;
      await budgets.settle(runId).catch((error: unknown) => {
        if (!(error instanceof BudgetError && NOTHING_TO_SETTLE.includes(error.code))) throw error;
      });
      await records.delete(runId);
    } catch (error) {
      logger.warn({ err: error, run_id: runId }, 'a budget is not settled yet; trying again');
    }
  }

  /** Settles what is due of runs that are over, or that were never stored. */
  async reconcile(isOver: (runId: string) => Promise<boolean>): Promise<void> {
    let cursor: string | undefined;
    do {
      const page = await this.#options.records.list({ limit: 100, cursor });
      for (const { id, started_at } of page.records) {
        const isStarting = Date.now() - Date.parse(started_at) < START_MS;
        if (!isStarting && (await isOver(id))) await this.settle(id);
      }
      cursor = page.next_cursor;
    } while (cursor !== undefined);
  }
}
