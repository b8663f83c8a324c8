import fc from 'fast-check';
import { Redactor } from '../redactor.ts';
import { sampleToken, spliceFindings } from '../testing/samples.ts';

function redactorWith(patterns: readonly string[]): Redactor {
  const redactor = new Redactor();
  patterns.forEach((source, index) => redactor.addPattern(`p${index}`, source));
  return redactor;
}

/** Beginnings of which some stand in masks, and what may follow them. */
const pattern = fc
  .tuple(
    fc.constantFrom(
      ...[
        'ab',
        '--',
        'RED',
        'TED:',
        '\\[R',
        '\\[REDACTED',
        ':p',
        '\\]a',
        'p0\\]',
        'aa',
        '(?:ab|ba)',
        'D:',
        'en',
      ],
    ),
    fc.array(
      fc.constantFrom(
        ...[
          '[^x]*x',
          'x',
          '.*',
          '[^]{0,20}',
          '[A-Z]+',
          '[ab]{2,9}',
          '\\w*',
          '[^ ]*',
          '(?:a|-)*',
          '\\]?',
          '[^]*b',
        ],
      ),
      { maxLength: 3 },
    ),
  )
  .map(([beginning, tails]) => beginning + tails.join(''));
const patterns = fc.array(pattern, { minLength: 1, maxLength: 3 });
const text = fc
  .array(
    fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          ...[
            'ab',
            '--',
            'RED',
            '[R',
            '[REDACTED:',
            ':p0',
            ']',
            'x',
            ' ',
            '\n',
            'a',
            'b',
            '-',
            'aaaa',
            '[',
          ],
        ),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          ...[
            '[REDACTED:p0]',
            '[REDACTED:p1]',
            '[REDACTED:password]',
            '[REDACTED:no]',
            '[REDACTED:token:0123456789ab]',
          ],
          sampleToken('github-token'),
          'ab'.repeat(300),
        ),
      },
    ),
    { maxLength: 16 },
  )
  .map((pieces) => pieces.join(''));

describe('patterns of the caller', () => {
  it('change nothing the second time', () => {
    fc.assert(
      fc.property(patterns, text, (sources, input) => {
        const redactor = redactorWith(sources);
        const once = redactor.redact(input);
        expect(redactor.redact(once)).toBe(once);
      }),
      { numRuns: 3000 },
    );
  });

  it('give what the whole text gives, for every way of cutting', () => {
    fc.assert(
      fc.property(
        patterns,
        text,
        fc.array(fc.nat(400), { maxLength: 6 }),
        (sources, input, cuts) => {
          const redactor = redactorWith(sources);
          const stream = redactor.createStream();
          let output = '';
          let from = 0;
          for (const cut of [...cuts].sort((left, right) => left - right)) {
            output += stream.write(input.slice(from, cut));
            from = Math.min(cut, input.length);
          }
          output += stream.write(input.slice(from)) + stream.end();
          expect(output).toBe(redactor.redact(input));
          expect(spliceFindings(redactor, input)).toBe(output);
        },
      ),
      { numRuns: 1500 },
    );
  });

  it.each([
    [
      'RED',
      'a RED [REDACTED:p0] [REDACTED:password]',
      'a [REDACTED:p0] [REDACTED:p0] [REDACTED:password]',
    ],
    ['TED:\\w*', '[REDACTED:token:0123456789ab]', '[REDACTED:token:0123456789ab]'],
    ['\\]x[a-z]*', '[REDACTED:p0]xyz ]xyz', '[REDACTED:p0]xyz [REDACTED:p0]'],
    ['--[^x]*x', '-- [REDACTED:token] x --[x', '-- [REDACTED:token] x [REDACTED:p0]'],
    ['ab[^x]*', 'ab1 [REDACTED:token] x', '[REDACTED:p0][REDACTED:token] x'],
    // Only kinds that exist are believed.
    [
      'ab[0-9]*',
      '[REDACTED:ab12] ab [REDACTED:no] ',
      '[REDACTED:[REDACTED:p0]] [REDACTED:p0] [REDACTED:no] ',
    ],
  ])('regression: %j stays out of masks', (source, input, output) => {
    const redactor = redactorWith([source]);
    expect(redactor.redact(input)).toBe(output);
    expect(redactor.redact(output)).toBe(output);
  });

  it('regression: are masked on where a bound ends them, in the middle of a group too', () => {
    const redactor = redactorWith(['ACME-(?:[0-9a-f]{4}-?)+']);
    const long = `ACME-${'01ab-'.repeat(200)}01ab`;
    expect(redactor.redact(`x ${long} y`)).toBe('x [REDACTED:p0] y');
    const crowded = redactorWith(['aa[a]*']);
    expect(crowded.redact(`x ${'a'.repeat(900)} y`)).toBe('x [REDACTED:p0] y');
  });
});
