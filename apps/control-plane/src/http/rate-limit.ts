import type { Cluster, Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { HttpProblem } from './http-problem.ts';

export interface RateLimits {
  /** Takes one request of a principal, or throws 429. Undefined when one was at hand. */
  takeRequest(principalId: string): Promise<void> | undefined;
  /** Takes one refused key of an address, or throws 429: guessing is slow. */
  takeRefusedKey(address: string): Promise<void>;
}

const REFUSED_KEYS_PER_MINUTE = 60;

/** Limits in memory, or in Redis when several control planes share one. */
export function createRateLimits(options: {
  requestsPerSecond: number;
  redis?: Redis | Cluster | undefined;
}): RateLimits {
  const limiter = (keyPrefix: string, points: number, duration: number): RateLimiterAbstract =>
    options.redis
      ? new RateLimiterRedis({
          storeClient: options.redis,
          keyPrefix,
          points,
          duration,
          insuranceLimiter: new RateLimiterMemory({ keyPrefix, points, duration }),
        })
      : new RateLimiterMemory({ keyPrefix, points, duration });
  const perSecond = limiter('rate:requests', options.requestsPerSecond, 1);
  const batches =
    options.redis === undefined
      ? undefined
      : new BatchedLimiter(perSecond, options.requestsPerSecond);
  const refusedKeys = limiter('rate:refused-keys', REFUSED_KEYS_PER_MINUTE, 60);
  return {
    takeRequest: (principalId) =>
      batches?.takeAtHand(principalId) ? undefined : take(batches ?? perSecond, principalId),
    takeRefusedKey: (address) => take(refusedKeys, address),
  };
}

/** Part of a second's requests that are taken at once. */
const BATCH_SHARE = 20;

/**
 * Takes requests from a shared limiter in batches, so that not each one asks Redis. What a batch has left is void at
 * the end of its second: instances together admit no more than the limit, and may admit a batch each less.
 */
export class BatchedLimiter {
  readonly #limiter: Pick<RateLimiterAbstract, 'consume'>;
  readonly #size: number;
  readonly #batches = new Map<string, Batch>();
  readonly #taking = new Map<string, Promise<void>>();

  constructor(limiter: Pick<RateLimiterAbstract, 'consume'>, perSecond: number) {
    this.#limiter = limiter;
    this.#size = Math.max(1, Math.floor(perSecond / BATCH_SHARE));
  }

  /** Rejects with RateLimiterRes when there is none left. */
  async consume(key: string): Promise<void> {
    while (!this.takeAtHand(key)) {
      const taking = this.#taking.get(key);
      if (taking) await taking.catch(() => undefined);
      else await this.#takeBatch(key);
    }
  }

  /** Takes one of the batch, if it has one left. */
  takeAtHand(key: string): boolean {
    const batch = this.#batches.get(key);
    if (!batch || batch.left === 0 || batch.until <= performance.now()) return false;
    batch.left -= 1;
    return true;
  }

  #takeBatch(key: string): Promise<void> {
    const taking = this.#limiter
      .consume(key, this.#size)
      .then(({ msBeforeNext }) => {
        this.#batches.set(key, { left: this.#size, until: performance.now() + msBeforeNext });
      })
      .finally(() => this.#taking.delete(key));
    this.#taking.set(key, taking);
    return taking;
  }
}

interface Batch {
  left: number;
  /** On the clock of `performance.now()`. */
  readonly until: number;
}

async function take(
  limiter: Pick<RateLimiterAbstract, 'consume'> | BatchedLimiter,
  key: string,
): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    if (!(error instanceof RateLimiterRes)) throw error;
    const retryAfterSeconds = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
    throw new HttpProblem(
      'rate_limited',
      `wait ${String(retryAfterSeconds)} s and send fewer requests`,
      { retryAfterSeconds },
    );
  }
}
