import { RateLimiterMemory } from 'rate-limiter-flexible';
import { BatchedLimiter } from './rate-limit.ts';

describe('requests in batches', () => {
  const limiterOf = (points: number) => {
    const shared = new RateLimiterMemory({ points, duration: 60 });
    let asked = 0;
    const counted: Pick<RateLimiterMemory, 'consume'> = {
      consume: (...args) => {
        asked += 1;
        return shared.consume(...args);
      },
    };
    return { counted, asked: () => asked };
  };

  const admittedOf = async (limiter: BatchedLimiter, requests: number, key = 'a') => {
    const answers = Array.from({ length: requests }, () => limiter.consume(key));
    const settled = await Promise.allSettled(answers);
    return settled.filter(({ status }) => status === 'fulfilled').length;
  };

  it('admit as many as the limit says, and ask for a twentieth of them at once', async () => {
    const { counted, asked } = limiterOf(100);
    const limiter = new BatchedLimiter(counted, 100);
    expect(await admittedOf(limiter, 100)).toBe(100);
    expect(asked()).toBe(20);
    expect(await admittedOf(limiter, 5)).toBe(0);
    expect(await admittedOf(limiter, 5, 'b')).toBe(5);
  });

  it('of several instances together never pass the limit', async () => {
    const { counted } = limiterOf(100);
    const instances = Array.from({ length: 3 }, () => new BatchedLimiter(counted, 100));
    const admitted = await Promise.all(instances.map((one) => admittedOf(one, 60)));
    expect(admitted.reduce((sum, of) => sum + of, 0)).toBeLessThanOrEqual(100);
    expect(admitted.reduce((sum, of) => sum + of, 0)).toBeGreaterThanOrEqual(85);
  });

  it('admit one by one where the limit is small', async () => {
    const { counted } = limiterOf(3);
    expect(await admittedOf(new BatchedLimiter(counted, 3), 10)).toBe(3);
  });

  it('are there without waiting until the batch is used up', async () => {
    const { counted, asked } = limiterOf(100);
    const limiter = new BatchedLimiter(counted, 100);
    expect(limiter.takeAtHand('a')).toBe(false);
    await limiter.consume('a');
    const taken = Array.from({ length: 5 }, () => limiter.takeAtHand('a'));
    expect(taken).toEqual([true, true, true, true, false]);
    expect(asked()).toBe(1);
  });
});
