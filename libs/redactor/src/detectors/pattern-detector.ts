import { isSpace } from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { LinearPattern } from './linear-pattern.ts';

/** Units that a pattern of the caller may match. */
const PATTERN_WINDOW = 512;

/** A pattern of the caller, tried at each place where one of its literal beginnings stands. */
export class PatternDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window = PATTERN_WINDOW;
  readonly masks = 'at';
  readonly asksInside = 'doubtful';
  private readonly kind: string;
  private readonly pattern: LinearPattern;

  constructor(name: string, source: string) {
    this.kind = name;
    this.pattern = new LinearPattern(source);
    this.triggers = this.pattern.prefixes.map((literal) => ({ literal, caseSensitive: true }));
  }

  detect(view: TextView, start: number): Candidate | undefined {
    const length = this.pattern.longestMatch((offset) => view.at(start + offset));
    if (length <= 0) return undefined;
    const found = {
      kind: this.kind,
      rule: `pattern-${this.kind.replaceAll('_', '-')}`,
      start,
      end: start + length,
      score: 0.95,
    };
    // What reaches the end of the window may go on: its word is masked on.
    return found.end >= view.high ? { ...found, goesOn: (code) => !isSpace(code) } : found;
  }
}
