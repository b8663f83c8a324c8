import { CLASS_BITS, CodeSet, inClass, isWordCode } from '../engine/char-class.ts';
import type { ClassLetter } from '../engine/char-class.ts';
import { REACH } from '../engine/redaction-scan.ts';
import type { TextView } from '../engine/text-view.ts';

/**
 * A shape is how a token is written, as text: literal characters, and runs `<class:count>` where class is a
 * letter of CLASS_BITS and count is `36` (exactly), `20-40` (as many as there are, up to 40) or `20+` (as many
 * as there are). A `|` marks where the mask begins; without it the whole token is masked. A `\u00a6` is a `|` of the token.
 *
 *     ghp_<a:36+>        hooks.slack.com/services/|T<a:8+>/B<a:8+>/<a:20+>
 *
 * Runs are taken whole, there is no backtracking. A run before the first literal is read backwards from it.
 */
export interface Run {
  readonly letter: ClassLetter;
  readonly bits: number;
  readonly min: number;
  /** Infinity for an open run. */
  readonly max: number;
}

/** Classes within letters and digits: only a run of those is held back for what may follow it. */
const CLASSES_OF_A_RUN =
  CLASS_BITS.a | CLASS_BITS.d | CLASS_BITS.h | CLASS_BITS.l | CLASS_BITS.u | CLASS_BITS.r;

export type Segment = string | Run;

export interface Shape {
  /** Runs before the trigger, nearest first. */
  readonly before: readonly Run[];
  readonly trigger: string;
  readonly after: readonly Segment[];
  /** How many of the segments after the trigger stand before the mask; -1 when the mask begins with the token. */
  readonly visible: number;
  /** Fewest units of the mask. */
  readonly least: number;
}

export interface ShapeMatch {
  readonly start: number;
  readonly end: number;
  /** Bits of the open run that met the end of the window; 0 when none did. */
  readonly openBits: number;
}

/** Reads a shape. Throws on a mistake in it: shapes are data of this package. */
export function parseShape(source: string): Shape {
  const before: Run[] = [];
  let trigger: string | undefined;
  const after: Segment[] = [];
  let visible = -1;
  for (const part of source.split(/(<\w:\d+(?:-\d+|\+)?>|\|)/)) {
    if (part === '') continue;
    if (part === '|') {
      visible = after.length;
      continue;
    }
    const run = /^<(\w):(\d+)(-\d+|\+)?>$/.exec(part);
    if (run === null) {
      const literal = part.replaceAll('\u00a6', '|');
      if (trigger === undefined) trigger = literal;
      else after.push(literal);
      continue;
    }
    const letter = run[1] as ClassLetter;
    const bits: number | undefined = CLASS_BITS[letter];
    const min = Number(run[2]);
    const max = run[3] === undefined ? min : run[3] === '+' ? Infinity : Number(run[3].slice(1));
    if ((bits as number | undefined) === undefined)
      throw new TypeError(`unknown class in the shape ${source}`);
    if (trigger === undefined) before.unshift({ letter, bits, min, max });
    else after.push({ letter, bits, min, max });
  }
  if (trigger === undefined) throw new TypeError(`the shape ${source} has no literal`);
  const reach = before.reduce((sum, { max }) => sum + max, 0);
  if (reach > REACH || before.some(({ bits }) => (bits & CLASSES_OF_A_RUN) === 0)) {
    throw new TypeError(`the shape ${source} reaches back too far`);
  }
  const masked = visible >= 0 ? after.slice(visible) : [...before, trigger, ...after];
  const least = masked.reduce(
    (sum, part) => sum + (typeof part === 'string' ? part.length : part.min),
    0,
  );
  return { before, trigger, after, visible, least };
}

/** Whether a token of this shape stands around its trigger. */
export function matchShape(
  shape: Shape,
  view: TextView,
  triggerStart: number,
  triggerEnd: number,
  joined: boolean,
): ShapeMatch | undefined {
  let start = triggerStart;
  for (const run of shape.before) {
    let count = 0;
    while (count < run.max && inClass(view.before(start - 1), run.bits)) {
      start--;
      count++;
    }
    if (count < run.min) return undefined;
  }
  if (!joined && !isTokenStart(view, start)) return undefined;
  let at = triggerEnd;
  let maskStart = start;
  let openBits = 0;
  let literalSeen = false;
  for (let index = 0; index < shape.after.length; index++) {
    const segment = shape.after[index] as Segment;
    if (index === shape.visible) maskStart = at;
    if (typeof segment === 'string') {
      if (!view.has(segment, at)) return undefined;
      at += segment.length;
      literalSeen = true;
      continue;
    }
    const from = at;
    at = view.runEnd(from, segment.bits, segment.max);
    if (at - from < segment.min) return undefined;
    if (at >= view.high) {
      // A first part without end is no evidence of the parts that should follow.
      if (!literalSeen && shape.after.slice(index).some((rest) => typeof rest === 'string'))
        return undefined;
      openBits = segment.bits;
      break;
    }
  }
  return { start: maskStart, end: at, openBits };
}

/** Letters of escapes: `\b`, `\f`, `\n`, `\r`, `\t`, `\v`. */
const ESCAPED = new CodeSet('bfnrtv');

/**
 * Whether a token may begin at an index: not in the middle of a word. The letter of an escape (`\n`, `%20`,
 * `\u001b`, the `m` of a colour sequence) is not a part of the word that follows it.
 */
export function isTokenStart(view: TextView, index: number): boolean {
  const previous = view.before(index - 1);
  if (!isWordCode(previous) || view.isSeam(index)) return true;
  if (ESCAPED.has(previous) && view.before(index - 2) === 92) return true;
  const hex = CLASS_BITS.h;
  if (inClass(previous, hex) && inClass(view.before(index - 2), hex)) {
    if (view.before(index - 3) === 37) return true;
    if (view.before(index - 3) === 120 && view.before(index - 4) === 92) return true;
    // A line end of quoted-printable.
    if (view.before(index - 3) === 61 && view.before(index - 2) === 48) return true;
    if (view.before(index - 5) === 117 && view.before(index - 6) === 92) return true;
  }
  if (previous !== 109) return false;
  let at = index - 2;
  while (index - at < 20 && (inClass(view.before(at), CLASS_BITS.d) || view.before(at) === 59))
    at--;
  return view.before(at) === 91;
}
