import type { RunStep } from '@ae/contracts';

/** Keeps the steps of one execution and tells a listener whenever one begins or ends. */
export class StepRecorder {
  readonly #steps: RunStep[] = [];
  readonly #onChange: (steps: readonly RunStep[]) => void;

  constructor(onChange: (steps: readonly RunStep[]) => void = () => undefined) {
    this.#onChange = onChange;
  }

  get steps(): readonly RunStep[] {
    return this.#steps;
  }

  /** Runs `work` as the step `name`. `costOf` is asked when it ended, whether it failed or not. */
  async run<T>(name: string, work: () => Promise<T>, costOf?: () => number): Promise<T> {
    const step: RunStep = { name, status: 'running', started_at: now() };
    this.#steps.push(step);
    this.#onChange(this.#steps);
    try {
      const result = await work();
      step.status = 'succeeded';
      return result;
    } catch (error) {
      step.status = 'failed';
      throw error;
    } finally {
      step.ended_at = now();
      if (costOf) step.cost = costOf();
      this.#onChange(this.#steps);
    }
  }
}

function now(): string {
  return new Date().toISOString();
}
