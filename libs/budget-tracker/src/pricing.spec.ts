import fc from 'fast-check';
import { coded } from '../test/coded.ts';
import { toMicros } from './money.ts';
import { priceOf } from './pricing.ts';

const at = new Date('2026-01-15T12:00:00Z');

it('prices a call from the list of its provider', () => {
  // OpenAI's list for gpt-4o: 2.50 USD for a million tokens of input, 10 of output, 1.25 cached.
  const million = { model: 'gpt-4o', provider: 'openai', at };
  expect(priceOf({ ...million, input_tokens: 1_000_000, output_tokens: 0 })).toBe(2.5);
  expect(priceOf({ ...million, input_tokens: 0, output_tokens: 1_000_000 })).toBe(10);
  expect(
    priceOf({ ...million, input_tokens: 1_000_000, output_tokens: 0, cached: 1_000_000 }),
  ).toBe(1.25);
});

it('rounds up to a micro-dollar, and takes nothing for nothing', () => {
  const one = { model: 'gpt-4o', provider: 'openai', at, input_tokens: 1, output_tokens: 0 };
  expect(priceOf(one)).toBe(0.000003);
  expect(priceOf({ ...one, input_tokens: 0 })).toBe(0);
});

it('finds the provider by the name of the model', () => {
  for (const model of ['gpt-5', 'claude-sonnet-4-20250514', 'gemini-2.5-pro'])
    expect(priceOf({ model, input_tokens: 1000, output_tokens: 1000 })).toBeGreaterThan(0);
});

it.each([
  ['a model that is not known', { model: 'no-such-model' }, 'unknown_model'],
  ['a model of another provider', { model: 'gpt-4o', provider: 'no-such' }, 'unknown_model'],
  ['a negative count', { input_tokens: -1 }, 'invalid_usage'],
  ['a fraction', { output_tokens: 0.5 }, 'invalid_usage'],
  ['no number', { output_tokens: Number.NaN }, 'invalid_usage'],
  ['more from the cache than there was', { input_tokens: 1, cached: 2 }, 'invalid_usage'],
])('refuses %s', (_, part, code) => {
  const usage = { model: 'gpt-4o', input_tokens: 10, output_tokens: 10, ...part };
  expect(() => priceOf(usage)).toThrow(coded(code));
});

it('is an amount of micro-dollars that grows with each count', () => {
  const count = fc.nat(10_000_000);
  fc.assert(
    fc.property(count, count, fc.nat(1000), (input_tokens, output_tokens, more) => {
      const usage = { model: 'gpt-4o', provider: 'openai', at, input_tokens, output_tokens };
      const price = priceOf(usage);
      expect(toMicros(price)).toBeGreaterThanOrEqual(0);
      expect(priceOf({ ...usage, input_tokens: input_tokens + more })).toBeGreaterThanOrEqual(
        price,
      );
      expect(priceOf({ ...usage, cached: Math.min(more, input_tokens) })).toBeLessThanOrEqual(
        price,
      );
    }),
  );
});
