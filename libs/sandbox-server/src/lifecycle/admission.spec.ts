import fc from 'fast-check';
import type { GuestLimits } from '../backends/backend.ts';
import { Admission, type Quota, type Share } from './admission.ts';
import { NoCapacityError } from './no-capacity-error.ts';

const LIMITS: GuestLimits = {
  processes: 100,
  memoryMb: 512,
  diskMb: 64,
  cpus: 2,
  openFiles: 64,
  fileMb: 64,
};
const ENDLESS: Quota = {
  sandboxes: 1000,
  memoryMb: undefined,
  cpus: undefined,
  processes: undefined,
  reserveMb: 0,
};

describe('Admission', () => {
  it.each([
    ['sandboxes', { sandboxes: 2 }],
    ['memory', { memoryMb: 1100 }],
    ['processors', { cpus: 5 }],
    ['processes', { processes: 250 }],
  ])('holds the number of %s, and gives back what is released', (what, quota) => {
    const admission = new Admission({ ...ENDLESS, ...quota }, () => undefined);
    const first = admission.admit(LIMITS);
    admission.admit(LIMITS);
    expect(() => admission.admit(LIMITS)).toThrow(what);
    expect(() => admission.admit(LIMITS)).toThrow(NoCapacityError);
    first.release();
    first.release();
    admission.admit(LIMITS);
    expect(() => admission.admit(LIMITS)).toThrow(NoCapacityError);
  });

  it('leaves the reserve, and counts those that start and hold nothing yet', () => {
    let free = 1250;
    const admission = new Admission({ ...ENDLESS, reserveMb: 600 }, () => free);
    const first = admission.admit(LIMITS);
    const second = admission.admit(LIMITS);
    expect(() => admission.admit(LIMITS)).toThrow('short of memory');
    first.started();
    second.started();
    admission.admit(LIMITS).release();
    free = 1100;
    expect(() => admission.admit(LIMITS)).toThrow('short of memory');
  });

  it('has room for fifty that start at once where fifty would run', () => {
    const admission = new Admission({ ...ENDLESS, reserveMb: 800 }, () => 8000);
    for (let count = 0; count < 50; count += 1) admission.admit(LIMITS);
  });

  it('gives the processors of a paused sandbox to others', () => {
    const admission = new Admission({ ...ENDLESS, cpus: 2 }, () => undefined);
    const paused = admission.admit(LIMITS);
    paused.pause();
    const other = admission.admit(LIMITS);
    expect(() => paused.resume()).toThrow(NoCapacityError);
    other.release();
    paused.resume();
    paused.resume();
    expect(() => admission.admit(LIMITS)).toThrow(NoCapacityError);
  });

  it('never gives more than there is, and loses nothing', () => {
    const quota = { ...ENDLESS, sandboxes: 7, memoryMb: 4096, cpus: 8, processes: 900 };
    const step = fc.record({
      do: fc.constantFrom('admit', 'started', 'pause', 'resume', 'release'),
      which: fc.nat(20),
      memoryMb: fc.integer({ min: 128, max: 2048 }),
      cpus: fc.integer({ min: 1, max: 4 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const admission = new Admission(quota, () => undefined);
        const held = new Map<Share, { memoryMb: number; cpus: number; runs: boolean }>();
        for (const { do: action, which, memoryMb, cpus } of steps) {
          const shares = [...held.keys()];
          const share = shares[which % Math.max(1, shares.length)];
          try {
            if (action === 'admit') {
              const given = admission.admit({ ...LIMITS, memoryMb, cpus });
              held.set(given, { memoryMb, cpus, runs: true });
            } else if (share !== undefined) {
              share[action as 'release']();
              if (action === 'release') held.delete(share);
              else if (action !== 'started') held.get(share)!.runs = action === 'resume';
            }
          } catch (error) {
            expect(error).toBeInstanceOf(NoCapacityError);
          }
          const all = [...held.values()];
          expect(all.length).toBeLessThanOrEqual(7);
          expect(all.reduce((sum, one) => sum + one.memoryMb, 0)).toBeLessThanOrEqual(4096);
          const running = all.filter(({ runs }) => runs);
          expect(running.reduce((sum, one) => sum + one.cpus, 0)).toBeLessThanOrEqual(8);
        }
        for (const share of held.keys()) share.release();
        const last = [1, 2, 3, 4].map(() => admission.admit({ ...LIMITS, memoryMb: 1024 }));
        expect(last).toHaveLength(4);
      }),
    );
  });
});
