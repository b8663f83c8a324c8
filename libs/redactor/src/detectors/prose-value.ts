import { CodeSet, isBlank, isLineBreak, isSpace, isWordCode } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import type { KeyFamily } from './key-names.ts';
import { isQuote, lineBefore, skipBlanks, textBefore } from './reading.ts';
import { isIdentifier, isMadeUp, isOpaque, isRandom, isWordy } from './value-score.ts';
import { onlyIf, readToken, readUntil, readValue } from './value-site.ts';
import type { ValueSite } from './value-site.ts';
import { namesPhrase, readGroups, readWords } from './word-groups.ts';

const APOSTROPHE = 39;
const OPENING_PAREN = 40;
const ASTERISK = 42;
const COMMA = 44;
const DASH = 45;
const DOT = 46;
const EQUALS = 61;
const GREATER = 62;
const AT = 64;
const CLOSING_PAREN = 41;
const SLASH = 47;
const COLON = 58;
const FULLWIDTH_COLON = 0xff1a;
const BACKTICK = 96;
const PIPE = 124;

/** `the password is X`, `| password | X |`: prose and tables. */
export function readLinked(
  view: TextView,
  nameStart: number,
  nameEnd: number,
  family: KeyFamily,
): ValueSite | undefined {
  const afterName = skipBlanks(view, nameEnd);
  const link = skipLink(view, afterName, afterName > nameEnd);
  const isPhrase = namesPhrase(view.slice(nameStart, nameEnd));
  if (link >= 0 && isPhrase && isQuote(view.at(link))) {
    const quote = view.at(link);
    return readUntil(view, link + 1, (code) => code === quote || isLineBreak(code), 'blank');
  }
  if (link >= 0) {
    const isCode = namesCode(view.slice(nameStart, nameEnd));
    const isValue = (value: string): boolean =>
      (isMadeUp(value) && !isPair(value) && (!isIdentifier(value) || isQuote(view.at(link)))) ||
      (isCode && /^\d{4,8}$/.test(value));
    const linked = onlyIf(readToken(view, link), view, isValue);
    if (linked !== undefined) return linked;
  }
  if (afterName > nameEnd) {
    const owned = readOwned(view, nameStart, nameEnd, afterName, family);
    if (owned !== undefined) return owned;
  }
  if (view.at(afterName) !== PIPE || !TABLE_CELL.test(lineBefore(view, nameStart)))
    return undefined;
  const cell = readToken(view, skipBlanks(view, afterName + 1));
  // `A.KEY_READ | A.KEY_WRITE2` of a program is no table.
  const isCell = (value: string): boolean =>
    isMadeUp(value) && !isIdentifier(value) && !/^[\w.]+\.[A-Z][A-Z\d_]+$/.test(value);
  return onlyIf(cell, view, isCell);
}

/** `mfa=totp trace=6ae2…`: the next pair of a line of pairs. */
function isPair(value: string): boolean {
  return /^[a-z_.]{2,16}=[^=]/.test(value);
}

/** Whether a name speaks of a secret that is a short number. */
function namesCode(name: string): boolean {
  return /^(?:.*\W)?(?:pin|otp|(?:pass)?code)$/i.test(name);
}

const TABLE_CELL = /(?:\||^)\s*[*`]*$/;

/** `secret key 3f9c1a7b…`, `requirepass X`, `ENV DB_PASSWORD X`: nothing but a blank stands between. */
export function readStandingAlone(
  view: TextView,
  nameStart: number,
  afterName: number,
  family: KeyFamily,
): ValueSite | undefined {
  const opener = view.before(nameStart - 1);
  const site = readToken(view, afterName);
  const value = view.slice(site.start, site.end);
  if (value.length < 3 || isPair(value)) return undefined;
  // ENV DB_PASSWORD value; machine h login l password value
  if (isBlank(opener) && SETTERS.has(wordBefore(view, nameStart - 1)))
    return readValue(view, afterName, 'equals', false, family);
  if (
    family === 'password' &&
    isSpace(opener) &&
    LOGIN.test(textBefore(view, nameStart, LONGEST_LOGIN))
  )
    return readValue(view, afterName, 'blank', false, family);
  // `Pass \`--flag=value\``, `pass \`call()\`` of documentation.
  if (view.at(afterName) === BACKTICK && /^-|\(\)$/.test(value)) return undefined;
  // Without a separator only what cannot be a word.
  const isOpaqueValue = isOpaque(value);
  const isMixed = value.length >= 12 && /[a-z]/.test(value) && /[A-Z]/.test(value);
  if (!isOpaqueValue && family !== 'password' && !(isMixed && isRandom(value))) return undefined;
  // ALTER USER u PASSWORD 'value'
  const quote = view.at(afterName);
  const isQuotedValue =
    (isSpace(opener) || opener === ASTERISK) &&
    (quote === APOSTROPHE || (isQuote(quote) && isMadeUp(value) && !isIdentifier(value)));
  const isNoWord = isMadeUp(value) && /\d/.test(value) && value.length >= 8;
  const isValue =
    isOpaqueValue ||
    isQuotedValue ||
    (isNoWord && !isIdentifier(value) && !/\d\.\d|^[a-z_.]+=/.test(value));
  return isValue && !REFUSED.test(lineBefore(view, nameStart)) ? site : undefined;
}

/**
 * Whether a mask stands behind a name: what the name speaks of was masked there. The words between them were none then,
 * and are none now.
 */
export function isMaskBehind(view: TextView, from: number): boolean {
  let at = from;
  while (at - from < LONGEST_OWNER && view.at(at) >= 0) at++;
  return view.slice(from, at).includes('[REDACTED:');
}

/** Instructions and commands that set a variable. */
const SETTERS = new Set(['ENV', 'ARG', 'setx', 'SETX', 'define']);
const LONGEST_LOGIN = 80;
const LOGIN = /(?:^|\s)login\s+\S+\s+$|(?:^|\n)[ \t]*user(?:name)?[ \t]+\S+[ \t]*\r?\n[ \t]*$/;

/** The word that ends before an index, as far as it is short. */
function wordBefore(view: TextView, end: number): string {
  let start = end;
  while (end - start < 6 && isWordCode(view.before(start - 1))) start--;
  return view.slice(start, end);
}

/** Before a name: words of messages about what is wrong with it. */
const REFUSED =
  /(?:unexpected|invalid|unknown|illegal|bad|expected|missing|no|of|per|next|last)\s+$/i;

/** What links a name to its value in prose, in some languages. */
const LINKS = [
  'created',
  'issued',
  'generated',
  'rotated',
  'received',
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
  '\u2192',
  '\u2014',
  '\u2013',
];
/** Words that begin to say whose a password is. */
const OWNER =
  /^(?:for|of|f\u00fcr|f\u00fcrs|fuer|zu[mr]?|vo[nm]|voor|van|pour|de[lsi]?|du|para|per|da|do|dla|na|\u0434\u043b\u044f|\u043e\u0442|\u043a) /;
/** Verbs of being, which may stand behind words about the name. */
const FAR_LINKS = new Set(
  '\u2014 \u2013 -> \u2192 is was ist lautet est es \u00e9 \u00e8 jest je \u00e4r er on para auf \u044d\u0442\u043e \u0647\u064a \u0647\u0648'.split(
    ' ',
  ),
);
/** Units of ASCII with which a link begins. */
const MAY_LINK = new CodeSet(LINKS.map((link) => link.charAt(0)).join(''));
const LINKS_WITHOUT_BLANK = ['\u662f', '\u4e3a', '\u70ba', '\u306f', '\ub294', '\uc740'];

function skipLink(view: TextView, from: number, isSpaced: boolean): number {
  if (!MAY_LINK.has(view.at(from)) && view.at(from) < 128) return -1;
  for (const link of LINKS_WITHOUT_BLANK) {
    if (!view.has(link, from)) continue;
    const at = skipBlanks(view, from + link.length);
    return view.at(at) === COLON || view.at(at) === FULLWIDTH_COLON ? skipBlanks(view, at + 1) : at;
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

/** Units of the words between a name and its value. */
const LONGEST_OWNER = 112;
/** Before a name: it is given another value. */
const SETTING = /(?:^|[^a-z])(?:set|chang|reset|updat|rotat|switch)\w*\s[^:=]{0,30}$/i;

/**
 * The value behind words that say whose or what for the name is: `password for joe: X`, `mot de passe du wifi est X`,
 * `API key of the shop (X)`, `set the password of root to X`, `a password is generated for root: X`.
 */
function readOwned(
  view: TextView,
  nameStart: number,
  nameEnd: number,
  from: number,
  family: KeyFamily,
): ValueSite | undefined {
  const name = view.slice(nameStart, nameEnd);
  const isPhrase = namesPhrase(name);
  const isCode = namesCode(name);
  const isOwned = OWNER.test(firstWord(view, from));
  let wordStart = from;
  let lastWord = '';
  let words = 0;
  for (let at = from; at - from < LONGEST_OWNER; at++) {
    const code = view.at(at);
    if (code === COLON && (isBlank(view.at(at + 1)) || isLineBreak(view.at(at + 1)))) {
      if (PUBLIC_WORDS.has(view.slice(wordStart, at).toLowerCase())) return undefined;
      const isLinked = FAR_LINKS.has(view.slice(wordStart, at) || lastWord);
      const site = readBehindColon(view, at + 1, isOwned || isLinked, family);
      if (site !== undefined) return site;
      return isPhrase ? readWords(view, at + 1) : readGroups(view, skipBlanks(view, at + 1));
    }
    if (code === OPENING_PAREN) {
      const inside = onlyIf(readToken(view, at + 1), view, isRandom);
      if (inside !== undefined && view.at(inside.end) === CLOSING_PAREN) return inside;
      const opening = at;
      while (at - from < LONGEST_OWNER && view.at(at) >= 32 && view.at(at) !== CLOSING_PAREN) at++;
      if (view.at(at) !== CLOSING_PAREN || /public/i.test(view.slice(opening, at)))
        return undefined;
      wordStart = at + 1;
      continue;
    }
    // `PASSWORD elastic = X`
    if (code === EQUALS && words === 1 && wordStart === at && isBlank(view.at(at + 1)))
      return onlyIf(readToken(view, skipBlanks(view, at + 1)), view, isRandom);
    if (!isBlank(code)) {
      // The arrow `->`.
      if (isProseCode(code) || (code === GREATER && view.at(at - 1) === DASH)) continue;
      return undefined;
    }
    const word = view.slice(wordStart, at);
    lastWord = word;
    if (PUBLIC_WORDS.has(word.toLowerCase())) return undefined;
    wordStart = at + 1;
    words++;
    const isLink =
      FAR_LINKS.has(word) || (word === 'to' && SETTING.test(lineBefore(view, nameStart)));
    // In some languages nothing links: `\u043f\u0430\u0440\u043e\u043b\u044c \u043e\u0442 \u0441\u0435\u0440\u0432\u0435\u0440\u0430 X`.
    const isClause = words <= 3 && !IS_ASCII.test(view.slice(from, at));
    if (!isLink && !isClause) continue;
    const next = skipBlanks(view, at);
    const quote = view.at(next);
    if (isPhrase && isLink && isQuote(quote))
      return readUntil(view, next + 1, (code) => code === quote || isLineBreak(code), 'blank');
    const isValue = (value: string): boolean =>
      isRandom(value) ||
      (isLink && (isLongMixed(value) || (isCode && /^\d{4,8}$/.test(value)))) ||
      (isLink && family === 'password' && isPassword(value));
    const linked = onlyIf(readToken(view, next), view, isValue);
    if (linked !== undefined) return linked;
  }
  return undefined;
}

/** The first word behind an index, with the blank behind it; short words alone. */
function firstWord(view: TextView, from: number): string {
  let at = from;
  while (at - from < 6 && view.at(at) > 32) at++;
  return view.slice(from, isBlank(view.at(at)) ? at + 1 : at);
}

/** Words behind a name that make it speak of something public: `token mint address: X`. */
const PUBLIC_WORDS = new Set(
  'address addresses id ids name names url hash digest checksum fingerprint type policy count length version format file path hint example mint'.split(
    ' ',
  ),
);

const IS_ASCII = /^[\x20-\x7e]*$/;

/** A value behind a colon, or alone on one of the next two lines. */
function readBehindColon(
  view: TextView,
  from: number,
  isClear: boolean,
  family: KeyFamily,
): ValueSite | undefined {
  let at = skipBlanks(view, from);
  const isBelow = isLineBreak(view.at(at));
  for (let lines = 0; lines < 2 && isLineBreak(view.at(at)); lines++)
    at = skipBlanks(view, at + (view.has('\r\n', at) ? 2 : 1));
  const site = readToken(view, at);
  const value = view.slice(site.start, site.end);
  const next = view.at(site.end);
  if (isBelow) return isLineEnd(next) && (isRandom(value) || isOpaque(value)) ? site : undefined;
  const isValue = isClear
    ? (isMadeUp(value) && !isIdentifier(value)) || (family === 'password' && isPassword(value))
    : isLongMixed(value);
  return isValue || isRandom(value) ? site : undefined;
}

/** What people choose: words and digits, with marks or both cases; no host, no version, no address. */
function isPassword(value: string): boolean {
  if (!/^[\p{L}\w.!?#%+*&@$-]{8,40}$/u.test(value) || !/\p{L}{3}/u.test(value)) return false;
  if (/\p{L}[!#$%&*+]\p{L}/u.test(value)) return true;
  if (!/\d/.test(value) || /^[\w-]+\.[a-z]{2,6}$|^v?\d|^[A-Z\d_-]+$|\.\d+\.\d/.test(value))
    return false;
  return /\p{Lu}/u.test(value) ? /\p{Ll}/u.test(value) : /[_.!?#%+*-]\d{1,4}$/.test(value);
}

/** Long enough, with digits and both cases, and no words. */
function isLongMixed(value: string): boolean {
  const isMixed = /\d/.test(value) && /[a-z]/.test(value) && /[A-Z]/.test(value);
  return (
    isMixed && value.length >= 10 && isMadeUp(value) && !isIdentifier(value) && !isWordy(value)
  );
}

function isLineEnd(code: number): boolean {
  return code < 0 || isLineBreak(code);
}

/** Letters of any language, digits, and what stands in words. */
function isProseCode(code: number): boolean {
  return (
    isWordCode(code) ||
    code >= 128 ||
    code === DASH ||
    code === APOSTROPHE ||
    code === DOT ||
    code === COLON ||
    code === SLASH ||
    code === COMMA ||
    code === AT
  );
}
