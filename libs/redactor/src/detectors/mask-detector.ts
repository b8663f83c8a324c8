import { CLASS_BITS, inClass } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';

const MASK_OPENING = '[REDACTED:';
const LONGEST_KIND = 40;
const FINGERPRINT_DIGITS = 12;
/** Units of the longest mask: `[REDACTED:<kind>:<fingerprint>]`. */
export const LONGEST_MASK = MASK_OPENING.length + LONGEST_KIND + FINGERPRINT_DIGITS + 2;

/** Writes masks. */
export function maskOf(kind: string, fingerprint?: string): string {
  return fingerprint === undefined
    ? `${MASK_OPENING}${kind}]`
    : `${MASK_OPENING}${kind}:${fingerprint}]`;
}

/** Kinds that exist. */
export type Kinds = Pick<ReadonlySet<string>, 'has'>;

/** Index after the mask that begins at an index; undefined where none does. Only kinds that exist are believed. */
export function endOfMask(view: TextView, start: number, kinds: Kinds): number | undefined {
  if (!view.has(MASK_OPENING, start)) return undefined;
  const kindAt = start + MASK_OPENING.length;
  let at = kindAt;
  while (at - kindAt <= LONGEST_KIND && inClass(view.at(at), CLASS_BITS.w)) at++;
  if (!kinds.has(view.slice(kindAt, at))) return undefined;
  if (view.at(at) === 58) {
    const from = at + 1;
    at = from;
    while (at - from <= FINGERPRINT_DIGITS && inClass(view.at(at), CLASS_BITS.h)) at++;
    if (at - from !== FINGERPRINT_DIGITS) return undefined;
  }
  return view.at(at) === 93 ? at + 1 : undefined;
}

/** Knows its own masks, so that redacting twice changes nothing. */
export class MaskDetector implements Detector {
  readonly triggers = [{ literal: MASK_OPENING, caseSensitive: true }];
  readonly window = LONGEST_MASK;
  readonly masks = 'at';
  readonly asksInside = 'doubtful';
  private readonly kinds: Kinds;

  constructor(kinds: Kinds) {
    this.kinds = kinds;
  }

  detect(view: TextView, start: number): Candidate | undefined {
    const end = endOfMask(view, start, this.kinds);
    if (end === undefined) return undefined;
    return { kind: 'mask', rule: 'mask', start, end, score: 1, alreadyMasked: true };
  }
}
