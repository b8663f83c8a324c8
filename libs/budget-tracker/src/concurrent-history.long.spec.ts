import { concurrentHistory, violationsOf } from '../test/concurrent-history.ts';
import { STORE_KINDS, startStore } from '../test/store-fixtures.ts';
import { BudgetTracker } from './budget-tracker.ts';

const LIMITS = { tokens: 1_200_000, steps: 40_000 };

describe.each(STORE_KINDS)('four processes at once on %s', (kind) => {
  it('leave not one violation in 80,000 operations', async () => {
    const fixture = await startStore(kind);
    try {
      const runId = 'soak';
      await new BudgetTracker(fixture.connect()).create(runId, 6000, { limits: LIMITS });
      const history = await concurrentHistory({
        kind,
        address: fixture.address,
        runId,
        processes: 4,
        workers: 13,
        rounds: 850,
      });
      process.stderr.write(`${kind}: ${history.length} operations\n`);
      expect(history.length).toBeGreaterThan(80_000);
      expect(violationsOf(history, { runId, limit: 6_000_000_000, units: LIMITS })).toEqual([]);
    } finally {
      await fixture.stop();
    }
  }, 600_000);
});
