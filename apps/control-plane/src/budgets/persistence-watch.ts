import type { Persistence } from '@ae/budget-tracker';
import type { Logger } from '@ae/telemetry';

/** `unknown` until the store has told. */
export type PersistenceState = 'durable' | 'volatile' | 'unknown';

/** Knows whether what the budget store acknowledges outlives its process, and warns when not. */
export class PersistenceWatch {
  readonly #ask: () => Promise<Persistence>;
  readonly #logger: Pick<Logger, 'warn' | 'info'>;
  #state: PersistenceState = 'unknown';

  constructor(ask: () => Promise<Persistence>, logger: Pick<Logger, 'warn' | 'info'>) {
    this.#ask = ask;
    this.#logger = logger;
  }

  get state(): PersistenceState {
    return this.#state;
  }

  /** Asks the store, and tells the log what is new. A store that does not answer leaves it unknown. */
  async look(): Promise<void> {
    const answer = await this.#ask().catch(() => undefined);
    const before = this.#state;
    this.#state = answer === undefined ? 'unknown' : answer.durable ? 'durable' : 'volatile';
    if (answer === undefined || this.#state === before) return;
    const { detail } = answer;
    if (answer.durable) this.#logger.info({ detail }, 'the budget store is durable');
    else {
      this.#logger.warn(
        { detail },
        `BUDGETS ARE NOT DURABLE: a crash of the store loses holds and spend that were acknowledged, and the limits are whole again. ${detail}`,
      );
    }
  }
}
