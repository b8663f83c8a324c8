import { BudgetInputError } from './budget-error.ts';

/** Micro-USD in one USD. */
export const MICROS_PER_USD = 1_000_000;

/** Largest amount and largest total, in micro-USD: 9e9 USD, below 2^53 so that doubles are exact. */
export const MAX_MICROS = 9_000_000_000_000_000;

/** True for an integer number of micro-USD that a store may keep. */
export function isMicros(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_MICROS;
}

/**
 * Integer micro-USD of an amount in USD. Exact up to 2^33 USD (8.5e9); above, doubles lie further
 * apart than micro-USD, and one of the (at most two) integers that read as the amount is taken.
 * @throws BudgetInputError `invalid_amount` unless it is finite, 0 to 9e9 and has six decimals at most.
 */
export function toMicros(usd: number): number {
  if (typeof usd !== 'number' || !Number.isFinite(usd)) {
    throw invalidAmount(usd, 'a finite number');
  }
  if (usd < 0) throw invalidAmount(usd, 'not negative');
  if (usd > MAX_MICROS / MICROS_PER_USD) throw invalidAmount(usd, 'at most 9e9');
  // The product may be off by one for billions; the division is rounded correctly, so the integer
  // that divides back to the amount is the right one.
  const nearest = Math.round(usd * MICROS_PER_USD);
  for (const micros of [nearest, nearest - 1, nearest + 1]) {
    if (isMicros(micros) && micros / MICROS_PER_USD === usd) return micros + 0;
  }
  throw invalidAmount(usd, 'given with six decimals at most (ceilUsd rounds a computed cost up)');
}

/** As {@link toMicros}, but refuses zero. */
export function toPositiveMicros(usd: number): number {
  const micros = toMicros(usd);
  if (micros === 0) throw invalidAmount(usd, 'greater than zero');
  return micros;
}

/** USD of an integer number of micro-USD. */
export function toUsd(micros: number): number {
  return micros / MICROS_PER_USD;
}

/**
 * Rounds a computed cost in USD up to the next micro-USD, so that it is accepted and never too
 * small. The noise of double arithmetic is not taken for money: `ceilUsd(0.1 + 0.2)` is 0.3.
 */
export function ceilUsd(usd: number): number {
  const micros = usd * MICROS_PER_USD;
  const nearest = Math.round(micros);
  const noise = Math.abs(micros) * 4 * Number.EPSILON;
  return toUsd(Math.abs(micros - nearest) <= noise ? nearest : Math.ceil(micros));
}

function invalidAmount(usd: unknown, expected: string): BudgetInputError {
  return new BudgetInputError(
    'invalid_amount',
    `The amount ${String(usd)} is refused: USD must be ${expected}.`,
  );
}
