import fc from 'fast-check';
import { anyText, redactInPieces, redactor } from '../testing/any-text.ts';
import { spliceFindings } from '../testing/samples.ts';

it('keeps its laws over many texts', () => {
  fc.assert(
    fc.property(
      anyText.chain((input) =>
        fc.tuple(fc.constant(input), fc.array(fc.nat(input.length), { maxLength: 30 })),
      ),
      ([input, cuts]) => {
        const whole = redactor.redact(input);
        expect(redactInPieces(input, cuts)).toBe(whole);
        expect(spliceFindings(redactor, input)).toBe(whole);
        expect(redactor.redact(whole)).toBe(whole);
      },
    ),
    { numRuns: 100_000 },
  );
}, 600_000);
