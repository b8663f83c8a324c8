import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { jumpingHistories, playJumping } from '../test/clock-jumps.ts';
import { BudgetTracker } from './budget-tracker.ts';
import { SqliteBudgetStore } from './sqlite-budget-store.ts';

describe('a clock that jumps by hours', () => {
  it('makes SQLite admit nothing above a limit, nor forget what is spent', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ae-budget-'));
    const path = join(directory, 'budgets.sqlite');
    const store = new SqliteBudgetStore({ path });
    const database = new DatabaseSync(path);
    const bucket = database.prepare('SELECT level, level_at FROM budgets WHERE run_id = ?');
    let now = 0;
    const tracker = new BudgetTracker(store, { clock: () => now });
    const clock = {
      tracker,
      now: () => now,
      jump: async (ms: number) => void (now += ms),
      bucketOf: async (runId: string) => {
        const { level, level_at } = bucket.get(runId) ?? {};
        return { level: Number(level), levelAt: Number(level_at) };
      },
    };
    let histories = 0;
    try {
      await fc.assert(
        fc.asyncProperty(jumpingHistories, async (history) => {
          now = Date.UTC(2030, 0, 1, 20);
          histories += 1;
          await playJumping(clock, `run-${histories}`, history);
        }),
        { numRuns: 150 },
      );
    } finally {
      database.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
});
