import { isBlank, isSpace, isWordCode } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import type { KeyFamily } from './key-names.ts';
import { isQuote, lineBefore, skipBlanks, textBefore } from './reading.ts';
import { isIdentifier, isMadeUp, isOpaque, isRandom } from './value-score.ts';
import { onlyIf, readToken, readValue } from './value-site.ts';
import type { ValueSite } from './value-site.ts';

const APOSTROPHE = 39;
const OPENING_PAREN = 40;
const DASH = 45;
const DOT = 46;
const COLON = 58;
const FULLWIDTH_COLON = 0xff1a;
const PIPE = 124;

/** `the password is X`, `| password | X |`: prose and tables. */
export function readLinked(
  view: TextView,
  nameStart: number,
  nameEnd: number,
): ValueSite | undefined {
  const afterName = skipBlanks(view, nameEnd);
  const link = skipLink(view, afterName, afterName > nameEnd);
  if (link >= 0) {
    const isValue = (value: string): boolean =>
      isMadeUp(value) && (!isIdentifier(value) || isQuote(view.at(link)));
    return onlyIf(readToken(view, link), view, isValue);
  }
  if (afterName > nameEnd) {
    const { at, isClear } = skipOwner(view, nameStart, afterName);
    if (at >= 0) {
      const isValue = (value: string): boolean =>
        isClear ? isMadeUp(value) && !isIdentifier(value) : isRandom(value);
      return onlyIf(readToken(view, at), view, isValue);
    }
  }
  if (view.at(afterName) !== PIPE || !TABLE_CELL.test(lineBefore(view, nameStart)))
    return undefined;
  return onlyIf(readToken(view, skipBlanks(view, afterName + 1)), view, isMadeUp);
}

const TABLE_CELL = /\|\s*[*`]*$/;

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
  if (value.length < 3) return undefined;
  // ENV DB_PASSWORD value; machine h login l password value
  if (isBlank(opener) && SETTERS.has(wordBefore(view, nameStart - 1)))
    return readValue(view, afterName, 'equals', false, family);
  if (
    family === 'password' &&
    isSpace(opener) &&
    LOGIN.test(textBefore(view, nameStart, LONGEST_LOGIN))
  )
    return readValue(view, afterName, 'blank', false, family);
  // Without a separator only what cannot be a word.
  const isOpaqueValue = isOpaque(value);
  if (!isOpaqueValue && family !== 'password') return undefined;
  // ALTER USER u PASSWORD 'value'
  const isQuotedValue = view.at(afterName) === APOSTROPHE && isSpace(opener);
  const isNoWord = isMadeUp(value) && /\d/.test(value) && value.length >= 8;
  const isValue =
    isOpaqueValue || isQuotedValue || (isNoWord && !isIdentifier(value) && !/\d\.\d/.test(value));
  return isValue && !REFUSED.test(lineBefore(view, nameStart)) ? site : undefined;
}

/** Instructions and commands that set a variable. */
const SETTERS = new Set(['ENV', 'ARG', 'setx', 'SETX']);
const LONGEST_LOGIN = 80;
const LOGIN = /(?:^|\s)login\s+\S+\s+$/;

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
/** Links that may stand behind words about the name: verbs of being. */
const FAR_LINKS = new Set(
  'is was ist lautet est es \u00e9 \u00e8 jest \u00e4r er on on: \u044d\u0442\u043e'.split(' '),
);
const LINKS_WITHOUT_BLANK = ['\u662f', '\u4e3a', '\u70ba', '\u306f', '\ub294', '\uc740'];

function skipLink(view: TextView, from: number, isSpaced: boolean): number {
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

/** Units of the words between a name and what links it to its value. */
const LONGEST_OWNER = 48;
/** Before a name: it is given another value. */
const SETTING = /(?:^|[^a-z])(?:set|chang|reset|updat|rotat|switch)\w*\s[^:=]{0,30}$/i;

/**
 * Where the value may begin behind words that say whose or what for the name is: `password for joe: X`, `mot de passe du
 * wifi est X`, `API key of the shop (X)`, `set the password of root to X`; -1 where none do. It is clear when they are in
 * the one form that says nothing else.
 */
function skipOwner(
  view: TextView,
  nameStart: number,
  from: number,
): { at: number; isClear: boolean } {
  const none = { at: -1, isClear: false };
  let wordStart = from;
  for (let at = from; at - from < LONGEST_OWNER; at++) {
    const code = view.at(at);
    if (code === COLON && isBlank(view.at(at + 1))) {
      const isClear = view.has('for ', from) || view.has('of ', from);
      return { at: skipBlanks(view, at + 1), isClear };
    }
    if (code === OPENING_PAREN && at > from) return { at: at + 1, isClear: false };
    if (isBlank(code)) {
      const word = view.slice(wordStart, at);
      const isLink =
        FAR_LINKS.has(word) || (word === 'to' && SETTING.test(lineBefore(view, nameStart)));
      if (isLink) return { at: skipBlanks(view, at), isClear: false };
      wordStart = at + 1;
    } else if (!isProseCode(code)) return none;
  }
  return none;
}

/** Letters of any language, digits, and what stands in words. */
function isProseCode(code: number): boolean {
  return isWordCode(code) || code >= 128 || code === DASH || code === APOSTROPHE || code === DOT;
}
