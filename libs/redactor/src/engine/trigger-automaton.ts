import type { Detector } from './detector.ts';

/** A literal of a detector, as a state of the automaton reports it. */
export interface TriggerHit {
  readonly literal: string;
  readonly caseSensitive: boolean;
  readonly detector: Detector;
  /** Each of its units has a class of its own; otherwise a hit is to be compared with the text. */
  readonly isExact: boolean;
}

/** The class of units that are in no literal. */
const OTHER = 1;
/** Classes of single units, the most used ones of ASCII, and those that the rest shares: 64 with the one of no literal. */
const MOST_OWN_CLASSES = 54;
const SHARED_CLASSES = 8;
const NO_HITS: readonly TriggerHit[] = [];

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
  readonly firstHitState: number = 0;
  readonly longestLiteral: number;
  /** Literals whose masked span may begin before them, by their first unit. */
  private readonly reaching = new Map<number, string[]>();
  /** A state's row in the table begins at `state << shift`. */
  readonly shift: number;
  private readonly hits: readonly (readonly TriggerHit[])[];
  private readonly held: Uint16Array;

  constructor(detectors: readonly Detector[]) {
    const uses = new Map<string, number>();
    for (const { triggers } of detectors) {
      for (const { literal } of triggers) {
        const folded = literal.toLowerCase();
        for (let index = 0; index < folded.length; index++)
          uses.set(folded.charAt(index), (uses.get(folded.charAt(index)) ?? 0) + 1);
      }
    }
    const byUse = [...uses.keys()].sort(
      (left, right) => (uses.get(right) ?? 0) - (uses.get(left) ?? 0),
    );
    const own = new Set(byUse.filter((unit) => unit < '\u0080').slice(0, MOST_OWN_CLASSES));
    const literals = detectors.flatMap((detector) =>
      detector.triggers.map(({ literal, caseSensitive }): TriggerHit => {
        const isExact = consistsOf(own, literal.toLowerCase());
        return { literal, caseSensitive, detector, isExact };
      }),
    );
    // With 128 classes units outside ASCII pass for others: every hit must then be compared with the text.
    const isCompared = literals.every(({ caseSensitive }) => caseSensitive);
    this.classes = new Uint8Array(isCompared ? 128 : 65_536).fill(OTHER);
    [...own].forEach((unit, index) => this.classify(unit, OTHER + 1 + index));
    byUse
      .filter((unit) => !own.has(unit) && unit.charCodeAt(0) < this.classes.length)
      .forEach((unit, index) =>
        this.classify(unit, OTHER + 1 + own.size + (index % SHARED_CLASSES)),
      );
    this.shift = own.size + OTHER + 1 > 32 || own.size < byUse.length ? 6 : 5;
    const width = 1 << this.shift;
    const mask = this.classes.length - 1;

    // The trie: each state with its first child, its next sibling and the symbol that leads to it.
    const mostStates = literals.reduce((sum, { literal }) => sum + literal.length, 1);
    const firstChild = new Int32Array(mostStates);
    const sibling = new Int32Array(mostStates);
    const symbolOf = new Uint8Array(mostStates);
    const depth = new Uint16Array(mostStates);
    const holds = new Uint8Array(mostStates);
    const ending = new Map<number, TriggerHit[]>();
    // The root has many children, and is asked for one most often.
    const rootChild = new Int32Array(width);
    const childOf = (state: number, symbol: number): number => {
      if (state === 0) return rootChild[symbol] as number;
      let child = firstChild[state] as number;
      while (child !== 0 && symbolOf[child] !== symbol) child = sibling[child] as number;
      return child;
    };
    let size = 1;
    for (const hit of literals) {
      let state = 0;
      for (let index = 0; index < hit.literal.length; index++) {
        // A literal whose mask begins behind it holds nothing back while it is being read.
        if (hit.detector.masks !== 'after') holds[state] = 1;
        const symbol = this.classes[hit.literal.charCodeAt(index) & mask] as number;
        let child = childOf(state, symbol);
        if (child === 0) {
          child = size++;
          symbolOf[child] = symbol;
          depth[child] = index + 1;
          sibling[child] = firstChild[state] as number;
          firstChild[state] = child;
          if (state === 0) rootChild[symbol] = child;
        }
        state = child;
      }
      const hits = ending.get(state);
      if (hits === undefined) ending.set(state, [hit]);
      else hits.push(hit);
    }
    this.longestLiteral = depth.reduce((longest, units) => Math.max(longest, units), 0);
    for (const { detector, literal } of literals) {
      if (detector.masks !== 'before') continue;
      const group = this.reaching.get(literal.charCodeAt(0));
      if (group === undefined) this.reaching.set(literal.charCodeAt(0), [literal]);
      else group.push(literal);
    }

    // Failure links in breadth-first order, and with them what each state reports and holds.
    const fail = new Int32Array(size);
    const order = new Int32Array(size);
    const reported: (readonly TriggerHit[])[] = [NO_HITS];
    const heldDepth = new Uint16Array(size);
    let queued = 1;
    for (let head = 0; head < queued; head++) {
      const state = order[head] as number;
      const back = fail[state] as number;
      heldDepth[state] = (holds[state] === 1 ? depth[state] : heldDepth[back]) as number;
      for (let child = firstChild[state] as number; child !== 0; child = sibling[child] as number) {
        const symbol = symbolOf[child] as number;
        let from = back;
        let followed = state === 0 ? 0 : childOf(from, symbol);
        while (followed === 0 && from !== 0) {
          from = fail[from] as number;
          followed = childOf(from, symbol);
        }
        fail[child] = followed;
        const hits = ending.get(child);
        const inherited = reported[followed] as readonly TriggerHit[];
        reported[child] = hits === undefined ? inherited : [...hits, ...inherited];
        order[queued++] = child;
      }
    }

    // Numbers: states that report nothing first. Then the full table: a row is that of the failure link, and the children.
    const number = new Int32Array(size);
    let given = 0;
    for (const reports of [false, true]) {
      for (const state of order) {
        if ((reported[state] as readonly TriggerHit[]).length > 0 === reports)
          number[state] = given++;
      }
      if (!reports) this.firstHitState = given;
    }
    this.table = size <= 65_536 ? new Uint16Array(size * width) : new Uint32Array(size * width);
    this.held = new Uint16Array(size);
    const hits: (readonly TriggerHit[])[] = [];
    for (const state of order) {
      const target = number[state] as number;
      hits[target] = reported[state] as readonly TriggerHit[];
      this.held[target] = heldDepth[state] as number;
      const row = target * width;
      const backRow = (number[fail[state] as number] as number) * width;
      if (state !== 0) this.table.copyWithin(row, backRow, backRow + width);
      for (let child = firstChild[state] as number; child !== 0; child = sibling[child] as number)
        this.table[row + (symbolOf[child] as number)] = number[child] as number;
    }
    this.hits = hits;
  }

  /** Whether a hit that ends at a unit is one, after case and units outside ASCII are looked at too. */
  isHit({ literal, caseSensitive, isExact }: TriggerHit, text: string, start: number): boolean {
    if (!caseSensitive)
      return isExact || text.slice(start, start + literal.length).toLowerCase() === literal;
    // Unit by unit: the first one that differs, as most do, ends it.
    for (let index = 0; index < literal.length; index++)
      if (text.charCodeAt(start + index) !== literal.charCodeAt(index)) return false;
    return true;
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
    if (units === 0) return this.reaching.size > 0;
    const group = this.reaching.get(text.charCodeAt(index)) ?? [];
    return group.some((literal) =>
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

function consistsOf(units: ReadonlySet<string>, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (!units.has(text.charAt(index))) return false;
  }
  return true;
}
