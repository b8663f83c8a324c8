import { RedactorError } from '../redactor-error.ts';
import type { PatternNode } from './pattern-parser.ts';

const MOST_PREFIXES = 32;
const LONGEST_PREFIX = 16;
const SHORTEST_PREFIX = 2;

/**
 * What the matches of a pattern begin with, none the beginning of another: each place of a text has at most one.
 *
 * @throws RedactorError `pattern_without_literal` when one is under two units long.
 */
export function literalBeginnings(node: PatternNode): string[] {
  const prefixes = prefixesOf(node);
  if (prefixes.some(({ text }) => text.length < SHORTEST_PREFIX)) {
    throw new RedactorError(
      'pattern_without_literal',
      `Each alternative of the pattern must begin with at least ${SHORTEST_PREFIX} literal characters, by which it is found in the text; for example ACME-[0-9]{8}.`,
    );
  }
  const kept: string[] = [];
  for (const { text } of prefixes.sort((left, right) => (left.text < right.text ? -1 : 1))) {
    const beginning = text.slice(0, LONGEST_PREFIX);
    // In this order what it begins with, if anything, is the last one kept.
    const last = kept.at(-1);
    if (last === undefined || !beginning.startsWith(last)) kept.push(beginning);
  }
  return kept;
}

interface Prefix {
  readonly text: string;
  /** The prefix is the whole of what the node matches, so that what follows may extend it. */
  readonly whole: boolean;
}

function prefixesOf(node: PatternNode): Prefix[] {
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
