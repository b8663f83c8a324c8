import { formatAge, formatDuration } from './duration.ts';

describe('formatDuration', () => {
  it.each([
    [-5, '0 ms'],
    [340.4, '340 ms'],
    [2400, '2.4 s'],
    [9960, '10 s'],
    [59_600, '1 min'],
    [185_000, '3 min 5 s'],
    [7_440_000, '2 h 4 min'],
    [200_000_000, '2 d'],
  ])('%d ms is %s', (span, text) => expect(formatDuration(span)).toBe(text));
});

describe('formatAge', () => {
  it.each([
    [-5, 'now'],
    [999, 'now'],
    [42_900, '42 s'],
    [3_599_000, '59 min'],
    [86_399_000, '23 h'],
    [86_400_000, '1 d'],
  ])('%d ms is %s', (span, text) => expect(formatAge(span)).toBe(text));
});
