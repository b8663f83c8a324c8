import fc from 'fast-check';
import type { Detector } from './detector.ts';
import { LearntLiterals } from './learnt-literals.ts';
import { TriggerAutomaton } from './trigger-automaton.ts';
import { TriggerScanner } from './trigger-scanner.ts';

/** Few units, so that literals overlap and begin alike; two of them share a place in the table of pairs. */
const UNITS = ['a', 'b', '\u0101', '\u4e2d'];
const anyText = fc.string({ unit: fc.constantFrom(...UNITS), maxLength: 60 });
const literal = fc.string({ unit: fc.constantFrom(...UNITS), minLength: 2, maxLength: 8 });

/** A detector with literals, which finds nothing. */
function detectorOf(literals: readonly string[], caseSensitive = true): Detector {
  return {
    triggers: literals.map((each) => ({ literal: each, caseSensitive })),
    window: 0,
    masks: 'at',
    asksInside: 'none',
    detect: () => undefined,
  };
}

function learntOf(literals: readonly string[]): LearntLiterals {
  const learnt = new LearntLiterals();
  for (const each of literals) learnt.add(detectorOf([each]));
  return learnt;
}

/** The literals that begin at an index or behind it, and end at another. */
function endingAt(literals: readonly string[], text: string, from: number, end: number): string[] {
  return literals
    .filter((each) => end - each.length >= from && text.startsWith(each, end - each.length))
    .sort((left, right) => right.length - left.length);
}

it('finds what a search at each place finds', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(literal, { maxLength: 12 }),
      anyText,
      fc.nat(60),
      fc.nat(60),
      fc.nat(60),
      (literals, text, from, start, stop) => {
        const end = Math.min(stop, text.length);
        const learnt = learntOf(literals);
        let expected: number | undefined;
        for (let at = start + 1; at <= end; at++)
          if (endingAt(literals, text, from, at).length > 0) expected ??= at;
        expect(learnt.next(text, from, start, end)).toBe(expected);
        for (let at = 0; at <= text.length; at++) {
          const found = learnt.endingAt(text, from, at).map((hit) => hit.literal);
          expect(found).toEqual(endingAt(literals, text, from, at));
        }
      },
    ),
    { numRuns: 1500 },
  );
});

it('holds back what may become a literal', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(literal, { maxLength: 12 }),
      anyText,
      fc.nat(60),
      (literals, text, from) => {
        const learnt = learntOf(literals);
        for (let at = 0; at <= text.length; at++) {
          let held = 0;
          for (let units = 1; units <= at - from; units++) {
            const read = text.slice(at - units, at);
            if (literals.some((each) => each.length > units && each.startsWith(read))) held = units;
          }
          expect(learnt.heldUnits(text, from, at)).toBe(held);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

it('stops a scanner where a literal ends, known from the start, of the caller, or learnt on the way', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(literal, { minLength: 1, maxLength: 3 }),
      fc.uniqueArray(literal, { maxLength: 2 }),
      fc.uniqueArray(fc.tuple(literal, fc.nat(60)), { maxLength: 8, selector: ([each]) => each }),
      anyText,
      fc.array(fc.nat(60), { maxLength: 4 }),
      (builtIn, own, lessons, text, cuts) => {
        const learnt = new LearntLiterals();
        const scanner = new TriggerScanner(
          new TriggerAutomaton([detectorOf(builtIn, false)]),
          own.length === 0 ? undefined : new TriggerAutomaton([detectorOf(own)]),
          learnt,
        );
        const pieces = [...cuts, text.length].sort((left, right) => left - right);
        const known: string[] = [];
        let from = 0;
        let index = 0;
        for (const cut of pieces) {
          const end = Math.min(cut, text.length);
          for (;;) {
            for (const [each, at] of lessons) {
              if (at > index || known.includes(each)) continue;
              scanner.learn(detectorOf([each]), index);
              known.push(each);
              from = index;
            }
            const next = scanner.advance(text.slice(0, end), index, end);
            const expectedAt = (at: number): string[] => [
              ...endingAt(own, text, 0, at),
              ...endingAt(builtIn, text, 0, at),
              ...endingAt(known, text, from, at),
            ];
            for (let at = index + 1; at < next; at++) expect(expectedAt(at)).toEqual([]);
            index = next;
            if (!scanner.isHit) break;
            const found = scanner
              .hits(text, index)
              .filter((hit) => text.startsWith(hit.literal, index - hit.literal.length))
              .map((hit) => hit.literal);
            expect(found).toEqual(expectedAt(index));
          }
          expect(index).toBe(end);
        }
      },
    ),
    { numRuns: 1500 },
  );
});

it('makes a scanner look a little ahead only, however often it learns', () => {
  class CountingLiterals extends LearntLiterals {
    units = 0;
    override next(text: string, from: number, after: number, end: number): number | undefined {
      this.units += end - after;
      return super.next(text, from, after, end);
    }
  }
  const learnt = new CountingLiterals();
  const scanner = new TriggerScanner(
    new TriggerAutomaton([detectorOf(['stop'], false)]),
    undefined,
    learnt,
  );
  const text = `${'.'.repeat(96)}stop`.repeat(1000);
  const lessons = 64;
  for (let index = 0, stops = 0; index < text.length; stops++) {
    if (stops < lessons) scanner.learn(detectorOf([`value-${String(stops)}`]), index);
    index = scanner.advance(text, index, text.length);
    expect(index).toBe(100 * (stops + 1));
  }
  expect(learnt.units).toBeLessThan(text.length + lessons * 1000);
});
