import { emptyTally, INTERLEAVING_MODES, playInterleaving } from '../test/family-interleaving.ts';
import type { InterleavingMode, Tally } from '../test/family-interleaving.ts';
import { startStore } from '../test/store-fixtures.ts';
import type { BudgetStore } from './budget-store.ts';
import { SqliteBudgetStore } from './sqlite-budget-store.ts';

/** Of each mode. */
const SEEDS = { sqlite: 1000, redis: 35 };

describe.each(INTERLEAVING_MODES)('a family under any order of steps, mode %s', (mode) => {
  it('keeps its laws on SQLite', async () => {
    await playSeeds('sqlite', mode, async (play) => {
      const store = new SqliteBudgetStore({ path: ':memory:' });
      await play(store).finally(() => store.close());
    });
  }, 300_000);

  it('keeps its laws on Redis', async () => {
    const fixture = await startStore('redis');
    try {
      const store = fixture.connect();
      await playSeeds('redis', mode, (play) => play(store));
    } finally {
      await fixture.stop();
    }
  }, 300_000);
});

/** Plays each seed on the store that it is given. */
async function playSeeds(
  kind: keyof typeof SEEDS,
  mode: InterleavingMode,
  onStore: (play: (store: BudgetStore) => Promise<void>) => Promise<void>,
): Promise<void> {
  const began = performance.now();
  const sums = emptyTally();
  for (let seed = 1; seed <= SEEDS[kind]; seed++) {
    await onStore(async (store) => {
      const tally = await playInterleaving(store, { mode, seed });
      for (const of of Object.keys(sums) as (keyof Tally)[]) sums[of] += tally[of];
    });
  }
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stderr.write(
    `${kind}, ${mode}, ${SEEDS[kind]} seeds: ${sums.operations} operations of ${sums.steps} steps, ` +
      `${sums.failures} failed, ${sums.deaths} deaths, ${sums.vanished} vanished, ` +
      `${sums.repeated} repeated, ${seconds} s\n`,
  );
  expect(sums.operations).toBeGreaterThan(SEEDS[kind] * 40);
  for (const happened of [sums.failures, sums.deaths, sums.repeated]) {
    expect(happened).toBeGreaterThan(SEEDS[kind] / 5);
  }
  expect(sums.vanished > 0).toBe(mode === 'vanish');
}
