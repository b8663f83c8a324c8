import { CLASS_BITS, inClass, isSpace } from '../engine/char-class.ts';
import { TextView } from '../engine/text-view.ts';

/** Units of escaped text that are read behind a name. */
const LONGEST_ESCAPED = 1024;

/**
 * A name and the text behind it with escapes undone, as far as it is read: a view of its own, whose indexes begin at
 * the name.
 */
export class UnescapedText extends TextView {
  /** Where each unit begins in the escaped text. */
  private readonly places: number[];
  private readonly source: TextView;
  private readonly notation: Notation;
  private next: number;
  private readonly stop: number;

  /** @param prefix what stands before the name, with its escape undone. */
  constructor(source: TextView, notation: Notation, prefix: string, start: number, end: number) {
    super();
    this.source = source;
    this.notation = notation;
    this.text = prefix + source.slice(start, end);
    this.places = Array.from(this.text, (_, index) => end - this.text.length + index);
    this.next = end;
    this.stop = Math.min(source.high, end + LONGEST_ESCAPED);
    this.high = Infinity;
  }

  override at(index: number): number {
    while (index >= this.text.length && this.readOn());
    return index >= 0 && index < this.text.length ? this.text.charCodeAt(index) : -1;
  }

  /** Where the unit at an index, or the end of what was read, stands in the escaped text. */
  placeOf(index: number): number {
    return this.places[index] ?? this.next;
  }

  /** Whether reading was stopped by the bound on it before an index. */
  isCutAt(index: number): boolean {
    return index >= this.text.length && this.next >= this.stop;
  }

  /** Undoes one more unit; false at the end. */
  private readOn(): boolean {
    const { source, notation, next } = this;
    if (next >= this.stop) return false;
    const [unit, length] = notation.escapeAt(source, next);
    const code = source.at(next);
    if (length === 0 && (code < 0 || notation.ends(code))) return false;
    if (length === 0 || unit >= 0) {
      this.text += String.fromCharCode(length === 0 ? code : unit);
      this.places.push(next);
    }
    this.next += Math.max(1, length);
    return true;
  }
}

/** One escape: the unit it stands for and how many units it takes; a length of 0 when none stands here. */
type Escape = readonly [unit: number, length: number];
const NONE: Escape = [-1, 0];

interface Notation {
  readonly escapeAt: (view: TextView, at: number) => Escape;
  /** Units that end a text in this notation. */
  readonly ends: (code: number) => boolean;
}

const PERCENT: Notation = {
  escapeAt: (view, at) => {
    if (view.at(at) === 43) return [32, 1];
    if (view.at(at) !== 37) return NONE;
    // `%253D`: escaped twice.
    const twice = view.has('25', at + 1) ? hexEscape(view, at + 3, 2, 5) : NONE;
    return twice === NONE ? hexEscape(view, at + 1, 2, 3) : twice;
  },
  ends: (code) => isSpace(code) || code === 38 || code === 34 || code === 39 || code === 60,
};

const ENTITIES: readonly (readonly [name: string, unit: number])[] = [
  ['quot', 34],
  ['apos', 39],
  ['amp', 38],
  ['lt', 60],
  ['gt', 62],
  ['equals', 61],
  ['colon', 58],
  ['nbsp', 32],
  ['sol', 47],
  ['plus', 43],
  ['commat', 64],
  ['dollar', 36],
  ['excl', 33],
  ['num', 35],
  ['percnt', 37],
  ['lowbar', 95],
];

/** Character references of HTML and XML. */
const MARKUP: Notation = {
  escapeAt: (view, at) => {
    if (view.at(at) !== 38) return NONE;
    if (view.at(at + 1) === 35) {
      const isHex = (view.at(at + 2) | 32) === 120;
      const start = at + (isHex ? 3 : 2);
      let end = start;
      while (end - start < 6 && inClass(view.at(end), isHex ? CLASS_BITS.h : CLASS_BITS.d)) end++;
      if (end === start || view.at(end) !== 59) return NONE;
      return [Number.parseInt(view.slice(start, end), isHex ? 16 : 10), end + 1 - at];
    }
    for (const [name, unit] of ENTITIES) {
      if (view.has(name, at + 1) && view.at(at + 1 + name.length) === 59)
        return [unit, name.length + 2];
    }
    return NONE;
  },
  ends: (code) => code === 10 || code === 13 || code === 34 || code === 60,
};

/** Quoted-printable (RFC 2045, section 6.7): `=3D`, and line ends that do not count. */
const QUOTED_PRINTABLE: Notation = {
  escapeAt: (view, at) => {
    if (view.at(at) !== EQUALS) return NONE;
    if (view.at(at + 1) === 10) return [-1, 2];
    if (view.at(at + 1) === 13 && view.at(at + 2) === 10) return [-1, 3];
    return hexEscape(view, at + 1, 2, 3);
  },
  ends: (code) => code === 10 || code === 13,
};

/** Escapes in string literals of JSON and JavaScript. */
const STRING_LITERAL: Notation = {
  escapeAt: (view, at) => {
    if (view.at(at) !== 92) return NONE;
    const kind = view.at(at + 1);
    if (kind === 117) return hexEscape(view, at + 2, 4, 6);
    if (kind === 85) return hexEscape(view, at + 2, 8, 10);
    if (kind === 120) return hexEscape(view, at + 2, 2, 4);
    return NONE;
  },
  ends: (code) => code === 10 || code === 13 || code === 34,
};

const EQUALS = 61;
const NOTATIONS = [PERCENT, MARKUP, QUOTED_PRINTABLE, STRING_LITERAL];

/** Units with which an escape begins: `%`, `&`, `=`, a backslash. */
const OPENINGS = new Set([37, 38, 61, 92]);

/** Marks that stand between a name and its value, and so tell that a text is escaped. */
const SEPARATORS = new Set([34, 39, 58, 61, 62]);

/** What stands behind an index with its percent-encoding undone. */
export function percentTextBehind(view: TextView, index: number): UnescapedText {
  return new UnescapedText(view, PERCENT, '', index, index);
}

/** A value with the escapes of string literals and markup undone, so that it can be judged. */
export function unescapeValue(value: string): string {
  if (!/\\[uUx]|&[#a-z]/.test(value)) return value;
  const view = new TextView();
  view.text = value;
  view.end = view.high = value.length;
  let text = '';
  for (let at = 0; at < value.length;) {
    const [inLiteral, inMarkup] = [STRING_LITERAL.escapeAt(view, at), MARKUP.escapeAt(view, at)];
    const [unit, length] = inLiteral === NONE ? inMarkup : inLiteral;
    text += length === 0 ? value.charAt(at) : String.fromCharCode(unit);
    at += Math.max(1, length);
  }
  return text;
}

/**
 * The name and what follows it with escapes undone, when the first of what follows is an escaped separator or quote:
 * `password%3Dx`, `password&quot;:&quot;x`, `password=3Dx`, `password\u0022:\u0022x`. A `<` before it is kept.
 */
export function unescapeBehind(
  view: TextView,
  nameStart: number,
  nameEnd: number,
): { text: UnescapedText; nameStart: number } | undefined {
  const first = view.at(nameEnd);
  if (!OPENINGS.has(first)) return undefined;
  const notation = NOTATIONS.find(({ escapeAt }) => SEPARATORS.has(escapeAt(view, nameEnd)[0]));
  if (notation === undefined) return undefined;
  const isElement =
    view.before(nameStart - 1) === 59 &&
    view.before(nameStart - 2) === 116 &&
    view.before(nameStart - 3) === 108 &&
    view.before(nameStart - 4) === 38;
  const prefix = isElement ? '<' : '';
  const text = new UnescapedText(view, notation, prefix, nameStart, nameEnd);
  return { text, nameStart: prefix.length };
}

function hexEscape(view: TextView, start: number, digits: number, length: number): Escape {
  for (let at = start; at < start + digits; at++)
    if (!inClass(view.at(at), CLASS_BITS.h)) return NONE;
  return [Number.parseInt(view.slice(start, start + digits), 16), length];
}
