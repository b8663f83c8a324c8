import fc from 'fast-check';
import { cutOutput, cutText } from './cut-output.ts';

const bytes = (text: string): number => Buffer.byteLength(JSON.stringify(text));

describe('cutText', () => {
  it('keeps the longest beginning that fits, whole characters only', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 2, max: 80 }), (text, limit) => {
        const cut = cutText(text, limit);
        expect(text.startsWith(cut)).toBe(true);
        expect(bytes(cut)).toBeLessThanOrEqual(limit);
        expect(cut.isWellFormed()).toBe(true);
        const next = String.fromCodePoint(text.codePointAt(cut.length) ?? 0);
        if (cut !== text) expect(bytes(cut + next)).toBeGreaterThan(limit);
      }),
    );
  });
});

describe('cutOutput', () => {
  const result = { stdout: '', stderr: '', exitCode: 0, timedOut: false };

  it('leaves what fits as it is', () => {
    const small = { ...result, stdout: 'done' };
    expect(cutOutput(small, 1)).toEqual(small);
  });

  it('keeps all results of one activity below what Temporal takes', () => {
    const huge = { ...result, stdout: '\0'.repeat(2_000_000), stderr: '😀'.repeat(1_000_000) };
    for (const results of [1, 3, 100]) {
      const cut = cutOutput(huge, results);
      expect(cut.truncated).toBe(true);
      expect((bytes(cut.stdout) + bytes(cut.stderr)) * results).toBeLessThan(1_100_000);
      expect(cut.stdout.length).toBeGreaterThan(0);
    }
  });
});
