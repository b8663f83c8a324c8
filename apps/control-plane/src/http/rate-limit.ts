import type { Cluster, Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { HttpProblem } from './http-problem.ts';

export interface RateLimits {
  /** Takes one request of a principal, or throws 429. */
  takeRequest(principalId: string): Promise<void>;
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
  const requests = limiter('rate:requests', options.requestsPerSecond, 1);
  const refusedKeys = limiter('rate:refused-keys', REFUSED_KEYS_PER_MINUTE, 60);
  return {
    takeRequest: (principalId) => take(requests, principalId),
    takeRefusedKey: (address) => take(refusedKeys, address),
  };
}

async function take(limiter: RateLimiterAbstract, key: string): Promise<void> {
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
