import { calcPrice } from '@pydantic/genai-prices';
import { BudgetInputError } from './budget-error.ts';
import { ceilUsd } from './money.ts';

/** What a call of a language model used, as its provider counts it. */
export interface ModelUsage {
  /** The model's name as it is given to the provider: `gpt-5`, `claude-opus-4-1`. */
  readonly model: string;
  /** The provider's id (`openai`, `anthropic`, `google`, `azure`, …); found by the model's name when absent. */
  readonly provider?: string;
  /** All tokens of the input, the cached ones among them. */
  readonly input_tokens: number;
  readonly output_tokens: number;
  /** Tokens of the input that were read from the provider's cache, at their own price. */
  readonly cached?: number;
  /** When the call was made: prices change. Now, when absent. */
  readonly at?: Date;
}

/**
 * What a call costs in USD, rounded up to a micro-dollar: for `commit` with the usage in the provider's answer, for
 * `reserve` with the most that it can be. Prices are those of the `@pydantic/genai-prices` that is installed; nothing is
 * fetched.
 *
 * @throws BudgetInputError `unknown_model` when there is no price (it is never taken for free), `invalid_usage` unless
 *   tokens are whole numbers, not negative, and `cached` is at most `input_tokens`.
 */
export function priceOf(usage: ModelUsage): number {
  const { model, provider, input_tokens, output_tokens, cached = 0, at } = usage;
  for (const [name, tokens] of Object.entries({ input_tokens, output_tokens, cached })) {
    if (!Number.isSafeInteger(tokens) || tokens < 0) {
      throw new BudgetInputError(
        'invalid_usage',
        `The usage is refused: ${name} must be a whole number of tokens, not ${String(tokens)}.`,
      );
    }
  }
  if (cached > input_tokens) {
    throw new BudgetInputError(
      'invalid_usage',
      `The usage is refused: cached (${cached}) counts tokens of input_tokens (${input_tokens}), so it cannot be more.`,
    );
  }
  const price = calcPrice({ input_tokens, output_tokens, cache_read_tokens: cached }, model, {
    ...(provider !== undefined && { providerId: provider }),
    ...(at !== undefined && { timestamp: at }),
  });
  const total = price?.total_price;
  if (total === undefined || !Number.isFinite(total) || total < 0) {
    const of = provider === undefined ? '' : ` of provider ${JSON.stringify(provider)}`;
    throw new BudgetInputError(
      'unknown_model',
      `There is no price for model ${JSON.stringify(model)}${of}: name its provider, update @pydantic/genai-prices, or pass an amount of your own.`,
    );
  }
  return ceilUsd(total);
}
