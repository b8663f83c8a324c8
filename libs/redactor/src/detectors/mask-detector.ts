import { CLASS_BITS, inClass } from '../engine/char-class.ts';
import type { Candidate, Detector } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';

const MASK_OPENING = '[REDACTED:';
const LONGEST_KIND = 40;

/** Writes masks. */
export function maskOf(kind: string, fingerprint?: string): string {
  return fingerprint === undefined
    ? `${MASK_OPENING}${kind}]`
    : `${MASK_OPENING}${kind}:${fingerprint}]`;
}

/** Knows its own masks, so that redacting twice changes nothing. Only kinds that exist are believed. */
export class MaskDetector implements Detector {
  readonly triggers = [{ literal: MASK_OPENING, caseSensitive: true }];
  readonly window = 80;
  readonly masks = 'at';
  readonly asksInside = 'doubtful';
  private readonly kinds: ReadonlySet<string>;

  constructor(kinds: ReadonlySet<string>) {
    this.kinds = kinds;
  }

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    let at = end;
    while (at - end <= LONGEST_KIND && inClass(view.at(at), CLASS_BITS.w)) at++;
    if (!this.kinds.has(view.slice(end, at))) return undefined;
    if (view.at(at) === 58) {
      const from = at + 1;
      at = from;
      while (at - from <= 16 && inClass(view.at(at), CLASS_BITS.h)) at++;
      if (at - from !== 12) return undefined;
    }
    if (view.at(at) !== 93) return undefined;
    return { kind: 'mask', rule: 'mask', start, end: at + 1, score: 1, alreadyMasked: true };
  }
}
