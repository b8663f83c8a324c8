import { sampleBudget, sampleRun } from '../browser/sample.ts';
import { matchesBudget, matchesRun, parseFilter } from './filter.ts';

const run = sampleRun('run-1', 'failed', 'npm Test');

describe('filter', () => {
  it.each([
    ['', true],
    ['npm', true],
    ['TEST run-1', true],
    ['npm build', false],
    ['status:failed npm', true],
    ['status:failed status:running', true],
    ['status:running', false],
  ])('%j matches: %s', (text, matches) => {
    expect(matchesRun(parseFilter(text), run)).toBe(matches);
    expect(matchesBudget(parseFilter(text), run.budget, run)).toBe(matches);
  });

  it('names a status that does not exist', () => {
    expect(parseFilter('status:constructor status:done npm').unknown).toEqual([
      'constructor',
      'done',
    ]);
  });

  it('finds a budget without a run by its name alone', () => {
    const budget = sampleBudget('team-a', 0, 1);
    expect(matchesBudget(parseFilter('team'), budget, undefined)).toBe(true);
    expect(matchesBudget(parseFilter('status:failed'), budget, undefined)).toBe(false);
  });
});
