import {
  CLASS_BITS,
  CodeSet,
  inClass,
  isBlank,
  isLineBreak,
  isSpace,
  isWordCode,
} from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import type { KeyFamily } from './key-names.ts';
import { holdsMask } from './placeholders.ts';
import { isIdentifier, isOpaque } from './value-score.ts';

export const LONGEST_NAME = 48;
const LONGEST_PADDING = 40;

const QUOTE = 34;
const APOSTROPHE = 39;
const OPENING_PAREN = 40;
const BACKTICK = 96;
const BACKSLASH = 92;
const EQUALS = 61;
const COLON = 58;
const GREATER = 62;
const LESS = 60;
const DASH = 45;
const COMMA = 44;
const QUESTION = 63;
/** The colon and the equals sign of East Asian text. */
const FULLWIDTH: ReadonlyMap<number, 'colon' | 'equals'> = new Map([
  [0xff1a, 'colon'],
  [0xff1d, 'equals'],
] as const);

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

export function isNameCode(code: number): boolean {
  return inClass(code, CLASS_BITS.t);
}

const AFTER_NAME = new CodeSet('=:"\'`\\] \t<>!?+%&(,\n\r');

/** Whether a name that has a value may end before a unit: a separator, or what closes the name. */
export function mayFollowName(code: number): boolean {
  return AFTER_NAME.has(code) || code >= 128;
}

function skipBlanks(view: TextView, from: number): number {
  let at = from;
  while (at - from < LONGEST_PADDING && isBlank(view.at(at))) at++;
  return at;
}

/** Skips what closes a quoted or bracketed name: `"`, `\"`, `']`, a backtick. */
function skipNameClose(view: TextView, from: number): number {
  let at = from;
  const quote = skipBackslashes(view, at);
  if (isQuote(view.at(quote))) at = quote + 1;
  if (view.at(at) === 93) at++;
  return at;
}

/** Skips the backslashes before a quote: JSON in a string in a string has three. */
function skipBackslashes(view: TextView, from: number): number {
  let at = from;
  while (at - from < 7 && view.at(at) === BACKSLASH) at++;
  return at;
}

function isQuote(code: number): boolean {
  return code === QUOTE || code === APOSTROPHE || code === BACKTICK;
}

/** Finds the value that belongs to a name; what it is worth is judged elsewhere. */
export function findValue(
  view: TextView,
  nameStart: number,
  nameEnd: number,
  family: KeyFamily,
): ValueSite | undefined {
  const opener = view.before(nameStart - 1);
  // <password>value</password>; a lone <password> is a placeholder.
  if (opener === LESS && view.at(nameEnd) === GREATER) return readElement(view, nameEnd + 1);
  // <key>password</key><string>value</string>
  if (opener === GREATER && view.has('</', nameEnd)) {
    const next = skipToElement(view, nameEnd);
    return next < 0 ? undefined : readElement(view, next);
  }
  if (view.at(nameEnd) === OPENING_PAREN)
    return MAY_STAND_ALONE.has(family) ? readArgument(view, nameStart, nameEnd + 1) : undefined;
  const closed = skipNameClose(view, nameEnd);
  // <property name="db.password">value</property>
  if (closed > nameEnd && view.at(closed) === GREATER) return readElement(view, closed + 1);
  const afterName = skipBlanks(view, closed);
  const separator = readSeparator(view, afterName);
  if (separator !== undefined) {
    const valueStart = skipEmphasis(view, skipBlanks(view, separator.end));
    const spaced = valueStart > separator.end && afterName > closed;
    // `"Password:"`: the string ends here.
    if (closed === nameEnd && isQuote(opener) && view.at(valueStart) === opener) return undefined;
    if (separator.compares === true && !isQuote(view.at(valueStart))) return undefined;
    // `arn:aws:secretsmanager:…`, and the token in the address of a badge, name nothing secret.
    const mayBePublic =
      opener === COLON ||
      opener === QUESTION ||
      (opener === 32 && view.before(nameStart - 2) === 121);
    if (mayBePublic && PUBLIC_CONTEXT.test(contextBefore(view, nameStart))) return undefined;
    const block = separator.name === 'colon' ? skipBlockOpening(view, valueStart) : -1;
    if (block >= 0) return readBare(view, block, 'colon', false);
    return readValue(view, valueStart, separator.name, spaced, family);
  }
  const pair = findPairedValue(view, closed);
  if (pair >= 0) return readValue(view, skipBlanks(view, pair), 'colon', false, family);
  if (view.at(afterName) === COMMA)
    return readNextArgument(view, nameStart, nameEnd, afterName + 1);
  if (closed > nameEnd) return readDefault(view, closed);
  const link = skipLink(view, afterName, afterName > closed);
  if (link >= 0) {
    return onlyIf(
      readToken(view, link),
      view,
      (value) => isMadeUp(value) && (!isIdentifier(value) || isQuote(view.at(link))),
    );
  }
  if (view.at(afterName) === 124 && TABLE_CELL.test(contextBefore(view, nameStart))) {
    const cell = readToken(view, skipBlanks(view, afterName + 1));
    return onlyIf(cell, view, isMadeUp);
  }
  if (afterName === closed) return undefined;
  // --password value
  if (opener === DASH || (view.at(nameStart) === DASH && !isWordCode(opener))) {
    return readValue(view, afterName, 'flag', false, family);
  }
  if (!MAY_STAND_ALONE.has(family)) return undefined;
  const site = readToken(view, afterName);
  const value = view.slice(site.start, site.end);
  if (value.length < 3) return undefined;
  // ENV DB_PASSWORD value; machine h login l password value
  if (isBlank(opener) && SETTERS.has(wordBefore(view, nameStart - 1)))
    return readValue(view, afterName, 'equals', false, family);
  if (family === 'password' && isSpace(opener) && LOGIN.test(contextBefore(view, nameStart)))
    return readValue(view, afterName, 'blank', false, family);
  // `secret key 3f9c1a7b…`: without a separator only what cannot be a word.
  const isOpaqueValue = isOpaque(value);
  if (!isOpaqueValue && family !== 'password') return undefined;
  // ALTER USER u PASSWORD 'value'; requirepass value
  const isQuotedValue = view.at(afterName) === APOSTROPHE && isSpace(opener);
  const isNoWord = isMadeUp(value) && /\d/.test(value) && value.length >= 8;
  const isValue =
    isOpaqueValue || isQuotedValue || (isNoWord && !isIdentifier(value) && !/\d\.\d/.test(value));
  return isValue && !REFUSED.test(contextBefore(view, nameStart)) ? site : undefined;
}

/** Instructions and commands that set a variable. */
const SETTERS = new Set(['ENV', 'ARG', 'setx', 'SETX']);
const LOGIN = /(?:^|\s)login\s+\S+\s+$/;

/** The word that ends before an index, as far as it is short. */
function wordBefore(view: TextView, end: number): string {
  let start = end;
  while (end - start < 6 && isWordCode(view.before(start - 1))) start--;
  return view.slice(start, end);
}

const MAY_STAND_ALONE: ReadonlySet<KeyFamily> = new Set(['password', 'token', 'secret', 'key']);

const PUBLIC_CONTEXT = /(?:^|[^\w])arn:[\w:-]*:$|\.svg\?$|public key $/i;

function readElement(view: TextView, from: number): ValueSite | undefined {
  const isCharacterData = view.has('<![CDATA[', from);
  if (!isCharacterData) {
    const site = readUntil(view, from, (code) => code === LESS || isLineBreak(code), 'element');
    return site.goesOn !== undefined || view.has('</', site.end) ? site : undefined;
  }
  const start = from + 9;
  let end = start;
  while (view.at(end) >= 0 && !isLineBreak(view.at(end)) && !view.has(']]>', end)) end++;
  const site: ValueSite = { start, end, quoted: true, spaced: false, separator: 'element' };
  if (end >= view.high) return { ...site, goesOn: (code) => code !== 93 && !isLineBreak(code) };
  return view.at(end) === 93 ? site : undefined;
}

/** Elements that hold the value of the element before them: property lists, tables, definition lists. */
const VALUE_ELEMENTS = ['<string>', '<value>', '<data>', '<td>', '<dd>'];

/** Where the content of the next element begins, if that follows at once; -1 else. */
function skipToElement(view: TextView, from: number): number {
  let at = from;
  while (at - from < 24 && view.at(at) !== GREATER) at++;
  at++;
  while (at - from < 64 && isSpace(view.at(at))) at++;
  if (!VALUE_ELEMENTS.some((element) => view.has(element, at))) return -1;
  while (at - from < 96 && view.at(at) !== GREATER) at++;
  return view.at(at) === GREATER ? at + 1 : -1;
}

/** Before a name: words of messages about what is wrong with it. */
const REFUSED =
  /(?:unexpected|invalid|unknown|illegal|bad|expected|missing|no|of|per|next|last)\s+$/i;

function onlyIf(
  site: ValueSite,
  view: TextView,
  condition: (value: string) => boolean,
): ValueSite | undefined {
  return condition(view.slice(site.start, site.end)) ? site : undefined;
}

/** A word that is no word: letters and digits or marks, and long enough. */
function isMadeUp(value: string): boolean {
  return (
    value.length >= 6 &&
    /[A-Za-z]/.test(value) &&
    /[\d@#$%^*!+=]/.test(value) &&
    /[A-Za-z]{2}|\d[A-Za-z]\d/.test(value) &&
    !/^[-+.\deE]+$/.test(value)
  );
}

/** One token, in quotes or not. */
function readToken(view: TextView, from: number): ValueSite {
  view.maskFrom = Math.max(view.maskFrom, from);
  const start = view.at(from) === BACKSLASH && isQuote(view.at(from + 1)) ? from + 1 : from;
  const quote = view.at(start);
  if (!isQuote(quote)) return readBare(view, from, 'blank', false);
  const ends = (code: number): boolean => code === quote || code === BACKSLASH || isSpace(code);
  return readUntil(view, start + 1, ends, 'blank');
}

/** `**Password:** value` of Markdown. */
function skipEmphasis(view: TextView, from: number): number {
  const isMark = view.has('**', from) || view.has('__', from);
  return isMark && isBlank(view.at(from + 2)) ? skipBlanks(view, from + 2) : from;
}

/** What links a name to its value in prose, in some languages. */
const TABLE_CELL = /\|\s*[*`]*$/;
const LINKS = [
  'set to',
  'changed to',
  'reset to',
  'changed from',
  'is',
  'was',
  'ist',
  'lautet',
  'est',
  'es',
  '\u00e9',
  '\u00e8',
  'jest',
  '\u044d\u0442\u043e',
  '->',
  '=>',
  '\u2192',
  '\u2014',
  '\u2013',
];
const LINKS_WITHOUT_BLANK = ['\u662f', '\u4e3a', '\u70ba', '\u306f', '\ub294', '\uc740'];

function skipLink(view: TextView, from: number, isSpaced: boolean): number {
  for (const link of LINKS_WITHOUT_BLANK) {
    if (!view.has(link, from)) continue;
    const at = skipBlanks(view, from + link.length);
    return view.at(at) === COLON || FULLWIDTH.has(view.at(at)) ? skipBlanks(view, at + 1) : at;
  }
  if (!isSpaced) return -1;
  for (const link of LINKS) {
    if (!view.has(link, from)) continue;
    let at = from + link.length;
    if (view.at(at) === COLON) at++;
    const next = skipBlanks(view, at);
    if (next > at) return next;
  }
  return -1;
}

/** Verbs that make a call ask for a value, or speak of one, and do not give it. */
const ASKING =
  /(?:^|[^a-z])(?:get|find|read|parse|fetch|load|resolve|lookup|delete|remove|new|generate|create|validate|verify|check|compare|hash|prompt|input|ask|has|is|need|require|label|translate|encode|decode|replace|split|join|match|test|equals|includes|trim|format)[^a-z]*$/i;

/** `setPassword("value")`, `.password('value')`. */
function readArgument(view: TextView, nameStart: number, from: number): ValueSite | undefined {
  const at = skipBlanks(view, from);
  const quote = view.at(at);
  if (!isQuote(quote)) return undefined;
  view.maskFrom = Math.max(view.maskFrom, at + 1);
  const site = readUntil(view, at + 1, (code) => code === quote || isSpace(code), 'blank');
  const name = view.slice(nameStart, from - 1).replace(/([a-z])([A-Z])/g, '$1_$2');
  if (ASKING.test(name.replace(/[^_.-]*$/, '')) || view.at(site.end) !== quote) return undefined;
  if (/new\s+$/.test(contextBefore(view, nameStart))) return undefined;
  return onlyIf(site, view, (value) => isMadeUp(value) && !isIdentifier(value));
}

/** Calls that take a name and its value. */
const SETTING =
  /(?:set|put|add|define|env|header|append|config|param|property|option)\w*\(\s*["']?$/i;

/** `define('DB_PASSWORD', 'value')`, `os.getenv("API_KEY", "value")`. */
function readNextArgument(
  view: TextView,
  nameStart: number,
  nameEnd: number,
  from: number,
): ValueSite | undefined {
  const at = skipBlanks(view, from);
  const quote = view.at(at);
  if (!isQuote(quote)) return undefined;
  view.maskFrom = Math.max(view.maskFrom, at + 1);
  const site = readUntil(view, at + 1, (code) => code === quote || isSpace(code), 'blank');
  if (view.at(site.end) !== quote) return undefined;
  const isConstant = /^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/.test(view.slice(nameStart, nameEnd));
  if (!isConstant && !SETTING.test(contextBefore(view, nameStart))) return undefined;
  const isValue = (value: string): boolean =>
    value.length >= 8 && isMadeUp(value) && (isConstant || !/[.*[\]@]/.test(value));
  return onlyIf(site, view, isValue);
}

const DEFAULTS = ['or ', '?? ', '|| ', '?: '];

/** `os.environ.get("PASSWORD") or "value"`. */
function readDefault(view: TextView, from: number): ValueSite | undefined {
  if (view.at(from) !== 41) return undefined;
  const at = skipBlanks(view, from + 1);
  const word = DEFAULTS.find((each) => view.has(each, at));
  if (word === undefined || at === from + 1) return undefined;
  const quoteAt = skipBlanks(view, at + word.length);
  const quote = view.at(quoteAt);
  if (!isQuote(quote)) return undefined;
  view.maskFrom = Math.max(view.maskFrom, quoteAt + 1);
  const site = readUntil(view, quoteAt + 1, (code) => code === quote || isSpace(code), 'blank');
  return view.at(site.end) === quote ? onlyIf(site, view, isMadeUp) : undefined;
}

/** `|` and `>` of a YAML block (with a number or a sign), or a line of its own for a value that is no word; -1 else. */
function skipBlockOpening(view: TextView, from: number): number {
  let at = from;
  const isBlock = view.at(at) === 124 || view.at(at) === GREATER;
  if (isBlock) {
    at++;
    while (
      at - from < 3 &&
      (view.at(at) === 45 || view.at(at) === 43 || inClass(view.at(at), CLASS_BITS.d))
    )
      at++;
    at = skipBlanks(view, at);
  }
  if (!isLineBreak(view.at(at))) return -1;
  at += view.at(at) === 13 && view.at(at + 1) === 10 ? 2 : 1;
  const start = skipBlanks(view, at);
  if (start === at) return -1;
  if (isBlock) return start;
  const { end } = readBare(view, start, 'colon', false);
  const next = view.at(end);
  return (next < 0 || isSpace(next)) && isOpaque(view.slice(start, end)) ? start : -1;
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
): { end: number; name: 'equals' | 'colon'; compares?: true } | undefined {
  const code = view.at(at);
  const next = view.at(at + 1);
  const fullwidth = FULLWIDTH.get(code);
  if (fullwidth !== undefined) return { end: at + 1, name: fullwidth };
  if (code === EQUALS) {
    // `=>` of Ruby and PHP, `==` and `===` of a comparison, `=~` of a match.
    if (next === GREATER) return { end: at + 2, name: 'equals' };
    if (next === EQUALS)
      return { end: view.at(at + 2) === EQUALS ? at + 3 : at + 2, name: 'equals', compares: true };
    return { end: at + 1, name: 'equals' };
  }
  if (code === LESS && next === DASH) return { end: at + 2, name: 'equals' };
  if (code === COLON) {
    if (next === EQUALS || next === COLON)
      return { end: at + 2, name: next === EQUALS ? 'equals' : 'colon' };
    return readTypeAnnotation(view, at) ?? { end: at + 1, name: 'colon' };
  }
  // `!=` of a comparison, `?=` and `+=` of make.
  if ((code === 33 || code === 63 || code === 43) && next === EQUALS) {
    return { end: view.at(at + 2) === EQUALS ? at + 3 : at + 2, name: 'equals' };
  }
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
    (isSpace(view.at(at)) || view.at(at) === 123 || (view.at(at) === COMMA && at - closed < 4))
  )
    at++;
  if (at === closed) return -1;
  if (isQuote(view.at(at))) at++;
  const word = ['value', 'Value', 'default'].find((each) => view.has(each, at));
  if (word === undefined) return -1;
  at += word.length;
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
  start = skipQuoteEntity(view, start);
  const unescaped = skipBackslashes(view, start);
  const escaped = unescaped > start && isQuote(view.at(unescaped));
  if (escaped) start = unescaped;
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
    if (next === 38 && isEntity(view, at)) break;
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

/** A quote written for markup. */
function skipQuoteEntity(view: TextView, from: number): number {
  if (view.at(from) !== 38) return from;
  const entity = ['&quot;', '&#34;', '&apos;', '&#39;'].find((each) => view.has(each, from));
  return from + (entity?.length ?? 0);
}

/** `&quot;`, `&amp;`: markup, not a part of the value. */
function isEntity(view: TextView, at: number): boolean {
  let end = at + 1;
  while (end - at < 8 && (inClass(view.at(end), CLASS_BITS.a) || view.at(end) === 35)) end++;
  return end > at + 1 && view.at(end) === 59;
}

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
