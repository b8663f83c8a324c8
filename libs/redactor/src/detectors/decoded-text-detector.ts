import { CLASS_BITS, inClass, isLineBreak, isSpace } from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import type { DecodedRegion, TextView } from '../engine/text-view.ts';
import { REACH } from '../engine/redaction-scan.ts';
import type { RedactionFinding } from '../finding.ts';
import { base64At } from './encoded-forms.ts';

/** Units of an encoded run that are decoded at once. */
const WINDOW = 2048;
/** A trigger so near to the end of a region that was cut gets a region of its own. */
const MARGIN = 640;
/** Units of an encoded literal that the automaton looks for, and the fewest that are worth it. */
const LONGEST_TRIGGER = 6;
const SHORTEST_TRIGGER = 4;
/** Fewest bytes that are looked into. */
const SHORTEST_TEXT = 8;
/** Units before a trigger that are decoded for the sake of what stands around a secret: names, quotes. */
const LONGEST_CONTEXT = 128;
const EQUALS = 61;
/** Line ends and indentation that may fold an encoded run, at one place. */
const LONGEST_FOLD = 16;

/** How bytes are written in letters. */
interface Encoding {
  readonly name: string;
  readonly bits: number;
  /** Units of the smallest group that can be decoded alone. */
  readonly unitsOfGroup: number;
  readonly bitsOfUnit: number;
}

const BASE64: Encoding = { name: 'base64', bits: CLASS_BITS.m, unitsOfGroup: 4, bitsOfUnit: 6 };
const HEX: Encoding = { name: 'hex', bits: CLASS_BITS.h, unitsOfGroup: 2, bitsOfUnit: 4 };

/** By the byte of a group of three with which a literal begins: the first unit of the group of four that it alone decides. */
const FIRST_UNIT = [0, 2, 3] as const;

/**
 * Finds secrets in base64 and in hexadecimal. The automaton knows how the beginnings of secrets look in them, at each
 * alignment; where one stands, the run around it is decoded and redacted like any text, and what was found there is
 * masked in its encoding.
 */
export function decodedTextDetectors(literals: readonly string[]): Detector[] {
  const inBase64 = new Map<string, number>();
  const inHex = new Map<string, number>();
  const add = (triggers: Map<string, number>, text: string, offset: number): void => {
    if (text.length < SHORTEST_TRIGGER) return;
    triggers.set(text.slice(0, LONGEST_TRIGGER), offset);
  };
  const addBase64 = (literal: string): string[] =>
    FIRST_UNIT.map((first, shift) => {
      const { text } = base64At(new TextEncoder().encode(literal), shift);
      add(inBase64, text, first);
      return text;
    });
  const addHex = (literal: string): void => {
    const bytes = new TextEncoder().encode(literal);
    add(inHex, Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''), 0);
  };
  for (const literal of literals) {
    addBase64(literal);
    addHex(literal);
  }
  for (const encoded of TWICE.flatMap(addBase64)) {
    addBase64(encoded);
    addHex(encoded);
  }
  return [
    new DecodedTextDetector(BASE64, inBase64, true),
    new DecodedTextDetector(HEX, inHex, false),
  ];
}

/** What is looked for in base64 of base64, and in hexadecimal of base64, too. */
const TWICE = [
  'postgres://',
  'mongodb',
  'sk-',
  'password',
  'PASSWORD',
  'secret',
  'token',
  'api_key',
  'ghp_',
  'AKIA',
  'eyJhbGciOi',
  '-----BEGIN ',
];

class DecodedTextDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window = WINDOW;
  /** The unit before a literal may carry bits of it. */
  readonly masks = 'before';
  readonly asksInside = 'none';
  private readonly encoding: Encoding;
  /** For each trigger: which unit of a group it begins with. */
  private readonly offsets: ReadonlyMap<string, number>;
  private readonly caseSensitive: boolean;

  constructor(encoding: Encoding, offsets: ReadonlyMap<string, number>, caseSensitive: boolean) {
    this.encoding = encoding;
    this.offsets = offsets;
    this.caseSensitive = caseSensitive;
    this.triggers = [...offsets.keys()].map((literal) => ({ literal, caseSensitive }));
  }

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    if (view.inspect === undefined) return undefined;
    const { name, bits } = this.encoding;
    const word = view.slice(start, end);
    const groupStart =
      start - (this.offsets.get(this.caseSensitive ? word : word.toLowerCase()) ?? 0);
    const region = this.knownRegion(view, groupStart) ?? this.decode(view, groupStart);
    const span = region?.spans.find((each) => region.start + each.end > end);
    if (region === undefined || span === undefined) return undefined;
    const spanStart = region.start + span.start;
    const spanEnd = region.start + span.end;
    // What stands around a secret in its encoding is of no use to a reader: it is masked too, as far as it is held.
    const floor = start - REACH;
    let from = Math.max(start, spanStart);
    while (from > floor && spanStart - from < REACH && isLetterOrDigit(view, from - 1)) from--;
    const until = this.restEnd(view, view.runEnd(spanEnd, bits, REACH));
    const isOpen = region.isCut && span.end > (region.places.at(-1) as number);
    return {
      kind: span.kind,
      rule: `${name}-${span.rule}`,
      start: from,
      end: until,
      score: span.score,
      ...(isOpen && { goesOn: (code: number) => inClass(code, bits) }),
    };
  }

  /** The end of a last line of a folded run: encoders break every line but that one at the same width. */
  private restEnd(view: TextView, end: number): number {
    const from = skipFold(view, end);
    if (from === end || !isLineBreak(view.at(end))) return end;
    const until = view.runEnd(from, this.encoding.bits, REACH);
    const next = view.at(until);
    const isAlone = next < 0 || isSpace(next);
    const rest = view.slice(from, until);
    return isAlone && until - from >= 4 && /=$|\d[^]*[A-Z]|[A-Z][^]*\d/.test(rest) ? until : end;
  }

  /** A region that was decoded before, in the same alignment, and far enough. */
  private knownRegion(view: TextView, groupStart: number): DecodedRegion | undefined {
    const { name, unitsOfGroup } = this.encoding;
    return view.decodedRegions.find(({ encoding, start, places, firstUnit, lastUnit, isCut }) => {
      if (encoding !== name) return false;
      const unit = indexOfSorted(places, groupStart - start);
      const isInside = unit >= firstUnit && unit <= (isCut ? lastUnit - MARGIN : lastUnit);
      return isInside && unit % unitsOfGroup === 0;
    });
  }

  private decode(view: TextView, groupStart: number): DecodedRegion | undefined {
    const { name, bits, bitsOfUnit, unitsOfGroup } = this.encoding;
    let start = groupStart;
    const floor = Math.max(view.low, groupStart - LONGEST_CONTEXT);
    while (start - unitsOfGroup >= floor && isGroup(view, start - unitsOfGroup, unitsOfGroup, bits))
      start -= unitsOfGroup;
    const { text, places, end } = this.read(view, start, groupStart);
    if (view.starved) return undefined;
    const first = readableFrom(text, ((groupStart - start) * bitsOfUnit) >> 3);
    if (text.length - first < SHORTEST_TEXT) return undefined;
    const findings = view.inspect?.(text.slice(first)) ?? [];
    const unitOf = (byte: number): number => Math.floor((byte * 8) / bitsOfUnit);
    const lastUnitOf = (end: number): number => Math.ceil((end * 8) / bitsOfUnit) - 1;
    const region: DecodedRegion = {
      encoding: name,
      start,
      places,
      firstUnit: unitOf(first),
      lastUnit: lastUnitOf(text.length),
      isCut: end >= view.high,
      spans: findings.map((finding): RedactionFinding => ({
        ...finding,
        start: places[unitOf(first + finding.start)] as number,
        end: (places[lastUnitOf(first + finding.end)] as number) + 1,
      })),
    };
    view.keepDecoded(region);
    return region;
  }

  /**
   * The bytes that the units from `start` on stand for, each as one unit: to the end of the run, of the window, or of
   * what can be read behind `groupStart`.
   */
  private read(
    view: TextView,
    start: number,
    groupStart: number,
  ): { text: string; places: number[]; end: number } {
    const { bits: classBits, bitsOfUnit } = this.encoding;
    const places: number[] = [];
    let text = '';
    let bits = 0;
    let count = 0;
    let at = start;
    for (; at < view.high; at++) {
      const code = view.at(at);
      if (!inClass(code, classBits) || code === EQUALS) {
        // Encoders fold long runs over lines.
        const next = skipFold(view, at);
        if (next === at || !isLineBreak(view.at(at)) || !inClass(view.at(next), classBits)) break;
        at = next - 1;
        continue;
      }
      places.push(at - start);
      bits = ((bits << bitsOfUnit) | valueOf(code, bitsOfUnit)) & 0xffff;
      count += bitsOfUnit;
      if (count < 8) continue;
      count -= 8;
      const byte = (bits >> count) & 255;
      if (at >= groupStart && !isReadable(byte)) break;
      text += String.fromCharCode(byte);
    }
    return { text, places, end: at };
  }
}

/** Behind the line end and the indentation at an index. */
function skipFold(view: TextView, from: number): number {
  let at = from;
  while (at - from < LONGEST_FOLD && isSpace(view.at(at))) at++;
  return at;
}

function isGroup(view: TextView, start: number, units: number, bits: number): boolean {
  for (let at = start; at < start + units; at++) {
    const code = view.before(at);
    // `state=eyJ…`: what stands before the sign is no part of the run.
    if (!inClass(code, bits) || code === EQUALS) return false;
  }
  return true;
}

/** The index of a number in a rising list; -1 where it is not in it. */
function indexOfSorted(list: readonly number[], wanted: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return list[low] === wanted ? low : -1;
}

function isLetterOrDigit(view: TextView, index: number): boolean {
  return inClass(view.before(index), CLASS_BITS.a);
}

/** Where the readable text around a place begins: what is decoded at random has control characters in it. */
function readableFrom(text: string, place: number): number {
  let from = Math.min(place, text.length);
  while (from > 0 && isReadable(text.charCodeAt(from - 1))) from--;
  return from;
}

function isReadable(byte: number): boolean {
  return (byte >= 32 && byte !== 127) || isSpace(byte);
}

/** What a unit of base64, base64url or hexadecimal stands for. */
function valueOf(unit: number, bitsOfUnit: number): number {
  if (bitsOfUnit === 4) return unit <= 57 ? unit - 48 : (unit | 32) - 87;
  if (unit >= 97) return unit - 71;
  if (unit >= 65) return unit - 65;
  if (unit >= 48 && unit <= 57) return unit + 4;
  return unit === 43 || unit === 45 ? 62 : 63;
}
