import { MAX_MICROS } from './money.ts';
import { UNITS } from './units.ts';
import type { Units } from './units.ts';

/** Money (micro-USD) and units; a unit that is absent is 0. */
export interface Cost {
  readonly amount: number;
  readonly units: Units;
}

export const NOTHING: Cost = { amount: 0, units: {} };

export function costOf({ amount, units }: { amount: number; units?: Units | undefined }): Cost {
  return { amount, units: units === undefined ? NOTHING.units : withoutZeros(units) };
}

export function isSameCost(a: Cost, b: Cost): boolean {
  return (
    a.amount === b.amount && UNITS.every((unit) => (a.units[unit] ?? 0) === (b.units[unit] ?? 0))
  );
}

export function isNothing(cost: Cost): boolean {
  return isSameCost(cost, NOTHING);
}

/** The sum, of each as much as can be counted exactly. */
export function plus(a: Cost, b: Cost): Cost {
  return combine(a, b, (x, y) => Math.min(MAX_MICROS, x + y));
}

/** What is left of one without the other, of each at least nothing. */
export function minus(a: Cost, b: Cost): Cost {
  return combine(a, b, (x, y) => Math.max(0, x - y));
}

/** The larger of each. */
export function most(a: Cost, b: Cost): Cost {
  return combine(a, b, Math.max);
}

/** The smaller of each. */
export function least(a: Cost, b: Cost): Cost {
  return combine(a, b, Math.min);
}

/** The units of which there are any. */
export function withoutZeros(units: Units): Units {
  const pairs = UNITS.flatMap((unit) => {
    const amount = units[unit] ?? 0;
    return amount === 0 ? [] : [[unit, amount] as const];
  });
  return Object.fromEntries(pairs);
}

function combine(a: Cost, b: Cost, of: (x: number, y: number) => number): Cost {
  const pairs = UNITS.map((unit) => [unit, of(a.units[unit] ?? 0, b.units[unit] ?? 0)] as const);
  return { amount: of(a.amount, b.amount), units: withoutZeros(Object.fromEntries(pairs)) };
}
