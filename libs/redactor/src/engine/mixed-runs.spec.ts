import fc from 'fast-check';
import { FEWEST_CHANGES, isChange, MixedRuns, SHORTEST_MIXED_RUN } from './mixed-runs.ts';

const text = fc
  .array(
    fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'B', '7', '_', '+'), maxLength: 60 }),
      fc.constantFrom(' ', '\n', '.', 'a'.repeat(40), 'aB7cD8e'.repeat(5), '=====', '\u00e9'),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(''));

/** Whether a run begins in a part of a text, by the definition. */
function hasMixedRun(part: string): boolean {
  return (part.match(/[\w+/=-]+/g) ?? []).some((run) => {
    let changes = 0;
    for (let at = 1; at < run.length; at++)
      if (isChange(run.charCodeAt(at - 1), run.charCodeAt(at))) changes++;
    return run.length >= SHORTEST_MIXED_RUN && changes >= FEWEST_CHANGES;
  });
}

it('tells what a search tells, whatever was asked before', () => {
  fc.assert(
    fc.property(
      text,
      fc.array(fc.tuple(fc.nat(200), fc.nat(300)), { minLength: 1, maxLength: 8 }),
      fc.nat(40),
      (input, questions, dropped) => {
        const runs = new MixedRuns();
        for (const [from, units] of questions) {
          const stop = Math.min(input.length, from + units);
          expect(runs.areMissing(input, from, stop)).toBe(!hasMixedRun(input.slice(from, stop)));
        }
        const rest = input.slice(dropped);
        runs.shift(dropped);
        for (const [from] of questions)
          expect(runs.areMissing(rest, from, rest.length)).toBe(!hasMixedRun(rest.slice(from)));
      },
    ),
    { numRuns: 5000 },
  );
});

it('counts changes between letters and digits, and from small letters to capitals', () => {
  const count = (run: string): number =>
    Array.from(run).filter(
      (_, at) => at > 0 && isChange(run.charCodeAt(at - 1), run.charCodeAt(at)),
    ).length;
  expect(count('a1B')).toBe(2);
  expect(count('aBc')).toBe(1);
  expect(count('a_1+B')).toBe(0);
});
