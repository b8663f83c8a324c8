import type { TextView } from '../engine/text-view.ts';
import type { EncodedForm } from './encoded-forms.ts';
import { LONGEST_STEP, stepOver } from './notation.ts';
import type { Units } from './notation.ts';

/** Units that are compared at most; a form that is longer is taken for found, and masked on as far as it goes. */
export const LONGEST_WALK = 19_000;

/** Symbols that are compared afresh at each trigger; beyond, what was compared is remembered. */
const NEAR = 32;

/** How far a form was found to stand. */
export interface Walked {
  readonly end: number;
  /** All symbols of the form, unless the walk reached its bound. */
  readonly symbols: number;
}

/**
 * Follows a form from an index on; absent where it does not stand there. A value that repeats itself, such as a
 * thousand zeros, has a trigger at each unit of a text that does the same: that text is walked over once for all.
 */
export function walkForm(view: TextView, start: number, form: EncodedForm): Walked | undefined {
  const { symbols, notation } = form;
  const known = symbols.length > NEAR ? WALKS.get(view)?.get(form) : undefined;
  if (known !== undefined && known.end > start + view.dropped) return known.from(view, start);
  let end = start;
  for (let index = 0; index < symbols.length; index++) {
    if (index === NEAR) return (known ?? remember(view, form)).from(view, start);
    end = stepOver(notation, view, end, symbols[index] as number);
    if (end < 0) return undefined;
  }
  return { end, symbols: symbols.length };
}

/**
 * What tells whether the units behind a walk that reached its bound go on with the form, given one after the other.
 */
export function goOnWith(
  { notation, symbols }: EncodedForm,
  walked: number,
): (code: number) => boolean {
  const pending = new PendingUnits();
  let index = walked;
  return (code) => {
    if (index === symbols.length) return false;
    pending.add(code);
    while (index < symbols.length) {
      const next = stepOver(notation, pending, 0, symbols[index] as number);
      if (pending.fellShort() && pending.length < LONGEST_STEP) return true;
      if (next < 0) return false;
      pending.drop(next);
      index++;
    }
    return true;
  };
}

/** Units of a symbol of which more may come. */
class PendingUnits implements Units {
  private text = '';
  private isShort = false;

  get length(): number {
    return this.text.length;
  }

  at(index: number): number {
    if (index < this.text.length) return this.text.charCodeAt(index);
    this.isShort = true;
    return -1;
  }

  /** Whether a unit was read that has not come yet, since this was asked last. */
  fellShort(): boolean {
    const { isShort } = this;
    this.isShort = false;
    return isShort;
  }

  add(code: number): void {
    this.text += String.fromCharCode(code);
  }

  drop(units: number): void {
    this.text = this.text.slice(units);
  }
}

/** What is remembered of a text is kept with its view. */
const WALKS = new WeakMap<TextView, Map<EncodedForm, RememberedWalk>>();

function remember(view: TextView, form: EncodedForm): RememberedWalk {
  const walk = new RememberedWalk(form);
  const walks = WALKS.get(view);
  if (walks === undefined) WALKS.set(view, new Map([[form, walk]]));
  else walks.set(form, walk);
  return walk;
}

/**
 * A walk that keeps its place when a comparison fails (Knuth, Morris and Pratt, 1977): the longest beginning of the form
 * that stands before it tells which later starts are still open. Places are those in the whole text.
 */
class RememberedWalk {
  /** Behind the last symbol compared. */
  end = 0;
  private readonly form: EncodedForm;
  private readonly borders: Uint32Array;
  /** Where the last symbols stand, as a ring. */
  private readonly places: Float64Array;
  private walked = 0;
  private matched = 0;

  constructor(form: EncodedForm) {
    this.form = form;
    this.borders = bordersOf(form);
    this.places = new Float64Array(form.symbols.length + 1);
  }

  from(view: TextView, index: number): Walked | undefined {
    const { borders, places } = this;
    const { notation, symbols } = this.form;
    const { dropped } = view;
    const start = index + dropped;
    while (this.matched > 0 && this.start < start) this.matched = borders[this.matched] as number;
    if (this.matched === 0 && this.end <= start) this.end = start;
    else if (this.matched === 0 || this.start !== start) return undefined;
    while (this.matched < symbols.length && this.end - start < LONGEST_WALK) {
      const symbol = symbols[this.matched] as number;
      let from = this.end - dropped;
      let next = notation.step(view, from, symbol);
      if (next < 0) {
        from = notation.skip(view, from);
        next = from + dropped > this.end ? notation.step(view, from, symbol) : -1;
      }
      // What was compared without all of its text is compared again.
      if (view.starved) return undefined;
      if (next < 0) {
        this.matched = borders[this.matched] as number;
        return undefined;
      }
      places[this.walked % places.length] = from + dropped;
      this.walked++;
      this.matched++;
      this.end = next + dropped;
    }
    return { end: this.end - dropped, symbols: this.matched };
  }

  /** Where the part of the form that is matched begins. */
  private get start(): number {
    return this.places[(this.walked - this.matched) % this.places.length] as number;
  }
}

const BORDERS = new WeakMap<EncodedForm, Uint32Array>();

/** For each beginning of a form, by its length, the longest other one that it ends in. */
function bordersOf(form: EncodedForm): Uint32Array {
  const known = BORDERS.get(form);
  if (known !== undefined) return known;
  const { symbols } = form;
  const borders = new Uint32Array(symbols.length + 1);
  for (let length = 1, border = 0; length < symbols.length; length++) {
    while (border > 0 && symbols[border] !== symbols[length]) border = borders[border] as number;
    if (symbols[border] === symbols[length]) border++;
    borders[length + 1] = border;
  }
  BORDERS.set(form, borders);
  return borders;
}
