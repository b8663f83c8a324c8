import { isLineBreak } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { skipSpaces } from './literal-opening.ts';
import { holdsMask, isPlaceholder } from './placeholders.ts';
import { lineBefore } from './reading.ts';

/** Units of a Secret that are read; certificates in it are long. */
const WINDOW = 16_384;
const QUOTE = 34;
const COMMA = 44;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;
/** Units between `data` and `kind` in JSON. */
const LONGEST_BETWEEN = 80;

/** An entry of a mapping: indentation, name, value in quotes or without, remark. */
const ENTRY =
  /^[ \t]+["']?[\w.-]+["']?:[ \t]+(?:"([^"]+)"|'([^']+)'|([^\s"'|>{[&*#][^#]*?))[ \t\r]*(?:[ \t]#.*)?$/;
const JSON_ENTRY = /"[\w.-]+"\s*:\s*"((?:[^"\\]|\\.)*)"/g;
/** A certificate is public; this is how base64 of `-----BEGIN CERTIFICATE` begins. */
const CERTIFICATE = 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FUR';
/** What a Secret was masked with before: it was looked at as a whole then. */
const OWN_MASK = '[REDACTED:kubernetes_secret';

type Span = Pick<Candidate, 'start' | 'end' | 'goesOn'>;

/**
 * The values of a Secret of Kubernetes, whatever their names are: behind `kind: Secret`, and before it where `kubectl
 * get secret -o yaml` and `-o json` have sorted `data` to the front.
 */
export class KubernetesSecretDetector implements Detector {
  readonly triggers = [
    'kind: Secret',
    'kind: "Secret"',
    'apiVersion: v1',
    '"kind": "Secret"',
    '"kind":"Secret"',
    '"apiVersion": "v1",',
    '"apiVersion":"v1",',
  ].map((literal) => ({ literal, caseSensitive: true }));
  readonly window = WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const trigger = view.slice(start, end);
    const isJson = trigger.startsWith('"');
    const [first, ...others] = isJson
      ? readJson(view, end, trigger.includes('Secret'))
      : readYaml(view, start, end, trigger.includes('Secret'));
    if (first === undefined) return undefined;
    return {
      kind: 'kubernetes_secret',
      rule: 'kubernetes-secret',
      ...first,
      score: 0.8,
      others,
    };
  }
}

function readYaml(view: TextView, start: number, end: number, isKind: boolean): Span[] {
  if (!/^[\s-]*$/.test(lineBefore(view, start))) return [];
  let isSecret = isKind;
  let isData = false;
  let [parentDepth, entryDepth] = [-1, -1];
  const found: Span[] = [];
  let line = readLine(view, end);
  if (!/^\s*(?:#.*)?$/.test(line)) return [];
  for (let at = end; view.at(at + line.length) >= 0;) {
    at += line.length + 1;
    line = readLine(view, at);
    const kind = /^[ \t]*kind: *["']?(\w*)/.exec(line)?.[1];
    const isNext = isKind ? /^\s*- /.test(line) : /^[\s-]*apiVersion:/.test(line);
    if ((kind !== undefined && isSecret) || isNext || line.startsWith('---')) break;
    if (kind !== undefined && kind !== 'Secret') return [];
    isSecret ||= kind === 'Secret';
    const depth = line.search(/\S/);
    if (depth < 0) continue;
    if (!isData || depth <= parentDepth) {
      isData = /^[ \t]*(?:data|stringData):\s*$/.test(line);
      [parentDepth, entryDepth] = [depth, -1];
      continue;
    }
    if (entryDepth < 0) entryDepth = depth;
    // Deeper stands the text of a block, a file of its own.
    if (depth > entryDepth) continue;
    const entry = ENTRY.exec(line);
    const value = entry?.[1] ?? entry?.[2] ?? entry?.[3]?.trimEnd() ?? '';
    if (value.startsWith(OWN_MASK)) break;
    const from = at + line.lastIndexOf(value);
    const isCut = at + line.length >= view.high;
    if (isSecretValue(value)) found.push(spanOf(from, from + value.length, isCut));
  }
  return isSecret ? found : [];
}

/** A value that the end of the window has cut is masked to the end of its line. */
function spanOf(start: number, end: number, isCut: boolean): Span {
  return isCut ? { start, end, goesOn: (code) => !isLineBreak(code) } : { start, end };
}

function readLine(view: TextView, from: number): string {
  let at = from;
  while (view.at(at) >= 0 && !isLineBreak(view.at(at))) at++;
  return view.slice(from, at);
}

/** `"data": {…}` behind `"kind": "Secret"`, or behind the version and before the kind. */
function readJson(view: TextView, end: number, isKind: boolean): Span[] {
  let from = skipSpaces(view, end);
  if (isKind) {
    from = findData(view, from);
    if (from < 0) return [];
  } else if (!view.has('"data"', from)) return [];
  while (view.at(from) >= 0 && view.at(from) !== OPENING_BRACE && view.at(from) !== COMMA) from++;
  if (view.at(from) !== OPENING_BRACE) return [];
  let at = from + 1;
  let isInString = false;
  while (view.at(at) >= 0 && (isInString || view.at(at) !== CLOSING_BRACE)) {
    if (view.at(at) === OPENING_BRACE && !isInString) return [];
    if (view.at(at) === 92) at++;
    else if (view.at(at) === QUOTE) isInString = !isInString;
    at++;
  }
  if (!isKind && !isFollowedByKind(view, at)) return [];
  const data = view.slice(from, at);
  // With a mask of another kind the quotes may have been others before.
  if (/\[REDACTED:(?!kubernetes_secret)/.test(data)) return [];
  const found: Span[] = [];
  for (const entry of data.matchAll(JSON_ENTRY)) {
    const value = entry[1] ?? '';
    if (value.startsWith(OWN_MASK)) break;
    const start = from + entry.index + entry[0].length - 1 - value.length;
    if (isSecretValue(value)) found.push({ start, end: start + value.length });
  }
  return found;
}

/** Where the next `"data"` or `"stringData"` of this object stands; -1 where another kind comes first. */
function findData(view: TextView, from: number): number {
  for (let at = from; view.at(at) >= 0; at++) {
    if (view.at(at) !== QUOTE) continue;
    if (view.has('"data"', at) || view.has('"stringData"', at)) return at;
    if (view.has('"kind"', at)) return -1;
  }
  return -1;
}

function isFollowedByKind(view: TextView, from: number): boolean {
  let until = from;
  while (view.at(until) >= 0 && until - from < LONGEST_BETWEEN) until++;
  const between = /^\}\s*,\s*(?:"immutable"\s*:\s*\w+\s*,\s*)?"kind"\s*:\s*"Secret"/;
  return between.test(view.slice(from, until));
}

function isSecretValue(value: string): boolean {
  return (
    value !== '' && !isPlaceholder(value) && !holdsMask(value) && !value.startsWith(CERTIFICATE)
  );
}
