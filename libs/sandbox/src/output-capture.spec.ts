import fc from 'fast-check';
import { firstBytes, OutputCapture } from './output-capture.ts';

const text = fc.string({ unit: 'grapheme' });

describe('the first bytes of a text', () => {
  it('are a start of it, within the limit, and as long as whole characters allow', () => {
    fc.assert(
      fc.property(text, fc.nat(40), (whole, limit) => {
        const start = firstBytes(whole, limit);
        expect(whole.startsWith(start)).toBe(true);
        expect(Buffer.byteLength(start)).toBeLessThanOrEqual(limit);
        const next = Array.from(whole.slice(start.length))[0];
        if (next !== undefined) {
          expect(Buffer.byteLength(start + next)).toBeGreaterThan(limit);
        }
      }),
    );
  });
});

describe('captured output', () => {
  it('is what was handed on, within one allowance for both streams', () => {
    const pieces = fc.array(fc.tuple(fc.constantFrom('stdout', 'stderr'), text));
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 60 }), (given, limit) => {
        const capture = new OutputCapture(limit);
        const heard = { stdout: '', stderr: '' };
        for (const [stream, piece] of given) heard[stream] += capture.add(stream, piece);
        const total = given.reduce((sum, [, piece]) => sum + Buffer.byteLength(piece), 0);
        expect(capture.text('stdout')).toBe(heard.stdout);
        expect(capture.text('stderr')).toBe(heard.stderr);
        expect(Buffer.byteLength(heard.stdout + heard.stderr)).toBeLessThanOrEqual(limit);
        expect(capture.received).toBe(total);
        expect(capture.truncated).toBe(total > limit);
        if (total <= limit) {
          for (const stream of ['stdout', 'stderr'] as const) {
            const all = given.filter(([name]) => name === stream).map(([, piece]) => piece);
            expect(heard[stream]).toBe(all.join(''));
          }
        }
      }),
    );
  });
});
