/** What an execution costs. Money is counted in micro-USD and given in USD. */
export interface CostModel {
  /** USD for a number of milliseconds of sandbox time, rounded up to a micro-USD. */
  sandboxTime(milliseconds: number): number;
}

/** USD a second of a 2-core sandbox: E2B's public price of 0.000014 USD a vCPU second, twice. */
export const DEFAULT_USD_PER_SECOND = 0.000028;

/** Sandbox seconds at a rate. The least charge is one micro-USD: nothing that ran is free. */
export function sandboxTimeCost(usdPerSecond: number = DEFAULT_USD_PER_SECOND): CostModel {
  if (!Number.isFinite(usdPerSecond) || usdPerSecond < 0) {
    throw new RangeError('the price of a sandbox second must be a number of USD of zero or more');
  }
  return {
    sandboxTime(milliseconds) {
      const microUsd = Math.ceil(Number((milliseconds * usdPerSecond * 1000).toFixed(3)));
      return Math.max(1, microUsd) / 1e6;
    },
  };
}
