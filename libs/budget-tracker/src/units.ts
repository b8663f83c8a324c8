/**
 * What a budget may limit beside money. A sandbox is counted in milliseconds inside and in seconds outside, as money is
 * counted in micro-USD inside and in USD outside.
 */
export const UNITS = ['tokens', 'steps', 'sandbox_ms'] as const;

export type Unit = (typeof UNITS)[number];

/** Whole amounts of units, 0 to 9e15; a unit that is absent is 0, or without a limit. */
export type Units = Readonly<Partial<Record<Unit, number>>>;
