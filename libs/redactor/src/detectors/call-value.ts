import { isSpace } from '../engine/char-class.ts';
import type { TextView } from '../engine/text-view.ts';
import { isQuote, lineBefore, skipBlanks } from './reading.ts';
import { isIdentifier, isMadeUp, isOpaque } from './value-score.ts';
import { onlyIf, readUntil } from './value-site.ts';
import type { ValueSite } from './value-site.ts';

const CLOSING_PAREN = 41;
const COMMA = 44;
const DASH = 45;

/** Verbs that make a call ask for a value, or speak of one, and do not give it. */
const ASKING =
  /(?:^|[^a-z])(?:get|find|read|parse|fetch|load|resolve|lookup|delete|remove|new|generate|create|validate|verify|check|compare|hash|prompt|input|ask|has|is|need|require|label|translate|encode|decode|replace|split|join|match|test|equals|includes|trim|format)[^a-z]*$/i;

/** `setPassword("value")`, `.password('value')`. */
export function readArgument(
  view: TextView,
  nameStart: number,
  from: number,
): ValueSite | undefined {
  const site = readQuoted(view, from);
  if (site === undefined) return undefined;
  const name = view.slice(nameStart, from - 1).replace(/([a-z])([A-Z])/g, '$1_$2');
  // `getPassword(…)`, `password.encode(…)`
  if (ASKING.test(name.replace(/[^_.-]*$/, '')) || ASKING.test(`${name}.`)) return undefined;
  if (/new\s+$/.test(lineBefore(view, nameStart))) return undefined;
  return onlyIf(site, view, (value) => isMadeUp(value) && !isIdentifier(value));
}

/** Calls that take a name and its value. */
const SETTING =
  /(?:set|put|add|define|env|header|append|config|param|property|option)\w*\(\s*["']?$/i;
/** A row of an INSERT. */
const ROW = /values?\s*\(\s*'$/i;

/** `define('DB_PASSWORD', 'value')`, `os.getenv("API_KEY", "value")`. */
export function readNextArgument(
  view: TextView,
  nameStart: number,
  nameEnd: number,
  from: number,
): ValueSite | undefined {
  const site = readQuoted(view, from);
  if (site === undefined) return undefined;
  const isConstant = /^[A-Z][A-Z0-9]*_[A-Z0-9_]+$/.test(view.slice(nameStart, nameEnd));
  const isFlag = view.at(nameStart) === DASH;
  const line = lineBefore(view, nameStart);
  const isGiven = isConstant || isFlag || ROW.test(line);
  const isList = view.at(nameEnd) !== COMMA;
  if (!isGiven && !isList && !SETTING.test(line)) return undefined;
  const isValue = (value: string): boolean =>
    value.length >= 8 &&
    isMadeUp(value) &&
    (isGiven || (SETTING.test(line) && !/[.*[\]@]/.test(value)) || isOpaque(value));
  return onlyIf(site, view, isValue);
}

const DEFAULTS = ['or ', '?? ', '|| ', '?: ', 'with value ', 'BY ', 'by '];

/** `os.environ.get("PASSWORD") or "value"`, `process.env.PASSWORD || "value"`. */
export function readDefault(view: TextView, from: number): ValueSite | undefined {
  const closed = view.at(from) === CLOSING_PAREN ? from + 1 : from;
  const at = skipBlanks(view, closed);
  const word = DEFAULTS.find((each) => view.has(each, at));
  if (word === undefined || at === closed) return undefined;
  const site = readQuoted(view, at + word.length);
  return site && onlyIf(site, view, isMadeUp);
}

/** One word in quotes. */
function readQuoted(view: TextView, from: number): ValueSite | undefined {
  const at = skipBlanks(view, from);
  const quote = view.at(at);
  if (!isQuote(quote)) return undefined;
  const site = readUntil(view, at + 1, (code) => code === quote || isSpace(code), 'blank');
  return view.at(site.end) === quote ? site : undefined;
}
