import { raceFamily } from '../test/family-race.ts';
import { STORE_KINDS } from '../test/store-fixtures.ts';

describe.each(STORE_KINDS)(
  'processes that make and settle children of one parent on %s',
  (kind) => {
    it('never take more than its limit, and charge it with what they spent', async () => {
      const size = { processes: 2, workers: 3, rounds: 6 };
      const race = await raceFamily({ kind, ...size, limits: { usd: 5, tokens: 220 } });
      const { sums, parent, overruns } = race;
      expect(overruns).toEqual([]);
      expect(sums.children).toBeGreaterThan(0);
      expect(sums.refused).toBeGreaterThan(0);
      expect(parent).toMatchObject({
        spent: sums.usd / 1e6,
        held: 0,
        exceeded: false,
        units: { tokens: { spent: sums.tokens, held: 0 } },
      });
    });
  },
);
