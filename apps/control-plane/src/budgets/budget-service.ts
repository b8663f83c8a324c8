import type { BudgetTracker } from '@ae/budget-tracker';
import { BudgetExceededError, HoldConflictError } from '@ae/budget-tracker';
import type {
  BudgetPage,
  BudgetStatus,
  CanSpend,
  CommitReceipt,
  CommitRequest,
  CreateBudgetRequest,
  HoldReceipt,
  NewEvent,
  ReleaseRequest,
  ReserveRequest,
  SpendRequest,
} from '@ae/contracts';
import type { Metrics } from '@ae/telemetry';
import { HttpProblem } from '../http/http-problem.ts';

/** At most this many runs are added up for the totals in /metrics. */
const MAX_TOTALLED = 10_000;
const PAGE = 500;

export interface BudgetServiceOptions {
  tracker: BudgetTracker;
  metrics: Metrics;
  publish: (event: NewEvent) => Promise<void>;
}

/** The budget tracker as the API shows it: every change becomes an event, every denial a count. */
export class BudgetService {
  readonly #tracker: BudgetTracker;
  readonly #metrics: Metrics;
  readonly #publish: (event: NewEvent) => Promise<void>;

  constructor(options: BudgetServiceOptions) {
    this.#tracker = options.tracker;
    this.#metrics = options.metrics;
    this.#publish = options.publish;
  }

  async create({ run_id, limit }: CreateBudgetRequest): Promise<BudgetStatus> {
    return this.#changed(wireStatus(await this.#tracker.create(run_id, limit)));
  }

  async spend({ run_id, amount, idempotency_key }: SpendRequest): Promise<BudgetStatus> {
    const options = idempotency_key === undefined ? {} : { idempotencyKey: idempotency_key };
    return this.#charged(wireStatus(await this.#tracker.spend(run_id, amount, options)));
  }

  async status(runId: string): Promise<BudgetStatus> {
    return wireStatus(await this.#tracker.status(runId));
  }

  async list(options: { limit: number; cursor?: string | undefined }): Promise<BudgetPage> {
    const { limit, cursor } = options;
    const page = await this.#tracker.list({ limit, ...(cursor === undefined ? {} : { cursor }) });
    return {
      budgets: page.budgets.map(wireStatus),
      ...(page.next_cursor === undefined ? {} : { next_cursor: page.next_cursor }),
      ...(page.corrupt === undefined ? {} : { corrupt: page.corrupt }),
    };
  }

  async delete(runId: string): Promise<void> {
    const { held } = await this.#tracker.status(runId);
    if (held > 0) {
      throw new HttpProblem('conflict', 'money is held: something runs; cancel it or wait for it');
    }
    await this.#tracker.delete(runId);
    await this.#publish({ type: 'budget.deleted', data: { run_id: runId } });
  }

  async canSpend(runId: string, amount: number): Promise<CanSpend> {
    const { can_spend, current_status } = await this.#tracker.canSpend(runId, amount);
    return { can_spend, current_status: wireStatus(current_status) };
  }

  async reserve(request: ReserveRequest): Promise<HoldReceipt> {
    const { run_id, hold_id, amount, ttl_seconds } = request;
    const options = ttl_seconds === undefined ? {} : { ttlSeconds: ttl_seconds };
    try {
      const receipt = await this.#tracker.reserve(run_id, hold_id, amount, options);
      await this.#changed(wireStatus(receipt));
      return {
        ...wireStatus(receipt),
        hold_id: receipt.hold_id,
        amount: receipt.amount,
        expires_at: receipt.expires_at,
        replayed: receipt.replayed,
      };
    } catch (error) {
      if (error instanceof BudgetExceededError) this.#metrics.budgetExceeded();
      throw error;
    }
  }

  async commit({ run_id, hold_id, amount }: CommitRequest): Promise<CommitReceipt> {
    try {
      const receipt = await this.#tracker.commit(run_id, hold_id, amount);
      await this.#charged(wireStatus(receipt), receipt.replayed);
      return {
        ...wireStatus(receipt),
        hold_id: receipt.hold_id,
        held_amount: receipt.held_amount,
        charged: receipt.charged,
        late: receipt.late,
        unheld: receipt.unheld,
        replayed: receipt.replayed,
      };
    } catch (error) {
      if (!(error instanceof HoldConflictError) || error.charged === undefined) throw error;
      throw new HttpProblem('conflict', error.message, {
        charged: error.charged,
        budget: await this.status(run_id),
        cause: error,
      });
    }
  }

  async release({ run_id, hold_id }: ReleaseRequest): Promise<BudgetStatus> {
    return this.#changed(wireStatus(await this.#tracker.release(run_id, hold_id)));
  }

  /** USD spent and remaining over the newest runs, for the gauges. */
  async totals(): Promise<{ spent: number; remaining: number }> {
    let spent = 0;
    let remaining = 0;
    let cursor: string | undefined;
    for (let seen = 0; seen < MAX_TOTALLED; seen += PAGE) {
      const page = await this.list({ limit: PAGE, cursor });
      for (const budget of page.budgets) {
        spent += budget.spent;
        remaining += budget.remaining;
      }
      cursor = page.next_cursor;
      if (cursor === undefined) break;
    }
    return { spent, remaining };
  }

  ping(): Promise<void> {
    return this.#tracker.ping();
  }

  async #charged(status: BudgetStatus, replayed = false): Promise<BudgetStatus> {
    if (status.exceeded && !replayed) this.#metrics.budgetExceeded();
    return this.#changed(status);
  }

  async #changed(status: BudgetStatus): Promise<BudgetStatus> {
    await this.#publish({ type: 'budget.updated', data: status });
    return status;
  }
}

/** The wire knows no sequence number; it stays inside. */
function wireStatus(status: BudgetStatus): BudgetStatus {
  const { run_id, spent, limit, remaining, exceeded, held } = status;
  return { run_id, spent, limit, remaining, exceeded, held };
}
