import { base64At } from '../detectors/encoded-forms.ts';
import { CLASS_BITS, inClass } from './char-class.ts';
import type { Candidate, Detector, Trigger } from './detector.ts';
import type { TextView } from './text-view.ts';

/** Longest value that is looked for again, in UTF-16 units. */
export const LONGEST_LEARNT = 128;
/** Units of a value that the automaton looks for; the rest is compared at the hit. */
const TRIGGER_UNITS = 8;
/** From this length on a value is masked inside a longer word too. */
const UNMISTAKABLE = 16;

const ENCODER = new TextEncoder();
/** Room for the value of the detector that is being made: up to three bytes for a unit. */
const BYTES = new Uint8Array(LONGEST_LEARNT * 3);

/**
 * Finds a value again that its context has shown to be secret before: `password: X`, and then X alone, also in a query
 * or as a whole in base64.
 */
export class LearntValueDetector implements Detector {
  readonly triggers: readonly Trigger[];
  /** Three units of UTF-8 for one of UTF-16, and three of a percent escape for each. */
  readonly window = LONGEST_LEARNT * 9;
  readonly masks = 'at';
  readonly asksInside = 'none';
  private readonly kind: string;
  private readonly value: string;
  private readonly inBase64: string;
  private readonly inQuery: string;

  constructor(kind: string, value: string) {
    this.kind = kind;
    this.value = value;
    const { written } = ENCODER.encodeInto(value, BYTES);
    this.inBase64 = base64At(BYTES.subarray(0, written), 0).text;
    this.inQuery = encodeURIComponent(value.toWellFormed());
    const literals = new Set([value, this.inQuery, this.inBase64].map(triggerOf));
    this.triggers = [...literals].map((literal) => ({ literal, caseSensitive: true }));
  }

  /** Whether a value of which this is the trigger would be looked for at the same places. */
  beginsWith(trigger: string): boolean {
    return this.value.startsWith(trigger);
  }

  detect(view: TextView, start: number): Candidate | undefined {
    const found = { kind: this.kind, rule: 'learnt-value', start, score: 0.85 };
    const form = [this.value, this.inQuery].find((each) => view.has(each, start));
    if (form !== undefined) {
      const end = start + form.length;
      const isWord = !isAlphanumeric(view.before(start - 1)) && !isAlphanumeric(view.at(end));
      return isWord || form.length >= UNMISTAKABLE ? { ...found, end } : undefined;
    }
    if (!view.has(this.inBase64, start)) return undefined;
    return { ...found, end: view.runEnd(start + this.inBase64.length, CLASS_BITS.m, 4) };
  }
}

/** The beginning of a learnt value, or of a form of it, that is looked for. */
export function triggerOf(form: string): string {
  return form.slice(0, TRIGGER_UNITS);
}

function isAlphanumeric(code: number): boolean {
  return inClass(code, CLASS_BITS.a);
}
