import { RedactorError } from '../redactor-error.ts';
import type { PatternNode, Ranges } from './pattern-parser.ts';

interface Split {
  readonly op: 'split';
  left: number;
  right: number;
}

interface Jump {
  readonly op: 'jump';
  to: number;
}

export interface Unit {
  readonly op: 'unit';
  readonly ranges: Ranges;
  /**
   * Which run of optional units of one set it belongs to (`[ab]{0,20}`). Whoever stands at one of them can read all
   * that can be read from the later ones, which therefore need not be followed beside it.
   */
  readonly run?: number | undefined;
}

/** A step of a program: reads a unit of a set and goes on behind it, goes on elsewhere, or in two places, or matches. */
export type Instruction = Unit | Split | Jump | { readonly op: 'match' };

const MOST_INSTRUCTIONS = 600;
/** Nodes that may be visited to write them: an empty group that is repeated writes none. */
const MOST_VISITS = 20_000;

/**
 * Writes out a pattern, its counts too, as a program of an automaton.
 *
 * @throws RedactorError `unsupported_pattern` over 600 instructions.
 */
export function programOf(node: PatternNode): Instruction[] {
  const writer = new ProgramWriter();
  writer.write(node);
  writer.program.push({ op: 'match' });
  return writer.program;
}

/** The program that matches wherever one of some literals ends; each has a match of its own. */
export function programOfEnds(literals: readonly string[]): Instruction[] {
  const program: Instruction[] = [
    { op: 'split', left: 3, right: 1 },
    { op: 'unit', ranges: [[0, 0xffff]] },
    { op: 'jump', to: 0 },
  ];
  for (const literal of literals) {
    const next = program.length + literal.length + 2;
    program.push({ op: 'split', left: program.length + 1, right: next });
    for (let index = 0; index < literal.length; index++) {
      const unit = literal.charCodeAt(index);
      program.push({ op: 'unit', ranges: [[unit, unit]] });
    }
    program.push({ op: 'match' });
  }
  return program;
}

class ProgramWriter {
  readonly program: Instruction[] = [];
  private visits = 0;

  /** @param run see {@link Unit}; for a set only. */
  write(node: PatternNode, run?: number): void {
    if (++this.visits > MOST_VISITS || this.program.length > MOST_INSTRUCTIONS) {
      throw new RedactorError(
        'unsupported_pattern',
        `The pattern needs more than ${MOST_INSTRUCTIONS} steps: use smaller repetition counts, or {n,} in the place of a large upper bound.`,
      );
    }
    if (node.type === 'set') this.program.push({ op: 'unit', ranges: node.ranges, run });
    else if (node.type === 'sequence') for (const item of node.items) this.write(item);
    else if (node.type === 'choice') this.writeChoice(node.items);
    else this.writeRepeat(node.item, node.min, node.max);
  }

  private writeChoice(items: readonly PatternNode[]): void {
    const jumps: Jump[] = [];
    items.forEach((item, index) => {
      if (index === items.length - 1) {
        this.write(item);
        return;
      }
      const split = this.split();
      this.write(item);
      jumps.push(this.jump());
      split.right = this.program.length;
    });
    for (const jump of jumps) jump.to = this.program.length;
  }

  private writeRepeat(item: PatternNode, min: number, max: number): void {
    for (let count = 0; count < min; count++) this.write(item);
    if (max === Infinity) {
      const at = this.program.length;
      const split = this.split();
      this.write(item);
      this.jump().to = at;
      split.right = this.program.length;
      return;
    }
    const splits: Split[] = [];
    const run = this.program.length;
    for (let count = min; count < max; count++) {
      splits.push(this.split());
      this.write(item, run);
    }
    for (const split of splits) split.right = this.program.length;
  }

  /** Goes on with what is written next, or elsewhere. */
  private split(): Split {
    const split: Split = { op: 'split', left: this.program.length + 1, right: 0 };
    this.program.push(split);
    return split;
  }

  private jump(): Jump {
    const jump: Jump = { op: 'jump', to: 0 };
    this.program.push(jump);
    return jump;
  }
}
