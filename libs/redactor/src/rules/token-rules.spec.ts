import { Redactor } from '../redactor.ts';
import { fillShape, sampleToken, seededRandom } from '../testing/samples.ts';
import { parseShape } from './shape.ts';
import { TOKEN_RULES } from './token-rules.ts';

const redactor = new Redactor();

describe.each(TOKEN_RULES)('$rule', (rule) => {
  const drawn = ['jwt', 'basic', 'armour'].includes(rule.check ?? '')
    ? []
    : rule.shapes.map((_, index) => index);

  it('names its source and has examples of both sorts', () => {
    expect(rule.source).toMatch(/^https:\/\//);
    expect(drawn.length + (rule.secrets?.length ?? 0)).toBeGreaterThan(0);
    expect(rule.clean.length).toBeGreaterThan(0);
  });

  if (drawn.length > 0)
    it.each(drawn)('masks shape %i wherever it stands', (index) => {
      for (let seed = 1; seed <= 5; seed++) {
        const token = sampleToken(rule.rule, seed, index);
        const visible = parseShape(rule.shapes[index]!).visible >= 0;
        for (const [before, after] of [
          ['', ''],
          ['see ', ' here'],
          ['"', '",'],
          ['(', ')'],
          ['\\n', '\\n'],
          ['\u001b[31m', '\u001b[0m'],
        ] as const) {
          const output = redactor.redact(before + token + after);
          expect(output).toContain(`[REDACTED:${rule.kind}]`);
          if (!visible) expect(output).toBe(`${before}[REDACTED:${rule.kind}]${after}`);
        }
      }
    });

  it.each(rule.clean)('leaves %s', (template) => {
    const text = `see ${fillShape(template, seededRandom(11))} here`;
    expect(redactor.redact(text)).toBe(text);
  });
});

const examples = TOKEN_RULES.flatMap(({ kind, secrets }) =>
  (secrets ?? []).map((template) => [kind, template] as const),
);
it.each(examples)('masks %s in %s', (kind, template) => {
  expect(redactor.redact(fillShape(template, seededRandom(7)))).toContain(`[REDACTED:${kind}]`);
});

it('masks a token whose run goes on with a filler', () => {
  expect(redactor.redact(`${sampleToken('github-token')}xxxxxxxxxx`)).toBe(
    '[REDACTED:github_token]',
  );
});

it('has unique rule names and kinds that fit in a mask', () => {
  const names = TOKEN_RULES.map(({ rule }) => rule);
  expect(new Set(names).size).toBe(names.length);
  for (const { kind } of TOKEN_RULES) expect(kind).toMatch(/^[a-z][a-z0-9_]{0,39}$/);
});

it('begins no shape with a literal that stands everywhere', () => {
  for (const { rule, shapes } of TOKEN_RULES)
    for (const shape of shapes)
      expect([rule, shape, parseShape(shape).trigger.length >= 2]).toEqual([rule, shape, true]);
});
