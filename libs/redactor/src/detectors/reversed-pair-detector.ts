import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { hasKeyWord } from './key-names.ts';
import { skipSpaces } from './literal-opening.ts';
import { isPlaceholder } from './placeholders.ts';
import { textBefore } from './reading.ts';

const WINDOW = 512;
const QUOTE = 34;
const NAMES = ['name', 'key', 'Name', 'Key', 'ParameterKey', 'parameterKey', 'variable'];

/** `{"value": "X", "name": "DB_PASSWORD"}`: the value stands before its name. */
export class ReversedPairDetector implements Detector {
  readonly triggers = ['"value"', '"Value"', '"ParameterValue"', '"parameterValue"'].map(
    (literal) => ({ literal, caseSensitive: true }),
  );
  readonly window = WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    const value = readString(view, skip(view, end, ':'));
    if (value === undefined) return undefined;
    view.maskFrom = value.start;
    // The keys of a storage account are listed as values of `key1` and `key2`.
    if (/^[\w+/]{86}==$/.test(view.slice(value.start, value.end)))
      return { kind: 'azure_storage_key', rule: 'listed-key', ...value, score: 0.9 };
    const label = readString(view, skip(view, value.end + 1, ','));
    if (label === undefined || !NAMES.includes(view.slice(label.start, label.end)))
      return undefined;
    const name = readString(view, skip(view, label.end + 1, ':'));
    if (name === undefined) return undefined;
    const named = view.slice(name.start, name.end);
    if (!hasKeyWord(named)) return undefined;
    // Judged as it would be in the usual order.
    const opening = `"${named}": "`;
    const text = view.slice(value.start, value.end);
    const found = view
      .inspect?.(`${opening}${text}"`)
      .find(
        ({ start, end: until }) => start <= opening.length && until >= opening.length + text.length,
      );
    return found && { kind: found.kind, rule: 'reversed-pair', ...value, score: found.score };
  }
}

/** Behind a mark and what pads it; -1 where it does not stand. */
function skip(view: TextView, from: number, mark: string): number {
  const at = skipSpaces(view, from);
  return view.has(mark, at) ? skipSpaces(view, at + 1) : -1;
}

/** The bounds of a string of JSON, without its quotes. */
function readString(view: TextView, from: number): { start: number; end: number } | undefined {
  if (view.at(from) !== QUOTE) return undefined;
  let at = from + 1;
  while (view.at(at) >= 32 && view.at(at) !== QUOTE) at += view.at(at) === 92 ? 2 : 1;
  return view.at(at) === QUOTE ? { start: from + 1, end: at } : undefined;
}

/** `input_value='X'` of a validator, below the name of the setting. */
export class RejectedValueDetector implements Detector {
  readonly triggers = ["input_value='", 'input_value="'].map((literal) => ({
    literal,
    caseSensitive: true,
  }));
  readonly window = WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const name = /(?:^|\n)([\w.]+)\r?\n[^\n]*$/.exec(textBefore(view, start, LONGEST_REASON))?.[1];
    if (name === undefined || !hasKeyWord(name)) return undefined;
    const quote = view.at(end - 1);
    let at = end;
    while (view.at(at) >= 32 && view.at(at) !== quote) at++;
    const value = view.slice(end, at);
    if (value.length < 4 || isPlaceholder(value)) return undefined;
    const isCut = at >= view.high;
    return {
      kind: 'secret',
      rule: 'rejected-value',
      start: end,
      end: at,
      score: 0.75,
      ...(isCut && { goesOn: (code: number) => code >= 32 && code !== quote }),
    };
  }
}

/** Units of the line that says what is wrong with a value, and of the name above it. */
const LONGEST_REASON = 150;
