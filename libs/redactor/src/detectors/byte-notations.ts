import { isBlank, isLineBreak, isSpace } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import { softBreak } from './notation.ts';
import type { Notation, Units } from './notation.ts';
import { hexDigitOf, WrittenNotation } from './written-notation.ts';

/** Line ends and indentation that may fold encoded text, at one place. */
const LONGEST_FOLD = 16;
/** Digits of the address at the beginning of a line of a dump. */
const SHORTEST_ADDRESS = 6;
const LONGEST_ADDRESS = 10;
/** What stands between two bytes: `, 0x` with a blank more. */
const LONGEST_SEPARATOR = 6;
/** The column of a dump that shows bytes as characters, with blanks and bars. */
const LONGEST_COLUMN = 48;

const PLUS = 43;
const SLASH = 47;
const ESCAPES = new WrittenNotation('');

/** Base64 and base64url, folded or not; `+` and `/` also escaped, as in URLs and JSON. Symbols are units of base64. */
export const BASE64: Notation = {
  name: 'base64',
  step(text, at, symbol) {
    const code = text.at(at);
    if (code === symbol) return at + 1;
    if (symbol !== PLUS && symbol !== SLASH) return -1;
    if (code === (symbol === PLUS ? 45 : 95)) return at + 1;
    return ESCAPES.stepEscape(text, at, symbol);
  },
  skip: (text, at) => skipFold(text, at),
};

/** Bytes in hexadecimal, with what tools put between them and between the lines of a dump. Symbols are bytes. */
export const HEX: Notation = {
  name: 'hex',
  step(text, at, symbol) {
    const from = skipSeparator(text, at);
    if (hexDigitOf(text.at(from)) !== symbol >> 4) return -1;
    return hexDigitOf(text.at(from + 1)) === (symbol & 15) ? from + 2 : -1;
  },
  skip(text, at) {
    const fold = skipFold(text, at);
    return skipAddress(text, fold > at ? fold : skipColumn(text, at));
  },
};

/** UTF-16 that was read as bytes: its zero bytes may be missing. Symbols are bytes without zeros. */
export const WIDE: Notation = {
  name: 'plain',
  step: (text, at, symbol) => (text.at(at) === symbol ? at + 1 : -1),
  skip: (text, at) => (text.at(at) === 0 ? at + 1 : at),
};

/** ` `, `:`, `-`, `,`, `\x`, `0x`, `%`, `=`. */
function skipSeparator(text: Units, from: number): number {
  let at = from;
  while (at - from < LONGEST_SEPARATOR) {
    const code = text.at(at);
    const isPrefix = (code === 48 || code === 92) && text.at(at + 1) === 120;
    if (isPrefix) at += 2;
    else if (
      code === 32 ||
      code === 58 ||
      code === 45 ||
      code === 44 ||
      code === 37 ||
      code === 61 ||
      code === 92
    )
      at++;
    else break;
  }
  return at;
}

/** A line end, also one in letters, with the indentation behind it. */
function skipFold(text: Units, from: number): number {
  const soft = softBreak(text, from);
  if (soft >= 0) return soft;
  let at = from;
  while (at - from < LONGEST_FOLD) {
    const code = text.at(at);
    if (isSpace(code)) at++;
    else if (code === 92 && (text.at(at + 1) === 110 || text.at(at + 1) === 114)) at += 2;
    else break;
  }
  return isBlank(text.at(from)) ? from : at;
}

/** The address before the bytes of a line of a dump. */
function skipAddress(text: Units, from: number): number {
  const end = addressEnd(text, from);
  return end < 0 ? from : end;
}

function addressEnd(text: Units, from: number): number {
  let at = from;
  while (at - from < LONGEST_ADDRESS && hexDigitOf(text.at(at)) >= 0) at++;
  if (at - from < SHORTEST_ADDRESS) return -1;
  if (text.at(at) === 58) at++;
  const digits = at;
  while (at - digits < LONGEST_SEPARATOR && isBlank(text.at(at))) at++;
  return at > digits && hexDigitOf(text.at(at)) >= 0 && hexDigitOf(text.at(at + 1)) >= 0 ? at : -1;
}

/** From behind the last byte of a line of a dump to the beginning of the next line. */
function skipColumn(text: Units, from: number): number {
  let at = from;
  if (!isBlank(text.at(at))) return from;
  while (at - from < LONGEST_COLUMN && !isLineBreak(text.at(at))) {
    if (text.at(at) < 0) return from;
    at++;
  }
  const end = skipFold(text, at);
  return addressEnd(text, end) < 0 ? from : end;
}

/** Whether an index stands at the beginning of a line, behind its indentation, or behind the address in a dump. */
export function startsLine(view: TextView, index: number): boolean {
  let at = index - 1;
  while (index - at <= LONGEST_FOLD && isBlank(view.before(at))) at--;
  const code = view.before(at);
  const isLetter = (code === 110 || code === 114) && view.before(at - 1) === 92;
  if (isLineBreak(code) || isLetter) return true;
  if (at === index - 1) return false;
  if (code === 58) at--;
  const end = at;
  while (end - at <= LONGEST_ADDRESS && hexDigitOf(view.before(at)) >= 0) at--;
  return end - at >= SHORTEST_ADDRESS && end - at <= LONGEST_ADDRESS;
}

/**
 * The end of the line of a dump whose bytes end at an index, where it shows them as characters too: behind two blanks.
 * The same index where it does not.
 */
export function columnEnd(text: Units, index: number): number {
  let at = index;
  let isColumn = false;
  while (at - index < LONGEST_COLUMN && (hexDigitOf(text.at(at)) >= 0 || isBlank(text.at(at)))) {
    isColumn ||= isBlank(text.at(at)) && isBlank(text.at(at + 1));
    at++;
  }
  if (!isColumn) return index;
  const column = at;
  while (at - column < LONGEST_COLUMN && text.at(at) >= 0 && !isLineBreak(text.at(at))) at++;
  return at;
}
