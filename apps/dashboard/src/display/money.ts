const usd = new Intl.NumberFormat('en-US', {
  style: 'currency',
  currency: 'USD',
  minimumFractionDigits: 2,
  maximumFractionDigits: 6,
});

/** USD with 2 to 6 decimals: `$0.05`, `$0.000028`. */
export function formatUsd(amount: number): string {
  return usd.format(amount);
}

/** The sum of amounts in USD, exact to a micro-USD (a sum of binary fractions would not be). */
export function sumUsd(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + Math.round(amount * 1e6), 0) / 1e6;
}
