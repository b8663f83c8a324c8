import { CLASS_BITS, CodeSet, inClass, isLineBreak, isSpace } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import type { KeyFamily } from './key-names.ts';
import { skipOpening, skipSpaces } from './literal-opening.ts';
import { holdsMask } from './placeholders.ts';
import { isOpaque } from './value-score.ts';
import { isNameCode, isQuote, skipBackslashes, skipBlanks } from './reading.ts';

const QUOTE = 34;
const APOSTROPHE = 39;
const HASH = 35;
const OPENING_PAREN = 40;
/** The first unit of the scripts of East Asia. */
const EAST_ASIAN = 0x2e80;
const CORNER = 0x300c;
const COMMA = 44;
const DASH = 45;
const COLON = 58;
const SEMICOLON = 59;
const LESS = 60;
const EQUALS = 61;
const BACKSLASH = 92;
const OPENING_BRACE = 123;
/** Units of the next name that are read to tell whether a value ends before it. */
const LONGEST_NAME = 48;

/** A value and how it was written. */
export interface ValueSite {
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
  /** `name = value` with blanks around, the way of source code; not `NAME=value`. */
  readonly spaced: boolean;
  readonly separator: 'equals' | 'colon' | 'flag' | 'element' | 'blank';
  /** A mark of source code follows: `,`, `;`, `)` and the like. */
  readonly inCode?: boolean;
  /** A further word follows: `password: incorrect for user joe`. */
  readonly inProse?: boolean;
  readonly goesOn?: (code: number) => boolean;
}

export function readValue(
  view: TextView,
  from: number,
  separator: ValueSite['separator'],
  spaced: boolean,
  family: KeyFamily,
): ValueSite | undefined {
  // Whatever follows, the value begins here or later: also where the reads so far were starved.
  view.maskFrom = Math.max(view.maskFrom, from);
  let start = skipOpening(view, from);
  const document = readHereDocument(view, start);
  if (document !== undefined) return document;
  const nested = readNested(view, start, separator, family);
  if (nested !== undefined) return nested;
  // A long string of Lua.
  const isMask = view.has('[REDACTED:', start + 1) || view.has('[REDACTED:', start + 2);
  if (view.has('[[', start) && !isMask) {
    const site = readUntil(view, start + 2, (code) => code === 93 || isLineBreak(code), separator);
    if (view.has(']]', site.end)) return site;
  }
  // A list: its first value.
  if (view.at(start) === 91 && isQuote(view.at(start + 1))) start++;
  const unescaped = skipBackslashes(view, start);
  const escaped = unescaped > start && isQuote(view.at(unescaped));
  if (escaped) start = unescaped;
  const opener = view.at(start);
  if (isQuote(opener)) {
    const triple = view.at(start + 1) === opener && view.at(start + 2) === opener;
    const isBelow = triple && isLineBreak(view.at(start + 3));
    const quoted = readQuoted(
      view,
      start + (triple ? 3 : 1) + (isBelow ? 1 : 0),
      opener,
      escaped,
      separator,
      spaced,
      family,
    );
    if (quoted !== undefined) return quoted;
    start++;
  }
  if (family === 'authorization' || family === 'cookie') {
    return readHeader(view, start, separator);
  }
  return readBare(view, start, separator, spaced);
}

/** `<<EOT` of a shell or of HCL: the first line of the document. */
function readHereDocument(view: TextView, from: number): ValueSite | undefined {
  if (view.at(from) !== LESS || view.at(from + 1) !== LESS) return undefined;
  let at = from + 2;
  while (at - from < LONGEST_NAME && view.at(at) > 32) at++;
  if (!isLineBreak(view.at(at))) return undefined;
  return readUntil(view, skipSpaces(view, at), isLineBreak, 'element');
}

/** What an object calls a value: alone, or the one before or after a change. */
const VALUES = new Set(['value', 'old', 'new', 'before', 'after', 'from', 'to', 'current']);
/** Pairs of an object before its value. */
const MOST_PAIRS = 5;

/** `{"sensitive": true, "value": "X"}`, `{ mainnet: "X" }`: the value of an object in the place of a value. */
function readNested(
  view: TextView,
  from: number,
  separator: ValueSite['separator'],
  family: KeyFamily,
): ValueSite | undefined {
  if (view.at(from) !== OPENING_BRACE) return undefined;
  let at = from + 1;
  for (let pair = 0; pair < MOST_PAIRS; pair++) {
    at = skipSpaces(view, at);
    const isQuoted = isQuote(view.at(at));
    if (isQuoted) at++;
    const nameStart = at;
    while (at - nameStart < LONGEST_NAME && isNameCode(view.at(at))) at++;
    const name = view.slice(nameStart, at);
    if (at === nameStart || (isQuoted && !isQuote(view.at(at++)))) return undefined;
    if (view.at(at) !== COLON) return undefined;
    at = skipSpaces(view, at + 1);
    const quote = view.at(at);
    if (isQuote(quote)) {
      const site = readQuoted(view, at + 1, quote, false, separator, false, family);
      if (site === undefined || site.goesOn !== undefined) return undefined;
      if (VALUES.has(name) || isOpaque(view.slice(site.start, site.end))) return site;
      at = site.end + 1;
    } else {
      while (isNameCode(view.at(at))) at++;
    }
    if (view.at(at) !== COMMA) return undefined;
    at++;
  }
  return undefined;
}

/** One token, in quotes or not. */
export function readToken(view: TextView, from: number): ValueSite {
  // Quotes of a string in a string, and those of East Asian text.
  const isOpened =
    view.at(from) === CORNER || (view.at(from) === BACKSLASH && isQuote(view.at(from + 1)));
  const start = isOpened ? from + 1 : from;
  const quote = view.at(start);
  if (!isQuote(quote)) return readBare(view, start, 'blank', false);
  const ends = (code: number): boolean => code === quote || code === BACKSLASH || isSpace(code);
  return readUntil(view, start + 1, ends, 'blank');
}

export function readUntil(
  view: TextView,
  start: number,
  ends: (code: number) => boolean,
  separator: ValueSite['separator'],
): ValueSite {
  let at = start;
  for (;;) {
    const code = view.at(at);
    if (code < 0 || ends(code)) break;
    at++;
  }
  const site = { start, end: at, quoted: true, spaced: false, separator };
  return at >= view.high ? { ...site, goesOn: (code) => !ends(code) } : site;
}

export function onlyIf(
  site: ValueSite,
  view: TextView,
  condition: (value: string) => boolean,
): ValueSite | undefined {
  return condition(view.slice(site.start, site.end)) ? site : undefined;
}

const SCHEMES =
  /^(?:basic|bearer|token|digest|apikey|api-key|bot|negotiate|ntlm|hawk|key|aws4-hmac-sha256|ssws|splunk)$/i;

function readQuoted(
  view: TextView,
  from: number,
  quote: number,
  escaped: boolean,
  separator: ValueSite['separator'],
  spaced: boolean,
  family: KeyFamily,
): ValueSite | undefined {
  let start = from;
  if (family === 'authorization') start = skipScheme(view, start);
  let at = start;
  for (;;) {
    const code = view.at(at);
    if (code < 0 || isLineBreak(code)) break;
    if (code === BACKSLASH) {
      if (escaped && view.at(skipBackslashes(view, at)) === quote) break;
      at += 2;
      continue;
    }
    if (code === quote) break;
    at++;
  }
  at = Math.min(at, view.high);
  const site = { start, end: at, quoted: true, spaced, separator };
  if (at >= view.high) return { ...site, goesOn: (code) => code !== quote && !isLineBreak(code) };
  // No closing quote on this line: not a quoted value, unless a mask has taken the quote.
  if (view.at(at) < 0 || isLineBreak(view.at(at))) {
    return holdsMask(view.slice(start, at)) ? { ...site, end: start } : undefined;
  }
  return site;
}

function skipScheme(view: TextView, from: number): number {
  let at = from;
  while (at - from < 20 && (inClass(view.at(at), CLASS_BITS.a) || view.at(at) === DASH)) at++;
  const blanks = skipBlanks(view, at);
  if (blanks === at || !SCHEMES.test(view.slice(from, at))) return from;
  return view.has('\\\n', blanks) ? skipBlanks(view, blanks + 2) : blanks;
}

/** The value of a header: the rest of the line, or up to the quote that closes a header given as an argument. */
function readHeader(view: TextView, from: number, separator: ValueSite['separator']): ValueSite {
  const start = skipScheme(view, from);
  const end = view.restEnd(start);
  const site = { start, end, quoted: true, spaced: false, separator };
  if (end < view.high) return site;
  return {
    ...site,
    goesOn: (code) => code !== QUOTE && code !== APOSTROPHE && !isLineBreak(code),
  };
}

/** Marks that end an unquoted value wherever they stand. */
const BARE_ENDS = new CodeSet('"\'`<>\0');
/** The same of East Asian text: parentheses, commas, full stops, quotes. */
const WIDE_ENDS = new Set(
  Array.from('\uff08\uff09\uff0c\u3002\uff1b\u3001\u300c\u300d', (mark) => mark.charCodeAt(0)),
);

export function readBare(
  view: TextView,
  start: number,
  separator: ValueSite['separator'],
  spaced: boolean,
): ValueSite {
  const code = view.at(start);
  const isNumericRun = code === 38 && view.at(start + 1) === HASH;
  let at = start;
  // A reference is one value with what is in its braces: `${NAME:-x y}`, `{{ name }}`.
  if (code === 36 || code === 123) {
    while (view.at(at) >= 0 && view.at(at) !== 125 && !isLineBreak(view.at(at)) && at - start < 128)
      at++;
  }
  for (;;) {
    const next = view.at(at);
    if (next < 0 || isSpace(next) || BARE_ENDS.has(next) || WIDE_ENDS.has(next)) break;
    // A remark behind a value, in text that does without blanks.
    if (next === OPENING_PAREN && view.at(at + 1) >= EAST_ASIAN) break;
    if (next === 38 && isEntity(view, at)) {
      // The value itself may be written in them.
      if (view.at(at + 1) !== HASH || !isNumericRun) break;
      while (view.at(at) !== SEMICOLON) at++;
      at++;
      continue;
    }
    if (endsPair(view, at, next) || closesOuter(view, start, at, next)) break;
    // `\n` and `\"` inside a string end the value; a backslash of a path or a password does not.
    if (
      next === BACKSLASH &&
      (isQuote(view.at(at + 1)) || view.at(at + 1) === 110 || view.at(at + 1) === 114)
    )
      break;
    at++;
  }
  const site = { start, end: at, quoted: false, spaced, separator };
  if (at >= view.high) return { ...site, goesOn: (unit) => !isSpace(unit) && !BARE_ENDS.has(unit) };
  while (at > start && TRAILING.has(view.at(at - 1)) && !isBalanced(view, start, at)) at--;
  const inProse = view.at(at) === 32 && startsWord(view.at(at + 1));
  return { ...site, end: at, inCode: CODE_MARKS.has(view.at(at)), inProse };
}

/** `&quot;`, `&#34;`: markup, not a part of the value. */
function isEntity(view: TextView, at: number): boolean {
  if (view.at(at + 1) === HASH) {
    let end = at + 2;
    while (end - at < 8 && inClass(view.at(end), CLASS_BITS.a)) end++;
    return end > at + 2 && view.at(end) === SEMICOLON;
  }
  return ENTITIES.some((entity) => view.has(entity, at + 1));
}

const ENTITIES = ['quot;', 'apos;', 'amp;', 'lt;', 'gt;', 'nbsp;'];

const CODE_MARKS = new CodeSet(',;)]}|<>[');

/** Marks that belong to the sentence or the expression around a value, at its end. */
const TRAILING = new CodeSet(',;.)]}');

function isBalanced(view: TextView, start: number, end: number): boolean {
  const last = view.at(end - 1);
  const opening = last === 41 ? 40 : last === 93 ? 91 : last === 125 ? 123 : -1;
  if (opening < 0) return false;
  for (let at = start; at < end - 1; at++) if (view.at(at) === opening) return true;
  return false;
}

/** A letter, a digit, or the mask that may stand in their place. */
function startsWord(code: number): boolean {
  return inClass(code, CLASS_BITS.a) || code === 91;
}

/** Whether `)`, `]` or `}` here closes something that was opened before the value. */
function closesOuter(view: TextView, start: number, at: number, code: number): boolean {
  if (code !== 41 && code !== 93 && code !== 125) return false;
  return !startsWord(view.at(at + 1)) && !isBalanced(view, start, at + 1);
}

/** Whether `,`, `;`, `&` or `|` here stands between this pair and the next one, not inside the value. */
function endsPair(view: TextView, at: number, code: number): boolean {
  if (code !== COMMA && code !== 59 && code !== 38 && code !== 124) return false;
  const from = at + 1;
  const first = view.at(from);
  if (first < 0 || isSpace(first) || isQuote(first) || first === code) return true;
  let end = from;
  while (end - from < LONGEST_NAME && (isNameCode(view.at(end)) || view.at(end) === 32)) end++;
  return end > from && (view.at(end) === EQUALS || view.at(end) === COLON);
}
