import { isLineBreak, isSpace } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import { readUntil } from './value-site.ts';
import type { ValueSite } from './value-site.ts';

const LESS = 60;
const GREATER = 62;

export function readElement(view: TextView, from: number): ValueSite | undefined {
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
export function skipToElement(view: TextView, from: number): number {
  let at = from;
  while (at - from < 24 && view.at(at) !== GREATER) at++;
  at++;
  while (at - from < 64 && isSpace(view.at(at))) at++;
  if (!VALUE_ELEMENTS.some((element) => view.has(element, at))) return -1;
  while (at - from < 96 && view.at(at) !== GREATER) at++;
  return view.at(at) === GREATER ? at + 1 : -1;
}
