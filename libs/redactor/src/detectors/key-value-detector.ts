import {
  CLASS_BITS,
  inClass,
  isBlank,
  isLineBreak,
  isSpace,
  isWordCode,
} from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import { SHORTEST_MIXED_RUN } from '../engine/mixed-runs.ts';
import type { TextView } from '../engine/text-view.ts';
import { unescapeBehind, unescapeValue } from './escaped-text.ts';
import { readAlike, readFolded, readJoined } from './further-values.ts';
import { KEY_WORDS, mayNameService, namesSecret } from './key-names.ts';
import type { KeyFamily } from './key-names.ts';
import { isLearnable } from './learnable.ts';
import { distinctUnits, isPlaceholder } from './placeholders.ts';
import { isNameCode, isQuote, lineBefore } from './reading.ts';
import { readColumn } from './table-column.ts';
import { findValue, mayFollowName } from './value-reader.ts';
import { isMixedCase, isOpaque, isRandom, judgeValue } from './value-score.ts';
import type { ValueSite } from './value-site.ts';

const DOT = 46;
const LESS = 60;
const VALUE_WINDOW = 4096;
const LONGEST_NAME = 48;
/** Units of a header that are judged. */
const LONGEST_HEADER = 512;
/** From this score on a value of these families is masked wherever the text repeats it. */
const LEARNT_SCORE = 0.6;
/** Families whose values may stand in a column, and may be told from other words where they are repeated. */
const PLAIN_FAMILIES: ReadonlySet<KeyFamily> = new Set(['password', 'token', 'secret', 'key']);

/** From this score on a cell of a table is masked. */
const COLUMN_SCORE = 0.6;
/** Cells without a secret after which no more are read. */
const MOST_MISSES = 4;

/** Makes the detectors that find a value by the name of its key. */
export function keyValueDetectors(): Detector[] {
  return KEY_WORDS.map(({ family, kind, words }) => new KeyValueDetector(family, kind, words));
}

/**
 * Key name -> value, across the notations in which configuration, logs, commands and code write it: JSON (also
 * escaped inside a string), YAML, env, INI, CLI flags, headers, XML, connection strings, SQL, netrc.
 */
class KeyValueDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window = VALUE_WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'none';
  private readonly family: KeyFamily;
  private readonly kind: string;

  constructor(family: KeyFamily, kind: string, words: readonly string[]) {
    this.family = family;
    this.kind = kind;
    this.triggers = words.map((literal) => ({ literal, caseSensitive: false }));
  }

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const { family } = this;
    const name = readName(view, start, end);
    if (name === undefined) return undefined;
    const { nameStart, wordStart, wordEnd, nameEnd } = name;
    const isServiceKey = family !== 'named_key' || isNamedKey(view, nameStart, wordStart);
    if (!isServiceKey) {
      if (nameStart !== wordStart || nameEnd !== wordEnd) return undefined;
      if (PUBLIC_KEY.test(lineBefore(view, nameStart))) return undefined;
    }
    const left = view.slice(nameStart, wordStart);
    const right = view.slice(wordEnd, nameEnd);
    const isNamed = namesSecret(left, right, family);
    const isRoleSecret = family === 'secret' && /^_?id$/i.test(right);
    if (!isNamed && family !== 'weak_key' && !isRoleSecret) return undefined;
    // `primary_key` of a table, and of an account in the cloud; `key = X` of anything: the value tells.
    const tells = isNamed
      ? isServiceKey
        ? undefined
        : isKeyMaterial
      : isRoleSecret
        ? isUuid
        : isCloudKey;
    if (tells === isKeyMaterial && view.hasNoMixedRun(nameEnd)) return undefined;
    const site = findValue(view, nameStart, nameEnd, family);
    if (tells !== undefined && !(site && tells(view.slice(site.start, site.end)))) return undefined;
    const plain = site && this.judge(view, nameStart, nameEnd, site);
    const escaped = isNamed ? this.detectEscaped(view, nameStart, nameEnd) : undefined;
    // `=22…` is a quote in quoted-printable, and the beginning of a key in hexadecimal.
    if (escaped !== undefined && (plain === undefined || plain.end < escaped.end)) return escaped;
    if (plain !== undefined && site !== undefined) return withFurtherValues(view, site, plain);
    return isNamed ? this.detectColumn(view, nameStart, nameEnd) : undefined;
  }

  /** The cells under a name that heads a column. */
  private detectColumn(view: TextView, nameStart: number, nameEnd: number): Candidate | undefined {
    if (!PLAIN_FAMILIES.has(this.family)) return undefined;
    const cells: Candidate[] = [];
    let misses = 0;
    for (const site of readColumn(view, nameStart, nameEnd)) {
      const found = this.judge(view, nameStart, nameEnd, site);
      if (found !== undefined && found.score >= COLUMN_SCORE) cells.push(found);
      else if (++misses > MOST_MISSES) break;
    }
    const [first, ...others] = cells;
    return first && { ...first, others };
  }

  /** As above, where what stands behind the name is written with escapes. */
  private detectEscaped(view: TextView, nameStart: number, nameEnd: number): Candidate | undefined {
    const escaped = unescapeBehind(view, nameStart, nameEnd);
    if (escaped === undefined) return undefined;
    const { text, nameStart: innerStart } = escaped;
    const innerEnd = innerStart + nameEnd - nameStart;
    const site = findValue(text, innerStart, innerEnd, this.family);
    const found = site && this.judge(text, innerStart, innerEnd, site);
    if (found === undefined) return undefined;
    return {
      ...found,
      start: text.placeOf(found.start),
      end: text.placeOf(found.end),
      isLearnt: false,
      ...(text.isCutAt(found.end) && { goesOn: (code: number) => !isSpace(code) }),
    };
  }

  private judge(
    view: TextView,
    nameStart: number,
    nameEnd: number,
    site: ValueSite,
  ): Candidate | undefined {
    if (site.start >= site.end) return undefined;
    const found = {
      kind: this.kind,
      rule: `key-value-${this.family.replace('_', '-')}`,
      start: site.start,
      end: site.end,
    };
    if (site.goesOn !== undefined) return { ...found, score: 0.6, goesOn: site.goesOn };
    const name = view.slice(nameStart, nameEnd);
    // Of a header its beginning tells.
    const isHeader = this.family === 'authorization' || this.family === 'cookie';
    const most = isHeader ? site.start + LONGEST_HEADER : site.end;
    const written = view.slice(site.start, Math.min(site.end, most));
    const value = unescapeValue(written);
    const score = judgeValue(value, this.family, site, name);
    if (score <= 0) return undefined;
    // AWS secret access keys have no prefix: 40 units of base64 under a name that says so.
    if (/secret.?access|aws.*secret/i.test(name) && /^[\w+/=-]{40}$/.test(value))
      return { ...found, kind: 'aws_secret_key', score };
    const isLearnt =
      score >= LEARNT_SCORE && PLAIN_FAMILIES.has(this.family) && isLearnable(written);
    return { ...found, score, isLearnt };
  }
}

/** Before `key`: what makes it one that everybody may have. */
const PUBLIC_KEY = /(?:(?:public|peer|cache|idempotency)[ _-]|did:)$/i;

/** A name around a key word. */
interface Name {
  readonly nameStart: number;
  readonly wordStart: number;
  readonly wordEnd: number;
  readonly nameEnd: number;
}

/** The name that holds the key word between two indexes; undefined where the word is a part of another one. */
function readName(view: TextView, start: number, end: number): Name | undefined {
  // `<pass>`, `"pin"` and `pass=` carry what is around the name.
  const wordStart = view.at(start) === LESS || isQuote(view.at(start)) ? start + 1 : start;
  let wordEnd = end;
  while (!isWordCode(view.at(wordEnd - 1)) && view.at(wordEnd - 1) < 128) wordEnd--;
  const isClosed = wordEnd < end;
  // `bypass=`; but `dbPass=`.
  if (isClosed && (endsOtherWord(view, wordStart) || isMinified(view, wordStart))) return undefined;
  let nameEnd = wordEnd;
  while (nameEnd - wordEnd < LONGEST_NAME) {
    const code = view.at(nameEnd);
    if (!isLetterOfName(code) || (code === DOT && view.at(nameEnd + 1) === DOT)) break;
    nameEnd++;
  }
  if (nameEnd - wordEnd === LONGEST_NAME || (isClosed && nameEnd !== wordEnd)) return undefined;
  while (nameEnd > wordEnd && isMarkOfName(view.at(nameEnd - 1))) nameEnd--;
  if (!mayFollowName(view.at(nameEnd))) return undefined;
  // `_pass`, `_pat`, `_key` are only that at the end of a name: not `_pattern`, `PASS_DEPTH`.
  if (isMark(view.at(start)) && !/^\d*$/.test(view.slice(wordEnd, nameEnd))) return undefined;
  let nameStart = wordStart;
  while (wordStart - nameStart < LONGEST_NAME && isNameCode(view.before(nameStart - 1)))
    nameStart--;
  if (wordStart - nameStart === LONGEST_NAME) return undefined;
  return { nameStart, wordStart, wordEnd, nameEnd };
}

/** A secret with the values that belong to it: lines below it that are built alike, literals that are joined to it. */
function withFurtherValues(view: TextView, site: ValueSite, found: Candidate): Candidate {
  if (found.goesOn !== undefined) return found;
  const alike = startsLine(view, found.start) ? readAlike(view, found.start, found.end) : [];
  if (alike.length > 0) return { ...found, others: alike };
  const folded = readFolded(view, found.start, found.end);
  if (folded.length > 0) return { ...found, others: folded };
  const joined = site.quoted ? readJoined(view, found.end) : [];
  const others = joined.filter(({ start, end, replaces }) => {
    const value = view.slice(start, end);
    const isNew = replaces && value.length > 3 && !isPlaceholder(value);
    return isOpaque(value) || isRandom(value) || isMixedCase(value) || isNew;
  });
  return others.length > 0 ? { ...found, others } : found;
}

/** The `secret_id` of a role of Vault; other names of the kind are names. */
function isUuid(value: string): boolean {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(value);
}

/** A key of 32 or 64 bytes in base64. */
function isCloudKey(value: string): boolean {
  return /^(?:[\w+/]{43}=|[\w+/]{86}==)$/.test(value);
}

/** Units of names, also of words with accents. */
function isLetterOfName(code: number): boolean {
  return isNameCode(code) || (code >= 0xc0 && code < 0x500);
}

const NO_PASSWORD = /(?:by|com|encom|tres|sur|over|under|im)$/i;

/** Whether what begins at an index is the end of another word: `bypass`, `compass`. */
function endsOtherWord(view: TextView, index: number): boolean {
  let from = index;
  while (index - from < 8 && inClass(view.before(from - 1), CLASS_BITS.a)) from--;
  return from < index && NO_PASSWORD.test(view.slice(from, index));
}

/** Whether nothing but blanks stands before an index on its line. */
function startsLine(view: TextView, index: number): boolean {
  let at = index - 1;
  while (index - at < 16 && isBlank(view.at(at))) at--;
  return isLineBreak(view.at(at));
}

const KEY_MATERIAL = new RegExp(`^[\\w+/=-]{${String(SHORTEST_MIXED_RUN)},128}$`);

/** A long random value in mixed case, or a key in base64: no word, no digest. */
function isKeyMaterial(value: string): boolean {
  if (!KEY_MATERIAL.test(value) || /[\da-f]{32}|^[\da-f-]+$/i.test(value)) return false;
  if (!/[a-z]/.test(value) || !/[A-Z]/.test(value)) return false;
  const changes = value.match(/[A-Za-z](?=\d)|\d(?=[A-Za-z])|[a-z](?=[A-Z])/g)?.length ?? 0;
  return changes * 4 >= value.length && distinctUnits(value, 16) >= 16;
}

/** `pW` of minified code. */
function isMinified(view: TextView, index: number): boolean {
  return (view.at(index) & 32) !== 0 && (view.at(index + 1) & 32) === 0;
}

/** Whether a name or a word before it says whose key it is: `algoliaKey`, `browshot key`, not `monkey`. */
function isNamedKey(view: TextView, nameStart: number, keyStart: number): boolean {
  const before = view.before(keyStart - 1);
  if (nameStart === keyStart) {
    if (before !== 32) return false;
    let from = keyStart - 1;
    while (keyStart - from < 24 && inClass(view.before(from - 1), CLASS_BITS.a)) from--;
    return mayNameService(view.slice(from, keyStart - 1));
  }
  // Behind a mark it is found as `_key`; in the middle of a word it is another word.
  if (!inClass(before, CLASS_BITS.a) || (view.at(keyStart) & 32) !== 0) return false;
  return mayNameService(view.slice(nameStart, keyStart));
}

/** The dot and `-`, with which no name ends. */
function isMarkOfName(code: number): boolean {
  return code === 46 || code === 45;
}

/** `_` and `-`, with which the short key words begin. */
function isMark(code: number): boolean {
  return code === 95 || code === 45;
}
