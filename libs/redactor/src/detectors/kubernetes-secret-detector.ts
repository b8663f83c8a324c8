import { isLineBreak } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { skipSpaces } from './literal-opening.ts';
import { isPlaceholder } from './placeholders.ts';
import { lineBefore } from './reading.ts';

const WINDOW = 4096;
const COMMA = 44;
const OPENING_BRACE = 123;
const CLOSING_BRACE = 125;

/** An entry of a mapping: indentation, name, value in quotes or without. */
const ENTRY = /^[ \t]+["']?[\w.-]+["']?:[ \t]+(["']?)([^\s"'|>][^\s"']*)\1[ \t\r]*$/;
const JSON_ENTRY = /"[\w.-]+"\s*:\s*"([^"\\\s]*)"/g;
/** A certificate is public; this is how base64 of `-----BEGIN CERTIFICATE` begins. */
const CERTIFICATE = 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FUR';

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The values of a Secret of Kubernetes, whatever their names are: below `kind: Secret`, and before it where `kubectl get
 * secret -o yaml` and `-o json` have sorted `data` to the front.
 */
export class KubernetesSecretDetector implements Detector {
  readonly triggers = [
    'kind: Secret',
    'apiVersion: v1',
    '"apiVersion": "v1",',
    '"apiVersion":"v1",',
  ].map((literal) => ({ literal, caseSensitive: true }));
  readonly window = WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const isJson = view.at(end - 1) === COMMA;
    const [first, ...others] = isJson ? readJson(view, end) : readYaml(view, start, end);
    return (
      first && {
        kind: 'kubernetes_secret',
        rule: 'kubernetes-secret',
        ...first,
        score: 0.8,
        others,
      }
    );
  }
}

function readYaml(view: TextView, start: number, end: number): Span[] {
  if (!/^[\s-]*$/.test(lineBefore(view, start))) return [];
  let isSecret = view.slice(start, end) === 'kind: Secret';
  let isData = false;
  let [parentDepth, entryDepth] = [-1, -1];
  const found: Span[] = [];
  let line = readLine(view, end);
  if (line.trim() !== '') return [];
  for (let at = end; view.at(at + line.length) >= 0;) {
    at += line.length + 1;
    line = readLine(view, at);
    const kind = /^[ \t]*kind: *(\w*)/.exec(line)?.[1];
    if ((kind !== undefined && isSecret) || /^(?:---|[\s-]*apiVersion:)/.test(line)) break;
    if (kind !== undefined && kind !== 'Secret') return [];
    isSecret ||= kind === 'Secret';
    const depth = line.search(/\S/);
    if (depth < 0) continue;
    if (!isData || depth <= parentDepth) {
      isData = /^[ \t]*(?:data|stringData):\s*$/.test(line);
      [parentDepth, entryDepth] = [depth, -1];
      continue;
    }
    const value = ENTRY.exec(line)?.[2];
    if (entryDepth < 0) entryDepth = depth;
    // Deeper stands the text of a block, a file of its own.
    if (value === undefined || depth > entryDepth) continue;
    // Where a mask stands, what follows was looked at when it was made.
    if (value.startsWith('[REDACTED:')) break;
    const from = at + line.lastIndexOf(value);
    if (isSecretValue(value)) found.push({ start: from, end: from + value.length });
  }
  return isSecret ? found : [];
}

function readLine(view: TextView, from: number): string {
  let at = from;
  while (view.at(at) >= 0 && !isLineBreak(view.at(at))) at++;
  return view.slice(from, at);
}

/** `"data": {…}, "kind": "Secret"` behind the version. */
function readJson(view: TextView, end: number): Span[] {
  let from = end;
  for (const part of ['"data"', ':', '{']) {
    from = skipSpaces(view, from);
    if (!view.has(part, from)) return [];
    from += part.length;
  }
  let at = from;
  while (view.at(at) >= 0 && view.at(at) !== CLOSING_BRACE && view.at(at) !== OPENING_BRACE) at++;
  const data = view.slice(from, at);
  let until = at;
  while (view.at(until) >= 0 && until - at < 80) until++;
  if (!/^\},\s*(?:"immutable": ?\w+,\s*)?"kind": ?"Secret"/.test(view.slice(at, until))) return [];
  const found: Span[] = [];
  for (const entry of data.matchAll(JSON_ENTRY)) {
    const value = entry[1] ?? '';
    if (value.startsWith('[REDACTED:')) break;
    const start = from + entry.index + entry[0].length - 1 - value.length;
    if (isSecretValue(value)) found.push({ start, end: start + value.length });
  }
  return found;
}

function isSecretValue(value: string): boolean {
  return value !== '' && !isPlaceholder(value) && !value.startsWith(CERTIFICATE);
}
