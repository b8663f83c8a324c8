import { CLASS_BITS, inClass, isLineBreak } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import { isQuote, skipBlanks } from './reading.ts';
import { isGrouped } from './value-score.ts';
import { onlyIf, readUntil } from './value-site.ts';
import type { ValueSite } from './value-site.ts';

/** Whether a name speaks of a secret made of words. */
export function namesPhrase(name: string): boolean {
  return /phrase|mnemonic|seed/i.test(name);
}

/** Twelve to twenty-four words (BIP 39) up to the end of the line, or alone on the next one. */
export function readWords(view: TextView, from: number): ValueSite | undefined {
  let at = skipBlanks(view, from);
  if (isLineBreak(view.at(at))) at = skipBlanks(view, at + (view.has('\r\n', at) ? 2 : 1));
  if (isQuote(view.at(at))) at++;
  const ends = (code: number): boolean => isLineBreak(code) || isQuote(code);
  const site = readUntil(view, at, ends, 'blank');
  return onlyIf(site, view, (value) => /^(?:[a-z]{3,8} ){11,23}[a-z]{3,8}$/.test(value));
}

const LONGEST_GROUPS = 100;

/** A secret in groups of letters, without quotes. */
export function readGroups(view: TextView, from: number): ValueSite | undefined {
  // Unit by unit: what follows a short word need not have come yet.
  let first = from;
  while (first - from < 4 && inClass(view.at(first), CLASS_BITS.l)) first++;
  if (first - from < 4 || view.at(first) !== 32) return undefined;
  let at = from;
  while (at - from < LONGEST_GROUPS && (inClass(view.at(at), CLASS_BITS.l) || view.at(at) === 32))
    at++;
  const groups = /^[a-z2-7]{4}(?: [a-z2-7]{4}){3,}/.exec(view.slice(from, at))?.[0] ?? '';
  if (!isGrouped(groups)) return undefined;
  return {
    start: from,
    end: from + groups.length,
    quoted: true,
    spaced: false,
    separator: 'colon',
  };
}
