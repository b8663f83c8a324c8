import { CLASS_BITS, CodeSet, inClass } from '../engine/char-class.ts';
import { softBreak } from './notation.ts';
import type { Notation, Units } from './notation.ts';

const BACKSLASH = 92;
const PERCENT = 37;
const EQUALS = 61;
const QUOTE = 39;
const DOUBLE_QUOTE = 34;

/** Units that open an escape, and therefore are escaped themselves, by family of notations. */
export const OPENINGS = ['%', '=', '\\', '&', "'", '"', '$', '^', '`'] as const;

/** Units that some notation doubles: quotes in SQL, CSV and PowerShell, `$` in make and Compose, `%` in formats. */
const DOUBLED = new CodeSet('\'"$%');
/** Backslashes before one unit: three layers of strings. */
const MOST_BACKSLASHES = 8;
/** `&amp;lt;`, `%2525`: layers of the same notation. */
const MOST_LAYERS = 3;
/** Digits of a character reference, with zeros before it; letters of a named one. */
const LONGEST_REFERENCE = 12;

const LETTER_ESCAPES = new Map(
  [...'n\nt\tr\rb\bf\fv\va\u0007e\u001b'.matchAll(/(.)([^])/g)].map(([, letter, unit]) => [
    letter?.charCodeAt(0),
    unit?.charCodeAt(0),
  ]),
);
const NAMES: Record<number, readonly string[]> = {
  34: ['quot'],
  38: ['amp'],
  39: ['apos'],
  60: ['lt'],
  62: ['gt'],
};

/**
 * A value as text: each character as itself or as any escape of URLs, quoted-printable, JSON and other languages, XML
 * and HTML, or a shell. Symbols are code points. Which characters an encoder leaves as they are does not matter.
 */
export class WrittenNotation implements Notation {
  readonly name = 'escaped';
  /** Units that are escaped wherever they can be read so. Others may stand for themselves: `%` in `%25`, before `25`. */
  private readonly escaped: CodeSet;
  /** Backslashes that stand for one. */
  private readonly backslashes: number;

  constructor(escaped: string, backslashes = 2) {
    this.escaped = new CodeSet(escaped);
    this.backslashes = backslashes;
  }

  step(text: Units, at: number, symbol: number): number {
    const itself = stepItself(text, at, symbol);
    const isEscaped = this.escaped.has(symbol);
    if (itself >= 0 && !isEscaped) return itself;
    const escape = this.stepEscape(text, at, symbol);
    return escape < 0 && !(isEscaped && symbol === BACKSLASH) ? itself : escape;
  }

  skip(text: Units, at: number): number {
    return Math.max(at, softBreak(text, at));
  }

  /** As {@link step}, for escapes only. */
  stepEscape(text: Units, at: number, symbol: number): number {
    switch (text.at(at)) {
      case PERCENT:
        return symbol === PERCENT && text.at(at + 1) === PERCENT
          ? at + 2
          : stepPercent(text, at, symbol);
      case EQUALS:
        return stepBytes(text, at, symbol, (from) => {
          const start = Math.max(from, softBreak(text, from));
          return text.at(start) === EQUALS ? start + 1 : -1;
        });
      case 43:
        return symbol === 32 ? at + 1 : -1;
      case 38:
        return stepReference(text, at, symbol);
      case BACKSLASH:
        return stepBackslash(text, at, symbol, this.backslashes);
      case 94:
      case 96:
        // cmd.exe and PowerShell.
        return stepItself(text, at + 1, symbol);
      case QUOTE:
      case DOUBLE_QUOTE:
      case 36:
        return stepDoubled(text, at, symbol);
      default:
        return -1;
    }
  }
}

/** Index behind a character as it is. A terminal writes a line feed with a carriage return. */
export function stepItself(text: Units, at: number, symbol: number): number {
  const code = text.at(at);
  if (code === symbol) return at + 1;
  if (symbol > 0xffff) {
    const low = 0xdc00 + (symbol & 0x3ff);
    const high = 0xd800 + ((symbol - 0x10000) >> 10);
    return code === high && text.at(at + 1) === low ? at + 2 : -1;
  }
  return symbol === 10 && code === 13 && text.at(at + 1) === 10 ? at + 2 : -1;
}

/** `%C3%BC`, of Latin-1 `%FC`, of `escape()` `%u00FC`, encoded again `%25C3%25BC`. */
function stepPercent(text: Units, at: number, symbol: number): number {
  if ((text.at(at + 1) | 32) === 117)
    return stepUnits(text, at, symbol, (from) =>
      text.at(from) === PERCENT && (text.at(from + 1) | 32) === 117 ? from + 2 : -1,
    );
  return stepBytes(text, at, symbol, (from) => {
    if (text.at(from) !== PERCENT) return -1;
    let digits = from + 1;
    for (let layer = 1; layer < MOST_LAYERS && symbol !== PERCENT; layer++) {
      if (text.at(digits) === 50 && text.at(digits + 1) === 53) digits += 2;
    }
    return digits;
  });
}

/** `&#60;`, `&#060;`, `&#x3c;`, `&lt;`, escaped again `&amp;lt;`. The names of other characters are not told apart. */
function stepReference(text: Units, at: number, symbol: number): number {
  let from = at + 1;
  for (let layer = 1; layer < MOST_LAYERS && symbol !== 38; layer++) {
    if (hasWord(text, from, 'amp;')) from += 4;
  }
  if (text.at(from) === 35) {
    const isHex = (text.at(from + 1) | 32) === 120;
    const start = from + (isHex ? 2 : 1);
    const end = runEnd(text, start, isHex ? CLASS_BITS.h : CLASS_BITS.d, LONGEST_REFERENCE);
    const number = Number.parseInt(textOf(text, start, end), isHex ? 16 : 10);
    if (number !== symbol) return -1;
    return text.at(end) === 59 ? end + 1 : end;
  }
  const end = runEnd(text, from, CLASS_BITS.a, LONGEST_REFERENCE);
  if (end === from || text.at(end) !== 59 || inClass(symbol, CLASS_BITS.a)) return -1;
  const names = NAMES[symbol];
  return names === undefined || names.includes(textOf(text, from, end)) ? end + 1 : -1;
}

/** What backslashes announce: the character itself, a letter, `\x3c`, `\u003c`, `\u{3c}`, `\U0000003c`, `\074`. */
function stepBackslash(text: Units, at: number, symbol: number, backslashes: number): number {
  const end = backslashesEnd(text, at);
  const code = text.at(end);
  const isNumber = code === 120 || (code | 32) === 117 || inClass(code, CLASS_BITS.d);
  if (isNumber) {
    const number = stepNumber(text, at, symbol, code);
    if (number >= 0) return number;
  }
  if (symbol === BACKSLASH) return end - at >= backslashes ? at + backslashes : -1;
  if (LETTER_ESCAPES.get(code) === symbol) return end + 1;
  return stepItself(text, end, symbol);
}

function stepNumber(text: Units, at: number, symbol: number, kind: number): number {
  const behind = (from: number, letter: number): number => {
    const end = backslashesEnd(text, from);
    return end > from && (letter < 0 || text.at(end) === letter) ? end : -1;
  };
  if (inClass(kind, CLASS_BITS.d)) return stepOctal(text, at, symbol, (from) => behind(from, -1));
  const letter = behind(at, kind);
  const isBraced = text.at(letter + 1) === 123;
  if (isBraced || kind === 85) {
    const start = letter + (isBraced ? 2 : 1);
    const end = runEnd(text, start, CLASS_BITS.h, 8);
    if (Number.parseInt(textOf(text, start, end), 16) !== symbol) return -1;
    return isBraced && text.at(end) === 125 ? end + 1 : end;
  }
  const opening = (from: number): number => {
    const end = behind(from, kind);
    return end < 0 ? -1 : end + 1;
  };
  return (kind === 120 ? stepBytes : stepUnits)(text, at, symbol, opening);
}

/** Where a form of escape opens at an index, the index of its digits; else -1. */
type Opening = (from: number) => number;

/** A character as escaped bytes of UTF-8, or as the one of Latin-1. */
function stepBytes(text: Units, at: number, symbol: number, opening: Opening): number {
  const whole = stepNumbers(text, at, utf8Of(symbol), opening, 2);
  if (whole >= 0 || symbol < 128 || symbol > 255) return whole;
  return stepNumbers(text, at, [symbol], opening, 2);
}

/** A character as escaped units of UTF-16. */
function stepUnits(text: Units, at: number, symbol: number, opening: Opening): number {
  const units = Array.from({ length: symbol > 0xffff ? 2 : 1 }, (_, index) =>
    String.fromCodePoint(symbol).charCodeAt(index),
  );
  return stepNumbers(text, at, units, opening, 4);
}

function stepNumbers(
  text: Units,
  at: number,
  numbers: readonly number[],
  opening: Opening,
  digits: number,
): number {
  let from = at;
  for (const number of numbers) {
    from = opening(from);
    if (from < 0) return -1;
    for (let shift = (digits - 1) * 4; shift >= 0; shift -= 4, from++) {
      if (hexDigitOf(text.at(from)) !== ((number >> shift) & 15)) return -1;
    }
  }
  return from;
}

/** `\303\274`, as git writes the names of files. */
function stepOctal(text: Units, at: number, symbol: number, opening: Opening): number {
  let from = at;
  for (const byte of utf8Of(symbol)) {
    from = opening(from);
    if (from < 0) return -1;
    let number = 0;
    const start = from;
    for (; from - start < 3 && (text.at(from) & ~7) === 48; from++)
      number = number * 8 + text.at(from) - 48;
    if (from === start || number !== byte) return -1;
  }
  return from;
}

/** `''`, `'\''`, `'"'"'`, the last two also with their marks escaped once more. */
function stepDoubled(text: Units, at: number, symbol: number): number {
  if (text.at(at) !== symbol) return -1;
  if (text.at(at + 1) === symbol && DOUBLED.has(symbol)) return at + 2;
  if (symbol !== QUOTE) return -1;
  const inner = backslashesEnd(text, at + 1);
  if (text.at(inner) === QUOTE) return text.at(inner + 1) === QUOTE ? inner + 2 : -1;
  if (text.at(inner) !== DOUBLE_QUOTE || text.at(inner + 1) !== QUOTE) return -1;
  const outer = backslashesEnd(text, inner + 2);
  return text.at(outer) === DOUBLE_QUOTE && text.at(outer + 1) === QUOTE ? outer + 2 : -1;
}

function backslashesEnd(text: Units, at: number): number {
  let end = at;
  while (end - at < MOST_BACKSLASHES && text.at(end) === BACKSLASH) end++;
  return end;
}

function runEnd(text: Units, from: number, bits: number, most: number): number {
  let end = from;
  while (end - from < most && inClass(text.at(end), bits)) end++;
  return end;
}

function hasWord(text: Units, from: number, word: string): boolean {
  for (let index = 0; index < word.length; index++) {
    if (text.at(from + index) !== word.charCodeAt(index)) return false;
  }
  return true;
}

function textOf(text: Units, start: number, end: number): string {
  let read = '';
  for (let at = start; at < end; at++) read += String.fromCharCode(text.at(at));
  return read;
}

/** The value of a hexadecimal digit; -1 for other units. */
export function hexDigitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** The bytes of a code point in UTF-8; those of U+FFFD for half a surrogate pair, as TextEncoder writes it. */
export function utf8Of(symbol: number): number[] {
  if (symbol < 0x80) return [symbol];
  if (symbol < 0x800) return [0xc0 | (symbol >> 6), 0x80 | (symbol & 63)];
  if (symbol >= 0xd800 && symbol < 0xe000) return [0xef, 0xbf, 0xbd];
  if (symbol < 0x10000)
    return [0xe0 | (symbol >> 12), 0x80 | ((symbol >> 6) & 63), 0x80 | (symbol & 63)];
  return [
    0xf0 | (symbol >> 18),
    0x80 | ((symbol >> 12) & 63),
    0x80 | ((symbol >> 6) & 63),
    0x80 | (symbol & 63),
  ];
}

/** What an escape of a character may open with. */
export function openingsOf(symbol: number): string[] {
  const itself = symbol < 128 && DOUBLED.has(symbol) ? [String.fromCharCode(symbol)] : [];
  return ['%', '=', '&', '\\', '^', '`', ...itself, ...(symbol === 32 ? ['+'] : [])];
}

/** How a character may be written, by family of notations: the first in each is itself. */
export function spellingsOf(symbol: number): readonly (readonly string[])[] {
  const itself = String.fromCodePoint(symbol);
  if (inClass(symbol, CLASS_BITS.a)) return FAMILIES.map(() => [itself]);
  return FAMILIES.map((escapesOf) => [itself, ...escapesOf(symbol, itself)]);
}

const hexOf = (number: number, digits: number): string => number.toString(16).padStart(digits, '0');

/** Numbers in hexadecimal, each behind a mark, in lower and in upper case. */
function hexEscapes(numbers: readonly number[], mark: string, digits: number, end = ''): string[] {
  const lower = numbers.map((number) => hexOf(number, digits));
  const written = [lower, lower.map((text) => text.toUpperCase())].map((texts) =>
    texts.map((text) => mark + text + end).join(''),
  );
  return [...new Set(written)];
}

/** The bytes of a character in UTF-8, and in Latin-1. */
function bytesOf(symbol: number): number[][] {
  return symbol > 127 && symbol < 256 ? [utf8Of(symbol), [symbol]] : [utf8Of(symbol)];
}

const FAMILIES: readonly ((symbol: number, itself: string) => string[])[] = [
  (symbol) => [
    ...['%', '%25'].flatMap((mark) =>
      bytesOf(symbol).flatMap((bytes) => hexEscapes(bytes, mark, 2)),
    ),
    ...(symbol === 32 ? ['+'] : hexEscapes([symbol], '%u', 4)),
  ],
  (symbol) => bytesOf(symbol).flatMap((bytes) => hexEscapes(bytes, '=', 2)),
  (symbol, itself) => {
    const units = Array.from({ length: itself.length }, (_, index) => itself.charCodeAt(index));
    const letter = [...LETTER_ESCAPES].find(([, unit]) => unit === symbol)?.[0];
    const marks = letter === undefined ? [itself] : [itself, String.fromCharCode(letter)];
    return [
      ...['\\', '\\\\', '\\\\\\'].flatMap((slashes) => marks.map((mark) => slashes + mark)),
      ...['\\u', '\\\\u'].flatMap((mark) => hexEscapes(units, mark, 4)),
      ...bytesOf(symbol).flatMap((bytes) => hexEscapes(bytes, '\\x', 2)),
      ...hexEscapes([symbol], '\\u{', 1, '}'),
      ...hexEscapes([symbol], '\\U', 8),
      utf8Of(symbol)
        .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
        .join(''),
    ];
  },
  (symbol) => [
    ...(NAMES[symbol] ?? []).map((name) => `&${name};`),
    ...['', '0', '00'].map((zeros) => `&#${zeros}${String(symbol)};`),
    ...['x', 'X', 'x0', 'x00'].flatMap((mark) => hexEscapes([symbol], `&#${mark}`, 1, ';')),
    '&amp;',
  ],
  (symbol, itself) => [
    ...(DOUBLED.has(symbol) ? [itself + itself] : []),
    ...(symbol === QUOTE ? [`'\\''`, `'"'"'`] : []),
    ...(symbol < 128 ? [`^${itself}`, `\`${itself}`] : []),
  ],
];
