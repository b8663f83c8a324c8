import { Redactor } from './redactor.ts';
import { CLEAN_TEXTS } from './testing/clean-texts.ts';
import { fillShape, seededRandom } from './testing/samples.ts';
import { SECRETS_IN_CONTEXT } from './testing/secrets-in-context.ts';

const redactor = new Redactor();

it.each(SECRETS_IN_CONTEXT)('masks the secret of %j (%s)', (text, shape) => {
  for (let seed = 1; seed <= 10; seed++) {
    const secret = fillShape(shape, seededRandom(seed));
    // The function keeps `$` of a text from being read as a pattern of replacement.
    const output = redactor.redact(text.replace('@@', () => secret));
    expect(output).not.toContain(secret.slice(secret.length >> 2, -(secret.length >> 2)));
    expect(output).toContain('[REDACTED:');
  }
});

it.each(CLEAN_TEXTS)('leaves %j', (text) => {
  expect(redactor.redact(text)).toBe(text);
});
