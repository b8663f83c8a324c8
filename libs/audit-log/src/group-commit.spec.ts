import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { GroupCommit } from './group-commit.ts';

describe('GroupCommit', () => {
  it('commits together what arrives together, in order, one commit at a time', async () => {
    const batches: number[][] = [];
    let underWay = 0;
    const commits = new GroupCommit<number, number>(async (items) => {
      expect(++underWay).toBe(1);
      batches.push(items);
      await sleep(1);
      underWay--;
      return items.map((item) => item * 2);
    });
    const early = [1, 2, 3].map((item) => commits.add(item, 1));
    await early[0];
    const late = [4, 5].map((item) => commits.add(item, 1));
    expect(await Promise.all([...early, ...late])).toEqual([2, 4, 6, 8, 10]);
    expect(batches).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it('rejects the items of a commit that failed, and no others', async () => {
    const commits = new GroupCommit<number, number>((items) => {
      if (items.includes(1)) throw new Error('disk full');
      return items;
    });
    const bad = commits.add(1, 1);
    await expect(bad).rejects.toThrow('disk full');
    expect(await commits.add(2, 1)).toBe(2);
  });

  it('bounds a commit in items and bytes and loses none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3_000_000), { maxLength: 600 }), async (sizes) => {
        const commits = new GroupCommit<number, number>((items) => {
          const bytes = items.reduce((sum, item) => sum + sizes[item]!, 0);
          expect(items.length).toBeLessThanOrEqual(256);
          if (items.length > 1) expect(bytes).toBeLessThanOrEqual(1_048_576);
          return items;
        });
        const results = sizes.map((size, item) => commits.add(item, size));
        expect(await Promise.all(results)).toEqual([...sizes.keys()]);
        await commits.idle();
        expect(commits.isIdle).toBe(true);
      }),
      { numRuns: 20 },
    );
  });

  it('refuses more than it may hold', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const commits = new GroupCommit<number, number>(async (items) => {
      await gate;
      return items;
    });
    const taken = Array.from({ length: 10_000 }, (_, item) => commits.add(item, 1));
    await expect(commits.add(1, 1)).rejects.toMatchObject({ code: 'store_unavailable' });
    release();
    expect(await Promise.all(taken)).toHaveLength(10_000);
  });
});
