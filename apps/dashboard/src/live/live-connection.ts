import { ApiError, unreachable } from '../api/api-error.ts';
import { INITIAL_LIVE_STATE, nextLiveState } from './live-state.ts';
import type { LiveSignal, LiveState } from './live-state.ts';
import { SseParser } from './sse-parser.ts';
import type { SseMessage } from './sse-parser.ts';

/** The server says something every 15 s; after this much silence the connection is dead. */
const SILENCE = 40_000;
const FIRST_BACKOFF = 500;
const LONGEST_BACKOFF = 15_000;

export interface LiveConnectionOptions {
  open: (lastEventId: string | undefined, signal: AbortSignal) => Promise<Response>;
  onMessages: (messages: SseMessage[]) => void;
  /** A connection stands; what was read before it may be out of date. */
  onConnected: () => void;
  /** A number in [0, 1) that spreads the attempts of many pages; for tests. */
  random?: () => number;
}

/**
 * Follows the event stream until it is stopped: reconnects with growing, spread pauses and resumes
 * after the last event it handed out. (EventSource cannot send an Authorization header.)
 */
export class LiveConnection {
  readonly #options: LiveConnectionOptions;
  readonly #listeners = new Set<() => void>();
  #state = INITIAL_LIVE_STATE;
  #stopped = new AbortController();
  #lastEventId: string | undefined;
  #failures = 0;
  #firstBackoff = FIRST_BACKOFF;
  #wake: () => void = () => undefined;

  constructor(options: LiveConnectionOptions) {
    this.#options = options;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly state = (): LiveState => this.#state;

  /** Ends the pause before the next attempt. */
  readonly retryNow = (): void => this.#wake();

  start(): void {
    this.#stopped = new AbortController();
    void this.#follow(this.#stopped.signal);
  }

  stop(): void {
    this.#stopped.abort();
    this.#wake();
  }

  async #follow(stopped: AbortSignal): Promise<void> {
    for (;;) {
      this.#signal({ type: 'trying' });
      const error = await this.#connect(stopped);
      if (stopped.aborted) return;
      const pause = this.#pause(error);
      const at = Date.now();
      this.#signal({ type: 'lost', at, retryAt: at + pause, error });
      await this.#sleep(pause);
    }
  }

  /** Follows one connection to its end. */
  async #connect(stopped: AbortSignal): Promise<ApiError> {
    const silence = new AbortController();
    const signal = AbortSignal.any([stopped, silence.signal]);
    let watchdog = setTimeout(() => silence.abort(), SILENCE);
    try {
      signal.throwIfAborted();
      const resumeAfter = this.#lastEventId;
      const response = await this.#options.open(resumeAfter, signal);
      if (!response.body) return unreachable();
      const parser = new SseParser(resumeAfter);
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      this.#signal({ type: 'connected', at: Date.now() });
      this.#options.onConnected();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || stopped.aborted) return unreachable();
        clearTimeout(watchdog);
        watchdog = setTimeout(() => silence.abort(), SILENCE);
        this.#failures = 0;
        const messages = parser.push(decoder.decode(value, { stream: true }));
        if (messages.length > 0) this.#options.onMessages(messages);
        this.#lastEventId = parser.lastEventId;
        this.#firstBackoff = parser.retry ?? this.#firstBackoff;
        this.#signal({ type: 'heard', at: Date.now(), events: messages.length });
      }
    } catch (error) {
      // A place in the log that the server does not know (any more): start again at the present.
      if (error instanceof ApiError && (error.status === 400 || error.status === 410)) {
        this.#lastEventId = undefined;
      }
      return error instanceof ApiError ? error : unreachable();
    } finally {
      clearTimeout(watchdog);
      silence.abort();
    }
  }

  #pause(error: ApiError): number {
    const ceiling = Math.min(LONGEST_BACKOFF, this.#firstBackoff * 2 ** this.#failures);
    this.#failures += 1;
    const spread = ceiling * (0.5 + (this.#options.random ?? Math.random)() / 2);
    return Math.max(spread, (error.retryAfter ?? 0) * 1000);
  }

  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #signal(signal: LiveSignal): void {
    this.#state = nextLiveState(this.#state, signal);
    for (const listener of this.#listeners) listener();
  }
}
