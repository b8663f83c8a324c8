import type { Detector } from './detector.ts';
import { LearntLiterals } from './learnt-literals.ts';
import { TriggerAutomaton } from './trigger-automaton.ts';
import type { TriggerHit } from './trigger-automaton.ts';

/** Finds nothing. */
const EMPTY = new TriggerAutomaton([]);
/** Units that are searched for learnt literals at once. */
const LOOK_AHEAD = 512;

/**
 * Walks over a text with up to two automata at once: the large one of what is built in, which all redactors share, and
 * the one of the caller's own values and patterns. The values that the text has taught are looked for ahead of them.
 */
export class TriggerScanner {
  private readonly builtIn: TriggerAutomaton;
  private readonly own: TriggerAutomaton;
  private readonly learnt: LearntLiterals;
  private state = 0;
  private ownState = 0;
  /** Where a learnt literal can begin at the earliest. */
  private learntFrom: number;
  /** Index up to which learnt literals have been looked for. */
  private learntSought: number;
  /** Index behind the one that was found last; none ends between it, or the units read, and `learntSought`. */
  private learntEnd = -Infinity;
  /** Whether something ends at the last unit read. */
  isHit = false;

  /** @param learnt what the text has taught so far, looked for from the index `from` on. */
  constructor(
    builtIn: TriggerAutomaton,
    own?: TriggerAutomaton,
    learnt = new LearntLiterals(),
    from = 0,
  ) {
    this.builtIn = builtIn;
    this.own = own ?? EMPTY;
    this.learnt = learnt;
    this.learntFrom = from;
    this.learntSought = from;
  }

  /** Looks for the literals of a learnt value too; for all that are learnt only from an index on. */
  learn(detector: Detector, from: number): void {
    this.learnt.add(detector);
    this.seekLearntFrom(from);
  }

  /** A second reader that begins where this one stands. */
  fork(): TriggerScanner {
    const next = new TriggerScanner(this.builtIn, this.own, this.learnt, this.learntFrom);
    next.state = this.state;
    next.ownState = this.ownState;
    return next;
  }

  /** Forgets what was read before an index. */
  reset(from: number): void {
    this.state = 0;
    this.ownState = 0;
    this.seekLearntFrom(from);
  }

  /** Keeps indexes right when units are dropped from the beginning of the text. */
  shift(units: number): void {
    this.learntFrom -= units;
    this.learntEnd -= units;
    this.learntSought -= units;
  }

  get longestLiteral(): number {
    const { builtIn, own, learnt } = this;
    return Math.max(builtIn.longestLiteral, own.longestLiteral, learnt.longestLiteral);
  }

  /** Reads to the next unit at which something ends, or to `end`; returns the index after the last unit read. */
  advance(text: string, from: number, end: number): number {
    if (this.learnt.isEmpty) return this.advanceKnown(text, from, end);
    this.isHit = false;
    let index = from;
    while (index < end && !this.isHit) {
      index = this.advanceKnown(text, index, this.seekLearnt(text, index, end));
      this.isHit ||= index === this.learntEnd;
    }
    return index;
  }

  private advanceKnown(text: string, from: number, end: number): number {
    if (this.own === EMPTY) return this.advanceOne(text, from, end);
    return this.advanceTwo(text, from, end);
  }

  private advanceOne(text: string, from: number, end: number): number {
    const { table, classes, shift, firstHitState } = this.builtIn;
    let state = this.state;
    let index = from;
    this.isHit = false;
    while (index < end) {
      const symbol = classes[text.charCodeAt(index++)] as number;
      state = table[(state << shift) + symbol] as number;
      if (state >= firstHitState) {
        this.isHit = true;
        break;
      }
    }
    this.state = state;
    return index;
  }

  /** As `advanceOne`, with the caller's own: most texts have none, and their every unit counts. */
  private advanceTwo(text: string, from: number, end: number): number {
    const { table, classes, shift, firstHitState } = this.builtIn;
    const { table: ownTable, classes: ownClasses, shift: ownShift } = this.own;
    const ownMask = ownClasses.length - 1;
    const firstOwnHit = this.own.firstHitState;
    let { state, ownState } = this;
    let index = from;
    let isHit = false;
    while (index < end && !isHit) {
      const code = text.charCodeAt(index++);
      state = table[(state << shift) + (classes[code] as number)] as number;
      const ownSymbol = ownClasses[code & ownMask] as number;
      ownState = ownTable[(ownState << ownShift) + ownSymbol] as number;
      isHit = state >= firstHitState || ownState >= firstOwnHit;
    }
    this.isHit = isHit;
    this.state = state;
    this.ownState = ownState;
    return index;
  }

  private seekLearntFrom(from: number): void {
    this.learntFrom = from;
    this.learntSought = from;
    this.learntEnd = -Infinity;
  }

  /**
   * An index behind `from` before which no learnt literal ends. It is never far: each value that is learnt makes the
   * scanner look again.
   */
  private seekLearnt(text: string, from: number, end: number): number {
    if (this.learntSought <= from) {
      const until = Math.min(end, from + LOOK_AHEAD);
      const found = this.learnt.next(text, this.learntFrom, from, until);
      if (found !== undefined) this.learntEnd = found;
      this.learntSought = found ?? until;
    }
    return Math.min(this.learntSought, end);
  }

  /** What ends at the last unit read, which stands before an index of the text; the caller's own comes first. */
  hits(text: string, index: number): readonly TriggerHit[] {
    const hits = this.builtIn.hitsOf(this.state);
    const own = this.own.hitsOf(this.ownState);
    if (index !== this.learntEnd) return own.length === 0 ? hits : [...own, ...hits];
    return [...own, ...hits, ...this.learnt.endingAt(text, this.learntFrom, index)];
  }

  /** How many of the last units read, which stand before an index, may yet become the beginning of a masked span. */
  heldUnits(text: string, index: number): number {
    return Math.max(
      this.builtIn.heldUnits(this.state),
      this.own.heldUnits(this.ownState),
      this.learnt.heldUnits(text, this.learntFrom, index),
    );
  }

  /** Whether a literal that reaches back may stand at an index, as far as the text goes. */
  mayReachBackFrom(text: string, index: number): boolean {
    return this.builtIn.mayReachBackFrom(text, index) || this.own.mayReachBackFrom(text, index);
  }
}
