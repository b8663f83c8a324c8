import { raceFamily } from '../test/family-race.ts';
import { STORE_KINDS } from '../test/store-fixtures.ts';

describe.each(STORE_KINDS)('four processes that make and settle children on %s', (kind) => {
  it('never take more than the limit of the parent, and charge it with what they spent', async () => {
    const began = performance.now();
    const size = { processes: 4, workers: 5, rounds: 40 };
    const race = await raceFamily({ kind, ...size, limits: { usd: 100, tokens: 5000 } });
    const { sums, parent, looks, overruns } = race;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    process.stderr.write(
      `${kind}: ${sums.children} children, ${sums.refused} refused, ${looks} looks at the parent, ${seconds} s\n`,
    );
    expect(overruns).toEqual([]);
    expect(sums.children).toBeGreaterThan(100);
    expect(sums.refused).toBeGreaterThan(0);
    expect(parent).toMatchObject({
      spent: sums.usd / 1e6,
      held: 0,
      exceeded: false,
      units: { tokens: { spent: sums.tokens, held: 0 } },
    });
  }, 300_000);
});
