import { CLASS_BITS, inClass } from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { columnEnd, startsLine } from './byte-notations.ts';
import { encodedForms } from './encoded-forms.ts';
import type { EncodedForm } from './encoded-forms.ts';
import { goOnWith, LONGEST_WALK, walkForm } from './form-walk.ts';
import type { Walked } from './form-walk.ts';
import { LONGEST_STEP } from './notation.ts';

/** Finds values that the caller has named, in the encodings in which they travel. */
export class RegisteredDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window = LONGEST_WALK + 2 * LONGEST_STEP;
  /** The unit before a form in base64 carries bits of it. */
  readonly masks = 'before';
  readonly asksInside = 'any';
  private readonly kind: string;
  private readonly formsByTrigger = new Map<string, EncodedForm[]>();

  constructor(kind: string, value: string) {
    this.kind = kind;
    for (const form of encodedForms(value)) {
      for (const trigger of form.triggers) {
        const group = this.formsByTrigger.get(trigger);
        if (group === undefined) this.formsByTrigger.set(trigger, [form]);
        else if (!group.includes(form)) group.push(form);
      }
    }
    this.triggers = Array.from(this.formsByTrigger.keys(), (literal) => ({
      literal,
      caseSensitive: true,
    }));
  }

  /** The longest of the forms that begin with the trigger. */
  detect(view: TextView, start: number, end: number): Candidate | undefined {
    let longest: Candidate | undefined;
    for (const form of this.formsByTrigger.get(view.slice(start, end)) ?? []) {
      if (!mayStand(view, start, form)) continue;
      const walked = walkForm(view, start, form);
      if (view.starved) return undefined;
      if (walked === undefined || walked.end <= (longest?.end ?? 0)) continue;
      longest = this.candidate(view, start, walked, form);
    }
    return longest;
  }

  private candidate(view: TextView, start: number, walked: Walked, form: EncodedForm): Candidate {
    const { end, symbols } = walked;
    const found = { kind: this.kind, rule: `registered-${form.notation.name}`, score: 1 };
    const from = start - sharedUnits(view, start, form);
    if (symbols < form.symbols.length)
      return { ...found, start: from, end, goesOn: goOnWith(form, symbols) };
    return { ...found, start: from, end: wholeEnd(view, start, end, form) };
  }
}

function mayStand(view: TextView, start: number, { traits }: EncodedForm): boolean {
  const { swallowed, hiddenAt, isAfterFold } = traits;
  if (swallowed !== undefined && !view.hiddenBefore(start).endsWith(swallowed)) return false;
  if (hiddenAt !== undefined && !view.isSeam(start + hiddenAt)) return false;
  return isAfterFold !== true || startsLine(view, start);
}

/** Units before a form that carry bits of it. */
function sharedUnits(view: TextView, start: number, { traits }: EncodedForm): number {
  return traits.sharesStart === true && inClass(view.before(start - 1), CLASS_BITS.a) ? 1 : 0;
}

/** Where what belongs to a form ends: a unit that carries bits of it, padding, its characters beside a dump. */
function wholeEnd(view: TextView, start: number, end: number, form: EncodedForm): number {
  const { notation, traits } = form;
  if (notation.name === 'hex')
    return view.slice(start, end).includes(' ') ? columnEnd(view, end) : end;
  if (notation.name !== 'base64') return end;
  let until = end;
  if (traits.sharesEnd === true && inClass(view.at(until), CLASS_BITS.m)) until++;
  while (until - end < 3 && view.at(until) === 61) until++;
  return until;
}
