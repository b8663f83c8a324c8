import { isSpace } from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { LinearPattern } from './linear-pattern.ts';
import { endOfMask, LONGEST_MASK } from './mask-detector.ts';
import type { Kinds } from './mask-detector.ts';

/** Units that a pattern of the caller may match. */
const PATTERN_WINDOW = 512;

/**
 * A pattern of the caller, tried at each place where one of its literal beginnings stands. Masks are walls to it: no
 * match begins in one or reaches into one. So what a second pass could match, the first one has matched.
 */
export class PatternDetector implements Detector {
  readonly triggers: readonly Trigger[];
  /** A mask may begin at the last unit that is matched. */
  readonly window = PATTERN_WINDOW + LONGEST_MASK;
  readonly masks = 'at';
  readonly asksInside = 'doubtful';
  private readonly kind: string;
  private readonly pattern: LinearPattern;
  private readonly kinds: Kinds;

  /** @param kinds of the masks that are believed. */
  constructor(name: string, source: string, kinds: Kinds) {
    this.kind = name;
    this.pattern = new LinearPattern(source);
    this.kinds = kinds;
    this.triggers = this.pattern.prefixes.map((literal) => ({ literal, caseSensitive: true }));
  }

  detect(view: TextView, start: number): Candidate | undefined {
    const limit = start + PATTERN_WINDOW;
    // Units that have arrived are read without a call for each; `at` is asked for the first one that has not.
    const arrived = Math.min(limit, view.end);
    const { matchEnd, endedBy } = this.pattern.walk(
      view.text,
      start,
      arrived,
      (index) => endOfMask(view, index, this.kinds) !== undefined,
    );
    if (endedBy === 'end' && arrived < limit) view.at(arrived);
    if (matchEnd < 0 || view.starved || this.isInMask(view, start)) return undefined;
    const found = {
      kind: this.kind,
      rule: `pattern-${this.kind.replaceAll('_', '-')}`,
      start,
      end: matchEnd,
      score: 0.95,
    };
    // What reaches a bound may go on: its word is masked on.
    const isCut = endedBy === 'crowded' || (endedBy === 'end' && arrived === limit);
    return isCut ? { ...found, goesOn: (code) => !isSpace(code) } : found;
  }

  private isInMask(view: TextView, index: number): boolean {
    const from = Math.max(view.low, index - LONGEST_MASK);
    const opening = view.slice(from, index).lastIndexOf('[');
    return opening >= 0 && (endOfMask(view, from + opening, this.kinds) ?? 0) > index;
  }
}
