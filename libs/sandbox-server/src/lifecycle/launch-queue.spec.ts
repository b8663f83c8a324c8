import { LaunchQueue } from './launch-queue.ts';

describe('LaunchQueue', () => {
  it('starts as many at once as it may, in order, and all in the end', async () => {
    const queue = new LaunchQueue(2);
    const started: number[] = [];
    const ends: (() => void)[] = [];
    const launches = [0, 1, 2, 3, 4].map((number) =>
      queue.run(async () => {
        started.push(number);
        await new Promise<void>((resolve) => ends.push(resolve));
        return number;
      }),
    );
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    for (const [index] of launches.entries()) {
      ends[index]!();
      await launches[index];
      await new Promise(setImmediate);
      expect(started).toHaveLength(Math.min(5, index + 3));
    }
    expect(await Promise.all(launches)).toEqual([0, 1, 2, 3, 4]);
  });

  it('goes on after a launch that failed', async () => {
    const queue = new LaunchQueue(1);
    const failing = queue.run(() => Promise.reject(new Error('no')));
    const next = queue.run(() => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
    expect(await queue.run(() => Promise.resolve('again'))).toBe('again');
  });
});
