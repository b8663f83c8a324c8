import type { Sandbox as E2bSandbox } from 'e2b';
import { fromProvider } from './provider-error.ts';
import { SandboxNotFound } from './sandbox-error.ts';

/** For `leaseMs`: on a server of one's own, so that nothing is left ten seconds after its creator was killed. */
export const OWN_SERVER_LEASE_MS = 8000;
/** For `leaseMs`: in E2B's cloud, whose calls are limited and far. */
export const CLOUD_LEASE_MS = 30_000;

/** Providers count in seconds. */
const LEAST_LIFE_MS = 1000;

/** Renewals within a lease: some may be late or lost. */
const RENEWALS = 4;

/**
 * Keeps a sandbox alive while this process is: again and again it is given `leaseMs` from now, until
 * its own time is over. So one whose creator was killed ends by itself, soon and wherever it runs.
 */
export class SandboxLease {
  readonly #sandbox: E2bSandbox;
  readonly #leaseMs: number;
  readonly #timer: NodeJS.Timeout;
  /** Of `performance.now()`. */
  #endsAt: number;
  #renewal: Promise<void> | undefined;

  /** @param lifeMs milliseconds from now that the sandbox may live in all */
  constructor(sandbox: E2bSandbox, leaseMs: number, lifeMs: number) {
    this.#sandbox = sandbox;
    this.#leaseMs = leaseMs;
    this.#endsAt = performance.now() + lifeMs;
    this.#timer = setInterval(() => this.#renew(), leaseMs / RENEWALS);
    this.#timer.unref();
  }

  /** Lets the sandbox live `lifeMs` from now in all. */
  async extend(lifeMs: number): Promise<void> {
    this.#endsAt = performance.now() + lifeMs;
    // One under way would have the last word.
    await this.#renewal;
    await this.#sandbox.setTimeout(Math.min(this.#leaseMs, lifeMs));
  }

  /** Ends, and leaves the sandbox all the time that it was to live. */
  async release(): Promise<void> {
    this.end();
    await this.#renewal;
    await this.#sandbox.setTimeout(Math.max(LEAST_LIFE_MS, this.#endsAt - performance.now()));
  }

  /** Renews no more. */
  end(): void {
    clearInterval(this.#timer);
  }

  #renew(): void {
    const left = this.#endsAt - performance.now();
    // What the provider was told last lasts to the end.
    if (left <= 0) this.end();
    else this.#renewal ??= this.#ask(left).finally(() => (this.#renewal = undefined));
  }

  async #ask(left: number): Promise<void> {
    const requestTimeoutMs = this.#leaseMs;
    try {
      await this.#sandbox.setTimeout(Math.min(this.#leaseMs, left), { requestTimeoutMs });
    } catch (error) {
      // Whoever uses the sandbox meanwhile is told by the call; the next renewal may succeed.
      if (fromProvider(error) instanceof SandboxNotFound) this.end();
    }
  }
}
