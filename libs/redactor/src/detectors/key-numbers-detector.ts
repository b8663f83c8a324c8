import { CLASS_BITS, inClass, isSpace } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';

/** Units of the numbers of one key. */
const WINDOW = 12_000;
const COLON = 58;
const LESS = 60;
const GREATER = 62;
/** Bytes from which on pairs of digits are a number of a key. */
const FEWEST_BYTES = 12;
/** Line end and indentation between two lines of digits. */
const LONGEST_GAP = 24;

/** The private numbers of a key as `openssl … -text` prints them: pairs of digits with colons, over several lines. */
export class KeyNumbersDetector implements Detector {
  readonly triggers = [
    'priv:',
    'privateExponent:',
    'prime1:',
    'prime2:',
    'exponent1:',
    'exponent2:',
    'coefficient:',
  ].map((literal) => ({ literal, caseSensitive: true }));
  readonly window = WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'doubtful';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    let at = skipGap(view, end);
    const start = at;
    let until = at;
    let bytes = 0;
    while (isDigit(view, at) && isDigit(view, at + 1) && !isDigit(view, at + 2)) {
      bytes++;
      until = at + 2;
      at = until;
      while (view.at(at) === COLON) at++;
      at = skipGap(view, at);
    }
    if (bytes < FEWEST_BYTES) return undefined;
    const found = { kind: 'private_key', rule: 'key-numbers', start, score: 0.95 };
    return at >= view.high
      ? { ...found, end: view.high, goesOn: isNumberCode }
      : { ...found, end: until };
  }
}

function isDigit(view: TextView, index: number): boolean {
  return inClass(view.at(index), CLASS_BITS.h);
}

function isNumberCode(code: number): boolean {
  return inClass(code, CLASS_BITS.h) || code === COLON || isSpace(code);
}

function skipGap(view: TextView, from: number): number {
  let at = from;
  while (at - from < LONGEST_GAP && isSpace(view.at(at))) at++;
  return at;
}

/** A private key of .NET in XML: all numbers but the two public ones. */
export class XmlKeyDetector implements Detector {
  readonly triggers = [{ literal: '<RSAKeyValue>', caseSensitive: true }];
  readonly window = WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'doubtful';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    const found = { kind: 'private_key', rule: 'xml-key', score: 0.95 };
    let start = -1;
    let at = end;
    for (; isElementCode(view.at(at)); at++) {
      if (view.at(at) !== LESS) continue;
      if (view.has('</RSAKeyValue>', at) || view.has('<RSAKeyValue>', at)) break;
      if (start < 0 && PRIVATE_NUMBERS.some((element) => view.has(element, at))) start = at;
    }
    // A key that is cut off is masked as far as it goes.
    if (start < 0) return undefined;
    return at >= view.high
      ? { ...found, start, end: at, goesOn: isElementCode }
      : { ...found, start, end: at };
  }
}

/** Elements with numbers in base64: anything else is no more of the key. */
function isElementCode(code: number): boolean {
  return inClass(code, CLASS_BITS.b) || code === LESS || code === GREATER || isSpace(code);
}

const PRIVATE_NUMBERS = ['<P>', '<Q>', '<DP>', '<DQ>', '<InverseQ>', '<D>'];
