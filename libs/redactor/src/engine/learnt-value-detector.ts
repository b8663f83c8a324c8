import { CLASS_BITS, inClass } from './char-class.ts';
import type { Candidate, Detector, Trigger } from './detector.ts';
import type { TextView } from './text-view.ts';
import { distinctUnits } from '../detectors/placeholders.ts';
import { isIdentifier } from '../detectors/value-score.ts';

/** Units of a value that the automaton looks for; the rest is compared at the hit. */
const TRIGGER_UNITS = 8;
const SHORTEST = 6;
const LONGEST = 512;
/** From this length on a value is masked inside a longer word too. */
const UNMISTAKABLE = 16;

/** Finds a value again that its context has shown to be secret before: `password: X`, and then X alone. */
export class LearntValueDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window = LONGEST;
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

/** Whether a value is so particular that it is secret wherever it stands: not `admin`, not `true`, not `12345678`. */
export function isLearnable(value: string): boolean {
  const { length } = value;
  if (length < SHORTEST || length > LONGEST || /\s/.test(value)) return false;
  if (distinctUnits(value, 5) < 5 || isIdentifier(value)) return false;
  if (/\d/.test(value) && /[A-Za-z]/.test(value)) return true;
  return length >= 10 && /[a-z]/.test(value) && /[A-Z]/.test(value) && /[^\w]/.test(value);
}

function isAlphanumeric(code: number): boolean {
  return inClass(code, CLASS_BITS.a);
}
