import type { EventDetails, ServerEvent } from './server-event.ts';

/** Events that are kept; older ones are forgotten. */
const MOST_EVENTS = 10_000;

export type EventListener = (event: ServerEvent) => void;

/** The last events of a server, in the order in which they happened. */
export class EventLog {
  readonly #events: ServerEvent[] = [];
  readonly #listener: EventListener;
  #seq = 0;

  /** @param listener told of each event at once; it must not throw. */
  constructor(listener: EventListener = () => undefined) {
    this.#listener = listener;
  }

  add(
    sandbox: { readonly id: string; readonly metadata: Readonly<Record<string, string>> },
    details: EventDetails,
  ): void {
    const event: ServerEvent = {
      seq: (this.#seq += 1),
      at: new Date().toISOString(),
      sandbox_id: sandbox.id,
      metadata: sandbox.metadata,
      ...details,
    };
    this.#events.push(event);
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
    this.#listener(event);
  }

  /** At most `limit` events behind a `seq`, of one sandbox where one is named. */
  after(seq: number, limit: number, sandboxId?: string): ServerEvent[] {
    return this.#events
      .filter((event) => event.seq > seq && (sandboxId ?? event.sandbox_id) === event.sandbox_id)
      .slice(0, limit);
  }
}
