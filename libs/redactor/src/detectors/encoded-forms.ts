import { CLASS_BITS, inClass } from '../engine/char-class.ts';
import { InvisibleFilter, mayHoldInvisible } from '../engine/invisible-filter.ts';
import { BASE64, HEX, WIDE } from './byte-notations.ts';
import { beginnings } from './notation.ts';
import type { Notation } from './notation.ts';
import { OPENINGS, openingsOf, spellingsOf, WrittenNotation } from './written-notation.ts';

/** Where a form may stand, and what belongs to it besides. */
interface FormTraits {
  /** The first and the last unit of base64 share bits with what surrounds the value. */
  readonly sharesStart?: boolean;
  readonly sharesEnd?: boolean;
  /** Units before it that belong to it and were taken for the end of an escape sequence. */
  readonly swallowed?: string;
  /** Something invisible stands in it before the unit at this index. */
  readonly hiddenAt?: number;
  /** It lacks its first units, which end the line before. */
  readonly isAfterFold?: boolean;
}

/** A way in which a registered value may appear in text. */
export class EncodedForm {
  readonly notation: Notation;
  /** What it may begin with, for the automaton; the rest is compared at the hit. */
  readonly triggers: readonly string[];
  readonly traits: FormTraits;
  private readonly spell: () => Uint8Array | Uint32Array;
  private spelt: Uint8Array | Uint32Array | undefined;

  constructor(
    notation: Notation,
    triggers: readonly string[],
    spell: () => Uint8Array | Uint32Array,
    traits: FormTraits = {},
  ) {
    this.notation = notation;
    this.triggers = triggers;
    this.spell = spell;
    this.traits = traits;
  }

  /** What the notation writes: code points, bytes, or units of base64. Most forms of a long value are never met. */
  get symbols(): Uint8Array | Uint32Array {
    this.spelt ??= this.spell();
    return this.spelt;
  }
}

const BASE64_UNITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A line of a value that is long enough to be masked by itself. */
const SHORTEST_LINE = 16;
/** What the scan sees of a value: found anywhere, and only with something invisible in it, not to mangle text. */
const SHORTEST_VISIBLE = 6;
const SHORTEST_PART = 3;
/** Units of a trigger: as itself; from which an escape that follows may be left out; of base64. */
const PLAIN_TRIGGER = 8;
const ESCAPED_TRIGGER = 5;
const BASE64_TRIGGER = 4;
/** Symbols that are enough for the triggers of a form, and for what an escape sequence may swallow of it. */
const HEAD = 40;

/** Text whose openings of escapes are as they are, one of them is escaped, or all; and escaped twice. */
const AS_IT_IS = new WrittenNotation('');
const BY_FAMILY = OPENINGS.map((unit) => [unit, new WrittenNotation(unit)] as const);
const ALL_ESCAPED = new WrittenNotation(OPENINGS.join(''));
const ESCAPED_TWICE = new WrittenNotation(OPENINGS.join(''), 4);

/** All forms of a value. */
export function encodedForms(value: string): EncodedForm[] {
  const forms = [...writtenForms(value), ...visibleForms(value)];
  // A key is often shown in part: each of its lines counts where it is no text.
  if (/[\r\n]/.test(value)) {
    for (const line of value.split(/[\r\n]+/)) {
      const text = line.trim();
      if (text.length >= SHORTEST_LINE && /^\S*\d\S*$/.test(text)) forms.push(lineForm(text));
    }
  }
  const utf8 = new TextEncoder().encode(value);
  forms.push(
    ...hexForms(utf8, hexBeginnings),
    ...foldedHexForms(utf8),
    ...base64Forms(utf8, FOLDS),
  );
  for (const bytes of utf16Of(value))
    forms.push(...hexForms(bytes, dumpBeginnings), ...base64Forms(bytes, FOLDS));
  // Base64 of base64: the inner one may begin anywhere before the value.
  for (const shift of [0, 1, 2]) forms.push(...base64OfBase64Forms(utf8, shift));
  if (isWide(value)) forms.push(...utf16Of(value).map(wideForm));
  return forms;
}

/** What the scan sees of a value that holds something invisible, also where it is written in JSON. */
function visibleForms(value: string): EncodedForm[] {
  const inJson = JSON.stringify(value);
  const inAscii = inJson.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  const parts = new Map<string, number>();
  for (const text of [value, inJson.slice(1, -1), inAscii.slice(1, -1)]) {
    if (!mayHoldInvisible(text) && !/=\r?\n/.test(text)) continue;
    for (const header of ['', 'quoted-printable']) {
      const visible = visibleAfter(header, text);
      if (visible === text) continue;
      const part = text === value ? visible : (parsed(visible) ?? visible);
      if (part !== value && part.length >= SHORTEST_PART) parts.set(part, commonUnits(part, value));
    }
  }
  return Array.from(parts).flatMap(([part, hiddenAt]) =>
    writtenForms(part, part.length < SHORTEST_VISIBLE ? { hiddenAt } : {}),
  );
}

function parsed(inJson: string): string | undefined {
  try {
    return JSON.parse(`"${inJson}"`) as string;
  } catch {
    return undefined;
  }
}

/** How many units two texts have in common at the beginning. */
function commonUnits(left: string, right: string): number {
  let units = 0;
  while (units < left.length && left.charAt(units) === right.charAt(units)) units++;
  return units;
}

/** The visible part of a text behind another one. */
function visibleAfter(opening: string, text: string): string {
  const filter = new InvisibleFilter();
  const visible = filter.take(opening, false, 0, []) + filter.take(text, true, 0, []);
  return visible.startsWith(opening) ? visible.slice(opening.length) : visible;
}

function writtenForms(value: string, traits: FormTraits = {}): EncodedForm[] {
  const symbols = codePointsOf(value);
  const families = BY_FAMILY.filter(([unit]) => value.includes(unit));
  const notations = [
    AS_IT_IS,
    ...families.map(([, notation]) => notation),
    ...(families.length > 1 ? [ALL_ESCAPED] : []),
    ...(value.includes('\\') ? [ESCAPED_TWICE] : []),
  ];
  return [0, ...swallowedUnits(value.slice(0, HEAD))].flatMap((units) => {
    const rest = symbols.subarray(units);
    const triggers = writtenTriggers(rest.subarray(0, PLAIN_TRIGGER));
    const all = units > 0 ? { ...traits, swallowed: value.slice(0, units) } : traits;
    return notations.map((notation) => new EncodedForm(notation, triggers, () => rest, all));
  });
}

function codePointsOf(text: string): Uint32Array {
  return Uint32Array.from(text, (char) => char.codePointAt(0) ?? 0);
}

/** What a value may begin with as text, up to where an escape may open. */
function writtenTriggers(head: Uint32Array): string[] {
  const triggers = new Set<string>();
  let prefix = '';
  for (const symbol of head) {
    if (!inClass(symbol, CLASS_BITS.a)) {
      if (prefix.length >= ESCAPED_TRIGGER) break;
      const escapes = prefix === '' ? escapedBeginnings(head) : openingsOf(symbol);
      for (const escape of escapes) triggers.add(prefix + escape);
    }
    prefix += String.fromCodePoint(symbol);
  }
  triggers.add(prefix);
  for (let units = 2; units < prefix.length; units++)
    triggers.add(`${prefix.slice(0, units)}=\n`).add(`${prefix.slice(0, units)}=\r`);
  // Some encoders escape letters too.
  const [first = 0, second = 0] = head;
  triggers.add(`&#${String(first)};&#${String(second)}`);
  triggers.add(`&#x${first.toString(16)};&#x${second.toString(16)}`);
  triggers.add(`\\u${first.toString(16).padStart(4, '0')}\\u00`);
  return [...triggers];
}

/** The beginnings of a value whose first character is escaped, in each family of notations. */
function escapedBeginnings(head: Uint32Array): string[] {
  const [first = [], ...others] = Array.from(head.subarray(0, ESCAPED_TRIGGER), spellingsOf);
  return first.flatMap(([, ...escapes], family) =>
    beginnings([escapes, ...others.map((families) => families[family] ?? [])], ESCAPED_TRIGGER),
  );
}

/** A line of a value. */
function lineForm(text: string): EncodedForm {
  return new EncodedForm(AS_IT_IS, [text.slice(0, PLAIN_TRIGGER)], () => codePointsOf(text));
}

/**
 * How many of the first units of a form may be missing because the scan took them for the end of an escape sequence:
 * `ESC [ 1` and `Hunter…`.
 */
function swallowedUnits(head: string): number[] {
  if (!SWALLOWED.test(head)) return [];
  const units = ESCAPE_OPENINGS.map((opening) => {
    const visible = visibleAfter(opening, head);
    return head.endsWith(visible) ? head.length - visible.length : 0;
  });
  return [...new Set(units)].filter((count) => count > 0 && count < head.length);
}

const SWALLOWED = /^[[(]?(?:[0-9;:]*[mKJHG]|\?[0-9;]*[hl]|[AB0])/;
const ESCAPE_OPENINGS = ['\u001b', '\u001b[', '\u001b[1', '\u001b(', '\\x1b[', '^['];

/** @param folds what may break the first units. */
function base64Forms(bytes: Uint8Array, folds: readonly string[]): EncodedForm[] {
  return [0, 1, 2].flatMap((shift) => {
    const whole = base64Form(bytes, shift, folds);
    const head = base64At(bytes.subarray(0, HEAD), shift).text;
    return [
      whole,
      // A line that ends in two units is not held back for what may follow it: they are twelve bits of the value.
      restOfBase64(whole, head, 1, { isAfterFold: true }),
      restOfBase64(whole, head, 2, { isAfterFold: true }),
      ...swallowedUnits(head).map((units) =>
        restOfBase64(whole, head, units, { swallowed: head.slice(0, units) }),
      ),
    ];
  });
}

function base64Form(bytes: Uint8Array, shift: number, folds: readonly string[]): EncodedForm {
  const head = base64At(bytes.subarray(0, BASE64_TRIGGER), shift).text.slice(0, BASE64_TRIGGER);
  const heads = [...new Set([head, inUrlAlphabet(head)])];
  return new EncodedForm(
    BASE64,
    [
      ...base64Beginnings(head),
      ...heads.flatMap((text) => folds.map((fold) => text.slice(0, BASE64_TRIGGER - 1) + fold)),
    ],
    () => new TextEncoder().encode(base64At(bytes, shift).text),
    { sharesStart: shift > 0, sharesEnd: (shift + bytes.length) % 3 !== 0 },
  );
}

/** A form without its first units. */
function restOfBase64(
  whole: EncodedForm,
  head: string,
  units: number,
  traits: FormTraits,
): EncodedForm {
  return new EncodedForm(
    BASE64,
    base64Beginnings(head.slice(units, units + BASE64_TRIGGER)),
    () => whole.symbols.subarray(units),
    { ...traits, sharesEnd: whole.traits.sharesEnd ?? false },
  );
}

function base64OfBase64Forms(bytes: Uint8Array, innerShift: number): EncodedForm[] {
  const inner = base64At(bytes, innerShift).text;
  return [...new Set([inner, inUrlAlphabet(inner)])].flatMap((text) =>
    base64Forms(new TextEncoder().encode(text), ['\n']),
  );
}

function inUrlAlphabet(text: string): string {
  return text.replaceAll('+', '-').replaceAll('/', '_');
}

function base64Beginnings(head: string): string[] {
  if (!/[+/]/.test(head)) return [head];
  const ways = Array.from(head, (unit) => BASE64_SPELLINGS[unit] ?? [unit]);
  return beginnings(ways, BASE64_TRIGGER);
}

/** A line end, also one in letters. */
const FOLDS = ['\n', '\r', '\\'];
const BASE64_SPELLINGS: Record<string, readonly string[]> = {
  '+': ['+', '-', '%2B', '%2b', '\\u002b', '\\u002B', '&#43;'],
  '/': ['/', '_', '%2F', '%2f', '\\/', '\\u002f', '\\u002F', '&#47;'],
};

function hexForms(
  bytes: Uint8Array,
  beginningsOf: (digits: readonly string[]) => readonly string[],
  traits: FormTraits = {},
): EncodedForm[] {
  const digits = Array.from(bytes.subarray(0, 3), (byte) => byte.toString(16).padStart(2, '0'));
  const written = beginningsOf(digits);
  const triggers = /[a-f]/.test(digits.join(''))
    ? [...written, ...written.map((text) => text.replace(/[a-f]+/g, upperCase))]
    : written;
  return [new EncodedForm(HEX, triggers, () => bytes, traits)];
}

/** What a line has of a value whose first or first two bytes end the line before. */
function foldedHexForms(bytes: Uint8Array): EncodedForm[] {
  return [1, 2].flatMap((missing) =>
    hexForms(bytes.subarray(missing), dumpBeginnings, { isAfterFold: true }),
  );
}

const upperCase = (text: string): string => text.toUpperCase();

/** The first three bytes with what tools put between them. */
function hexBeginnings(digits: readonly string[]): string[] {
  const [first = '', second = '', third = ''] = digits;
  return [
    digits.join(':'),
    digits.join('-'),
    ...dumpBeginnings(digits),
    `${first}  ${second} ${third}`,
    `${first} ${second}  ${third}`,
    ...[', 0x', ',0x', ' 0x', ', '].map((separator) => first + separator + second),
    ...['\\x', '\\\\x', '%', '='].map((prefix) => prefix + first + prefix),
    ...['\r', '\\'].map((fold) => first + second + fold),
    ...['\n', '\r'].flatMap((fold) => [`${first} ${second}${fold}`, `${first}:${second}:${fold}`]),
  ];
}

/** In groups of one or two bytes. */
function dumpBeginnings([first = '', second = '', third = '']: readonly string[]): string[] {
  return [
    first + second + third,
    `${first}${second}\n`,
    `${first} ${second} ${third}`,
    `${first}${second} ${third}`,
    `${first} ${second}${third}`,
  ];
}

function isWide(value: string): boolean {
  return /[^\0-\xff]/.test(value);
}

/**
 * The bytes of a value in UTF-16, little-endian and big-endian. Of Latin letters the two differ in where the zeros
 * begin only: one without the zero at its end is in both.
 */
function utf16Of(value: string): Uint8Array[] {
  const littleEndian = new Uint8Array(value.length * 2);
  const bigEndian = new Uint8Array(value.length * 2);
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    littleEndian[2 * index] = bigEndian[2 * index + 1] = unit & 255;
    littleEndian[2 * index + 1] = bigEndian[2 * index] = unit >> 8;
  }
  return isWide(value) ? [littleEndian, bigEndian] : [littleEndian.subarray(0, -1)];
}

/** UTF-16 that was read as bytes. The scan takes out zeros that stand at every other place, not all. */
function wideForm(bytes: Uint8Array): EncodedForm {
  const symbols = bytes.filter((byte) => byte !== 0);
  const triggers = [symbols, bytes].map((head) =>
    String.fromCharCode(...head.subarray(0, PLAIN_TRIGGER)),
  );
  return new EncodedForm(WIDE, triggers, () => symbols);
}

/**
 * The units of base64 that a value alone determines when it begins `shift` bytes after a group of three. The units at
 * the seams carry bits of the neighbours too, so that they are left out of the form and masked with it.
 */
export function base64At(bytes: Uint8Array, shift: number): { text: string; sharesEnd: boolean } {
  const firstBit = shift * 8;
  const lastBit = firstBit + bytes.length * 8;
  let text = '';
  for (let bit = Math.ceil(firstBit / 6) * 6; bit + 6 <= lastBit; bit += 6) {
    const index = (bit - firstBit) >> 3;
    const pair = ((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0);
    text += BASE64_UNITS.charAt((pair >> (10 - ((bit - firstBit) & 7))) & 63);
  }
  return { text, sharesEnd: lastBit % 6 !== 0 };
}
