import { CLASS_BITS, inClass, isBlank, isLineBreak } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';

/** Blanks in a row that are skipped. */
const LONGEST_PADDING = 40;
/** Units before an index that are read as its context. */
const LONGEST_CONTEXT = 150;
const BACKSLASH = 92;

/** `"`, `'` and the backtick. */
export function isQuote(code: number): boolean {
  return code === 34 || code === 39 || code === 96;
}

export function skipBlanks(view: TextView, from: number): number {
  let at = from;
  while (at - from < LONGEST_PADDING && isBlank(view.at(at))) at++;
  return at;
}

/** Skips the backslashes before a quote: JSON in a string in a string has three. */
export function skipBackslashes(view: TextView, from: number): number {
  let at = from;
  while (at - from < 7 && view.at(at) === BACKSLASH) at++;
  return at;
}

/** The line before an index, as far as it is context. */
export function lineBefore(view: TextView, index: number): string {
  let from = index;
  while (
    index - from < LONGEST_CONTEXT &&
    view.before(from - 1) >= 0 &&
    !isLineBreak(view.before(from - 1))
  )
    from--;
  return view.sliceBefore(from, index);
}

/** The text before an index, over the ends of lines. */
export function textBefore(view: TextView, index: number, most: number): string {
  let from = index;
  while (index - from < most && view.before(from - 1) >= 0) from--;
  return view.sliceBefore(from, index);
}

/** Units of a name: letters, digits, `_`, `-` and the dot. */
export function isNameCode(code: number): boolean {
  return inClass(code, CLASS_BITS.t);
}
