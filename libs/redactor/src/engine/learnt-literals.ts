import type { Detector } from './detector.ts';
import type { TriggerHit } from './trigger-automaton.ts';

/** Entries of the table of pairs of units, a power of two. */
const PAIRS = 4096;

/**
 * Literals that a text has taught. There are few of them, and each is looked for as soon as it is learnt: an automaton
 * would have to be built again for every one. Wu and Manber (1994) need a table that grows with the literals, and pass
 * over most units.
 */
export class LearntLiterals {
  /** One for each length, the longest first. */
  private readonly finders: LiteralFinder[] = [];

  get isEmpty(): boolean {
    return this.finders.length === 0;
  }

  get longestLiteral(): number {
    return this.finders[0]?.length ?? 0;
  }

  add(detector: Detector): void {
    for (const { literal } of detector.triggers) {
      const { length } = literal;
      let finder = this.finders.find((each) => each.length === length);
      if (finder === undefined) {
        finder = new LiteralFinder(length);
        this.finders.push(finder);
        this.finders.sort((left, right) => right.length - left.length);
      }
      finder.add({ literal, caseSensitive: true, detector, isExact: false });
    }
  }

  /**
   * Index behind the first literal that begins at `from` or behind it and ends behind `after`, at `end` at the latest;
   * undefined where none does.
   */
  next(text: string, from: number, after: number, end: number): number | undefined {
    let next: number | undefined;
    for (const finder of this.finders) next = finder.next(text, from, after, next ?? end) ?? next;
    return next;
  }

  /** The literals that end at an index and begin at `from` or behind it, the longest first. */
  endingAt(text: string, from: number, index: number): readonly TriggerHit[] {
    return this.finders.flatMap((finder) => finder.endingAt(text, from, index));
  }

  /** How many units before an index, from `from` on, may yet become a literal. */
  heldUnits(text: string, from: number, index: number): number {
    return this.finders.reduce(
      (held, finder) => Math.max(held, finder.heldUnits(text, from, index)),
      0,
    );
  }
}

/** Literals of one length, at least two units. */
class LiteralFinder {
  readonly length: number;
  private readonly hits = new Map<string, TriggerHit[]>();
  /** Beginnings of the literals, but of the fresh ones: only a stream asks for them. */
  private readonly beginnings = new Set<string>();
  private fresh: string[] = [];
  /** By the last two units that were looked at: how many units further a literal can end at the earliest. */
  private readonly shifts: Uint8Array;

  constructor(length: number) {
    this.length = length;
    this.shifts = new Uint8Array(PAIRS).fill(length - 1);
  }

  add(hit: TriggerHit): void {
    const { literal } = hit;
    const alike = this.hits.get(literal);
    if (alike !== undefined) {
      alike.push(hit);
      return;
    }
    this.hits.set(literal, [hit]);
    this.fresh.push(literal);
    for (let at = 1; at < this.length; at++) {
      const pair = pairOf(literal, at);
      this.shifts[pair] = Math.min(this.shifts[pair] as number, this.length - 1 - at);
    }
  }

  next(text: string, from: number, after: number, end: number): number | undefined {
    const { shifts, length } = this;
    let at = Math.max(from + length - 1, after);
    while (at < end) {
      // As in pairOf: this is asked for most of a text.
      const pair = ((text.charCodeAt(at - 1) << 5) ^ text.charCodeAt(at)) & (PAIRS - 1);
      const shift = shifts[pair] as number;
      at += shift;
      if (shift > 0) continue;
      at++;
      // What begins with no pair of a literal need not be cut out.
      const start = at - length;
      if ((shifts[pairOf(text, start + 1)] as number) >= length - 1) continue;
      if (this.hits.has(text.slice(start, at))) return at;
    }
    return undefined;
  }

  endingAt(text: string, from: number, index: number): readonly TriggerHit[] {
    const start = index - this.length;
    return (start < from ? undefined : this.hits.get(text.slice(start, index))) ?? [];
  }

  heldUnits(text: string, from: number, index: number): number {
    for (const literal of this.fresh)
      for (let units = 1; units < this.length; units++)
        this.beginnings.add(literal.slice(0, units));
    this.fresh = [];
    for (let start = Math.max(from, index - this.length + 1); start < index; start++)
      if (this.beginnings.has(text.slice(start, index))) return index - start;
    return 0;
  }
}

/** The place in the table of the unit at an index and the one before it. */
function pairOf(text: string, index: number): number {
  return ((text.charCodeAt(index - 1) << 5) ^ text.charCodeAt(index)) & (PAIRS - 1);
}
