import type { Detector } from './detector.ts';

/** A literal of a detector, as a state of the automaton reports it. */
export interface TriggerHit {
  readonly literal: string;
  readonly caseSensitive: boolean;
  readonly detector: Detector;
  /** The automaton tells ASCII apart; other units share a few classes, so that a hit is to be checked. */
  readonly isAscii: boolean;
}

/** The class of units that are in no literal. */
const OTHER = 1;
/** Classes that the units outside ASCII share. */
const CLASSES_BEYOND_ASCII = 8;

/**
 * One pass over the text for all literals at once (Aho and Corasick, 1975), as a full table: one look-up
 * per code unit whatever the number of literals. ASCII letters are folded; case is checked on a hit.
 * States that report something come last, so that the inner loop needs one comparison.
 */
export class TriggerAutomaton {
  readonly table: Uint16Array | Uint32Array;
  /**
   * Class of a code unit, at `code & (classes.length - 1)`. Where a hit is compared with the text anyway, as with case,
   * 128 entries do; units outside ASCII then pass for others.
   */
  readonly classes: Uint8Array;
  readonly firstHitState: number;
  readonly longestLiteral: number;
  /** Literals whose masked span may begin before them. */
  private readonly reaching: readonly string[];
  /** A state's row in the table begins at `state << shift`. */
  readonly shift: number;
  private readonly hits: readonly (readonly TriggerHit[])[];
  private readonly held: Uint16Array;

  constructor(detectors: readonly Detector[]) {
    const literals = detectors.flatMap((detector) =>
      detector.triggers.map((trigger): TriggerHit => ({
        ...trigger,
        detector,
        isAscii: /^[\x20-\x7e]*$/.test(trigger.literal),
      })),
    );
    const isCompared = literals.every(({ caseSensitive, isAscii }) => caseSensitive && isAscii);
    this.classes = new Uint8Array(isCompared ? 128 : 65_536).fill(OTHER);
    const units = new Set(literals.flatMap(({ literal }) => literal.toLowerCase().split('')));
    const ascii = [...units].filter((unit) => unit < '\u0080');
    ascii.forEach((unit, index) => this.classify(unit, OTHER + 1 + index));
    let classCount = OTHER + 1 + ascii.length;
    [...units]
      .filter((unit) => unit >= '\u0080')
      .forEach((unit, index) => this.classify(unit, classCount + (index % CLASSES_BEYOND_ASCII)));
    if (ascii.length < units.size) classCount += CLASSES_BEYOND_ASCII;
    this.shift = classCount <= 64 ? 6 : 7;
    const width = 1 << this.shift;

    // The trie.
    const children: Map<number, number>[] = [new Map<number, number>()];
    const own: TriggerHit[][] = [[]];
    const depth: number[] = [0];
    const holds: boolean[] = [false];
    for (const hit of literals) {
      let state = 0;
      for (let index = 0; index < hit.literal.length; index++) {
        const symbol = this.classes[hit.literal.charCodeAt(index)] as number;
        // A literal whose mask begins behind it holds nothing back while it is being read.
        if (hit.detector.masks !== 'after') holds[state] = true;
        let next = children[state]?.get(symbol);
        if (next === undefined) {
          next = children.length;
          children[state]?.set(symbol, next);
          children.push(new Map());
          own.push([]);
          holds.push(false);
          depth.push(index + 1);
        }
        state = next;
      }
      own[state]?.push(hit);
    }
    this.longestLiteral = depth.reduce((longest, units) => Math.max(longest, units), 0);
    this.reaching = literals
      .filter(({ detector }) => detector.masks === 'before')
      .map(({ literal }) => literal);

    // Failure links, and from them the full table, in breadth-first order.
    const size = children.length;
    const next = new Int32Array(size * width);
    const fail = new Int32Array(size);
    const order: number[] = [0];
    const reported: TriggerHit[][] = [];
    const heldDepth = new Uint16Array(size);
    for (let head = 0; head < order.length; head++) {
      const state = order[head] as number;
      const back = fail[state] as number;
      reported[state] =
        state === 0 ? [] : [...(own[state] as TriggerHit[]), ...(reported[back] as TriggerHit[])];
      heldDepth[state] =
        holds[state] === true
          ? (depth[state] as number)
          : state === 0
            ? 0
            : (heldDepth[back] as number);
      if (state !== 0) next.copyWithin(state * width, back * width, (back + 1) * width);
      for (const [symbol, child] of children[state] as Map<number, number>) {
        fail[child] = state === 0 ? 0 : (next[back * width + symbol] as number);
        next[state * width + symbol] = child;
        order.push(child);
      }
    }

    // Renumber: states that report nothing first.
    const number = new Int32Array(size);
    const silent = order.filter((state) => (reported[state] as TriggerHit[]).length === 0);
    const loud = order.filter((state) => (reported[state] as TriggerHit[]).length > 0);
    [...silent, ...loud].forEach((state, index) => (number[state] = index));
    this.table = size <= 65_536 ? new Uint16Array(size * width) : new Uint32Array(size * width);
    this.held = new Uint16Array(size);
    const hits: TriggerHit[][] = [];
    for (const state of order) {
      const target = number[state] as number;
      hits[target] = reported[state] as TriggerHit[];
      this.held[target] = heldDepth[state] as number;
      for (let symbol = 0; symbol < width; symbol++) {
        this.table[target * width + symbol] = number[
          next[state * width + symbol] as number
        ] as number;
      }
    }
    this.hits = hits;
    this.firstHitState = silent.length;
  }

  /** Whether a hit that ends at a unit is one, after case and units outside ASCII are looked at too. */
  isHit({ literal, caseSensitive, isAscii }: TriggerHit, text: string, start: number): boolean {
    if (caseSensitive) return text.startsWith(literal, start);
    return isAscii || text.slice(start, start + literal.length).toLowerCase() === literal;
  }

  /** What ends at a state, longest literal first. */
  hitsOf(state: number): readonly TriggerHit[] {
    return this.hits[state] as readonly TriggerHit[];
  }

  /** How many of the last units read may yet become the beginning of a masked span. */
  heldUnits(state: number): number {
    return this.held[state] as number;
  }

  /** Whether a literal that reaches back may stand at an index, as far as the text goes. */
  mayReachBackFrom(text: string, index: number): boolean {
    const units = text.length - index;
    return this.reaching.some((literal) =>
      text.startsWith(literal.length > units ? literal.slice(0, units) : literal, index),
    );
  }

  /** Both cases of a letter are one class; `isHit` tells them apart. */
  private classify(unit: string, symbol: number): void {
    this.classes[unit.charCodeAt(0)] = symbol;
    const upper = unit.toUpperCase();
    if (upper.length === 1) this.classes[upper.charCodeAt(0)] = symbol;
  }
}
