import { parsePattern } from './pattern-parser.ts';
import { literalBeginnings } from './pattern-prefixes.ts';
import { programOf, programOfEnds } from './pattern-program.ts';
import { StateTable, unitClasses } from './state-table.ts';
import type { UnitClasses } from './state-table.ts';

/** Beginnings of a pattern that a match may hold, its own among them. So a unit is read that many times at most. */
const MOST_BEGINNINGS = 16;

/** What a walk over the text has come to. */
export interface Walk {
  /** Index after the longest match; -1 when there is none. */
  readonly matchEnd: number;
  /**
   * Why it ended: nothing longer can match (`over`), the text that was given did (`end`), or it met too many beginnings
   * (`crowded`).
   */
  readonly endedBy: 'over' | 'end' | 'crowded';
}

const BRACKET = 91;

/**
 * A regular expression as a table of states, which is built in whole when the pattern is registered. Many beginnings
 * close to each other would let each unit be read as often as a match is long: a walk ends where it has met too many.
 * So the time is linear for every pattern that is accepted, and for every text.
 */
export class LinearPattern {
  /** What a match begins with; each at least two units long, none the beginning of another. */
  readonly prefixes: readonly string[];
  private readonly classes: UnitClasses;
  private readonly states: StateTable;
  /** Counts the beginnings that end at a unit. */
  private readonly beginnings: StateTable;

  /** @throws RedactorError `invalid_pattern`, `unsupported_pattern`, `pattern_without_literal`. */
  constructor(source: string) {
    const node = parsePattern(source);
    this.prefixes = literalBeginnings(node);
    const program = programOf(node);
    const ends = programOfEnds(this.prefixes);
    this.classes = unitClasses([program, ends]);
    this.states = new StateTable(program, this.classes);
    this.beginnings = new StateTable(ends, this.classes);
  }

  /**
   * Looks for the longest match that begins at `from` and ends at `until` or before. A `[` of which `isBarrier` is true
   * is never part of it.
   */
  walk(
    text: Pick<string, 'charCodeAt'>,
    from: number,
    until: number,
    isBarrier: (index: number) => boolean,
  ): Walk {
    const { classes, states, beginnings } = this;
    let state = states.start;
    let counting = beginnings.start;
    let beginningsLeft = MOST_BEGINNINGS;
    let matchEnd = -1;
    for (let at = from; at < until; at++) {
      const code = text.charCodeAt(at);
      const unitClass = classes.of[code] as number;
      state = states.rows[state + unitClass] as number;
      if (state === StateTable.dead || (code === BRACKET && isBarrier(at)))
        return { matchEnd, endedBy: 'over' };
      if (state >= states.firstMatching) matchEnd = at + 1;
      counting = beginnings.rows[counting + unitClass] as number;
      if (counting < beginnings.firstMatching) continue;
      beginningsLeft -= beginnings.matchesOf(counting);
      if (beginningsLeft < 0) return { matchEnd, endedBy: 'crowded' };
    }
    return { matchEnd, endedBy: 'end' };
  }
}
