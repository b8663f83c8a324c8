import { CLASS_BITS, inClass, isLineBreak } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import { NAME_WORDS } from './name-words.ts';
import { isQuote, skipBlanks } from './reading.ts';
import { isGrouped } from './value-score.ts';
import { onlyIf, readUntil } from './value-site.ts';
import type { ValueSite } from './value-site.ts';

/** Whether a name speaks of a secret made of words. */
export function namesPhrase(name: string): boolean {
  return /phrase|mnemonic|seed|psk$/i.test(name);
}

/** Twelve to twenty-four words (BIP 39) up to the end of the line, or alone on the next one. */
export function readWords(view: TextView, from: number): ValueSite | undefined {
  let at = skipBlanks(view, from);
  if (isLineBreak(view.at(at))) at = skipBlanks(view, at + (view.has('\r\n', at) ? 2 : 1));
  if (isQuote(view.at(at))) at++;
  const ends = (code: number): boolean => isLineBreak(code) || isQuote(code);
  const site = readUntil(view, at, ends, 'blank');
  return onlyIf(
    site,
    view,
    (value) => /^(?:[a-z]{3,8} ){11,23}[a-z]{3,8}$/.test(value) || isPassphrase(value),
  );
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

/** Three to eight words that say nothing: a passphrase, no sentence about one. */
function isPassphrase(value: string): boolean {
  if (!/^[a-z]{4,12}(?: [a-z]{4,12}){2,7}$/.test(value)) return false;
  const words = value.split(' ');
  return (
    words.filter((word) => NAME_WORDS.has(word) || COMMON.has(word)).length * 4 <= words.length
  );
}

/** Words that sentences in messages and manuals are made of, besides those of names. */
const COMMON = new Set(
  'your their this that these those with from will must should would could have been does what which where when then than them they other another same more most some such only also again please cannot didn doesn incorrect mismatch protected encrypted matches match same both used using here there'.split(
    ' ',
  ),
);
