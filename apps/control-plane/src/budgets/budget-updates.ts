import type { BudgetStatus, NewEvent } from '@ae/contracts';

/** Milliseconds between two events of one budget. */
const PAUSE_MS = 100;

/**
 * Tells how budgets stand: the first change at once, further ones of the same budget together, ten times a second. The
 * last is always told. A budget may change a thousand times a second, and nobody reads more than how it stands.
 */
export class BudgetUpdates {
  readonly #publish: (event: NewEvent) => Promise<void>;
  /** Budgets that were told of within the pause, with what has become of them since. */
  readonly #recent = new Map<string, BudgetStatus | undefined>();

  constructor(publish: (event: NewEvent) => Promise<void>) {
    this.#publish = publish;
  }

  tell(status: BudgetStatus): void {
    const { run_id } = status;
    if (this.#recent.has(run_id)) this.#recent.set(run_id, status);
    else void this.#send(status);
  }

  /** A budget that is gone has nothing more to be told. */
  forget(runId: string): void {
    this.#recent.delete(runId);
  }

  /** Tells what waits, at once. */
  async flush(): Promise<void> {
    const waiting = [...this.#recent.values()].filter((status) => status !== undefined);
    this.#recent.clear();
    await Promise.all(waiting.map((data) => this.#publish({ type: 'budget.updated', data })));
  }

  #send(status: BudgetStatus): Promise<void> {
    const { run_id } = status;
    this.#recent.set(run_id, undefined);
    const timer = setTimeout(() => {
      const latest = this.#recent.get(run_id);
      this.#recent.delete(run_id);
      if (latest !== undefined) void this.#send(latest);
    }, PAUSE_MS);
    timer.unref();
    return this.#publish({ type: 'budget.updated', data: status });
  }
}
