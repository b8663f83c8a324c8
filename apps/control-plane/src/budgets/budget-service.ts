import type { BudgetTracker, ThresholdAlert } from '@ae/budget-tracker';
import { HoldConflictError } from '@ae/budget-tracker';
import type {
  BudgetHolds,
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
  SpendReceipt,
  SpendRequest,
} from '@ae/contracts';
import type { Metrics } from '@ae/telemetry';
import { HttpProblem } from '../http/http-problem.ts';
import { refusalOf } from './budget-refusal.ts';
import { BudgetUpdates } from './budget-updates.ts';
import { wireStatus } from './wire-status.ts';

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
  readonly #updates: BudgetUpdates;

  constructor(options: BudgetServiceOptions) {
    this.#tracker = options.tracker;
    this.#metrics = options.metrics;
    this.#publish = options.publish;
    this.#updates = new BudgetUpdates(options.publish);
  }

  async create({ run_id, limit, ...settings }: CreateBudgetRequest): Promise<BudgetStatus> {
    const status = await this.#admitted(() => this.#tracker.create(run_id, limit, settings));
    return this.#familyChanged(wireStatus(status));
  }

  async spend({ run_id, amount, units, idempotency_key }: SpendRequest): Promise<SpendReceipt> {
    const receipt = await this.#tracker.spend(run_id, amount, {
      ...(units && { units }),
      ...(idempotency_key !== undefined && { idempotencyKey: idempotency_key }),
    });
    const { replayed, crossed } = receipt;
    const status = await this.#charged(wireStatus(receipt), replayed);
    return { ...status, replayed, crossed: [...crossed] };
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
    const status = wireStatus(await this.#tracker.status(runId));
    if (isHeld(status)) {
      throw new HttpProblem(
        'conflict',
        'something runs on it, or a child: cancel it, settle it or wait for it',
      );
    }
    await this.#tracker.delete(runId);
    this.#updates.forget(runId);
    await this.#publish({ type: 'budget.deleted', data: { run_id: runId } });
    await this.#tellParents(status);
  }

  async holds(runId: string): Promise<BudgetHolds> {
    const [holds, children] = await Promise.all([
      this.#tracker.holds(runId),
      this.#tracker.children(runId),
    ]);
    return { holds, children };
  }

  /** Ends the budget of a child; repeating it changes nothing. */
  async settle(runId: string): Promise<BudgetStatus> {
    return this.#familyChanged(wireStatus(await this.#tracker.settle(runId)));
  }

  async freeze(runId: string): Promise<BudgetStatus> {
    const status = this.#changed(wireStatus(await this.#tracker.freeze(runId)));
    await this.#tellChildren(runId);
    return status;
  }

  async unfreeze(runId: string): Promise<BudgetStatus> {
    const status = this.#changed(wireStatus(await this.#tracker.unfreeze(runId)));
    await this.#tellChildren(runId);
    return status;
  }

  /** Tells how a budget stands that was changed elsewhere. */
  async tellOf(runId: string): Promise<void> {
    const status = await this.#told(runId);
    if (status) await this.#tellParents(status);
  }

  /** Tells that a budget has reached a part of its limit. */
  async tellThreshold({ threshold, status }: ThresholdAlert): Promise<void> {
    this.#metrics.budgetThreshold(`${threshold}`);
    const { run_id } = status;
    const data = { run_id, threshold, budget: wireStatus(status) };
    await this.#publish({ type: 'budget.threshold', data });
  }

  async canSpend(runId: string, amount: number): Promise<CanSpend> {
    const { can_spend, current_status } = await this.#tracker.canSpend(runId, amount);
    return { can_spend, current_status: wireStatus(current_status) };
  }

  async reserve(request: ReserveRequest): Promise<HoldReceipt> {
    const { run_id, hold_id, amount, ttl_seconds, ...options } = request;
    const receipt = await this.#admitted(() =>
      this.#tracker.reserve(run_id, hold_id, amount, {
        ...options,
        ...(ttl_seconds !== undefined && { ttlSeconds: ttl_seconds }),
      }),
    );
    return {
      ...this.#changed(wireStatus(receipt)),
      hold_id: receipt.hold_id,
      amount: receipt.amount,
      expires_at: receipt.expires_at,
      replayed: receipt.replayed,
    };
  }

  async commit({ run_id, hold_id, amount, ...options }: CommitRequest): Promise<CommitReceipt> {
    try {
      const receipt = await this.#tracker.commit(run_id, hold_id, amount, options);
      const status = await this.#charged(wireStatus(receipt), receipt.replayed);
      return {
        ...status,
        hold_id: receipt.hold_id,
        held_amount: receipt.held_amount,
        charged: receipt.charged,
        late: receipt.late,
        unheld: receipt.unheld,
        replayed: receipt.replayed,
        crossed: [...receipt.crossed],
      };
    } catch (error) {
      if (!(error instanceof HoldConflictError) || error.charged === undefined) throw error;
      // The journal knows what was charged while the store does not answer.
      const budget = await this.status(run_id).catch(() => undefined);
      throw new HttpProblem('conflict', error.message, {
        charged: error.charged,
        ...(budget && { budget }),
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
        // Its parent was charged with it and has the rest.
        if (budget.closed) continue;
        spent += budget.spent;
        remaining += budget.remaining;
      }
      cursor = page.next_cursor;
      if (cursor === undefined) break;
    }
    return { spent, remaining };
  }

  /** Tells what is still to be told, before the end. */
  flush(): Promise<void> {
    return this.#updates.flush();
  }

  ping(): Promise<void> {
    return this.#tracker.ping();
  }

  /** Counts what a budget refuses. */
  async #admitted<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (refusalOf(error)) this.#metrics.budgetExceeded();
      throw error;
    }
  }

  async #charged(status: BudgetStatus, replayed: boolean): Promise<BudgetStatus> {
    if (status.exceeded && !replayed) this.#metrics.budgetExceeded();
    // What is charged to a settled child is charged to its parent too.
    return status.closed ? this.#familyChanged(status) : this.#changed(status);
  }

  /** Tells a change that its parent has a part in. */
  async #familyChanged(status: BudgetStatus): Promise<BudgetStatus> {
    this.#changed(status);
    await this.#tellParents(status);
    return status;
  }

  #changed(status: BudgetStatus): BudgetStatus {
    this.#updates.tell(status);
    return status;
  }

  async #tellParents({ parent }: BudgetStatus): Promise<void> {
    if (parent === undefined) return;
    const status = await this.#told(parent);
    if (status) await this.#tellParents(status);
  }

  async #tellChildren(runId: string): Promise<void> {
    const children = await this.#tracker.children(runId).catch(() => []);
    for (const { run_id } of children) {
      if (await this.#told(run_id)) await this.#tellChildren(run_id);
    }
  }

  /** Tells how a budget stands; undefined when it is gone or cannot be read: telling fails nobody. */
  async #told(runId: string): Promise<BudgetStatus | undefined> {
    const status = await this.status(runId).catch(() => undefined);
    return status && this.#changed(status);
  }
}

function isHeld({ held, units = {} }: BudgetStatus): boolean {
  return held > 0 || Object.values(units).some((unit) => unit !== undefined && unit.held > 0);
}
