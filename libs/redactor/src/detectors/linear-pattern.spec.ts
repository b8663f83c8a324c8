import fc from 'fast-check';
import { RedactorError } from '../redactor-error.ts';
import { LinearPattern } from './linear-pattern.ts';

/** The pattern, or the code with which it is refused. */
function patternOf(source: string): LinearPattern | string {
  try {
    return new LinearPattern(source);
  } catch (error) {
    if (error instanceof RedactorError) return error.code;
    throw error;
  }
}

function platformPattern(source: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${source})$`);
  } catch {
    return undefined;
  }
}

const classMember = fc.constantFrom(
  ...['a', 'b', '-', '+', '0', '^', '[', '\\w', '\\W', '\\d', '\\D', '\\s', '\\S', '\\]', '\\-'],
  ...['\\0', '\\01', '\\x41', '\\u2000', '\\n', '\\\\', 'a-c', '+-\\d', '\\w-', '\\d--', '{2}'],
);
const characterClass = fc
  .tuple(fc.constantFrom('[', '[^'), fc.array(classMember, { maxLength: 4 }))
  .map(([opening, members]) => `${opening}${members.join('')}]`);
const atom = fc.oneof(
  { weight: 3, arbitrary: characterClass },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...[
        'a',
        'b',
        '0',
        '-',
        '.',
        ']',
        '}',
        '{',
        '{,2}',
        '\\w',
        '\\s',
        '\\S',
        '\\D',
        '\\0',
        '\\01',
      ],
      ...['\\x61', '\\u0062', '\\-', '\\8', '\\_', '(?:)', '()', '(?:a|b0)', '(?:|a)', '(?<n>a)'],
    ),
  },
);
const count = fc.constantFrom(
  ...[
    '',
    '',
    '',
    '*',
    '+',
    '?',
    '*?',
    '{2}',
    '{1,}',
    '{0,2}',
    '{2,1}',
    '{0}',
    '{2}{3}',
    '**',
    '{10000}',
  ],
);
const item = fc.tuple(atom, count).map((parts) => parts.join(''));
const sequence = fc.array(item, { maxLength: 4 }).map((items) => items.join(''));
const group = fc
  .tuple(fc.constantFrom('(?:', '('), sequence, sequence, count)
  .map(([opening, left, right, times]) => `${opening}${left}|${right})${times}`);
/** Patterns that JavaScript knows, and some that it does not. */
const source = fc
  .array(fc.oneof({ weight: 3, arbitrary: sequence }, { weight: 1, arbitrary: group }), {
    maxLength: 3,
  })
  .map((parts) => `xy${parts.join('')}`);
const text = fc
  .string({
    unit: fc.constantFrom(...Array.from('ab0-+,A1]{}\\[_\0\u0001\n\u2000\u1680\ufeff\u00e9')),
    maxLength: 8,
  })
  .map((tail) => `xy${tail}`);

describe('a linear pattern', () => {
  it('agrees with the regular expressions of the platform', () => {
    fc.assert(
      fc.property(source, fc.array(text, { minLength: 1, maxLength: 8 }), (pattern, texts) => {
        const own = patternOf(pattern);
        const platform = platformPattern(pattern);
        if (typeof own === 'string') return;
        // What the platform refuses is refused.
        expect(platform).toBeDefined();
        for (const each of texts) {
          const ends = Array.from({ length: each.length + 1 }, (_, end) => end);
          const longest = ends.findLast((end) => platform?.test(each.slice(0, end))) ?? -1;
          expect(own.walk(each, 0, each.length, () => false).matchEnd).toBe(longest);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('takes each unit for what the platform takes it for', () => {
    for (const set of [
      '\\s',
      '\\S',
      '\\w',
      '\\W',
      '\\d',
      '\\D',
      '.',
      '[^]',
      '[+-\\w]',
      '[\\d-z]',
    ]) {
      const own = patternOf(`xy${set}`);
      const platform = new RegExp(`^xy${set}$`);
      if (typeof own === 'string') throw new Error(`${set} is refused: ${own}`);
      for (let unit = 0; unit <= 0xffff; unit++) {
        const each = `xy${String.fromCharCode(unit)}`;
        const isMatch = own.walk(each, 0, 3, () => false).matchEnd === 3;
        if (isMatch !== platform.test(each)) expect([set, unit]).toBe('told alike');
      }
    }
  });

  it.each([
    ['ab{10000}', 'unsupported_pattern'],
    ['ab{1,10000}', 'unsupported_pattern'],
    ['ab\\01', 'unsupported_pattern'],
    ['ab[\\01]', 'unsupported_pattern'],
    ['ab{2}{3}', 'invalid_pattern'],
    ['ab**', 'invalid_pattern'],
    ['ab|{2}', 'invalid_pattern'],
    ['ab(?<n>c)(?<n>d)', 'invalid_pattern'],
  ])('regression: %j is refused', (pattern, code) => {
    expect(patternOf(pattern)).toBe(code);
  });

  it.each([
    'ab(?:(?:){9999}){9999}',
    'ab(?:(?:(?:){9999}){9999}){9999}',
    'ab(?:|){9999}',
    'ab[ab]*a[ab]{40}Z',
    'ab.{0,100}key.{0,100}Z',
    `ab${'(?:[ab]?){9}'.repeat(30)}(?:a|[ab]){90}Z`,
  ])('regression: %j is refused soon', (pattern) => {
    const begin = process.cpuUsage();
    expect(patternOf(pattern)).toBe('unsupported_pattern');
    expect(process.cpuUsage(begin).user).toBeLessThan(500_000);
  });

  it('is read in many ways as far as its table is bounded', () => {
    for (const pattern of ['ab.{0,20}key.{0,20}Z', 'ab\\w{3,20}-?\\w{3,20}Z', 'ab[0-9a-f]{500}'])
      expect(patternOf(pattern)).toBeInstanceOf(LinearPattern);
  });

  it('has no beginning that begins with another', () => {
    const pattern = patternOf('(?:abc|ab|cab|ab[cd])x*');
    expect(pattern).toMatchObject({ prefixes: ['ab', 'cab'] });
  });

  it.each([
    ['ab.*Z', 'ab'],
    ['aa.*Z', 'a'],
    ['ACME-.*Z', 'ACME-'],
    [`ab${'[ab]?'.repeat(199)}Z`, 'ab'],
    ['ab[ab]{500}', 'ab'],
    ['(?:ab|cab|dcab|edcab|fedcab)[a-f]*Z', 'fedcab'],
  ])('regression: %j reads no unit more often than a match may hold beginnings', (source, unit) => {
    const pattern = patternOf(source);
    if (typeof pattern === 'string') throw new Error(pattern);
    const whole = unit.repeat(4000 / unit.length);
    let reads = 0;
    const counted = { charCodeAt: (at: number) => (reads++, whole.charCodeAt(at)) };
    for (let at = 0; at < whole.length; at++) {
      if (pattern.prefixes.some((prefix) => whole.startsWith(prefix, at)))
        pattern.walk(counted, at, Math.min(at + 512, whole.length), () => false);
    }
    // 16 beginnings, and those that reach over the edges of a walk.
    expect(reads).toBeLessThanOrEqual(24 * whole.length);
  });
});
