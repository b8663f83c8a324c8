import { TokenBucket } from './token-bucket.ts';

describe('TokenBucket', () => {
  let now = 0;
  const bucket = (): TokenBucket => new TokenBucket(3, 10, () => now);

  it('gives a burst, then at its rate', () => {
    const given = bucket();
    expect([given.take(), given.take(), given.take(), given.take()]).toEqual([
      true,
      true,
      true,
      false,
    ]);
    now += 99;
    expect(given.take()).toBe(false);
    now += 2;
    expect([given.take(), given.take()]).toEqual([true, false]);
    now += 60_000;
    expect([given.take(), given.take(), given.take(), given.take()]).toEqual([
      true,
      true,
      true,
      false,
    ]);
  });

  it('lets each that waits go in its turn', () => {
    const given = bucket();
    const waits = Array.from({ length: 6 }, () => given.takeLater());
    expect(waits).toEqual([0, 0, 0, 100, 200, 300]);
    now += 300;
    expect(given.takeLater()).toBe(100);
  });
});
