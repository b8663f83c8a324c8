import { CLASS_BITS, inClass, isLineBreak, isSpace } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import { isQuote, skipBlanks } from './reading.ts';
import { isOpaque } from './value-score.ts';
import { readUntil } from './value-site.ts';
import type { ValueSite } from './value-site.ts';

/** Lines below a secret that are looked at. */
const MOST_ALIKE = 24;

/** The lines below a secret that are built as it is: recovery codes. */
export function readAlike(view: TextView, start: number, end: number): ValueSite[] {
  const sites: ValueSite[] = [];
  const shape = shapeOf(view, start, end);
  for (let at = end; sites.length < MOST_ALIKE;) {
    if (!isLineBreak(view.at(at))) return sites;
    const from = skipBlanks(view, at + (view.has('\r\n', at) ? 2 : 1));
    const until = from + end - start;
    const next = view.at(until);
    if (shapeOf(view, from, until) !== shape || !(next < 0 || isLineBreak(next))) return sites;
    sites.push({ start: from, end: until, quoted: false, spaced: false, separator: 'blank' });
    at = until;
  }
  return sites;
}

/** A text with its letters and digits made one. */
function shapeOf(view: TextView, start: number, end: number): string {
  let shape = '';
  for (let at = start; at < end; at++) {
    const code = view.at(at);
    if (code < 0) return '';
    shape += inClass(code, CLASS_BITS.a) ? 'a' : String.fromCharCode(code);
  }
  return shape;
}

/** Lines over which a value is folded. */
const MOST_FOLDS = 8;
/** Units from which on a value, and a line that goes on with it, are long enough to be folded. */
const SHORTEST_FOLDED = 24;
const SHORTEST_FOLD = 16;

/**
 * The lines that go on with a value at the end of its line: behind a backslash, or where a terminal, a mail or a header
 * has folded a value that is no word.
 */
export function readFolded(view: TextView, start: number, end: number): ValueSite[] {
  const sites: ValueSite[] = [];
  const isContinued = view.at(end - 1) === BACKSLASH;
  if (!isContinued && (end - start < SHORTEST_FOLDED || !isOpaque(view.slice(start, end))))
    return [];
  for (let at = end; sites.length < MOST_FOLDS;) {
    if (!isLineBreak(view.at(at))) return sites;
    const from = skipBlanks(view, at + (view.has('\r\n', at) ? 2 : 1));
    let until = from;
    while (inClass(view.at(until), CLASS_BITS.m) || view.at(until) === DOT) until++;
    const next = view.at(until);
    const isWhole = next < 0 || isSpace(next) || isQuote(next) || next === BACKSLASH;
    const value = view.slice(from, until);
    const isRest = sites.length > 0 && until > from && /^[\w+/=.-]*\d[\w+/=.-]*$/.test(value);
    const belongs = isContinued ? until - from >= 4 : isOpaque(value) || isRest;
    if (!isWhole || !belongs || (!isContinued && !isRest && until - from < SHORTEST_FOLD))
      return sites;
    const site = { start: from, end: until, quoted: false, spaced: false } as const;
    const isCut = until >= view.high;
    sites.push({
      ...site,
      separator: 'blank',
      ...(isCut && { goesOn: (code: number) => !isSpace(code) }),
    });
    if (isContinued && next !== BACKSLASH) return sites;
    at = next === BACKSLASH ? until + 1 : until;
  }
  return sites;
}

const DOT = 46;
const BACKSLASH = 92;

/** Units between a literal and what is joined to it. */
const LONGEST_JOIN = 48;
const MOST_JOINED = 4;

/** A literal beside another one; one that replaces it is as secret, whatever it looks like. */
interface JoinedValue extends ValueSite {
  readonly replaces: boolean;
}

/** The literals that are joined to one, or replace it: `"a" + "b"`, `"a" \\` and `"b"` below it, `"old" -> "new"` of a plan,
 * `{"old": "a", "new": "b"}` of an audit. */
export function readJoined(view: TextView, from: number): JoinedValue[] {
  const sites: JoinedValue[] = [];
  for (let end = from; sites.length < MOST_JOINED;) {
    if (!isQuote(view.at(end))) return sites;
    const quote = skipJoin(view, end + 1);
    if (quote < 0) return sites;
    const closes = (code: number): boolean => code === view.at(quote) || isSpace(code);
    const site = readUntil(view, quote + 1, closes, 'equals');
    if (view.at(site.end) !== view.at(quote)) return sites;
    sites.push({ ...site, replaces: /->|:/.test(view.slice(end, quote)) });
    end = site.end;
  }
  return sites;
}

/** What joins a literal to the one before, or names its successor. */
const JOINS = ['->', '+', '.', '\\\n', ', "new":', ',"new":', ', "after":', ', "to":'];

/** Where the quote of the next literal stands; -1 where nothing joins one. */
function skipJoin(view: TextView, from: number): number {
  let at = from;
  while (at - from < LONGEST_JOIN && isSpace(view.at(at))) at++;
  const join = JOINS.find((each) => view.has(each, at));
  // Python joins the literals of lines in parentheses.
  if (join === undefined)
    return at > from && isQuote(view.at(at)) && isLineBreak(view.at(from)) ? at : -1;
  at += join.length;
  while (at - from < LONGEST_JOIN && isSpace(view.at(at))) at++;
  return isQuote(view.at(at)) ? at : -1;
}
