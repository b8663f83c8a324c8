import { CLASS_BITS, inClass, isBlank, isLineBreak, isSpace } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { holdsMask } from './placeholders.ts';

/** Longest armoured key that is held as a whole: an RSA key of 16384 bits takes 12.7 kB. */
const KEY_WINDOW = 20_000;
const LONGEST_LABEL = 40;
/** Units of base64 in a row that make a body line, and of one that is a line of its own. */
const BODY_RUN = 24;
const SHORT_RUN = 12;
/** Units from BEGIN to the first body line. */
const LONGEST_HEADER = 2000;
/** Units between two body lines: header lines, log prefixes. */
const LONGEST_GAP = 320;
/** Units between a body line and a short last line of it: a line end, escaped or indented. */
const SHORT_GAP = 40;
const DASH = 45;
const OPENING_BRACKET = 91;
const CLOSING_BRACKET = 93;

/**
 * Private keys in textual armour (RFC 7468; OpenSSH's PROTOCOL.key; RFC 9580, section 6.2): a walk from
 * BEGIN to END over whatever stands between, so that indentation, log prefixes and escaped line ends do not
 * matter. Without an END, what looks like the armour is masked, however long.
 */
export class PrivateKeyDetector implements Detector {
  readonly triggers = [
    '-----BEGIN ',
    '---- BEGIN ',
    // Where an editor has made dashes of another kind.
    'BEGIN PRIVATE KEY',
    'BEGIN RSA PRIVATE KEY',
    'BEGIN EC PRIVATE KEY',
    'BEGIN OPENSSH PRIVATE KEY',
  ].map((literal) => ({ literal, caseSensitive: true }));
  readonly window = KEY_WINDOW;
  readonly masks = 'at';
  readonly asksInside = 'doubtful';

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    let at = end;
    while (at - end < LONGEST_LABEL && isLabelCode(view.at(at))) at++;
    if (!/PRIVATE KEY|OpenVPN Static key/i.test(view.slice(start, at))) return undefined;
    // Some kind of dash closes the label.
    if (!DASHES.test(String.fromCharCode(Math.max(0, view.at(at))))) return undefined;
    const isHex = /Static key/i.test(view.slice(start, at));
    const body = walkBody(view, at, LONGEST_HEADER, isHex);
    return body && { kind: 'private_key', rule: 'private-key-armour', start, score: 0.99, ...body };
  }
}

const DASHES = /[-\u2010-\u2015\u2212]/;

/** A key whose BEGIN is missing: what its DER begins with (PKCS #1 and PKCS #8 of RSA keys), and the lines from there. */
export class HeadlessKeyDetector implements Detector {
  readonly triggers = [
    'IBADANBgkqhkiG9w0BAQEFAASC',
    'IBAAKCAQEA',
    'IBAAKCAYEA',
    'IBAAKCAgEA',
    'IBAAKBgQ',
  ].map((literal) => ({ literal, caseSensitive: true }));
  readonly window = KEY_WINDOW;
  readonly masks = 'before';
  readonly asksInside = 'doubtful';

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    let from = start;
    while (start - from < LONGEST_HEAD && inClass(view.before(from - 1), CLASS_BITS.a)) from--;
    if (!/^MII/.test(view.slice(from, end))) return undefined;
    const body = walkBody(view, end, LONGEST_GAP);
    return (
      body && {
        kind: 'private_key',
        rule: 'private-key-headless',
        start: from,
        score: 0.95,
        ...body,
      }
    );
  }
}

/** Units of the tag and the length of a key's outer sequence, in base64. */
const LONGEST_HEAD = 8;

/** The end of the body that begins at an index; undefined where there is none. Some are in hexadecimal. */
function walkBody(
  view: TextView,
  from: number,
  longestHeader: number,
  isHex = false,
): Pick<Candidate, 'end' | 'goesOn'> | undefined {
  let at = from;
  // Body lines are long runs of base64; a short one counts where it directly follows a body line.
  let bodyEnd = -1;
  let gapStart = at;
  let followsBody = false;
  for (;;) {
    const runStart = at;
    while (inClass(view.at(at), CLASS_BITS.b)) at++;
    const length = at - runStart;
    const next = view.at(at);
    const closesBody =
      followsBody &&
      length >= 4 &&
      runStart - bodyEnd <= SHORT_GAP &&
      !isBlank(next) &&
      startsLine(view.at(bodyEnd));
    if (closesBody || isBodyRun(view, runStart, at, isHex)) {
      bodyEnd = at;
      gapStart = at;
      followsBody = length >= BODY_RUN;
    } else if (length > 1) followsBody = false;
    if (next < 0) {
      if (bodyEnd < 0) return undefined;
      return at >= view.high ? { end: at, goesOn: isArmourCode } : { end: bodyEnd };
    }
    const close = next === DASH ? armourEnd(view, at) : -1;
    if (close >= 0) return bodyEnd < 0 ? undefined : { end: close };
    // Another key, or a mask, before any body: what follows is not of this one.
    if (bodyEnd < 0 && (beginsKey(view, at) || isMaskAt(view, at))) return undefined;
    // Nothing like a body for a while: the key was cut off, or this only speaks of keys.
    if (at - gapStart > (bodyEnd < 0 ? longestHeader : LONGEST_GAP))
      return bodyEnd < 0 ? undefined : { end: bodyEnd };
    at++;
  }
}

const ENDINGS = ['-----END ', '---- END ', '-END '];

/** Where the line that ends a key ends; -1 where none begins. What only looks like one frees nothing. */
function armourEnd(view: TextView, at: number): number {
  if (!ENDINGS.some((ending) => view.has(ending, at))) return -1;
  let close = at;
  while (view.at(close) === DASH) close++;
  while (close - at < LONGEST_LABEL + 9 && isLabelCode(view.at(close))) close++;
  if (!/PRIVATE KEY|Static key/i.test(view.slice(at, close))) return -1;
  while (view.at(close) === DASH && close - at < LONGEST_LABEL + 20) close++;
  return close;
}

/** Whether the BEGIN of a key stands at an index. */
function beginsKey(view: TextView, at: number): boolean {
  if (view.at(at) !== DASH || !view.has('-----BEGIN ', at)) return false;
  let end = at + 5;
  while (end - at < LONGEST_LABEL && isLabelCode(view.at(end))) end++;
  return view.slice(at, end).includes('PRIVATE KEY');
}

function isMaskAt(view: TextView, at: number): boolean {
  if (!view.has('[REDACTED:', at)) return false;
  let end = at;
  while (end - at < LONGEST_MASK && view.at(end) > 32 && view.at(end) !== 93) end++;
  return view.at(end) === 93 && holdsMask(view.slice(at, end + 1));
}

/** Units of a mask with its fingerprint. */
const LONGEST_MASK = 70;

/** A run of base64 in both cases; in the middle of a line no path, whose words are longer than chance makes them. */
function isBodyRun(view: TextView, start: number, end: number, isHex: boolean): boolean {
  if (end - start < SHORT_RUN) return false;
  const isLine = startsLine(view.at(end)) && isLineStart(view, start);
  if (end - start < BODY_RUN && !isLine) return false;
  const run = view.slice(start, end);
  if (isHex && isLine && /^[\da-f]{32}$/.test(run)) return true;
  // A mask at its side was a part of the same word.
  if (view.at(end) === OPENING_BRACKET || view.at(start - 1) === CLOSING_BRACKET) return false;
  const isMixed = /[a-z][^a-z]*[a-z]/.test(run) && /[A-Z][^A-Z]*[A-Z]/.test(run);
  return isMixed && (isLine || !/[a-z]{9}/.test(run));
}

/** Whether an index begins a line: behind a line end, also an escaped one, and blanks. */
function isLineStart(view: TextView, index: number): boolean {
  let at = index - 1;
  while (index - at < SHORT_GAP && isBlank(view.at(at))) at--;
  // The letter of `\\n` belongs to the run that it stands before.
  return isLineBreak(view.at(at)) || view.at(at) === 92;
}

/** A line end, also an escaped one. */
function startsLine(code: number): boolean {
  return isLineBreak(code) || code === 92;
}

function isLabelCode(code: number): boolean {
  return inClass(code, CLASS_BITS.a) || code === 32;
}

/** Base64 and line ends in any spelling. */
function isArmourCode(code: number): boolean {
  return inClass(code, CLASS_BITS.m) || isSpace(code) || code === 92;
}

/** The private part of a PuTTY key file (PPK 2 and 3): lines of base64 between `Private-Lines` and `Private-MAC`. */
export class PuttyKeyDetector implements Detector {
  readonly triggers = [{ literal: 'Private-Lines:', caseSensitive: true }];
  readonly window = KEY_WINDOW;
  readonly masks = 'after';
  readonly asksInside = 'doubtful';

  detect(view: TextView, _start: number, end: number): Candidate | undefined {
    let at = end;
    while (at - end < 16 && (isBlank(view.at(at)) || inClass(view.at(at), CLASS_BITS.d))) at++;
    // Line ends may be escaped, lines indented.
    let bodyEnd = -1;
    let bodyStart = -1;
    for (let gap = 0; gap <= SHORT_GAP; gap++) {
      // The letter of an escaped line end is no part of the line.
      if (view.at(at - 1) === 92 && (view.at(at) === 110 || view.at(at) === 114)) at++;
      const runStart = at;
      while (inClass(view.at(at), CLASS_BITS.b)) at++;
      const length = at - runStart;
      const isBody = isBodyRun(view, runStart, at, false);
      if (isBody || (length >= 4 && bodyEnd >= 0 && startsLine(view.at(at)))) {
        if (bodyStart < 0) bodyStart = runStart;
        bodyEnd = at;
        gap = 0;
      } else gap += length;
      if (view.at(at) < 0 || view.has('Private-MAC', at)) break;
      at++;
    }
    if (bodyEnd < 0) return undefined;
    const found = { kind: 'private_key', rule: 'putty-key', start: bodyStart, score: 0.99 };
    return at >= view.high
      ? { ...found, end: at, goesOn: isArmourCode }
      : { ...found, end: bodyEnd };
  }
}
