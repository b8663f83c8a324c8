import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { coded } from '../test/coded.ts';
import { failingStore } from '../test/failing-store.ts';
import { interceptedStore } from '../test/intercepted-store.ts';
import { STORE_KINDS, startStore } from '../test/store-fixtures.ts';
import type { StoreFixture } from '../test/store-fixtures.ts';
import { CorruptValueError } from './budget-error.ts';
import type { BudgetStore, Done } from './budget-store.ts';
import { BudgetTracker } from './budget-tracker.ts';
import type { ThresholdAlert } from './threshold-alerts.ts';

describe.each(STORE_KINDS)('families of budgets on %s', (kind) => {
  let fixture: StoreFixture;
  let store: BudgetStore;
  let tracker: BudgetTracker;
  let tenant: string;
  let run: string;

  beforeAll(async () => {
    fixture = await startStore(kind);
    store = fixture.connect();
    tracker = new BudgetTracker(store);
  });
  afterAll(() => fixture.stop());
  beforeEach(() => {
    tenant = `tenant-${randomUUID()}`;
    run = `run-${randomUUID()}`;
  });

  /** Puts a budget into a window that is over and was not rolled yet. What it spent so far is of an earlier one. */
  async function endWindow(runId: string): Promise<void> {
    const { window_ends_at } = await tracker.status(runId);
    const of = { endedAt: Date.parse(window_ends_at ?? ''), endsAt: 1 };
    await store.transition({ runId, now: Date.now(), to: 'rolled', ...of });
  }

  describe('carving', () => {
    it('takes the limit of a child out of its parent', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      expect(await tracker.create(run, 4, { parent: tenant })).toMatchObject({
        limit: 4,
        remaining: 4,
        parent: tenant,
      });
      expect(await tracker.status(tenant)).toMatchObject({ held: 4, remaining: 6, spent: 0 });
      expect(await tracker.children(tenant)).toEqual([{ run_id: run, amount: 4 }]);
      expect(await tracker.holds(tenant)).toEqual([]);
      await tracker.reserve(run, 'h', 4);
      await expect(tracker.reserve(run, 'i', 0.000001)).rejects.toThrow(coded('budget_exceeded'));
    });

    it('is the same when it is repeated, and a conflict with another parent', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.create(run, 4, { parent: tenant });
      expect(await tracker.status(tenant)).toMatchObject({ held: 4 });
      await expect(tracker.create(run, 4)).rejects.toThrow(coded('budget_conflict'));
    });

    it('refuses what does not fit the parent, and waits for it', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.reserve(tenant, 'own', 7);
      await expect(tracker.create(run, 4, { parent: tenant })).rejects.toThrow(
        coded('budget_exceeded', { status: expect.objectContaining({ run_id: tenant }) as object }),
      );
      expect(await tracker.canSpend(run, 1)).toMatchObject({ can_spend: false });
      await expect(tracker.reserve(run, 'h', 1)).rejects.toThrow(coded('budget_exceeded'));
      expect(await tracker.status(tenant)).toMatchObject({ held: 7 });
      await tracker.release(tenant, 'own');
      expect(await tracker.reserve(run, 'h', 1)).toMatchObject({ held: 1 });
      expect(await tracker.status(tenant)).toMatchObject({ held: 4 });
    });

    it('admits of many children at once no more than fit', async () => {
      await tracker.create(tenant, 5, { lasting: true });
      const children = Array.from({ length: 20 }, (_, index) => `${run}-${index}`);
      const made = await Promise.allSettled(
        children.map((child) => tracker.create(child, 1, { parent: tenant })),
      );
      expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
      expect(await tracker.status(tenant)).toMatchObject({ held: 5, remaining: 0 });
    });

    it.each([
      ['one that is not there', 'none', 'budget_not_found'],
      ['one that would vanish', 'short', 'invalid_parent'],
      ['itself', 'self', 'invalid_parent'],
      ['one with units that it does not limit', 'units', 'invalid_parent'],
    ])('refuses as a parent %s', async (_what, which, code) => {
      await tracker.create(`${tenant}-short`, 10);
      await tracker.create(`${tenant}-units`, 10, { lasting: true, limits: { tokens: 5 } });
      await tracker.create(`${tenant}-self`, 10, { lasting: true });
      const child = which === 'self' ? `${tenant}-self` : run;
      await expect(tracker.create(child, 1, { parent: `${tenant}-${which}` })).rejects.toThrow(
        coded(code),
      );
    });

    it('goes at most eight levels deep', async () => {
      await tracker.create(`${tenant}-0`, 10, { lasting: true });
      for (let level = 1; level < 8; level += 1) {
        const parent = `${tenant}-${level - 1}`;
        await tracker.create(`${tenant}-${level}`, 5, { parent, lasting: true });
      }
      await expect(tracker.create(run, 1, { parent: `${tenant}-7` })).rejects.toThrow(
        coded('invalid_parent'),
      );
    });
  });

  describe('settling', () => {
    it('charges the parent with what was spent, through all levels', async () => {
      const team = `team-${run}`;
      await tracker.create(tenant, 100, { lasting: true, limits: { tokens: 1000 } });
      await tracker.create(team, 50, { parent: tenant, lasting: true, limits: { tokens: 500 } });
      await tracker.create(run, 10, { parent: team, limits: { tokens: 100 } });
      await tracker.reserve(run, 'h', 5, { units: { tokens: 60 } });
      await tracker.commit(run, 'h', 3, { units: { tokens: 40 } });
      expect(await tracker.settle(run)).toMatchObject({ closed: true, spent: 3 });
      expect(await tracker.status(team)).toMatchObject({
        spent: 3,
        held: 0,
        units: { tokens: { limit: 500, spent: 40, held: 0, remaining: 460 } },
      });
      expect(await tracker.status(tenant)).toMatchObject({ spent: 0, held: 50 });
      await tracker.settle(team);
      expect(await tracker.status(tenant)).toMatchObject({
        spent: 3,
        held: 0,
        units: { tokens: { spent: 40, held: 0 } },
      });
    });

    it('is the same when it is repeated, and ends admission', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.spend(run, 1);
      await tracker.settle(run);
      await tracker.settle(run);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 1, held: 0 });
      await expect(tracker.reserve(run, 'h', 1)).rejects.toThrow(coded('budget_closed'));
      await expect(tracker.create(run, 4, { parent: tenant })).rejects.toThrow(
        coded('budget_closed'),
      );
      expect(await tracker.canSpend(run, 1)).toMatchObject({ can_spend: false });
    });

    it('waits for holds', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.reserve(run, 'h', 1);
      await expect(tracker.settle(run)).rejects.toThrow(coded('budget_busy'));
      await tracker.release(run, 'h');
      expect(await tracker.settle(run)).toMatchObject({ closed: true });
    });

    it('charges the parent with what comes later, once', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.settle(run);
      for (let time = 0; time < 2; time += 1) {
        expect(await tracker.commit(run, 'late', 2)).toMatchObject({ unheld: true, charged: 2 });
        await tracker.spend(run, 0.5, { idempotencyKey: 'k' });
      }
      expect(await tracker.status(tenant)).toMatchObject({ spent: 2.5, held: 0 });
      expect(await tracker.status(run)).toMatchObject({ spent: 2.5 });
    });

    it('of a deleted child charges what is held as well', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.spend(run, 1);
      await tracker.reserve(run, 'h', 2);
      await expect(tracker.delete(tenant)).rejects.toThrow(coded('budget_busy'));
      await tracker.delete(run);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 3, held: 0 });
      await tracker.delete(tenant);
    });

    it('of a child that is made again starts from nothing', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      for (const spent of [1, 2]) {
        await tracker.create(run, 4, { parent: tenant });
        expect(await tracker.status(tenant)).toMatchObject({ held: 4 });
        await tracker.spend(run, 0.5 + spent);
        await tracker.settle(run);
        await tracker.commit(run, 'late', 0.25);
        await tracker.delete(run);
        await sleep(2);
      }
      expect(await tracker.status(tenant)).toMatchObject({ held: 0, spent: 4.5 });
    });

    it('regression: a child that vanished is charged with all that was set aside for it', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      for (const child of [run, `${run}-living`]) {
        await tracker.create(child, 4, { parent: tenant });
      }
      await tracker.spend(run, 1);
      // As after its time to live, or as a Redis that lost it.
      await store.delete({ runId: run, now: Date.now() });
      expect(await tracker.children(tenant)).toEqual([{ run_id: `${run}-living`, amount: 4 }]);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 4, held: 4 });
      // Another of the same id is another child.
      await tracker.create(run, 1, { parent: tenant });
      await tracker.settle(run);
      await tracker.settle(`${run}-living`);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 4, held: 0 });
      await tracker.delete(tenant);
    });

    it('regression: a child that is deleted half-way and charged then is charged once', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.reserve(run, 'h', 2);
      // It is closed, and its parent charged with the hold; then the process dies.
      const failing = failingStore(store, 5, 'after');
      await expect(new BudgetTracker(failing.store).delete(run)).rejects.toThrow(
        coded('store_unavailable'),
      );
      expect(await tracker.status(tenant)).toMatchObject({ spent: 2, held: 0 });
      expect(await tracker.commit(run, 'h', 1.5)).toMatchObject({ charged: 1.5 });
      expect(await tracker.status(tenant)).toMatchObject({ spent: 2, held: 0 });
      await tracker.spend(run, 1);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 2.5, held: 0 });
      await tracker.delete(run);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 2.5, held: 0 });
    });

    it('regression: a parent that cannot count more goes on with its children', async () => {
      await tracker.create(tenant, 9e9, { lasting: true });
      await tracker.create(run, 10, { parent: tenant });
      await tracker.spend(tenant, 9e9 - 1);
      await tracker.spend(run, 3);
      expect(await tracker.settle(run)).toMatchObject({ closed: true, spent: 3 });
      expect(await tracker.status(tenant)).toMatchObject({ spent: 9e9, held: 0 });
      await tracker.spend(run, 1);
      await tracker.delete(run);
      await tracker.delete(tenant);
    });

    it('regression: every set of thresholds that the charges for one child reach can be kept', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      for (const child of [run, `${run}-other`]) await tracker.create(child, 5, { parent: tenant });
      await tracker.settle(run);
      await tracker.settle(`${run}-other`);
      // The first reaches 50 and 100 per cent, the other 80.
      expect(await tracker.spend(run, 5)).toMatchObject({ crossed: [50, 80, 100] });
      await tracker.spend(`${run}-other`, 3);
      await tracker.spend(run, 2);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 10 });
      await tracker.delete(run);
    });

    it('regression: a parent is not removed while a child is made', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.settle(run);
      // Between the look at the children and the removal.
      const racing = interceptedStore(store, 'delete', () =>
        tracker.create(`${run}-late`, 4, { parent: tenant }),
      );
      await expect(new BudgetTracker(racing).delete(tenant)).rejects.toThrow(coded('budget_busy'));
      expect(await tracker.status(tenant)).toMatchObject({ held: 4 });
    });

    it.each(['carved', 'paid'] as const)(
      'regression: a step of an earlier child of the same id (%s) is none of a later one',
      async (to) => {
        await tracker.create(tenant, 10, { lasting: true });
        await tracker.create(run, 4, { parent: tenant });
        const { ledger } = (await store.status({ runId: run, now: Date.now() })) as Done;
        const { incarnation } = ledger;
        await tracker.delete(run);
        await store.create({
          ...{ runId: run, now: Date.now(), limit: 4e6, ttlMs: 60_000 },
          ...{ parent: tenant, incarnation: 'later' },
        });
        const step = { runId: run, now: Date.now(), incarnation };
        const late = to === 'paid' ? { ...step, to, amount: 4e6 } : { ...step, to };
        expect(await store.transition(late)).toMatchObject({ changed: false });
        expect(await store.status(step)).toMatchObject({ ledger: { carve: 'pending' } });
        expect(await store.status(step)).not.toHaveProperty('ledger.paid');
      },
    );

    it('regression: what is recorded while a child is deleted is charged, whoever dies', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.spend(run, 1);
      // Whoever records it dies before the parent is charged with it.
      const racing = interceptedStore(store, 'delete', async (calls) => {
        const cost = { amount: 2e6, idempotencyKey: 'late' };
        if (calls === 0) await store.spend({ runId: run, now: Date.now(), ...cost });
      });
      await new BudgetTracker(racing).delete(run);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 3, held: 0 });
    });

    it('regression: a child that was closed and not settled is settled by who looks at it', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      const failing = failingStore(store, 3, 'before');
      await expect(new BudgetTracker(failing.store).settle(run)).rejects.toThrow(
        coded('store_unavailable'),
      );
      expect(await tracker.status(tenant)).toMatchObject({ held: 4 });
      expect(await tracker.status(run)).toMatchObject({ closed: true });
      expect(await tracker.status(tenant)).toMatchObject({ held: 0, spent: 0 });
      expect(await tracker.children(tenant)).toEqual([]);
    });

    it('regression: a parent is charged at once with what nothing is set aside for', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.spend(run, 9);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 9, held: 0 });
      await expect(tracker.create(`${run}-2`, 2, { parent: tenant })).rejects.toThrow(
        coded('budget_exceeded'),
      );
    });

    it('regression: a late cost of a child that is deleted meanwhile is recorded', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.settle(run);
      const racing = interceptedStore(store, 'transition', () => tracker.delete(run));
      expect(await new BudgetTracker(racing).commit(run, 'late', 1)).toMatchObject({ charged: 1 });
      expect(await tracker.status(tenant)).toMatchObject({ spent: 1 });
    });

    it('regression: a child is kept while its parent cannot be charged', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.spend(run, 1);
      const corrupt = interceptedStore(store, 'charge', () =>
        Promise.reject(new CorruptValueError('the parent')),
      );
      await expect(new BudgetTracker(corrupt).delete(run)).rejects.toThrow(coded('corrupt_value'));
      expect(await tracker.status(run)).toMatchObject({ spent: 1 });
      await tracker.delete(run);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 1, held: 0 });
    });

    it('needs a parent', async () => {
      await tracker.create(run, 4);
      await expect(tracker.settle(run)).rejects.toThrow(coded('invalid_parent'));
    });
  });

  describe('freezing', () => {
    it('stops a budget and all below it, and nothing that is spent', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant });
      await tracker.reserve(run, 'h', 1);
      expect(await tracker.freeze(tenant)).toMatchObject({ frozen: true });
      await expect(tracker.reserve(run, 'i', 1)).rejects.toThrow(coded('budget_frozen'));
      await expect(tracker.reserve(tenant, 'i', 1)).rejects.toThrow(coded('budget_frozen'));
      await expect(tracker.create(`${run}-2`, 1, { parent: tenant })).rejects.toThrow(
        coded('budget_frozen'),
      );
      await expect(tracker.reserve(`${run}-2`, 'h', 1)).rejects.toThrow(coded('budget_frozen'));
      await tracker.delete(`${run}-2`);
      expect(await tracker.canSpend(run, 1)).toMatchObject({ can_spend: false });
      // A repetition is answered, and what was spent is recorded.
      expect(await tracker.reserve(run, 'h', 1)).toMatchObject({ replayed: true });
      expect(await tracker.commit(run, 'h', 1)).toMatchObject({ spent: 1, frozen: true });
      await tracker.freeze(tenant);
      expect(await tracker.unfreeze(tenant)).not.toHaveProperty('frozen');
      expect(await tracker.reserve(run, 'i', 1)).toMatchObject({ held: 1 });
    });
  });

  it('regression: a freeze leaves a child of another parent alone that has the id of one that vanished', async () => {
    const other = `${tenant}-other`;
    for (const parent of [tenant, other]) await tracker.create(parent, 10, { lasting: true });
    await tracker.create(run, 4, { parent: tenant });
    await store.delete({ runId: run, now: Date.now() });
    await tracker.create(run, 4, { parent: other });
    await tracker.freeze(run);
    await tracker.unfreeze(tenant);
    expect(await tracker.status(run)).toMatchObject({ frozen: true });
  });

  it('regression: a freeze reaches children behind a thousand holds, and goes on behind one that fails', async () => {
    await tracker.create(tenant, 10, { lasting: true });
    const children = [`${run}-a`, `${run}-b`, `${run}-c`];
    for (const child of children) await tracker.create(child, 1, { parent: tenant });
    const holds = Array.from({ length: 1001 }, (_, index) => `h${String(index)}`);
    for (const hold of holds) await tracker.reserve(tenant, hold, 0.001);
    expect(await tracker.children(tenant)).toHaveLength(3);
    await expect(tracker.delete(tenant)).rejects.toThrow(coded('budget_busy'));
    // The call of the second child is lost.
    const failing = failingStore(store, 4, 'before');
    await expect(new BudgetTracker(failing.store).freeze(tenant)).rejects.toThrow(
      coded('store_unavailable'),
    );
    await expect(tracker.reserve(`${run}-c`, 'h', 0.5)).rejects.toThrow(coded('budget_frozen'));
  });

  it('regression: a listener that throws does not hide that a cost is recorded', async () => {
    const own = new BudgetTracker(store, {
      onThreshold: () => {
        throw new Error('the pager is down');
      },
    });
    await own.create(run, 1);
    expect(await own.spend(run, 1)).toMatchObject({ spent: 1, crossed: [50, 80, 100] });
  });

  describe('windows', () => {
    /** Rolls a budget into a window that ends in a second, acts, and waits for its end. */
    async function inShortWindow(runId: string, act: () => Promise<unknown>): Promise<void> {
      const { window_ends_at } = await tracker.status(runId);
      const endsAt = Date.now() + 1000;
      const of = { endedAt: Date.parse(window_ends_at ?? ''), endsAt };
      await store.transition({ runId, now: Date.now(), to: 'rolled', ...of });
      await act();
      await sleep(Math.max(0, endsAt + 20 - Date.now()));
    }

    it('begin anew with the first hold after their end, and keep holds', async () => {
      await tracker.create(tenant, 10, { window: 'month' });
      await inShortWindow(tenant, async () => {
        await tracker.reserve(tenant, 'kept', 1);
        await tracker.commit(tenant, 'paid', 11);
        await expect(tracker.reserve(tenant, 'h', 1)).rejects.toThrow(coded('budget_exceeded'));
      });
      const receipt = await tracker.reserve(tenant, 'h', 6);
      expect(receipt).toMatchObject({ spent: 0, held: 7, remaining: 3, exceeded: false });
      expect(Date.parse(receipt.window_ends_at ?? '')).toBeGreaterThan(Date.now());
      expect(receipt.window_ends_at).toMatch(/-01T00:00:00\.000Z$/);
      // What was paid for is known on.
      expect(await tracker.commit(tenant, 'paid', 11)).toMatchObject({ replayed: true, spent: 0 });
    });

    it('begin anew for who only looks', async () => {
      await tracker.create(tenant, 10, { window: 'day' });
      await inShortWindow(tenant, () => tracker.spend(tenant, 4));
      expect(await tracker.status(tenant)).toMatchObject({ spent: 0, remaining: 10 });
    });

    it('regression: a cost after their end counts in the next one', async () => {
      await tracker.create(tenant, 20, { lasting: true });
      await tracker.create(run, 10, { window: 'day', parent: tenant });
      await inShortWindow(run, () => tracker.spend(run, 4));
      expect(await tracker.spend(run, 1)).toMatchObject({ spent: 1 });
      expect(await tracker.commit(run, 'unheld', 2)).toMatchObject({ spent: 3 });
      await tracker.settle(run);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 7, held: 0 });
    });

    it('of a child charge its parent and carve anew', async () => {
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 4, { parent: tenant, window: 'day' });
      await tracker.spend(run, 3);
      await endWindow(run);
      expect(await tracker.reserve(run, 'i', 4)).toMatchObject({ spent: 0, held: 4 });
      expect(await tracker.status(tenant)).toMatchObject({ spent: 3, held: 4, remaining: 3 });
    });

    it('of a child can be settled where the parent has no more', async () => {
      await tracker.create(tenant, 5, { lasting: true });
      await tracker.create(run, 4, { parent: tenant, window: 'day' });
      await tracker.spend(run, 3);
      await endWindow(run);
      await expect(tracker.reserve(run, 'i', 1)).rejects.toThrow(coded('budget_exceeded'));
      expect(await tracker.settle(run)).toMatchObject({ closed: true });
      expect(await tracker.status(tenant)).toMatchObject({ spent: 3, held: 0 });
    });

    it('of a child admit nothing where the parent has no more', async () => {
      await tracker.create(tenant, 5, { lasting: true });
      await tracker.create(run, 4, { parent: tenant, window: 'day' });
      await tracker.spend(run, 3);
      await endWindow(run);
      await expect(tracker.reserve(run, 'i', 1)).rejects.toThrow(
        coded('budget_exceeded', { status: expect.objectContaining({ run_id: tenant }) as object }),
      );
      expect(await tracker.commit(run, 'unheld', 0.5)).toMatchObject({ unheld: true });
      // What the child did not spend is kept for it; what nothing is set aside for is charged at once.
      expect(await tracker.status(tenant)).toMatchObject({ spent: 3.5, held: 0.5 });
    });

    it('regression: of a child leave set aside what it still holds', async () => {
      await tracker.create(tenant, 5, { lasting: true });
      await tracker.create(run, 4, { parent: tenant, window: 'day' });
      await tracker.reserve(run, 'h', 3);
      await endWindow(run);
      // The parent has no room for the next window, but the hold of the last one may yet be spent.
      await tracker.reserve(tenant, 'own', 1);
      await expect(tracker.reserve(tenant, 'more', 0.5)).rejects.toThrow(coded('budget_exceeded'));
      await tracker.commit(run, 'h', 3);
      await tracker.settle(run);
      expect(await tracker.status(tenant)).toMatchObject({ spent: 3, held: 1 });
    });

    it('are rolled by one of many who meet at their end', async () => {
      await tracker.create(tenant, 20, { lasting: true });
      await tracker.create(run, 8, { parent: tenant, window: 'day' });
      await tracker.spend(run, 2);
      await endWindow(run);
      const others = Array.from({ length: 8 }, () => new BudgetTracker(fixture.connect()));
      await Promise.all(others.map((other, index) => other.reserve(run, `h${index}`, 1)));
      expect(await tracker.status(run)).toMatchObject({ spent: 0, held: 8 });
      expect(await tracker.status(tenant)).toMatchObject({ spent: 2, held: 8 });
    });

    it('refuses a kind that it does not know', async () => {
      await expect(tracker.create(run, 1, { window: 'week' as 'day' })).rejects.toThrow(
        coded('invalid_window'),
      );
    });
  });

  describe('thresholds', () => {
    it('are told once each, also where an answer was lost', async () => {
      const alerts: ThresholdAlert[] = [];
      const own = new BudgetTracker(store, { onThreshold: (alert) => alerts.push(alert) });
      await own.create(run, 10);
      expect(await own.spend(run, 4.999999)).toMatchObject({ crossed: [] });
      const receipt = await own.commit(run, 'h', 3.5);
      expect(receipt.crossed).toEqual([50, 80]);
      // Another process has the answer again; this one tells nothing twice.
      expect(await tracker.commit(run, 'h', 3.5)).toMatchObject({ crossed: [50, 80] });
      await own.commit(run, 'h', 3.5);
      await own.spend(run, 5, { idempotencyKey: 'k' });
      await own.spend(run, 5, { idempotencyKey: 'k' });
      await own.spend(run, 1);
      expect(alerts.map(({ threshold }) => threshold)).toEqual([50, 80, 100]);
      expect(alerts[2]?.status).toMatchObject({ run_id: run, exceeded: true });
    });

    it('are told by a repetition whose first answer was lost', async () => {
      const alerts: ThresholdAlert[] = [];
      await tracker.create(run, 10);
      await tracker.commit(run, 'h', 10);
      const other = new BudgetTracker(store, { onThreshold: (alert) => alerts.push(alert) });
      await other.commit(run, 'h', 10);
      expect(alerts.map(({ threshold }) => threshold)).toEqual([50, 80, 100]);
    });

    it('of a parent are told where its children are charged to it', async () => {
      const alerts: string[] = [];
      const own = new BudgetTracker(store, {
        onThreshold: ({ status, threshold }) => alerts.push(`${status.run_id} ${threshold}`),
      });
      await own.create(tenant, 10, { lasting: true });
      await own.create(run, 8, { parent: tenant });
      await own.spend(run, 8);
      await own.settle(run);
      await own.spend(run, 2);
      expect(alerts).toEqual([
        `${run} 50`,
        `${run} 80`,
        `${run} 100`,
        `${tenant} 50`,
        `${tenant} 80`,
        `${tenant} 100`,
      ]);
    });

    it('regression: of a parent are told by the next charge where the answer of one was lost', async () => {
      const alerts: string[] = [];
      const onThreshold = ({ status, threshold }: ThresholdAlert): void => {
        alerts.push(`${status.run_id} ${threshold}`);
      };
      await tracker.create(tenant, 10, { lasting: true });
      await tracker.create(run, 10, { parent: tenant });
      await tracker.spend(run, 5);
      const failing = failingStore(store, 3, 'after');
      const dying = new BudgetTracker(failing.store, { onThreshold });
      await expect(dying.settle(run)).rejects.toThrow(coded('store_unavailable'));
      expect(alerts).toEqual([]);
      await new BudgetTracker(store, { onThreshold }).spend(run, 1);
      expect(alerts).toEqual([`${tenant} 50`]);
    });

    it('regression: are told of the window that they were reached in, and of a run that is made again', async () => {
      const alerts: number[] = [];
      const own = new BudgetTracker(store, {
        onThreshold: ({ threshold }) => alerts.push(threshold),
      });
      await own.create(run, 10, { window: 'day' });
      await own.spend(run, 9, { idempotencyKey: 'k' });
      expect(alerts.splice(0)).toEqual([50, 80]);
      const { window_ends_at } = await own.status(run);
      const endedAt = Date.parse(window_ends_at ?? '');
      const next = { to: 'rolled', endedAt, endsAt: endedAt + 86_400_000 } as const;
      await store.transition({ runId: run, now: Date.now(), ...next });
      expect(await own.spend(run, 9, { idempotencyKey: 'k' })).toMatchObject({
        replayed: true,
        crossed: [],
      });
      expect(alerts).toEqual([]);
      await own.spend(run, 5);
      expect(alerts.splice(0)).toEqual([50]);
      await own.delete(run);
      await own.create(run, 10, { window: 'day' });
      await own.spend(run, 5);
      expect(alerts).toEqual([50]);
    });

    it('speak of the limit that is used up furthest', async () => {
      await tracker.create(run, 10, { limits: { steps: 10 } });
      expect(await tracker.spend(run, 1, { units: { steps: 8 } })).toMatchObject({
        crossed: [50, 80],
      });
    });
  });

  describe('units', () => {
    it('are limited beside money', async () => {
      await tracker.create(run, 10, {
        limits: { tokens: 1000, steps: 2, sandbox_seconds: 1.5 },
      });
      const hold = await tracker.reserve(run, 'h', 1, {
        units: { tokens: 900, steps: 1, sandbox_seconds: 0.25 },
      });
      expect(hold.units).toEqual({
        tokens: { limit: 1000, spent: 0, held: 900, remaining: 100 },
        steps: { limit: 2, spent: 0, held: 1, remaining: 1 },
        sandbox_seconds: { limit: 1.5, spent: 0, held: 0.25, remaining: 1.25 },
      });
      await expect(tracker.reserve(run, 'i', 1, { units: { tokens: 101 } })).rejects.toThrow(
        coded('budget_exceeded', { limit: 'tokens' }),
      );
      await expect(tracker.reserve(run, 'h', 1)).rejects.toThrow(coded('hold_conflict'));
      expect(
        await tracker.commit(run, 'h', 1, { units: { tokens: 1200, sandbox_seconds: 0.125 } }),
      ).toMatchObject({
        exceeded: true,
        units: { tokens: { spent: 1200, held: 0, remaining: 0 } },
      });
      await expect(tracker.reserve(run, 'i', 1)).rejects.toThrow(
        coded('budget_exceeded', { limit: 'tokens' }),
      );
    });

    it('may be all that a hold is for', async () => {
      await tracker.create(run, 10, { limits: { steps: 1 } });
      await tracker.reserve(run, 'h', 0, { units: { steps: 1 } });
      await expect(tracker.reserve(run, 'i', 0, { units: { steps: 1 } })).rejects.toThrow(
        coded('budget_exceeded', { limit: 'steps' }),
      );
      expect(await tracker.holds(run)).toEqual([
        {
          hold_id: 'h',
          amount: 0,
          units: { steps: 1 },
          expires_at: expect.stringMatching(/Z$/) as string,
        },
      ]);
    });

    it.each([{ tokens: 0.5 }, { steps: -1 }, { sandbox_seconds: 0.0001 }, { tokens: NaN }])(
      'refuses %p on every call',
      async (units) => {
        await tracker.create(run, 10);
        const calls = [
          () => tracker.create(`${run}-2`, 1, { limits: units }),
          () => tracker.reserve(run, 'h', 1, { units }),
          () => tracker.commit(run, 'h', 1, { units }),
          () => tracker.spend(run, 1, { units }),
        ];
        for (const call of calls) await expect(call()).rejects.toThrow(coded('invalid_amount'));
      },
    );
  });

  describe('guards', () => {
    it('refuse the same call too often', async () => {
      await tracker.create(run, 10, { guards: { repeated_calls: { calls: 2, seconds: 60 } } });
      for (let call = 0; call < 2; call += 1) {
        await tracker.reserve(run, `h${call}`, 0.1, { call: 'curl https://example.com' });
      }
      // A repetition is no further call.
      await tracker.reserve(run, 'h0', 0.1, { call: 'curl https://example.com' });
      await expect(
        tracker.reserve(run, 'h2', 0.1, { call: 'curl https://example.com' }),
      ).rejects.toThrow(coded('call_repeated'));
      expect(await tracker.reserve(run, 'h2', 0.1, { call: 'another' })).toMatchObject({
        replayed: false,
      });
      expect(await tracker.reserve(run, 'h3', 0.1)).toMatchObject({ replayed: false });
    });

    it('refuse to spend faster than a limit, and let on what waits', async () => {
      await tracker.create(run, 100, { guards: { usd_per_minute: 60 } });
      await tracker.reserve(run, 'h', 59.9);
      const refusal: unknown = await tracker
        .reserve(run, 'i', 0.5)
        .catch((error: unknown) => error);
      expect(refusal).toMatchObject({ code: 'budget_too_fast' });
      const { retryAfterSeconds } = refusal as { retryAfterSeconds: number };
      expect(retryAfterSeconds).toBeLessThanOrEqual(0.4);
      await sleep(retryAfterSeconds * 1000 + 20);
      await tracker.reserve(run, 'i', 0.5);
      // What is released may have drained already: it makes no room.
      await tracker.release(run, 'h');
      await expect(tracker.reserve(run, 'j', 50)).rejects.toThrow(coded('budget_too_fast'));
    });

    it('regression: what is above the limit of a minute is told to wait for nothing', async () => {
      await tracker.create(run, 100, { guards: { usd_per_minute: 10 } });
      const refusal = expect.objectContaining({
        code: 'budget_too_fast',
        retryAfterSeconds: undefined,
      }) as object;
      await expect(tracker.reserve(run, 'h', 10.000001)).rejects.toEqual(refusal);
      expect(await tracker.reserve(run, 'h', 10)).toMatchObject({ held: 10 });
    });

    it.each([
      { usd_per_minute: 100_001 },
      { repeated_calls: { calls: 0, seconds: 1 } },
      { repeated_calls: { calls: 1, seconds: 0 } },
      { repeated_calls: { calls: 1, seconds: 86_401 } },
    ])('refuses %p', async (guards) => {
      await expect(tracker.create(run, 1, { guards })).rejects.toThrow(coded('invalid_guard'));
    });
  });

  describe('a process that dies between two steps', () => {
    /** Lets each step of an operation fail, before or after it was carried out; the caller then repeats it. */
    async function atEachStep(
      prepare: (tracker: BudgetTracker, names: { parent: string; child: string }) => Promise<void>,
      act: (tracker: BudgetTracker, names: { parent: string; child: string }) => Promise<unknown>,
      check: (names: { parent: string; child: string }) => Promise<void>,
    ): Promise<void> {
      for (const when of ['before', 'after'] as const) {
        for (let step = 1; ; step += 1) {
          const names = { parent: `p-${randomUUID()}`, child: `c-${randomUUID()}` };
          await prepare(tracker, names);
          const failing = failingStore(store, step, when);
          const failed = await act(new BudgetTracker(failing.store), names).then(
            () => false,
            () => true,
          );
          await act(tracker, names);
          await check(names);
          // What fails in a search for vanished children is not told.
          expect(failed && !failing.hasFailed()).toBe(false);
          if (!failing.hasFailed()) break;
        }
      }
    }

    it('carves once', async () => {
      await atEachStep(
        async (own, { parent }) => {
          await own.create(parent, 10, { lasting: true });
        },
        (own, { parent, child }) => own.create(child, 4, { parent }),
        async ({ parent, child }) => {
          expect(await tracker.status(parent)).toMatchObject({ held: 4, spent: 0 });
          expect(await tracker.reserve(child, 'h', 4)).toMatchObject({ held: 4 });
        },
      );
    });

    it('settles once', async () => {
      await atEachStep(
        async (own, { parent, child }) => {
          await own.create(parent, 10, { lasting: true });
          await own.create(child, 4, { parent });
          await own.spend(child, 1.5);
        },
        (own, { child }) => own.settle(child),
        async ({ parent }) =>
          expect(await tracker.status(parent)).toMatchObject({ held: 0, spent: 1.5 }),
      );
    });

    it('charges what comes late once', async () => {
      await atEachStep(
        async (own, { parent, child }) => {
          await own.create(parent, 10, { lasting: true });
          await own.create(child, 4, { parent });
          await own.settle(child);
        },
        (own, { child }) => own.commit(child, 'late', 2),
        async ({ parent, child }) => {
          expect(await tracker.status(parent)).toMatchObject({ held: 0, spent: 2 });
          expect(await tracker.status(child)).toMatchObject({ spent: 2 });
        },
      );
    });

    it('rolls once', async () => {
      await atEachStep(
        async (own, { parent, child }) => {
          await own.create(parent, 10, { lasting: true });
          await own.create(child, 4, { parent, window: 'day' });
          await own.spend(child, 3);
          await endWindow(child);
        },
        (own, { child }) => own.reserve(child, 'h', 4),
        async ({ parent, child }) => {
          expect(await tracker.status(parent)).toMatchObject({ held: 4, spent: 3 });
          expect(await tracker.status(child)).toMatchObject({ held: 4, spent: 0 });
        },
      );
    });
  });
});

it('regression: a parent that has forgotten a child is charged with what is new alone', async () => {
  const fixture = await startStore('sqlite');
  try {
    let now = Date.UTC(2030, 0, 10);
    const tracker = new BudgetTracker(fixture.connect(), { clock: () => now });
    await tracker.create('parent', 1000, { lasting: true });
    await tracker.create('child', 100, { parent: 'parent', lasting: true });
    await tracker.spend('child', 40);
    await tracker.settle('child');
    expect(await tracker.status('parent')).toMatchObject({ spent: 40, held: 0 });
    now += 8 * 24 * 60 * 60 * 1000;
    // What is long settled is forgotten at every hundredth operation.
    for (let operation = 0; operation < 100; operation += 1) {
      await tracker.reserve('parent', 'h', 1);
      await tracker.release('parent', 'h');
    }
    await tracker.spend('child', 1);
    expect(await tracker.status('parent')).toMatchObject({ spent: 41, held: 0 });
    await tracker.settle('child');
    await tracker.delete('child');
    expect(await tracker.status('parent')).toMatchObject({ spent: 41, held: 0 });
  } finally {
    await fixture.stop();
  }
});
