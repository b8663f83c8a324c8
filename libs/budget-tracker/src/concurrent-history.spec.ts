import { concurrentHistory, violationsOf } from '../test/concurrent-history.ts';
import { STORE_KINDS, startStore } from '../test/store-fixtures.ts';
import type { StoreFixture } from '../test/store-fixtures.ts';
import { BudgetTracker } from './budget-tracker.ts';

describe.each(STORE_KINDS)('processes at once on %s', (kind) => {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await startStore(kind);
  });
  afterAll(() => fixture.stop());

  it('never overspends, and every answer has its place in one order', async () => {
    const runId = 'shared';
    const tracker = new BudgetTracker(fixture.connect());
    // The workers ask for more than this, so that admission is contested.
    const units = { tokens: 12_000, steps: 400 };
    await tracker.create(runId, 60, { limits: units });
    const history = await concurrentHistory({
      kind,
      address: fixture.address,
      runId,
      processes: 3,
      workers: 8,
      rounds: 40,
    });
    expect(history.length).toBeGreaterThan(3 * 8 * 40);
    // Which limit is met first is a matter of chance.
    const refused = history.map(({ answer }) => refusedFor(answer));
    expect(refused.some((limit) => limit !== undefined)).toBe(true);
    expect(violationsOf(history, { runId, limit: 60_000_000, units })).toEqual([]);

    const status = await tracker.status(runId);
    expect(status.exceeded).toBe(false);
    expect(status.spent + status.held).toBeLessThanOrEqual(60);
    const charged = history.reduce((sum, { answer }) => sum + chargedIn(answer), 0);
    expect(Math.round(status.spent * 1e6)).toBe(charged);
  });
});

function refusedFor(answer: unknown): string | undefined {
  return (answer as { limit?: string }).limit;
}

function chargedIn(answer: unknown): number {
  const {
    charged = 0,
    replayed = false,
    outcome,
  } = answer as {
    charged?: number;
    replayed?: boolean;
    outcome: string;
  };
  return outcome === 'done' && !replayed ? charged : 0;
}
