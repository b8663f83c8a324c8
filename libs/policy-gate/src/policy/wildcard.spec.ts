import fc from 'fast-check';

import { covers, wildcard } from './wildcard.ts';

const few = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 8 });
const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 8 });

/** The meaning, by the textbook. */
function slowly(pattern: string, text: string): boolean {
  const [first] = pattern;
  if (first === undefined) return text === '';
  if (first !== '*') return text.startsWith(first) && slowly(pattern.slice(1), text.slice(1));
  return slowly(pattern.slice(1), text) || (text !== '' && slowly(pattern, text.slice(1)));
}

it('means what the textbook says', () => {
  fc.assert(
    fc.property(pattern, few, (wild, text) => {
      expect(wildcard(wild)(text)).toBe(slowly(wild, text));
    }),
  );
});

it('a pattern that covers another matches all that the other matches', () => {
  // Each star filled in with something narrower, twice: outer, inner, and a text of the inner.
  const fill = (wild: string, fillers: readonly string[]): string =>
    wild.split('*').reduce((text, piece, index) => text + (fillers[index - 1] ?? '') + piece);
  const fillings = <T>(of: fc.Arbitrary<T>) => fc.array(of, { minLength: 9, maxLength: 9 });
  fc.assert(
    fc.property(pattern, fillings(pattern), fillings(few), few, (outer, narrow, last, other) => {
      const inner = fill(outer, narrow);
      expect(covers(outer, inner)).toBe(true);
      const text = fill(inner, [...last, ...last, ...last, ...last, ...last, ...last, ...last]);
      expect(wildcard(inner)(text)).toBe(true);
      expect(wildcard(outer)(text)).toBe(true);
      if (covers(inner, other)) expect(wildcard(outer)(other)).toBe(true);
    }),
  );
});

it('takes no more than linear steps where a backtracking matcher would hang', () => {
  expect(wildcard(`${'*a'.repeat(60)}*b`)('a'.repeat(100_000))).toBe(false);
});
