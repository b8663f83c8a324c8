import { RedactorError } from '../redactor-error.ts';

/** Inclusive ranges of code units. */
type Ranges = readonly (readonly [number, number])[];

type Node =
  | { readonly type: 'set'; readonly ranges: Ranges }
  | { readonly type: 'sequence'; readonly items: readonly Node[] }
  | { readonly type: 'choice'; readonly items: readonly Node[] }
  | { readonly type: 'repeat'; readonly item: Node; readonly min: number; readonly max: number };

type Instruction =
  | { readonly op: 'unit'; readonly ranges: Ranges }
  | { readonly op: 'split'; left: number; right: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'match' };

const MOST_INSTRUCTIONS = 600;
const MOST_PREFIXES = 32;
const LONGEST_PREFIX = 16;
const SHORTEST_PREFIX = 2;
const DEEPEST_NESTING = 20;

const DIGITS: Ranges = [[48, 57]];
const WORD: Ranges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const SPACE: Ranges = [
  [9, 13],
  [32, 32],
  [160, 160],
  [0x2028, 0x2029],
  [0xfeff, 0xfeff],
];
const ESCAPED_UNITS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 };

/**
 * A regular expression run as an automaton (Thompson, 1968): all ways of matching are followed at once, so that the
 * time is bounded by units x instructions for any pattern that is accepted. What no automaton can do (look-around,
 * back references) is refused with the reason.
 */
export class LinearPattern {
  /** What a match begins with; each at least two units long. */
  readonly prefixes: readonly string[];
  private readonly program: readonly Instruction[];
  private readonly lastSeen: Int32Array;

  constructor(source: string) {
    const node = new PatternParser(source).parse();
    const prefixes = prefixesOf(node);
    if (prefixes.some(({ text }) => text.length < SHORTEST_PREFIX)) {
      throw new RedactorError(
        'pattern_without_literal',
        `Each alternative of the pattern must begin with at least ${SHORTEST_PREFIX} literal characters, by which it is found in the text; for example ACME-[0-9]{8}.`,
      );
    }
    this.prefixes = [...new Set(prefixes.map(({ text }) => text.slice(0, LONGEST_PREFIX)))];
    const program: Instruction[] = [];
    compile(node, program);
    program.push({ op: 'match' });
    this.program = program;
    this.lastSeen = new Int32Array(program.length);
  }

  /** Length of the longest match that begins at unit 0 of `unitAt` (-1 marks the end); -1 when there is none. */
  longestMatch(unitAt: (offset: number) => number): number {
    let current: number[] = [];
    let longest = -1;
    this.lastSeen.fill(-1);
    if (this.follow(0, 0, current)) longest = 0;
    for (let offset = 0; current.length > 0; offset++) {
      const unit = unitAt(offset);
      if (unit < 0) break;
      const next: number[] = [];
      for (const index of current) {
        const instruction = this.program[index];
        if (instruction?.op !== 'unit' || !inRanges(unit, instruction.ranges)) continue;
        if (this.follow(index + 1, offset + 1, next)) longest = offset + 1;
      }
      current = next;
    }
    return longest;
  }

  /** Adds the instructions that read a unit and are reached from one; true when the match is among them. */
  private follow(from: number, step: number, into: number[]): boolean {
    const pending = [from];
    let matched = false;
    for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
      if (this.lastSeen[index] === step) continue;
      this.lastSeen[index] = step;
      const instruction = this.program[index];
      if (instruction === undefined) continue;
      if (instruction.op === 'unit') into.push(index);
      else if (instruction.op === 'match') matched = true;
      else if (instruction.op === 'jump') pending.push(instruction.to);
      else pending.push(instruction.right, instruction.left);
    }
    return matched;
  }
}

function inRanges(unit: number, ranges: Ranges): boolean {
  for (const [low, high] of ranges) if (unit >= low && unit <= high) return true;
  return false;
}

function compile(node: Node, program: Instruction[]): void {
  if (program.length > MOST_INSTRUCTIONS) {
    throw new RedactorError(
      'unsupported_pattern',
      `The pattern needs more than ${MOST_INSTRUCTIONS} steps: use smaller repetition counts, or {n,} in the place of a large upper bound.`,
    );
  }
  if (node.type === 'set') {
    program.push({ op: 'unit', ranges: node.ranges });
  } else if (node.type === 'sequence') {
    for (const item of node.items) compile(item, program);
  } else if (node.type === 'choice') {
    const jumps: Extract<Instruction, { op: 'jump' }>[] = [];
    node.items.forEach((item, index) => {
      if (index === node.items.length - 1) {
        compile(item, program);
        return;
      }
      const split: Instruction = { op: 'split', left: program.length + 1, right: 0 };
      program.push(split);
      compile(item, program);
      const jump: Extract<Instruction, { op: 'jump' }> = { op: 'jump', to: 0 };
      jumps.push(jump);
      program.push(jump);
      split.right = program.length;
    });
    for (const jump of jumps) jump.to = program.length;
  } else {
    for (let count = 0; count < node.min; count++) compile(node.item, program);
    if (node.max === Infinity) {
      const split: Instruction = { op: 'split', left: program.length + 1, right: 0 };
      const at = program.length;
      program.push(split);
      compile(node.item, program);
      program.push({ op: 'jump', to: at });
      split.right = program.length;
    } else {
      const splits: Extract<Instruction, { op: 'split' }>[] = [];
      for (let count = node.min; count < node.max; count++) {
        const split: Extract<Instruction, { op: 'split' }> = {
          op: 'split',
          left: program.length + 1,
          right: 0,
        };
        splits.push(split);
        program.push(split);
        compile(node.item, program);
      }
      for (const split of splits) split.right = program.length;
    }
  }
}

interface Prefix {
  readonly text: string;
  /** The prefix is the whole of what the node matches, so that what follows may extend it. */
  readonly whole: boolean;
}

function prefixesOf(node: Node): Prefix[] {
  if (node.type === 'set') {
    const count = node.ranges.reduce((sum, [low, high]) => sum + high - low + 1, 0);
    if (count > 4) return [{ text: '', whole: false }];
    return node.ranges.flatMap(([low, high]) =>
      Array.from({ length: high - low + 1 }, (_, index) => ({
        text: String.fromCharCode(low + index),
        whole: true,
      })),
    );
  }
  if (node.type === 'choice') return node.items.flatMap(prefixesOf);
  if (node.type === 'repeat') {
    if (node.min === 0) return [{ text: '', whole: false }];
    return prefixesOf(node.item).map(({ text, whole }) => ({
      text,
      whole: whole && node.min === 1 && node.max === 1,
    }));
  }
  let prefixes: Prefix[] = [{ text: '', whole: true }];
  for (const item of node.items) {
    if (!prefixes.some(({ whole }) => whole)) break;
    const tails = prefixesOf(item);
    const longer = prefixes.flatMap((prefix) =>
      prefix.whole
        ? tails.map((tail) => ({ text: prefix.text + tail.text, whole: tail.whole }))
        : [prefix],
    );
    if (longer.length > MOST_PREFIXES) {
      prefixes = prefixes.map(({ text }) => ({ text, whole: false }));
      break;
    }
    prefixes = longer.map(({ text, whole }) => ({
      text,
      whole: whole && text.length < LONGEST_PREFIX,
    }));
  }
  return prefixes;
}

class PatternParser {
  private readonly source: string;
  private at = 0;
  private depth = 0;

  constructor(source: string) {
    this.source = source;
  }

  parse(): Node {
    if (this.source === '' || this.source.length > 1000)
      this.fail('it must have 1 to 1000 characters');
    const node = this.choice();
    if (this.at < this.source.length) this.fail('there is a ")" without "("');
    return node;
  }

  private choice(): Node {
    const items = [this.sequence()];
    while (this.take('|')) items.push(this.sequence());
    return items.length === 1 ? (items[0] as Node) : { type: 'choice', items };
  }

  private sequence(): Node {
    const items: Node[] = [];
    while (this.at < this.source.length && !'|)'.includes(this.peek())) items.push(this.repeated());
    return { type: 'sequence', items };
  }

  private repeated(): Node {
    let item = this.atom();
    for (;;) {
      let bounds: [number, number];
      if (this.take('*')) bounds = [0, Infinity];
      else if (this.take('+')) bounds = [1, Infinity];
      else if (this.take('?')) bounds = [0, 1];
      else {
        const counts = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.source.slice(this.at, this.at + 16));
        if (counts === null) return item;
        this.at += counts[0].length;
        const min = Number(counts[1]);
        bounds = [
          min,
          counts[2] === undefined ? min : counts[3] === '' ? Infinity : Number(counts[3]),
        ];
        if (bounds[1] < min) this.fail('a repetition count runs backwards');
      }
      // Lazy and greedy forms match the same texts; the longest match is taken.
      this.take('?');
      item = { type: 'repeat', item, min: bounds[0], max: bounds[1] };
    }
  }

  private atom(): Node {
    const char = this.next();
    switch (char) {
      case '(':
        return this.group();
      case '[':
        return { type: 'set', ranges: this.characterClass() };
      case '.':
        return {
          type: 'set',
          ranges: complement([
            [10, 10],
            [13, 13],
            [0x2028, 0x2029],
          ]),
        };
      case '\\':
        return { type: 'set', ranges: this.escape() };
      case '^':
      case '$':
        return this.refuse(
          `the anchor "${char}" (a stream has no beginning or end of line to rely on)`,
        );
      case '*':
      case '+':
      case '?':
        return this.fail(`there is nothing before "${char}" to repeat`);
      default:
        return { type: 'set', ranges: [[char.charCodeAt(0), char.charCodeAt(0)]] };
    }
  }

  private group(): Node {
    if (++this.depth > DEEPEST_NESTING) this.refuse('groups nested this deep');
    if (this.take('?')) {
      if (!this.take(':')) {
        const name = /^<[A-Za-z_]\w*>/.exec(this.source.slice(this.at));
        if (name === null)
          this.refuse(
            'look-around and inline flags, which cannot be matched in linear time by an automaton',
          );
        else this.at += name[0].length;
      }
    }
    const node = this.choice();
    if (!this.take(')')) this.fail('a "(" is not closed');
    this.depth--;
    return node;
  }

  private characterClass(): Ranges {
    const inverted = this.take('^');
    const ranges: (readonly [number, number])[] = [];
    for (;;) {
      const low = this.classMember();
      if (low === undefined) break;
      const single = low.length === 1 && low[0]?.[0] === low[0]?.[1] ? low[0]?.[0] : undefined;
      if (
        single !== undefined &&
        this.peek() === '-' &&
        this.source[this.at + 1] !== ']' &&
        this.at + 1 < this.source.length
      ) {
        this.at++;
        const high = this.classMember()?.[0]?.[1];
        if (high === undefined || high < single)
          this.fail('a range in a character class runs backwards');
        else ranges.push([single, high]);
      } else ranges.push(...low);
    }
    return inverted ? complement(ranges) : ranges;
  }

  private classMember(): Ranges | undefined {
    if (this.at >= this.source.length) this.fail('a "[" is not closed');
    const char = this.next();
    if (char === ']') return undefined;
    if (char === '\\') return this.escape();
    return [[char.charCodeAt(0), char.charCodeAt(0)]];
  }

  private escape(): Ranges {
    if (this.at >= this.source.length) this.fail('it ends with a backslash');
    const char = this.next();
    const shorthand = { d: DIGITS, w: WORD, s: SPACE }[char.toLowerCase()];
    if (shorthand !== undefined)
      return char === char.toLowerCase() ? shorthand : complement(shorthand);
    const unit = ESCAPED_UNITS[char];
    if (unit !== undefined) return [[unit, unit]];
    if (char === 'x' || char === 'u') {
      const digits = char === 'x' ? 2 : 4;
      const hex = this.source.slice(this.at, this.at + digits);
      if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex))
        this.fail(`"\\${char}" needs ${digits} hex digits`);
      this.at += digits;
      return [[parseInt(hex, 16), parseInt(hex, 16)]];
    }
    if (/[1-9k]/.test(char)) this.refuse('back references, which cannot be matched in linear time');
    if (/[A-Za-z]/.test(char)) this.refuse(`the escape "\\${char}"`);
    return [[char.charCodeAt(0), char.charCodeAt(0)]];
  }

  private peek(): string {
    return this.source.charAt(this.at);
  }

  private next(): string {
    return this.source.charAt(this.at++);
  }

  private take(char: string): boolean {
    if (this.peek() !== char) return false;
    this.at++;
    return true;
  }

  private fail(reason: string): never {
    throw new RedactorError(
      'invalid_pattern',
      `The pattern is not a regular expression: ${reason} (at ${this.at}).`,
    );
  }

  private refuse(what: string): never {
    throw new RedactorError(
      'unsupported_pattern',
      `The pattern is refused: it uses ${what} (at ${this.at}).`,
    );
  }
}

function complement(ranges: Ranges): Ranges {
  const result: [number, number][] = [];
  let from = 0;
  for (const [low, high] of [...ranges].sort((left, right) => left[0] - right[0])) {
    if (low > from) result.push([from, low - 1]);
    from = Math.max(from, high + 1);
  }
  if (from <= 0xffff) result.push([from, 0xffff]);
  return result;
}
