import { formatUsd } from './money.ts';

/**
 * USD for a column: what is left of 6 decimals is kept free, so that the points stand in one line.
 */
export function UsdCell({ amount }: { amount: number }) {
  const text = formatUsd(amount);
  const free = 6 - (text.length - 1 - text.lastIndexOf('.'));
  return (
    <span className="whitespace-nowrap tabular-nums">
      {text}
      {free > 0 && (
        <span aria-hidden="true" className="invisible hidden select-none sm:inline">
          {'0'.repeat(free)}
        </span>
      )}
    </span>
  );
}
