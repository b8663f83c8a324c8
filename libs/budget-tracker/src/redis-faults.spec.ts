import { failOver, killRedis, moveSlots } from '../test/redis-faults.ts';

/** Small versions of what `redis-faults.long.spec.ts` repeats. */
describe('under load', () => {
  it.each(['everysec', 'always'] as const)(
    'a SIGKILL of Redis with appendfsync %s loses nothing that is acknowledged',
    async (appendFsync) => {
      const { acknowledged, lost, violations } = await killRedis({ appendFsync, kills: 1 });
      expect(acknowledged).toBeGreaterThan(200);
      expect(lost).toEqual([]);
      expect(violations).toEqual([]);
    },
  );

  it('a failover to a replica that confirms loses nothing that is acknowledged', async () => {
    const durability = { replicas: 1, timeoutMs: 200 };
    const { lost, violations } = await failOver({ durability, lagMs: 20 });
    expect(lost).toEqual([]);
    expect(violations).toEqual([]);
  });

  it('slots that move between nodes cost nothing', async () => {
    const { lost, violations } = await moveSlots({ runs: 3, moves: 3 });
    expect(lost).toEqual([]);
    expect(violations).toEqual([]);
  });
});
