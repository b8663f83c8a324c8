/** What a notation reads: a view of a text, or units that are held by themselves. */
export interface Units {
  /** The code unit at an index; -1 where there is none. */
  at(index: number): number;
}

/**
 * A way to write a sequence of symbols as text. What it says of a place depends on the symbol and the units from there
 * on alone, never on where the sequence began: so what was compared once need not be compared again.
 */
export interface Notation {
  readonly name: 'plain' | 'escaped' | 'base64' | 'hex';
  /** Index behind what stands for a symbol at an index; -1 where nothing does. Reads at most {@link LONGEST_STEP} units. */
  step(text: Units, at: number, symbol: number): number;
  /** Index behind what stands between two symbols and for neither, such as a fold; the same index where nothing does. */
  skip(text: Units, at: number): number;
}

/** Units that one symbol may take, with what is skipped before it. */
export const LONGEST_STEP = 256;

/** Index behind a symbol, with what may be skipped before it; -1 where it does not stand. */
export function stepOver(notation: Notation, text: Units, at: number, symbol: number): number {
  const next = notation.step(text, at, symbol);
  if (next >= 0) return next;
  const from = notation.skip(text, at);
  return from > at ? notation.step(text, from, symbol) : -1;
}

/** Index behind `=` at the end of a line that goes on in the next one (RFC 2045, section 6.7); -1 where none stands. */
export function softBreak(text: Units, at: number): number {
  if (text.at(at) !== 61) return -1;
  if (text.at(at + 1) === 10) return at + 2;
  return text.at(at + 1) === 13 && text.at(at + 2) === 10 ? at + 3 : -1;
}

/**
 * The beginnings of a sequence of symbols as text, from the ways to write each: `least` units long where the sequence
 * is, and cut there.
 */
export function beginnings(
  ways: readonly (readonly string[])[],
  least: number,
  prefix = '',
  index = 0,
): string[] {
  const way = ways[index];
  if (prefix.length >= least || way === undefined) return [prefix.slice(0, least)];
  return way.flatMap((written) => beginnings(ways, least, prefix + written, index + 1));
}
