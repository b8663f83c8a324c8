import { CLASS_BITS, inClass } from './char-class.ts';

/** Units of a run of base64 from which on it may be a key, and how often its units must change their kind. */
export const SHORTEST_MIXED_RUN = 30;
export const FEWEST_CHANGES = 8;

/**
 * Where long runs of base64 stand in a text that may be keys. Ordinary text has few: a word that would need one behind
 * it is passed over at once. What is known is kept, so that many words read the text between them once.
 */
export class MixedRuns {
  /** No such run begins between these two. */
  private from = 0;
  private until = 0;

  /** Whether no such run begins at an index or behind it, and ends before another or reaches it. */
  areMissing(text: string, from: number, stop: number): boolean {
    const isKnown = from >= this.from && from <= this.until;
    if (!isKnown) this.from = from;
    let at = isKnown ? this.until : from;
    while (at + SHORTEST_MIXED_RUN <= stop) {
      // From its end: most runs are short, and most units then need no look.
      let last = at + SHORTEST_MIXED_RUN - 1;
      while (last >= at && inClass(text.charCodeAt(last), CLASS_BITS.m)) last--;
      if (last >= at) {
        at = last + 1;
        continue;
      }
      let end = at + 1;
      let changes = 0;
      while (end < stop && inClass(text.charCodeAt(end), CLASS_BITS.m)) {
        if (isChange(text.charCodeAt(end - 1), text.charCodeAt(end))) changes++;
        if (changes >= FEWEST_CHANGES && end - at >= SHORTEST_MIXED_RUN - 1) break;
        end++;
      }
      if (changes >= FEWEST_CHANGES) {
        this.until = at;
        return false;
      }
      // A run that the end cuts may be more behind it.
      if (end >= stop) break;
      at = end;
    }
    this.until = at;
    return true;
  }

  /** Keeps what is known right when units are dropped from the beginning of the text. */
  shift(units: number): void {
    this.from -= units;
    this.until -= units;
  }
}

/** Whether a letter and a digit, or a small letter and a capital, follow each other. */
export function isChange(code: number, next: number): boolean {
  const isDigit = inClass(code, CLASS_BITS.d);
  if (!inClass(code, CLASS_BITS.a) || !inClass(next, CLASS_BITS.a)) return false;
  if (isDigit !== inClass(next, CLASS_BITS.d)) return true;
  return !isDigit && code >= 97 && next < 97;
}
