import { isBlank, isSpace, isWordCode } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import type { KeyFamily } from './key-names.ts';
import { isQuote, lineBefore, skipBlanks, textBefore } from './reading.ts';
import { isIdentifier, isMadeUp, isOpaque } from './value-score.ts';
import { onlyIf, readToken, readValue } from './value-site.ts';
import type { ValueSite } from './value-site.ts';

const APOSTROPHE = 39;
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
  const owned = skipOwner(view, afterName);
  if (owned >= 0) {
    const isValue = (value: string): boolean => isMadeUp(value) && !isIdentifier(value);
    return onlyIf(readToken(view, owned), view, isValue);
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

const LONGEST_OWNER = 40;

/** `password for joe: X`: behind whom or what it is for; -1 where that is not said. */
function skipOwner(view: TextView, from: number): number {
  if (!['for ', 'of '].some((word) => view.has(word, from))) return -1;
  let at = from;
  while (at - from < LONGEST_OWNER && view.at(at) >= 32 && view.at(at) !== COLON) at++;
  return view.at(at) === COLON && isBlank(view.at(at + 1)) ? skipBlanks(view, at + 1) : -1;
}
