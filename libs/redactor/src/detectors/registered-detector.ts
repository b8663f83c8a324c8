import { CLASS_BITS, inClass, isLineBreak, isSpace } from '../engine/char-class.ts';
import type { Candidate, Detector, Trigger } from '../engine/detector.ts';
import type { TextView } from '../engine/text-view.ts';
import { encodedForms } from './encoded-forms.ts';
import type { EncodedForm } from './encoded-forms.ts';

/** Units of a form that the automaton looks for; the rest is compared at the hit. */
const TRIGGER_UNITS = 8;
/** Line ends and indentation that may fold base64, at one place. */
const LONGEST_FOLD = 16;
/** Digits of the address at the beginning of a line of a dump. */
const SHORTEST_ADDRESS = 6;
const LONGEST_ADDRESS = 10;

/** Finds values that the caller has named, in the encodings in which they travel. */
export class RegisteredDetector implements Detector {
  readonly triggers: readonly Trigger[];
  readonly window: number;
  /** The unit before a form in base64 carries bits of it. */
  readonly masks = 'before';
  readonly asksInside = 'any';
  private readonly kind: string;
  private readonly formsByTrigger = new Map<string, EncodedForm[]>();
  private readonly first: string;
  /** The value without its first unit, which an escape sequence before it may have swallowed: `ESC [ 1` and `Hunter…`. */
  private readonly rest: EncodedForm;

  constructor(kind: string, value: string) {
    this.kind = kind;
    this.first = value.charAt(0);
    this.rest = { text: value.slice(1), encoding: 'plain', sharesStart: false, sharesEnd: false };
    const forms = encodedForms(value);
    for (const form of forms) {
      const trigger = triggerOf(form);
      const group = this.formsByTrigger.get(trigger);
      if (group === undefined) this.formsByTrigger.set(trigger, [form]);
      else group.push(form);
    }
    const literals = new Set(this.formsByTrigger.keys()).add(triggerOf(this.rest));
    this.triggers = [...literals].map((literal) => ({ literal, caseSensitive: true }));
    this.window = Math.max(...forms.map(({ text }) => text.length * 2)) + 64;
  }

  detect(view: TextView, start: number, end: number): Candidate | undefined {
    const trigger = view.slice(start, end);
    const forms = [...(this.formsByTrigger.get(trigger) ?? [])];
    if (trigger === triggerOf(this.rest) && view.hiddenBefore(start).endsWith(this.first))
      forms.push(this.rest);
    for (const form of forms) {
      const formEnd = matchForm(view, end, form);
      if (formEnd < 0) continue;
      const isBase64 = form.encoding === 'base64';
      let from = start;
      let until = formEnd;
      if (isBase64) {
        if (form.sharesStart && inClass(view.before(start - 1), CLASS_BITS.a)) from--;
        if (form.sharesEnd && inClass(view.at(until), CLASS_BITS.m)) until++;
        while (until - formEnd < 3 && view.at(until) === 61) until++;
      }
      return {
        kind: this.kind,
        rule: `registered-${form.encoding}`,
        start: from,
        end: until,
        score: 1,
      };
    }
    return undefined;
  }
}

function triggerOf({ text }: EncodedForm): string {
  return text.slice(0, TRIGGER_UNITS);
}

/** Where the form that begins with the trigger before `from` ends; -1 where it does not stand. */
function matchForm(view: TextView, from: number, form: EncodedForm): number {
  let at = from;
  for (let index = Math.min(TRIGGER_UNITS, form.text.length); index < form.text.length; index++) {
    const wanted = form.text.charCodeAt(index);
    if (view.at(at) !== wanted) {
      const folded = skipFold(view, at, form.encoding);
      // The line end of a dump stands for the blank between two bytes.
      const isBetweenBytes = form.encoding === 'hex' && wanted === SPACE && folded > at;
      at = folded;
      if (isBetweenBytes) continue;
    }
    if (view.at(at) !== wanted) return -1;
    at++;
  }
  return at;
}

const SPACE = 32;

/**
 * Skips what an encoder puts where it breaks a line: a line end and indentation in base64 and hexadecimal, in a dump
 * with the address of the next line; `=` and a line end in quoted-printable. Other forms are not broken.
 */
function skipFold(view: TextView, from: number, encoding: EncodedForm['encoding']): number {
  let at = from;
  if (view.at(at) === 61 && isLineBreak(view.at(at + 1)))
    return view.at(at + 1) === 13 && view.at(at + 2) === 10 ? at + 3 : at + 2;
  if (encoding !== 'base64' && encoding !== 'hex') return from;
  while (at - from < LONGEST_FOLD && isSpace(view.at(at))) at++;
  if (at === from || !isLineBreak(view.at(from))) return from;
  if (encoding === 'base64') return at;
  let end = at;
  while (end - at < LONGEST_ADDRESS && inClass(view.at(end), CLASS_BITS.h)) end++;
  if (end - at < SHORTEST_ADDRESS || !(view.at(end) === 58 || isSpace(view.at(end)))) return at;
  if (view.at(end) === 58) end++;
  while (end - at < LONGEST_FOLD && isSpace(view.at(end))) end++;
  return end;
}
