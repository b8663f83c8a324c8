import fc from 'fast-check';
import { coded } from '../test/coded.ts';
import { ceilUsd, MAX_MICROS, toMicros, toPositiveMicros, toUsd } from './money.ts';

const micros = fc.oneof(
  fc.integer({ min: 0, max: MAX_MICROS }),
  fc.integer({ min: 2 ** 33 * 1e6 - 1_000_000, max: 2 ** 33 * 1e6 }),
  fc.integer({ min: 0, max: 10_000_000 }),
);

describe('money', () => {
  const decimal = (value: number): string =>
    `${Math.floor(value / 1e6)}.${String(value % 1e6).padStart(6, '0')}`;

  it('takes every decimal of six digits to its micro-USD and back, up to 2^33 USD', () => {
    fc.assert(
      fc.property(micros, (value) => {
        fc.pre(value <= 2 ** 33 * 1e6);
        expect(toMicros(Number(decimal(value)))).toBe(value);
        expect(toUsd(value)).toBe(Number(decimal(value)));
      }),
      { numRuns: 2000 },
    );
  });

  it('takes every decimal up to 9e9 USD to a number of micro-USD that reads the same', () => {
    fc.assert(
      fc.property(micros, (value) => {
        const usd = Number(decimal(value));
        expect(toUsd(toMicros(usd))).toBe(usd);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    NaN,
    Infinity,
    -Infinity,
    1e309,
    -0.01,
    -1e-7,
    0.1 + 0.2,
    1.0000001,
    1e-7,
    5e-324,
    9e9 + 0.000001,
    9e15,
    '1',
    null,
    undefined,
    1n,
  ])('refuses %p', (value) => {
    expect(() => toMicros(value as number)).toThrow(coded('invalid_amount'));
  });

  it('takes zero where it has a meaning only', () => {
    expect(toMicros(-0)).toBe(0);
    expect(() => toPositiveMicros(0)).toThrow(coded('invalid_amount'));
  });

  it('rounds a computed cost up, but not for the noise of doubles', () => {
    expect(ceilUsd(0.1 + 0.2)).toBe(0.3);
    expect(ceilUsd(0.0000001)).toBe(0.000001);
    expect(ceilUsd(1.2345671)).toBe(1.234568);
    expect(ceilUsd(0)).toBe(0);
    expect(ceilUsd(NaN)).toBeNaN();
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (cost) => {
        const rounded = ceilUsd(cost);
        expect(toUsd(toMicros(rounded))).toBe(rounded);
        expect(rounded - cost).toBeLessThan(1.1e-6);
        expect(rounded).toBeGreaterThanOrEqual(cost * (1 - 1e-15));
      }),
      { numRuns: 2000 },
    );
  });
});
