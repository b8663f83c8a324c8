import type { RedactionFinding } from '../finding.ts';
import { inClass, isLineBreak } from './char-class.ts';
import { countPiecesBefore } from './invisible-filter.ts';
import type { InvisiblePiece } from './invisible-filter.ts';
import { MixedRuns } from './mixed-runs.ts';

/** A run of encoded text, and what was found in it. Places are counted from its start. */
export interface DecodedRegion {
  readonly encoding: string;
  start: number;
  /** Where each of its units stands; a run may be folded over lines. */
  readonly places: readonly number[];
  /** Which of the units decode to readable text: the others were not looked into. */
  readonly firstUnit: number;
  readonly lastUnit: number;
  /** The run goes on behind the region. */
  readonly isCut: boolean;
  readonly spans: readonly RedactionFinding[];
}

/** Regions that are remembered: one for each alignment of base64 and of hexadecimal. */
const MOST_REGIONS = 6;

/** How far to the left of its trigger a detector may look, in UTF-16 units. */
export const LOOK_BEHIND = 160;

/**
 * The text as a detector sees it: a window around its trigger.
 *
 * This class carries the law of the stream. A detector reads through {@link at} only; a read beyond what
 * has arrived marks the view as `starved`, and the engine then throws the verdict away and asks again
 * when there is more. A verdict reached without such a read cannot depend on what follows, so it is the
 * same for every way of cutting the input. A read outside the window answers -1 in both cases.
 */
export class TextView {
  text = '';
  /** Index after the last unit that has arrived. */
  end = 0;
  /** True once nothing more can arrive. */
  final = true;
  /** The window: reads below `low` or at and beyond `high` answer -1. */
  low = 0;
  high = 0;
  starved = false;
  /** Where the mask of the detector that is being asked can begin at the earliest, as far as it knows. */
  maskFrom = 0;
  /** What was taken out of the text. */
  pieces: readonly InvisiblePiece[] = [];
  /** Units dropped from the beginning so far: an index and this are together the place in the whole text. */
  dropped = 0;
  /** Redacts a text that was found encoded in this one; absent where that is deep enough. */
  inspect: ((text: string) => readonly RedactionFinding[]) | undefined;
  private regions: DecodedRegion[] = [];
  private runBits = 0;
  private runStart = 0;
  private runKnownEnd = 0;
  private readonly mixedRuns = new MixedRuns();
  private restStart = 0;
  private restKnownEnd = 0;
  /** The last masked span; to the right of it the text looks as it will look when masked. */
  maskedStart = 0;
  maskedEnd = 0;

  /** The code unit at an index; -1 where there is none. */
  at(index: number): number {
    if (index < this.low || index >= this.high) return -1;
    if (index >= this.end) {
      if (!this.final) this.starved = true;
      return -1;
    }
    return this.text.charCodeAt(index);
  }

  /** As {@link at} for the units left of a trigger: a masked secret reads as the `]` that replaces it. */
  before(index: number): number {
    if (index < this.maskedEnd && index >= this.maskedStart) return 93;
    return this.at(index);
  }

  /** Whether something invisible stood before the unit at an index: a change of colour may part two words. */
  isSeam(index: number): boolean {
    return this.hiddenBefore(index) !== '';
  }

  /** What was taken out of the text before the unit at an index; empty where nothing was. */
  hiddenBefore(index: number): string {
    const { pieces } = this;
    const piece = pieces.length > 0 ? pieces[countPiecesBefore(pieces, index)] : undefined;
    return piece?.at === index ? piece.text : '';
  }

  /**
   * Where the run of a class that begins at an index ends, after at most `most` units. What is known of the last run is
   * kept, so that many triggers within one run read it once.
   */
  runEnd(from: number, bits: number, most: number): number {
    const stop = Math.min(from + most, this.high);
    let at = from;
    const isKnown = bits === this.runBits && from >= this.runStart && from <= this.runKnownEnd;
    if (isKnown) at = Math.min(this.runKnownEnd, stop);
    while (at < stop && inClass(this.at(at), bits)) at++;
    if (!isKnown) {
      this.runBits = bits;
      this.runStart = from;
      this.runKnownEnd = at;
    } else if (at > this.runKnownEnd) {
      this.runKnownEnd = at;
    }
    return at;
  }

  /**
   * Where the rest of a line ends, or of the string that it stands in: at a line end or a quote. What is known of the
   * last one is kept, so that many headers on one line read it once.
   */
  restEnd(from: number): number {
    const isKnown = from >= this.restStart && from <= this.restKnownEnd;
    let at = isKnown ? Math.min(this.restKnownEnd, this.high) : from;
    for (let code = this.at(at); code >= 0; code = this.at(++at))
      if (code === 34 || code === 39 || isLineBreak(code)) break;
    if (!isKnown) this.restStart = from;
    this.restKnownEnd = isKnown ? Math.max(this.restKnownEnd, at) : at;
    return at;
  }

  /**
   * Whether nothing in the window from an index on can be a key in base64: no run of it is long enough and changes
   * between letters, digits and cases often enough. False, too, while the window has not come as a whole.
   */
  hasNoMixedRun(from: number): boolean {
    if (this.high > this.end && !this.final) return false;
    return this.mixedRuns.areMissing(this.text, from, Math.min(this.high, this.end));
  }

  /**
   * The unit at an index where it has come, else -1: for what is refused at once where it is known, and read with
   * {@link at} otherwise.
   */
  peek(index: number): number {
    return index < this.end && index < this.high ? this.text.charCodeAt(index) : -1;
  }

  /** The regions that were decoded last, so that many triggers in one decode it once. */
  get decodedRegions(): readonly DecodedRegion[] {
    return this.regions;
  }

  keepDecoded(region: DecodedRegion): void {
    this.regions.push(region);
    if (this.regions.length > MOST_REGIONS) this.regions.shift();
  }

  forgetDecoded(): void {
    this.regions = [];
  }

  /** Keeps what is known right when units are dropped from the beginning of the text. */
  shift(units: number): void {
    this.dropped += units;
    this.runStart -= units;
    this.runKnownEnd -= units;
    this.restStart -= units;
    this.restKnownEnd -= units;
    this.mixedRuns.shift(units);
    for (const region of this.regions) region.start -= units;
  }

  /** Whether `literal` stands at an index. */
  has(literal: string, index: number): boolean {
    for (let offset = 0; offset < literal.length; offset++) {
      if (this.at(index + offset) !== literal.charCodeAt(offset)) return false;
    }
    return true;
  }

  /** As {@link slice} for text left of a trigger: a masked secret reads as brackets there, see {@link before}. */
  sliceBefore(start: number, end: number): string {
    const { maskedStart, maskedEnd, text } = this;
    if (maskedEnd <= start || maskedStart >= end) return text.slice(start, end);
    const from = Math.max(start, maskedStart);
    const until = Math.min(end, maskedEnd);
    return text.slice(start, from) + ']'.repeat(until - from) + text.slice(until, end);
  }

  /** The text between two indexes; both must have been reached by reads. */
  slice(start: number, end: number): string {
    return this.text.slice(start, end);
  }
}
