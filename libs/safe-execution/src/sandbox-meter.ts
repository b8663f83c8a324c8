import type { CostModel } from './cost-model.ts';

/**
 * Counts the price of sandbox time since it was started, in whole micro-USD so that the prices of
 * the steps add up to the total exactly.
 */
export class SandboxMeter {
  readonly #cost: CostModel;
  #startedAt: number | undefined;
  #attributed = 0;

  constructor(cost: CostModel) {
    this.#cost = cost;
  }

  start(): void {
    this.#startedAt = performance.now();
  }

  /** USD that no earlier call has given: the price of the step that just ended. */
  sinceLast(): number {
    const total = this.#totalMicroUsd();
    const step = total - this.#attributed;
    this.#attributed = total;
    return step / 1e6;
  }

  /** USD given so far; zero when no sandbox was asked for. */
  get attributed(): number {
    return this.#attributed / 1e6;
  }

  #totalMicroUsd(): number {
    if (this.#startedAt === undefined) return 0;
    return Math.round(this.#cost.sandboxTime(performance.now() - this.#startedAt) * 1e6);
  }
}
