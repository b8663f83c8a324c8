import type { TextView } from './text-view.ts';

/** A span that a detector holds for a secret. Indexes are those of the view. */
export interface Candidate {
  readonly kind: string;
  readonly rule: string;
  readonly start: number;
  readonly end: number;
  /** 0 to 1. */
  readonly score: number;
  /**
   * Set when the secret ran into the end of the window: units that satisfy it are masked on, without
   * limit and without being held back. This is how the bound fails closed.
   */
  readonly goesOn?: (code: number) => boolean;
  /** Its context alone showed that it is secret: it is masked wherever it stands from here on in this text. */
  readonly isLearnt?: boolean;
  /** Further spans of the same kind behind it: the other rows of a table. */
  readonly others?: readonly Pick<Candidate, 'start' | 'end' | 'goesOn' | 'isLearnt'>[];
  /** No secret: text in a format that cannot be looked into begins here. Its kind names the format. */
  readonly isOpaque?: boolean;
  /** The span is an earlier mask: it is left as it is and nothing inside it is looked at again. */
  readonly alreadyMasked?: boolean;
}

export interface Trigger {
  readonly literal: string;
  readonly caseSensitive: boolean;
}

/** Looks at the text around a literal and says whether a secret stands there. */
export interface Detector {
  readonly triggers: readonly Trigger[];
  /** Units after the trigger that a verdict may need; the hold-back of a stream is bounded by it. */
  readonly window: number;
  /**
   * Where the masked span begins. `after` the trigger: the trigger itself need not be held back. `at` it.
   * `before` it, in the run of letters and digits that ends there, at most REACH units.
   */
  readonly masks: 'after' | 'at' | 'before';
  /**
   * Inside which spans, found before, it is still asked: in none, in those that only their context made suspicious
   * (`doubtful`), or in any.
   */
  readonly asksInside: 'none' | 'doubtful' | 'any';
  detect(view: TextView, start: number, end: number): Candidate | undefined;
}
