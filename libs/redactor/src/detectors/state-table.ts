import { RedactorError } from '../redactor-error.ts';
import type { Instruction } from './pattern-program.ts';
import type { Ranges } from './pattern-parser.ts';

/** Entries of a table, states x classes of units: what one pattern takes to be built and to be kept. */
const MOST_ENTRIES = 32_768;
const MOST_CLASSES = 255;
const UNITS = 65_536;

/** Units that no set of a program tells apart are of one class. */
export interface UnitClasses {
  /** The class of each code unit. */
  readonly of: Uint8Array;
  /** A unit of each class. */
  readonly examples: readonly number[];
}

/** @throws RedactorError `unsupported_pattern` when there are too many. */
export function unitClasses(programs: readonly (readonly Instruction[])[]): UnitClasses {
  const sets = new Set<Ranges>();
  for (const instruction of programs.flat())
    if (instruction.op === 'unit') sets.add(instruction.ranges);
  const cuts = new Set([0]);
  for (const [low, high] of [...sets].flat()) cuts.add(low).add(high + 1);
  cuts.delete(UNITS);

  const of = new Uint8Array(UNITS);
  const examples: number[] = [];
  const classes = new Map<string, number>();
  const firsts = [...cuts].sort((left, right) => left - right);
  firsts.forEach((first, index) => {
    const signature = Array.from(sets, (ranges) => Number(inRanges(first, ranges))).join('');
    const known = classes.get(signature);
    if (known === undefined) {
      if (classes.size === MOST_CLASSES) refuse();
      classes.set(signature, classes.size);
      examples.push(first);
    }
    of.fill(known ?? classes.size - 1, first, firsts[index + 1] ?? UNITS);
  });
  return { of, examples };
}

/**
 * A program with all its ways followed in advance (subset construction: Rabin and Scott, 1959), so that a unit of text
 * costs one look-up whatever the pattern. States are offsets of their rows; from {@link dead} no way leads on.
 */
export class StateTable {
  static readonly dead = 0;
  readonly start: number;
  /** `rows[state + class]` is the next state. */
  readonly rows: Uint16Array;
  /** States from here on are reached by matches. */
  readonly firstMatching: number;
  private readonly width: number;
  private readonly matches: Uint16Array;

  /** @throws RedactorError `unsupported_pattern` when the table would be too large. */
  constructor(program: readonly Instruction[], { examples }: UnitClasses) {
    const follower = new Follower(program);
    const numbers = new Map<string, number>([['', 0]]);
    const sets: Uint16Array[] = [new Uint16Array()];
    const numberOf = (set: Uint16Array): number => {
      const key = String.fromCharCode(...set);
      const known = numbers.get(key);
      if (known !== undefined) return known;
      if ((sets.length + 1) * examples.length > MOST_ENTRIES) refuse();
      numbers.set(key, sets.length);
      return sets.push(set) - 1;
    };
    const first = numberOf(follower.reachedFrom([0]));
    const nexts: number[] = [];
    for (let state = 0; state < sets.length; state++)
      for (const unit of examples)
        nexts.push(numberOf(follower.reachedOver(unit, sets[state] as Uint16Array)));

    // Matching states last, so that one comparison tells them.
    const matches = sets.map((set) => follower.countMatches(set));
    const order = [...sets.keys()].sort(
      (left, right) => Number(matches[left] !== 0) - Number(matches[right] !== 0) || left - right,
    );
    const width = examples.length;
    const offsets = new Uint16Array(sets.length);
    order.forEach((state, index) => (offsets[state] = index * width));
    this.width = width;
    this.start = offsets[first] as number;
    this.matches = Uint16Array.from(order, (state) => matches[state] as number);
    this.firstMatching = width * matches.filter((count) => count === 0).length;
    this.rows = new Uint16Array(nexts.length);
    nexts.forEach((next, index) => {
      const row = offsets[Math.floor(index / width)] as number;
      this.rows[row + (index % width)] = offsets[next] as number;
    });
  }

  /** How many match instructions of the program a state has reached. */
  matchesOf(state: number): number {
    return this.matches[state / this.width] as number;
  }
}

/** Follows the ways of a program (Thompson, 1968). A set holds the instructions that read a unit or match, in order. */
class Follower {
  private readonly program: readonly Instruction[];
  private readonly lastSeen: Int32Array;
  private step = 0;

  constructor(program: readonly Instruction[]) {
    this.program = program;
    this.lastSeen = new Int32Array(program.length);
  }

  reachedOver(unit: number, set: Uint16Array): Uint16Array {
    const targets: number[] = [];
    for (const index of set) {
      const instruction = this.program[index];
      if (instruction?.op === 'unit' && inRanges(unit, instruction.ranges)) targets.push(index + 1);
    }
    return this.reachedFrom(targets);
  }

  reachedFrom(pending: number[]): Uint16Array {
    const reached: number[] = [];
    this.step++;
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      const instruction = this.program[index];
      if (instruction === undefined || this.lastSeen[index] === this.step) continue;
      this.lastSeen[index] = this.step;
      if (instruction.op === 'jump') pending.push(instruction.to);
      else if (instruction.op === 'split') pending.push(instruction.left, instruction.right);
      else reached.push(index);
    }
    let lastRun: number | undefined;
    return Uint16Array.from(reached)
      .sort()
      .filter((index) => {
        const instruction = this.program[index];
        const run = instruction?.op === 'unit' ? instruction.run : undefined;
        const isCovered = run !== undefined && run === lastRun;
        lastRun = run;
        return !isCovered;
      });
  }

  countMatches(set: Uint16Array): number {
    return set.filter((index) => this.program[index]?.op === 'match').length;
  }
}

function inRanges(unit: number, ranges: Ranges): boolean {
  for (const [low, high] of ranges) if (unit >= low && unit <= high) return true;
  return false;
}

function refuse(): never {
  throw new RedactorError(
    'unsupported_pattern',
    'The pattern can be read in too many ways: use smaller repetition counts, {n,} in the place of a large upper bound, or parts that begin and end with different characters.',
  );
}
