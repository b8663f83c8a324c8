import { isBlank, isLineBreak, isSpace } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import { readUntil } from './value-site.ts';
import type { ValueSite } from './value-site.ts';

const LESS = 60;
const GREATER = 62;
const SLASH = 47;
/** Units of the attributes of an element. */
const LONGEST_TAG = 200;

/** Where the content of an element begins whose name ends at an index: behind its attributes; -1 where it is empty or no tag. */
export function skipTag(view: TextView, nameEnd: number): number {
  let at = nameEnd;
  if (!isBlank(view.at(at)) && view.at(at) !== GREATER) return -1;
  while (at - nameEnd < LONGEST_TAG && view.at(at) >= 32 && view.at(at) !== GREATER) at++;
  return view.at(at) === GREATER && view.at(at - 1) !== SLASH ? at + 1 : -1;
}

/** The content of an element, or of the `<Value>` in it. */
export function readElement(view: TextView, content: number): ValueSite | undefined {
  let from = content;
  while (from - content < LONGEST_TAG && isSpace(view.at(from))) from++;
  from = view.has('<Value>', from) ? from + 7 : content;
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
