import { LIMITS } from '../shell/limits.ts';

/** Words and signs that stand before their operand, one more level of the tree each. */
const PREFIX_SIGNS: ReadonlySet<string> = new Set('-+!~<');
const PREFIX_WORDS: ReadonlySet<string> = new Set([
  'typeof',
  'void',
  'await',
  'new',
  'delete',
  'yield',
  'not',
  'lambda',
  'async',
]);
const WORD = /[A-Za-z0-9_$]+/y;

/**
 * What makes a program unfit for parsing: too long, carrying the characters that the evaluation
 * uses as markers, or nesting so deep (brackets, chains of prefix operators) that a parser takes
 * quadratic time over it. A count without regard to strings, as for commands.
 */
export function findCodeLimit(source: string): string | undefined {
  if (source.length > LIMITS.code) return 'code_size';
  let depth = 0;
  let prefixes = 0;
  for (let index = 0; index < source.length; index += 1) {
    const code = source.charCodeAt(index);
    if (code < 3) return 'control_characters';
    if (code <= 32) continue;
    if (code === 40 || code === 91 || code === 123) {
      depth += 1;
      if (depth > LIMITS.codeNesting) return 'depth';
      prefixes = 0;
    } else if (code === 41 || code === 93 || code === 125) {
      depth = Math.max(0, depth - 1);
      prefixes = 0;
    } else {
      WORD.lastIndex = index;
      const word = WORD.exec(source)?.[0];
      if (word !== undefined) index += word.length - 1;
      const prefix =
        word === undefined ? PREFIX_SIGNS.has(source.charAt(index)) : PREFIX_WORDS.has(word);
      prefixes = prefix ? prefixes + 1 : 0;
      if (prefixes > LIMITS.codeNesting) return 'depth';
    }
  }
  return undefined;
}
