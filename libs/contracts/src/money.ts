import { z } from 'zod';

/** Largest amount in USD: 9e15 micro-USD, which a JavaScript number and a Redis script count exactly. */
export const MAX_USD = 9_000_000_000;

/** Whether `amount` is a whole number of micro-USD. */
export function isMicroPrecise(amount: number): boolean {
  return Number(amount.toFixed(6)) === amount;
}

const usd = z
  .number()
  .max(MAX_USD)
  .refine(isMicroPrecise, { error: 'at most 6 decimal places (micro-USD)' });

/** An amount in USD above zero, exact to 1e-6. */
export const positiveUsdSchema = usd.positive().meta({
  description: 'USD above zero with at most 6 decimal places.',
  example: 0.25,
});

/** An amount in USD of zero or more, exact to 1e-6. */
export const usdSchema = usd.nonnegative().meta({
  description: 'USD of zero or more with at most 6 decimal places.',
  example: 0.05,
});
