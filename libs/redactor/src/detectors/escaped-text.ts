import { CLASS_BITS, inClass, isSpace } from '../engine/char-class.ts';
import { TextView } from '../engine/text-view.ts';

/** Units of escaped text that are read behind a name. */
const LONGEST_ESCAPED = 1024;

/** Text with its escapes undone, and where each of its units stands. */
export interface UnescapedText {
  readonly view: TextView;
  /** Where the name begins in the view. */
  readonly nameStart: number;
  /** Where a unit of the view begins in the escaped text; one more entry than units. */
  readonly places: readonly number[];
  /** The escaped text goes on behind what was read. */
  readonly isCut: boolean;
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
    return view.at(at) === 37 ? hexEscape(view, at + 1, 2, 3) : NONE;
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
    if (kind === 120) return hexEscape(view, at + 2, 2, 4);
    return NONE;
  },
  ends: (code) => code === 10 || code === 13 || code === 34,
};

const EQUALS = 61;
const NOTATIONS = [PERCENT, MARKUP, QUOTED_PRINTABLE, STRING_LITERAL];

/** Marks that stand between a name and its value, and so tell that a text is escaped. */
const SEPARATORS = new Set([34, 39, 58, 61, 62]);

/**
 * The name and what follows it with escapes undone, when the first of what follows is an escaped separator or quote:
 * `password%3Dx`, `password&quot;:&quot;x`, `password=3Dx`, `password\u0022:\u0022x`.
 */
export function unescapeBehind(
  view: TextView,
  nameStart: number,
  nameEnd: number,
): UnescapedText | undefined {
  const notation = NOTATIONS.find(({ escapeAt }) => SEPARATORS.has(escapeAt(view, nameEnd)[0]));
  if (notation === undefined) return undefined;
  const isElement = '&lt;'
    .split('')
    .every((unit, index) => view.before(nameStart - 4 + index) === unit.charCodeAt(0));
  let text = (isElement ? '<' : '') + view.slice(nameStart, nameEnd);
  const places = Array.from(text, (_, index) => nameEnd - text.length + index);
  const stop = Math.min(view.high, nameEnd + LONGEST_ESCAPED);
  let at = nameEnd;
  while (at < stop) {
    const [unit, length] = notation.escapeAt(view, at);
    const code = view.at(at);
    if (length === 0 && (code < 0 || notation.ends(code))) break;
    if (length === 0 || unit >= 0) {
      text += String.fromCharCode(length === 0 ? code : unit);
      places.push(at);
    }
    at += Math.max(1, length);
  }
  places.push(at);
  const inner = new TextView();
  inner.text = text;
  inner.end = text.length;
  // Its end is the end of the text, not that of a window.
  inner.high = text.length + 1;
  return { view: inner, nameStart: isElement ? 1 : 0, places, isCut: at >= stop };
}

function hexEscape(view: TextView, start: number, digits: number, length: number): Escape {
  for (let at = start; at < start + digits; at++)
    if (!inClass(view.at(at), CLASS_BITS.h)) return NONE;
  return [Number.parseInt(view.slice(start, start + digits), 16), length];
}
