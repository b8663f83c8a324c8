import type { CheckRequest, OutcomeRequest, PolicyDecision } from '@ae/contracts';
import { policyDecisionSchema } from '@ae/contracts';
import type { SafetyClientOptions } from './connection.ts';
import { Connection } from './connection.ts';

/** Asks the control plane what is allowed and tells it what became of that. */
export class PolicyClient {
  readonly #connection: Connection;

  constructor(options: SafetyClientOptions) {
    this.#connection = new Connection(options);
  }

  /**
   * A denial is an answer, not an error. Act only when `allowed` is true.
   * @throws SafetyError when there is no decision: treat it as a denial.
   */
  check(request: CheckRequest, options: { signal?: AbortSignal } = {}): Promise<PolicyDecision> {
    return this.#connection.request({
      method: 'POST',
      path: ['check'],
      body: request,
      answer: policyDecisionSchema,
      repeatable: true,
      signal: options.signal,
    });
  }

  /** What became of an allowed action. One decision has one outcome: a repeated one adds nothing. */
  async recordOutcome(request: OutcomeRequest): Promise<void> {
    await this.#connection.request({
      method: 'POST',
      path: ['outcomes'],
      body: request,
      repeatable: true,
    });
  }
}
