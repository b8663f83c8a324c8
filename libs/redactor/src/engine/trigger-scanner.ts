import { TriggerAutomaton } from './trigger-automaton.ts';
import type { TriggerHit } from './trigger-automaton.ts';

/** Finds nothing. */
const EMPTY = new TriggerAutomaton([]);

/**
 * Walks over a text with up to three automata at once: the large one of what is built in, which all redactors share;
 * the one of the caller's own values and patterns; and the one of values that the text has taught, which is rebuilt
 * for each. Building the large one takes milliseconds, the others next to nothing.
 */
export class TriggerScanner {
  private readonly builtIn: TriggerAutomaton;
  private readonly own: TriggerAutomaton;
  private readonly learnt: TriggerAutomaton;
  private state = 0;
  private ownState = 0;
  private learntState = 0;
  /** Whether something ends at the last unit read. */
  isHit = false;

  constructor(builtIn: TriggerAutomaton, own?: TriggerAutomaton, learnt?: TriggerAutomaton) {
    this.builtIn = builtIn;
    this.own = own ?? EMPTY;
    this.learnt = learnt ?? EMPTY;
  }

  /** Begins a new learnt automaton here; the others go on. */
  withLearnt(learnt: TriggerAutomaton): TriggerScanner {
    const next = new TriggerScanner(this.builtIn, this.own, learnt);
    next.state = this.state;
    next.ownState = this.ownState;
    return next;
  }

  /** A second reader that begins where this one stands. */
  fork(): TriggerScanner {
    const next = new TriggerScanner(this.builtIn, this.own, this.learnt);
    next.state = this.state;
    next.ownState = this.ownState;
    next.learntState = this.learntState;
    return next;
  }

  /** Forgets what was read. */
  reset(): void {
    this.state = 0;
    this.ownState = 0;
    this.learntState = 0;
  }

  get longestLiteral(): number {
    const { builtIn, own, learnt } = this;
    return Math.max(builtIn.longestLiteral, own.longestLiteral, learnt.longestLiteral);
  }

  /** Reads to the next unit at which something ends, or to `end`; returns the index after the last unit read. */
  advance(text: string, from: number, end: number): number {
    if (this.own !== EMPTY) return this.advanceAll(text, from, end);
    if (this.learnt !== EMPTY) return this.advanceTwo(text, from, end);
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

  /** As `advanceAll`, without the caller's own: most texts have none, and their every unit counts. */
  private advanceTwo(text: string, from: number, end: number): number {
    const { table, classes, shift, firstHitState } = this.builtIn;
    const { table: learntTable, classes: learntClasses, shift: learntShift } = this.learnt;
    const learntMask = learntClasses.length - 1;
    const firstLearntHit = this.learnt.firstHitState;
    let { state, learntState } = this;
    let index = from;
    let isHit = false;
    while (index < end && !isHit) {
      const code = text.charCodeAt(index++);
      state = table[(state << shift) + (classes[code] as number)] as number;
      const learntSymbol = learntClasses[code & learntMask] as number;
      learntState = learntTable[(learntState << learntShift) + learntSymbol] as number;
      isHit = state >= firstHitState || learntState >= firstLearntHit;
    }
    this.isHit = isHit;
    this.state = state;
    this.learntState = learntState;
    return index;
  }

  private advanceAll(text: string, from: number, end: number): number {
    const { table, classes, shift, firstHitState } = this.builtIn;
    const { table: ownTable, classes: ownClasses, shift: ownShift } = this.own;
    const { table: learntTable, classes: learntClasses, shift: learntShift } = this.learnt;
    const ownMask = ownClasses.length - 1;
    const learntMask = learntClasses.length - 1;
    const firstOwnHit = this.own.firstHitState;
    const firstLearntHit = this.learnt.firstHitState;
    let { state, ownState, learntState } = this;
    let index = from;
    let isHit = false;
    while (index < end && !isHit) {
      const code = text.charCodeAt(index++);
      state = table[(state << shift) + (classes[code] as number)] as number;
      const ownSymbol = ownClasses[code & ownMask] as number;
      ownState = ownTable[(ownState << ownShift) + ownSymbol] as number;
      const learntSymbol = learntClasses[code & learntMask] as number;
      learntState = learntTable[(learntState << learntShift) + learntSymbol] as number;
      isHit = state >= firstHitState || ownState >= firstOwnHit || learntState >= firstLearntHit;
    }
    this.isHit = isHit;
    this.state = state;
    this.ownState = ownState;
    this.learntState = learntState;
    return index;
  }

  /** What ends at the last unit read; the caller's own comes first. */
  hits(): readonly TriggerHit[] {
    const hits = this.builtIn.hitsOf(this.state);
    const own = this.own.hitsOf(this.ownState);
    const learnt = this.learnt.hitsOf(this.learntState);
    return own.length + learnt.length === 0 ? hits : [...own, ...hits, ...learnt];
  }

  /** How many of the last units read may yet become the beginning of a masked span. */
  heldUnits(): number {
    return Math.max(
      this.builtIn.heldUnits(this.state),
      this.own.heldUnits(this.ownState),
      this.learnt.heldUnits(this.learntState),
    );
  }

  /** Whether a literal that reaches back may stand at an index, as far as the text goes. */
  mayReachBackFrom(text: string, index: number): boolean {
    return this.builtIn.mayReachBackFrom(text, index) || this.own.mayReachBackFrom(text, index);
  }
}
