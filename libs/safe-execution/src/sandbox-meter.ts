import type { CostModel } from './cost-model.ts';

/**
 * Counts sandbox time since it was started, and its price in whole micro-USD so that the prices of
 * the steps add up to the total exactly.
 */
export class SandboxMeter {
  readonly #cost: CostModel;
  #startedAt: number | undefined;
  #attributed = 0;
  #milliseconds = 0;

  constructor(cost: CostModel) {
    this.#cost = cost;
  }

  start(): void {
    this.#startedAt = performance.now();
  }

  /** USD that no earlier call has given: the price of the step that just ended. */
  sinceLast(): number {
    if (this.#startedAt === undefined) return 0;
    this.#milliseconds = performance.now() - this.#startedAt;
    const total = Math.round(this.#cost.sandboxTime(this.#milliseconds) * 1e6);
    const step = total - this.#attributed;
    this.#attributed = total;
    return step / 1e6;
  }

  /** USD given so far; zero when no sandbox was asked for. */
  get attributed(): number {
    return this.#attributed / 1e6;
  }

  /** The time that {@link attributed} is the price of, in seconds with three decimals, rounded up. */
  get seconds(): number {
    return Math.ceil(this.#milliseconds) / 1000;
  }
}
