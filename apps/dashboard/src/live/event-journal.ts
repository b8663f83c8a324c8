import type { Event } from '@ae/contracts';

/** How many events are kept: more than come while one request is under way. */
const CAPACITY = 5000;

/**
 * The latest events in their order. An answer of the API may be older than events that came while
 * it was under way: it is brought up to date by those since the request began, so that none is lost.
 */
export class EventJournal {
  readonly #capacity: number;
  #events: Event[] = [];
  #dropped = 0;

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  append(events: readonly Event[]): void {
    this.#events.push(...events);
    const excess = this.#events.length - this.#capacity;
    if (excess > 0) {
      this.#events = this.#events.slice(excess);
      this.#dropped += excess;
    }
  }

  /** The place after the newest event. */
  mark(): number {
    return this.#dropped + this.#events.length;
  }

  /** The events after `mark`, or undefined when some of them are not kept any more. */
  since(mark: number): readonly Event[] | undefined {
    return mark < this.#dropped ? undefined : this.#events.slice(mark - this.#dropped);
  }

  /** Makes an answer and brings it up to date with `apply`. Asks again when too much happened. */
  async upToDate<T>(ask: () => Promise<T>, apply: (answer: T, event: Event) => T): Promise<T> {
    for (;;) {
      const mark = this.mark();
      const answer = await ask();
      const missed = this.since(mark);
      if (missed) return missed.reduce(apply, answer);
    }
  }
}
