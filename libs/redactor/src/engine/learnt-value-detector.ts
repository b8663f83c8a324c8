import { CLASS_BITS, inClass } from './char-class.ts';
import type { Candidate, Detector, Trigger } from './detector.ts';
import type { TextView } from './text-view.ts';

/** Longest value that is looked for again, in UTF-16 units. */
export const LONGEST_LEARNT = 512;
/** Units of a value that the automaton looks for; the rest is compared at the hit. */
const TRIGGER_UNITS = 8;
/** From this length on a value is masked inside a longer word too. */
const UNMISTAKABLE = 16;

/** Finds a value again that its context has shown to be secret before: `password: X`, and then X alone. */
export class LearntValueDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window = LONGEST_LEARNT;
  readonly masks = 'at';
  readonly asksInside = 'none';
  private readonly kind: string;
  private readonly value: string;

  constructor(kind: string, value: string) {
    this.kind = kind;
    this.value = value;
    this.triggers = [{ literal: value.slice(0, TRIGGER_UNITS), caseSensitive: true }];
  }

  detect(view: TextView, start: number): Candidate | undefined {
    const { kind, value } = this;
    if (!view.has(value, start)) return undefined;
    const end = start + value.length;
    const isWord = !isAlphanumeric(view.before(start - 1)) && !isAlphanumeric(view.at(end));
    if (!isWord && value.length < UNMISTAKABLE) return undefined;
    return { kind, rule: 'learnt-value', start, end, score: 0.85 };
  }
}

function isAlphanumeric(code: number): boolean {
  return inClass(code, CLASS_BITS.a);
}
