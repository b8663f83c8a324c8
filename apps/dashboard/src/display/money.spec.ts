import { formatUsd, sumUsd } from './money.ts';

describe('formatUsd', () => {
  it.each([
    [0, '$0.00'],
    [0.000028, '$0.000028'],
    [0.25, '$0.25'],
    [1234567.1, '$1,234,567.10'],
    [-0.5, '-$0.50'],
  ])('%d is %s', (amount, text) => expect(formatUsd(amount)).toBe(text));
});

describe('sumUsd', () => {
  it('is exact to a micro-USD', () => expect(sumUsd([0.1, 0.2, 0.000001])).toBe(0.300001));
});
