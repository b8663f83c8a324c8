import fc from 'fast-check';
import { sandboxTimeCost } from './cost-model.ts';

describe('sandboxTimeCost', () => {
  it('rounds up to a whole micro-USD and charges at least one', () => {
    const cost = sandboxTimeCost(0.000028);
    expect(cost.sandboxTime(0)).toBe(0.000001);
    expect(cost.sandboxTime(1000)).toBe(0.000028);
    expect(cost.sandboxTime(1001)).toBe(0.000029);
    expect(cost.sandboxTime(3_600_000)).toBe(0.1008);
  });

  it('law: never less than the exact price, never a micro-USD more', () => {
    const milliseconds = fc.integer({ min: 1, max: 86_400_000 });
    const microUsdPerSecond = fc.integer({ min: 1, max: 1_000_000 });
    fc.assert(
      fc.property(milliseconds, microUsdPerSecond, (time, price) => {
        const charged = Math.round(sandboxTimeCost(price / 1e6).sandboxTime(time) * 1e6);
        const exact = BigInt(time) * BigInt(price);
        expect(BigInt(charged) * 1000n - exact).toBeGreaterThanOrEqual(0n);
        expect(BigInt(charged - 1) * 1000n - exact).toBeLessThan(0n);
      }),
    );
  });

  it.each([NaN, Infinity, -1])('refuses the price %p', (price) => {
    expect(() => sandboxTimeCost(price)).toThrow(RangeError);
  });
});
