import {
  CLASS_BITS,
  CodeSet,
  inClass,
  isBlank,
  isLineBreak,
  isSpace,
  isWordCode,
} from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { KEY_WORDS, namesSecret } from './key-names.ts';
import type { KeyFamily } from './key-names.ts';
import { holdsMask } from './placeholders.ts';
import { judgeValue } from './value-score.ts';

const VALUE_WINDOW = 4096;
const LONGEST_NAME = 48;
const LONGEST_PADDING = 40;
/** From this score on, and in these families, a value is masked wherever the text repeats it. */
const LEARNT_SCORE = 0.6;
const LEARNT_FAMILIES: ReadonlySet<KeyFamily> = new Set(['password', 'token', 'secret', 'key']);

const QUOTE = 34;
const APOSTROPHE = 39;
const BACKTICK = 96;
const BACKSLASH = 92;
const EQUALS = 61;
const COLON = 58;
const GREATER = 62;
const LESS = 60;
const DASH = 45;
const COMMA = 44;

/** Makes the detectors that find a value by the name of its key. */
export function keyValueDetectors(): Detector[] {
  return KEY_WORDS.map(({ family, kind, words }) => new KeyValueDetector(family, kind, words));
}

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

/**
 * Key name -> value, across the notations in which configuration, logs, commands and code write it: JSON (also
 * escaped inside a string), YAML, env, INI, CLI flags, headers, XML, connection strings, SQL, netrc.
 */
class KeyValueDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window = VALUE_WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';
  private readonly family: KeyFamily;
  private readonly kind: string;

  constructor(family: KeyFamily, kind: string, words: readonly string[]) {
    this.family = family;
    this.kind = kind;
    this.triggers = words.map((literal) => ({ literal, caseSensitive: false }));
  }

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const word = view.slice(start, end);
    // `pass=` carries its separator: the name ends before it.
    const wordEnd = word.endsWith('=') || word.endsWith(':') ? end - 1 : end;
    let nameEnd = wordEnd;
    while (nameEnd - wordEnd < LONGEST_NAME && isNameCode(view.at(nameEnd))) nameEnd++;
    if (nameEnd - wordEnd === LONGEST_NAME || (wordEnd !== end && nameEnd !== wordEnd))
      return undefined;
    while (nameEnd > wordEnd && !isWordCode(view.at(nameEnd - 1))) nameEnd--;
    if (!AFTER_NAME.has(view.at(nameEnd))) return undefined;
    // `_pass`, `_pat`, `_key` are only that at the end of a name: not `_pattern`, `PASS_DEPTH`.
    if (isMark(word.charCodeAt(0)) && !/^\d*$/.test(view.slice(wordEnd, nameEnd))) return undefined;
    let nameStart = start;
    while (start - nameStart < LONGEST_NAME && isNameCode(view.before(nameStart - 1))) nameStart--;
    if (start - nameStart === LONGEST_NAME) return undefined;
    if (!namesSecret(view.slice(nameStart, start), view.slice(wordEnd, nameEnd), this.family))
      return undefined;
    const site = findValue(view, nameStart, nameEnd, this.family);
    if (site === undefined || site.start >= site.end) return undefined;
    const found = {
      kind: this.kind,
      rule: `key-value-${this.family.replace('_', '-')}`,
      start: site.start,
      end: site.end,
    };
    if (site.goesOn !== undefined) return { ...found, score: 0.6, goesOn: site.goesOn };
    const name = view.slice(nameStart, nameEnd);
    const value = view.slice(site.start, site.end);
    const score = judgeValue(value, this.family, site, name);
    if (score <= 0) return undefined;
    // AWS secret access keys have no prefix: 40 units of base64 under a name that says so.
    if (/secret.?access|aws.*secret/i.test(name) && /^[\w+/=-]{40}$/.test(value))
      return { ...found, kind: 'aws_secret_key', score };
    const isLearnt = score >= LEARNT_SCORE && LEARNT_FAMILIES.has(this.family);
    return { ...found, score, isLearnt };
  }
}

function isNameCode(code: number): boolean {
  return inClass(code, CLASS_BITS.t);
}

/** What may follow a name that has a value: a separator, or what closes the name. */
const AFTER_NAME = new CodeSet('=:"\'`\\] \t>!?+%,\n\r');

/** `_` and `-`, with which the short key words begin. */
function isMark(code: number): boolean {
  return code === 95 || code === DASH;
}

function skipBlanks(view: TextView, from: number): number {
  let at = from;
  while (at - from < LONGEST_PADDING && isBlank(view.at(at))) at++;
  return at;
}

/** Skips what closes a quoted or bracketed name: `"`, `\"`, `']`, a backtick. */
function skipNameClose(view: TextView, from: number): number {
  let at = from;
  if (view.at(at) === BACKSLASH && isQuote(view.at(at + 1))) at += 2;
  else if (isQuote(view.at(at))) at++;
  if (view.at(at) === 93) at++;
  return at;
}

function isQuote(code: number): boolean {
  return code === QUOTE || code === APOSTROPHE || code === BACKTICK;
}

function findValue(
  view: TextView,
  nameStart: number,
  nameEnd: number,
  family: KeyFamily,
): ValueSite | undefined {
  const opener = view.before(nameStart - 1);
  // <password>value</password>; a lone <password> is a placeholder.
  if (opener === LESS && view.at(nameEnd) === GREATER) {
    const site = readUntil(
      view,
      nameEnd + 1,
      (code) => code === LESS || isLineBreak(code),
      'element',
    );
    return site.goesOn !== undefined || view.has('</', site.end) ? site : undefined;
  }
  const closed = skipNameClose(view, nameEnd);
  const afterName = skipBlanks(view, closed);
  const separator = readSeparator(view, afterName);
  if (separator !== undefined) {
    const valueStart = skipBlanks(view, separator.end);
    const spaced = valueStart > separator.end && afterName > closed;
    return readValue(view, valueStart, separator.name, spaced, family);
  }
  const pair = findPairedValue(view, closed);
  if (pair >= 0) return readValue(view, skipBlanks(view, pair), 'colon', false, family);
  if (afterName === closed || closed !== nameEnd) return undefined;
  // --password value
  if (opener === DASH || (view.at(nameStart) === DASH && !isWordCode(opener))) {
    return readValue(view, afterName, 'flag', false, family);
  }
  // ALTER USER u PASSWORD 'value'; machine h login l password value
  if (family === 'password' && isSpace(opener)) {
    if (view.at(afterName) === APOSTROPHE)
      return readValue(view, afterName, 'blank', false, family);
    if (
      nameStart - view.low > 8 &&
      /(?:^|\s)login\s+\S+\s+$/.test(contextBefore(view, nameStart))
    ) {
      return readValue(view, afterName, 'blank', false, family);
    }
  }
  return undefined;
}

function contextBefore(view: TextView, index: number): string {
  let from = index;
  while (index - from < 80 && view.before(from - 1) >= 0 && !isLineBreak(view.before(from - 1)))
    from--;
  return view.slice(from, index);
}

function readSeparator(
  view: TextView,
  at: number,
): { end: number; name: 'equals' | 'colon' } | undefined {
  const code = view.at(at);
  const next = view.at(at + 1);
  if (code === EQUALS) {
    // `=>` of Ruby and PHP, `==` and `===` of a comparison, `=~` of a match.
    if (next === GREATER) return { end: at + 2, name: 'equals' };
    if (next === EQUALS)
      return { end: view.at(at + 2) === EQUALS ? at + 3 : at + 2, name: 'equals' };
    return { end: at + 1, name: 'equals' };
  }
  if (code === COLON) {
    if (next === EQUALS || next === COLON)
      return { end: at + 2, name: next === EQUALS ? 'equals' : 'colon' };
    return readTypeAnnotation(view, at) ?? { end: at + 1, name: 'colon' };
  }
  // `!=` of a comparison, `?=` and `+=` of make.
  if ((code === 33 || code === 63 || code === 43) && next === EQUALS) {
    return { end: view.at(at + 2) === EQUALS ? at + 3 : at + 2, name: 'equals' };
  }
  // `%3D` of an encoded query.
  if (code === 37 && next === 51 && (view.at(at + 2) | 32) === 100)
    return { end: at + 3, name: 'equals' };
  return undefined;
}

/** `password: str = "value"`, `const token: string = 'value'`: the value is behind the type. */
function readTypeAnnotation(
  view: TextView,
  colon: number,
): { end: number; name: 'equals' } | undefined {
  const typeStart = skipBlanks(view, colon + 1);
  let at = typeStart;
  while (at - typeStart < 32 && inClass(view.at(at), CLASS_BITS.a)) at++;
  if (at === typeStart) return undefined;
  const sign = skipBlanks(view, at);
  if (sign === at || view.at(sign) !== EQUALS || view.at(sign + 1) === EQUALS) return undefined;
  return isQuote(view.at(skipBlanks(view, sign + 1)))
    ? { end: sign + 1, name: 'equals' }
    : undefined;
}

/** `{"name": "DB_PASSWORD", "value": "x"}`, `key="DB_PASSWORD" value="x"`, and the same in YAML; -1 when there is none. */
function findPairedValue(view: TextView, closed: number): number {
  let at = closed;
  while (
    at - closed < LONGEST_PADDING &&
    (isSpace(view.at(at)) || (view.at(at) === COMMA && at - closed < 4))
  )
    at++;
  if (at === closed) return -1;
  if (isQuote(view.at(at))) at++;
  if (!view.has('value', at) && !view.has('Value', at)) return -1;
  at += 5;
  if (isQuote(view.at(at))) at++;
  at = skipBlanks(view, at);
  return view.at(at) === COLON || view.at(at) === EQUALS ? at + 1 : -1;
}

function readUntil(
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

const SCHEMES =
  /^(?:basic|bearer|token|digest|apikey|api-key|bot|negotiate|ntlm|hawk|key|aws4-hmac-sha256|ssws|splunk)$/i;

function readValue(
  view: TextView,
  from: number,
  separator: ValueSite['separator'],
  spaced: boolean,
  family: KeyFamily,
): ValueSite | undefined {
  // Whatever follows, the value begins here or later: also where the reads so far were starved.
  view.maskFrom = Math.max(view.maskFrom, from);
  let start = from;
  // Prefixes of string literals: b'', r"", f"".
  if (
    inClass(view.at(start), CLASS_BITS.a) &&
    isQuote(view.at(start + 1)) &&
    'bBrRfFuUnN'.includes(String.fromCharCode(view.at(start)))
  )
    start++;
  const escaped = view.at(start) === BACKSLASH && isQuote(view.at(start + 1));
  if (escaped) start++;
  const opener = view.at(start);
  if (isQuote(opener)) {
    const triple = view.at(start + 1) === opener && view.at(start + 2) === opener;
    const quoted = readQuoted(
      view,
      start + (triple ? 3 : 1),
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
      if (escaped && view.at(at + 1) === quote) break;
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
  return blanks > at && SCHEMES.test(view.slice(from, at)) ? blanks : from;
}

/** The value of a header: the rest of the line, or up to the quote that closes a header given as an argument. */
function readHeader(view: TextView, from: number, separator: ValueSite['separator']): ValueSite {
  const start = skipScheme(view, from);
  return readUntil(
    view,
    start,
    (code) => code === QUOTE || code === APOSTROPHE || isLineBreak(code),
    separator,
  );
}

/** Marks that end an unquoted value wherever they stand. */
const BARE_ENDS = new CodeSet('"\'`<>\0');

function readBare(
  view: TextView,
  start: number,
  separator: ValueSite['separator'],
  spaced: boolean,
): ValueSite {
  const code = view.at(start);
  let at = start;
  // A reference is one value with what is in its braces: `${NAME:-x y}`, `{{ name }}`.
  if (code === 36 || code === 123) {
    while (view.at(at) >= 0 && view.at(at) !== 125 && !isLineBreak(view.at(at)) && at - start < 128)
      at++;
  }
  for (;;) {
    const next = view.at(at);
    if (next < 0 || isSpace(next) || BARE_ENDS.has(next)) break;
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

const CODE_MARKS = new CodeSet(',;)]}|>[');

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
