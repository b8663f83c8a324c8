import { RedactorError } from '../redactor-error.ts';

/** Inclusive ranges of code units. */
export type Ranges = readonly (readonly [number, number])[];

/** What a pattern is made of. */
export type PatternNode =
  | { readonly type: 'set'; readonly ranges: Ranges }
  | { readonly type: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly type: 'choice'; readonly items: readonly PatternNode[] }
  | {
      readonly type: 'repeat';
      readonly item: PatternNode;
      readonly min: number;
      readonly max: number;
    };

const LONGEST_SOURCE = 1000;
const DEEPEST_NESTING = 20;
const LARGEST_COUNT = 9999;

const DIGITS: Ranges = [[48, 57]];
const WORD: Ranges = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
/** WhiteSpace and LineTerminator of ECMA-262, 12.2 and 12.3. */
const SPACE: Ranges = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const ESCAPED_UNITS: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, 0: 0 };

const COUNTS = /\{(\d+)(?:,(\d*))?\}/y;

/**
 * Reads a regular expression as JavaScript does without flags (ECMA-262 with annex B). What it accepts has the meaning
 * that it has there; look-around, anchors, back references and rarer escapes are refused with the reason.
 *
 * @throws RedactorError `invalid_pattern`, `unsupported_pattern`.
 */
export function parsePattern(source: string): PatternNode {
  return new PatternParser(source).parse();
}

class PatternParser {
  private readonly source: string;
  private at = 0;
  private depth = 0;
  private readonly groupNames = new Set<string>();

  constructor(source: string) {
    this.source = source;
  }

  parse(): PatternNode {
    if (this.source === '' || this.source.length > LONGEST_SOURCE)
      this.fail(`it must have 1 to ${LONGEST_SOURCE} characters`);
    const node = this.choice();
    if (this.at < this.source.length) this.fail('there is a ")" without "("');
    return node;
  }

  private choice(): PatternNode {
    const items = [this.sequence()];
    while (this.take('|')) items.push(this.sequence());
    return items.length === 1 ? (items[0] as PatternNode) : { type: 'choice', items };
  }

  private sequence(): PatternNode {
    const items: PatternNode[] = [];
    while (this.at < this.source.length && !'|)'.includes(this.peek())) items.push(this.repeated());
    return { type: 'sequence', items };
  }

  private repeated(): PatternNode {
    const item = this.atom();
    const bounds = this.bounds();
    if (bounds === undefined) return item;
    // Lazy and greedy forms match the same texts; the longest match is taken.
    this.take('?');
    return { type: 'repeat', item, min: bounds[0], max: bounds[1] };
  }

  private bounds(): readonly [number, number] | undefined {
    if (this.take('*')) return [0, Infinity];
    if (this.take('+')) return [1, Infinity];
    if (this.take('?')) return [0, 1];
    const counts = this.counts();
    if (counts === null) return undefined;
    this.at += counts[0].length;
    const min = Number(counts[1]);
    const max = counts[2] === undefined ? min : counts[2] === '' ? Infinity : Number(counts[2]);
    if (max < min) this.fail('a repetition count runs backwards');
    if (min > LARGEST_COUNT || (max > LARGEST_COUNT && max < Infinity))
      this.refuse(`a repetition count over ${LARGEST_COUNT}`);
    return [min, max];
  }

  /** `{2}`, `{2,}` or `{2,3}`; any other brace is a character like others. */
  private counts(): RegExpExecArray | null {
    COUNTS.lastIndex = this.at;
    return COUNTS.exec(this.source);
  }

  private atom(): PatternNode {
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
      case '{':
        this.at--;
        if (this.counts() !== null) this.fail('there is nothing before "{" to repeat');
        this.at++;
        return { type: 'set', ranges: [[123, 123]] };
      default:
        return { type: 'set', ranges: [[char.charCodeAt(0), char.charCodeAt(0)]] };
    }
  }

  private group(): PatternNode {
    if (++this.depth > DEEPEST_NESTING) this.refuse('groups nested this deep');
    if (this.take('?') && !this.take(':')) this.groupName();
    const node = this.choice();
    if (!this.take(')')) this.fail('a "(" is not closed');
    this.depth--;
    return node;
  }

  private groupName(): void {
    const name = /^<[A-Za-z_]\w*>/.exec(this.source.slice(this.at))?.[0];
    if (name === undefined)
      return this.refuse(
        'look-around and inline flags, which cannot be matched in linear time by an automaton',
      );
    if (this.groupNames.has(name)) this.fail(`two groups have the name ${name}`);
    this.groupNames.add(name);
    this.at += name.length;
  }

  private characterClass(): Ranges {
    const inverted = this.take('^');
    const ranges: (readonly [number, number])[] = [];
    for (;;) {
      const low = this.classMember();
      if (low === undefined) break;
      const mayBeRange = this.peek() === '-' && this.source.charAt(this.at + 1) !== ']';
      const high = mayBeRange && this.take('-') ? this.classMember() : undefined;
      if (high === undefined) {
        ranges.push(...low);
        continue;
      }
      const [first, last] = [singleUnit(low), singleUnit(high)];
      // Beside a shorthand such as \d the hyphen stands for itself (annex B).
      if (first === undefined || last === undefined) ranges.push(...low, [45, 45], ...high);
      else if (last < first) this.fail('a range in a character class runs backwards');
      else ranges.push([first, last]);
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
    if (char === '0' && /\d/.test(this.peek())) this.refuse('an octal escape');
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

/** The unit of a set that has but one. */
function singleUnit(ranges: Ranges): number | undefined {
  const [range] = ranges;
  return ranges.length === 1 && range?.[0] === range?.[1] ? range?.[0] : undefined;
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
