import fc from 'fast-check';
import { cutInMiddle, shortNames } from './short-names.ts';

describe('shortNames', () => {
  it('cuts a long name in its middle and leaves a short one', () => {
    expect(cutInMiddle('release-2026-11-25-web-0017', 15)).toBe('release…eb-0017');
    expect(cutInMiddle('run-1', 15)).toBe('run-1');
  });

  it('shows the middle where two names differ in nothing else', () => {
    const names = ['a', 'b'].map((middle) => `${'x'.repeat(40)}${middle}${'y'.repeat(40)}`);
    const short = shortNames(names, 16);
    expect(new Set(short.values()).size).toBe(2);
  });

  it('never lets two names look alike', () => {
    const part = fc.constantFrom('run-', '2026', '…', 'é', '0', '1', 'shard', '𝄞');
    const name = fc.array(part, { minLength: 1, maxLength: 20 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 20 }),
        fc.integer({ min: -5, max: 30 }),
        (names, to) => {
          const short = shortNames(names, to);
          expect(short.size).toBe(names.length);
          expect(new Set(short.values()).size).toBe(names.length);
        },
      ),
    );
  });
});
