import { CodeSet, isBlank, isLineBreak } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import { isQuote, lineBefore, skipBlanks } from './reading.ts';
import type { ValueSite } from './value-site.ts';

const TAB = 9;
const OPENING_PAREN = 40;
const CLOSING_PAREN = 41;
const COMMA = 44;
const SEMICOLON = 59;
const PIPE = 124;
/** Units of one row. */
const LONGEST_ROW = 1024;

/** The cells under a name at the head of a table: of CSV, of a database's client, of an INSERT; none where it heads none. */
export function* readColumn(
  view: TextView,
  nameStart: number,
  nameEnd: number,
): Generator<ValueSite, void> {
  const next = view.at(skipBlanks(view, isQuote(view.at(nameEnd)) ? nameEnd + 1 : nameEnd));
  const isHead = ENDS_OF_NAME.has(next) || next < 0 || isLineBreak(next);
  if (!isHead && view.before(nameStart - 1) !== 32) return;
  const before = lineBefore(view, nameStart);
  const isChap = CHAP.test(before);
  if (!isHead && !isChap) return;
  if (INSERT.test(before)) {
    yield* readInserted(view, before, nameEnd);
    return;
  }
  if (isChap) {
    yield* readChap(view, nameEnd);
    return;
  }
  const delimiter = delimiterAround(view, before, nameEnd);
  if (delimiter < 0) return;
  const mark = String.fromCharCode(delimiter);
  const headEnd = lineEnd(view, nameEnd);
  const head = before + view.slice(nameStart, headEnd);
  const columns = head.split(mark, MOST_COLUMNS + 1);
  if (columns.length > MOST_COLUMNS) return;
  if (!columns.every((name) => COLUMN_NAME.test(name))) return;
  if (columns.filter((name) => name.trim() !== '').length < 2) return;
  const column = before.split(mark).length - 1;
  for (let at = nextLine(view, headEnd); ;) {
    const end = lineEnd(view, at);
    if (end === at || end - at >= LONGEST_ROW) break;
    if (!RULE.test(view.slice(at, end))) {
      const cells = cellsOf(view, at, end, delimiter);
      const cell = cells[column];
      if (cells.length !== columns.length || cell === undefined) break;
      yield cell;
    }
    if (view.at(end) < 0) break;
    at = nextLine(view, end);
  }
}

const MOST_COLUMNS = 64;

/** What parts the names at the head of a table, or closes them. */
const ENDS_OF_NAME = new CodeSet(',;\t|)');
/** The head of pppd's chap-secrets and pap-secrets. */
const CHAP = /^#\s*client\s+server\s+$/i;
/** A name at the head of a table: words, no values. */
const COLUMN_NAME = /^\s*"?[A-Za-z_][\w .-]{0,40}"?\s*$|^\s*$/;
/** The line between the head of a table and its rows. */
const RULE = /^[\s|+:=-]+$/;

/** The third words of the lines below a head that blanks part. */
function* readChap(view: TextView, nameEnd: number): Generator<ValueSite, void> {
  for (let at = nextLine(view, lineEnd(view, nameEnd)); view.at(at) >= 0;) {
    const end = lineEnd(view, at);
    const cell = /^\s*(?!#)(?:"[^"]*"|\S+)\s+(?:"[^"]*"|\S+)\s+("?)([^\s"]+)\1/.exec(
      view.slice(at, end),
    );
    if (cell === null) return;
    const start = at + cell[0].length - (cell[1] ?? '').length - (cell[2] ?? '').length;
    yield cellSite(start, start + (cell[2] ?? '').length, end >= view.high);
    at = nextLine(view, end);
  }
}

/** The mark that parts a name from the next or the previous column; -1 where there is none. */
function delimiterAround(view: TextView, before: string, nameEnd: number): number {
  let at = nameEnd;
  if (view.at(at) === 34) at++;
  const tight = view.at(at);
  const next = view.at(skipBlanks(view, at));
  const isLast = next < 0 || isLineBreak(next);
  for (const delimiter of [COMMA, SEMICOLON, TAB, PIPE]) {
    const follows = delimiter === PIPE ? next === delimiter : tight === delimiter;
    if (follows) return delimiter;
    if (!isLast) continue;
    const precedes = before.trimEnd().replace(/"$/, '').trimEnd();
    if (
      precedes.endsWith(String.fromCharCode(delimiter)) ||
      (delimiter === TAB && /\t"?$/.test(before))
    )
      return delimiter;
  }
  return -1;
}

/** The cells of a row, without blanks and quotes around them. */
function cellsOf(view: TextView, start: number, end: number, delimiter: number): ValueSite[] {
  const cells: ValueSite[] = [];
  let at = start;
  while (at <= end) {
    const cellStart = delimiter === TAB ? at : skipBlanks(view, at);
    const quote = view.at(cellStart);
    let cellEnd = cellStart;
    if (isQuote(quote)) {
      cellEnd++;
      while (cellEnd < end && view.at(cellEnd) !== quote)
        cellEnd += view.at(cellEnd) === 92 ? 2 : 1;
      cells.push(cellSite(cellStart + 1, Math.min(cellEnd, end)));
      at = cellEnd + 1;
      while (at < end && view.at(at) !== delimiter) at++;
    } else {
      while (cellEnd < end && view.at(cellEnd) !== delimiter) cellEnd++;
      at = cellEnd;
      while (cellEnd > cellStart && isBlank(view.at(cellEnd - 1))) cellEnd--;
      cells.push(cellSite(cellStart, cellEnd, at >= view.high));
    }
    if (at >= end) break;
    at++;
  }
  return cells;
}

/**
 * Judged as in prose, quoted or not: a column holds words more often than an assignment does. What the end of the
 * window has cut is masked to the end of its line.
 */
function cellSite(start: number, end: number, isCut = false): ValueSite {
  const site = { start, end, quoted: false, spaced: false, separator: 'colon' } as const;
  return isCut ? { ...site, goesOn: (code) => !isLineBreak(code) } : site;
}

const INSERT = /insert\s+(?:ignore\s+)?into\s+[^\s(]+\s*\([^()]*$/i;
/** Units between the names and the values of an INSERT. */
const LONGEST_PADDING = 40;

/** The values of a column of `INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y')`. */
function* readInserted(
  view: TextView,
  before: string,
  nameEnd: number,
): Generator<ValueSite, void> {
  const column = before.slice(before.lastIndexOf('(')).split(',').length - 1;
  let at = nameEnd;
  while (at - nameEnd < LONGEST_ROW && view.at(at) >= 0 && view.at(at) !== CLOSING_PAREN) at++;
  for (let row = 0; ; row++) {
    const from = at + 1;
    at = from;
    while (at - from < LONGEST_PADDING && view.at(at) >= 0 && view.at(at) !== OPENING_PAREN) at++;
    if (view.at(at) !== OPENING_PAREN) break;
    const between = view.slice(from, at);
    if (row === 0 ? !/^\s*values?\s*$/i.test(between) : !/^\s*,\s*$/.test(between)) break;
    const end = tupleEnd(view, at + 1);
    if (end < 0) break;
    const cell = cellsOf(view, at + 1, end, COMMA)[column];
    if (cell !== undefined) yield cell;
    at = end;
  }
}

/** Where the parenthesis around some values closes; -1 where it does not. */
function tupleEnd(view: TextView, from: number): number {
  let quote = -1;
  for (let at = from; at - from < LONGEST_ROW; at++) {
    const code = view.at(at);
    if (code < 0) return -1;
    if (code === 92) at++;
    else if (quote >= 0) quote = code === quote ? -1 : quote;
    else if (isQuote(code)) quote = code;
    else if (code === CLOSING_PAREN) return at;
  }
  return -1;
}

function lineEnd(view: TextView, from: number): number {
  let at = from;
  while (at - from < LONGEST_ROW && view.at(at) >= 0 && !isLineBreak(view.at(at))) at++;
  return at;
}

function nextLine(view: TextView, end: number): number {
  return view.at(end) === 13 && view.at(end + 1) === 10 ? end + 2 : end + 1;
}
