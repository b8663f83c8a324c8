import fc from 'fast-check';
import { anyText, redactInPieces, redactor } from '../testing/any-text.ts';
import { spliceFindings } from '../testing/samples.ts';

it('gives what the whole text gives, over many texts', () => {
  fc.assert(
    fc.property(
      anyText.chain((input) =>
        fc.tuple(fc.constant(input), fc.array(fc.nat(input.length), { maxLength: 30 })),
      ),
      ([input, cuts]) => {
        const whole = redactor.redact(input);
        expect(redactInPieces(input, cuts)).toBe(whole);
        expect(spliceFindings(redactor, input)).toBe(whole);
      },
    ),
    { numRuns: 100_000 },
  );
}, 600_000);

// Fixed seeds: what a mask hides may change how the text around it reads, so that this law is kept by guards, not by
// construction as the one above. A counterexample found elsewhere belongs into the guards.
it.each([1, 2])(
  'changes nothing the second time, over many texts (seed %i)',
  (seed) => {
    fc.assert(
      fc.property(anyText, (input) => {
        const once = redactor.redact(input);
        expect(redactor.redact(once)).toBe(once);
      }),
      { numRuns: 50_000, seed },
    );
  },
  600_000,
);
