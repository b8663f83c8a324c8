import {
  BrokenCircuitError,
  circuitBreaker,
  CircuitState,
  ConsecutiveBreaker,
  handleWhen,
} from 'cockatiel';
import type { Cluster, Redis } from 'ioredis';
import { BudgetError, StoreUnavailableError } from './budget-error.ts';
import { CommandBurst } from './command-burst.ts';
import type { LuaScript } from './lua-script.ts';

/** Calls in a row without an answer after which the server is left alone. */
const BREAK_AFTER = 5;
/** How long it is left alone before one call probes it. */
const OPEN_MS = 500;

/**
 * A client, as the store calls it: no call takes longer than the timeout, connecting included, and while the server does
 * not answer calls fail at once.
 */
export class RedisConnection {
  readonly #client: Redis | Cluster;
  readonly #timeoutMs: number;
  readonly #burst: CommandBurst;
  readonly #breaker = circuitBreaker(handleWhen(isNoAnswer), {
    halfOpenAfter: OPEN_MS,
    breaker: new ConsecutiveBreaker(BREAK_AFTER),
  });
  #readiness: Promise<void> | undefined;
  #closed = false;

  constructor(client: Redis | Cluster, timeoutMs: number) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
    this.#burst = new CommandBurst(client);
  }

  /** Later calls fail; the client is left to whoever made it. */
  close(): void {
    this.#closed = true;
  }

  /**
   * Runs `act` once the client is ready. Each of its waits goes through the deadline.
   * @throws StoreUnavailableError; WrongTypeError when a key is of another type.
   */
  async bounded<T>(act: (deadline: Deadline) => Promise<T>): Promise<T> {
    if (this.#closed) throw new StoreUnavailableError('Redis', new Error('the store is closed'));
    // While one call probes the server the others do not wait for what it finds.
    if (this.#breaker.state === CircuitState.HalfOpen) throw leftAlone();
    try {
      return await this.#breaker.execute(() => this.#attempt(act));
    } catch (error) {
      throw error instanceof BrokenCircuitError ? leftAlone() : error;
    }
  }

  /** The reply of a script. */
  async runScript(
    { sha1, source, numberOfKeys }: LuaScript,
    keys: readonly string[],
    args: readonly string[],
  ): Promise<unknown> {
    try {
      return await this.#burst.add(() =>
        this.#client.evalsha(sha1, numberOfKeys, ...keys, ...args),
      );
    } catch (error) {
      // Only a script that did not run answers so: sending it whole cannot run it twice.
      if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
      return this.#client.eval(source, numberOfKeys, ...keys, ...args);
    }
  }

  async #attempt<T>(act: (deadline: Deadline) => Promise<T>): Promise<T> {
    const deadline = new Deadline(this.#timeoutMs);
    try {
      if (this.#client.status !== 'ready') await deadline.race(this.#ready());
      return await act(deadline);
    } catch (error) {
      if (error instanceof BudgetError) throw error;
      if (messageOf(error).includes('WRONGTYPE')) throw new WrongTypeError('Redis', error);
      throw new StoreUnavailableError('Redis', error);
    } finally {
      deadline.clear();
    }
  }

  /** One wait for all who call while the client connects. */
  #ready(): Promise<void> {
    const client = this.#client;
    if (client.status === 'end') return Promise.reject(new Error('the client has ended'));
    if (client.status === 'wait') client.connect().catch(() => undefined);
    this.#readiness ??= new Promise<void>((resolve, reject) => {
      const settle = (ended: boolean) => {
        client.off('ready', ready).off('end', end);
        this.#readiness = undefined;
        if (ended) reject(new Error('the client has ended'));
        else resolve();
      };
      const ready = () => settle(false);
      const end = () => settle(true);
      client.once('ready', ready).once('end', end);
    });
    return this.#readiness;
  }
}

/** The server has answered, but not as it takes to go on. */
export class AnsweredError extends StoreUnavailableError {}

/** A key is of another type; becomes a `CorruptValueError` once it is known which. */
export class WrongTypeError extends AnsweredError {}

/** A timer over several waits, one after another. */
export class Deadline {
  readonly #timer: NodeJS.Timeout;
  #expired: Error | undefined;
  #reject: ((reason: Error) => void) | undefined;

  constructor(ms: number) {
    this.#timer = setTimeout(() => {
      this.#expired = new Error(`no answer within ${ms} ms`);
      this.#reject?.(this.#expired);
    }, ms);
  }

  race<T>(wait: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#reject = reject;
      wait.then(resolve, reject);
      if (this.#expired !== undefined) reject(this.#expired);
    });
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

function isNoAnswer(error: unknown): boolean {
  return error instanceof StoreUnavailableError && !(error instanceof AnsweredError);
}

function leftAlone(): StoreUnavailableError {
  const reason = `it has not answered ${BREAK_AFTER} times in a row and is left alone for a moment`;
  return new StoreUnavailableError('Redis', new Error(reason));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
