import { BudgetInputError } from './budget-error.ts';
import { UNITS } from './units.ts';
import type { Unit, Units } from './units.ts';

/** Amounts beside money: whole tokens and steps, seconds of a sandbox with three decimals at most. */
export interface Quantities {
  readonly tokens?: number | undefined;
  readonly steps?: number | undefined;
  readonly sandbox_seconds?: number | undefined;
}

const MOST = 9_000_000_000_000_000;

/** What each unit is called outside, and how many of it make one there. */
const OUTSIDE = {
  tokens: ['tokens', 1],
  steps: ['steps', 1],
  sandbox_ms: ['sandbox_seconds', 1000],
} as const satisfies Record<Unit, readonly [keyof Quantities, number]>;

/**
 * The units that a store counts.
 * @throws BudgetInputError `invalid_amount` unless each amount is exact, 0 or more and at most 9e15 units.
 */
export function toUnits(quantities: Quantities): Units {
  const units: Partial<Record<Unit, number>> = {};
  for (const unit of UNITS) {
    const [name, scale] = OUTSIDE[unit];
    const given = quantities[name];
    if (given === undefined) continue;
    const amount = typeof given === 'number' ? Math.round(given * scale) : NaN;
    if (!(amount >= 0 && amount <= MOST && amount / scale === given)) {
      const form = scale === 1 ? 'a whole number' : 'seconds with three decimals at most';
      throw new BudgetInputError(
        'invalid_amount',
        `The amount ${String(given)} of ${name} is refused: it must be ${form}, 0 or more.`,
      );
    }
    units[unit] = amount;
  }
  return units;
}

/** As {@link toUnits}, for limits, which are more than 0. */
export function toUnitLimits(quantities: Quantities): Units {
  const units = toUnits(quantities);
  for (const unit of UNITS) {
    if (units[unit] !== 0) continue;
    throw new BudgetInputError(
      'invalid_amount',
      `A limit of ${OUTSIDE[unit][0]} must be greater than zero.`,
    );
  }
  return units;
}

/** What a unit is called outside, and an amount of it there. */
export function toQuantity(unit: Unit, amount: number): readonly [keyof Quantities, number] {
  const [name, scale] = OUTSIDE[unit];
  return [name, amount / scale];
}
