import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { coded } from '../test/coded.ts';
import { STORE_KINDS, startStore } from '../test/store-fixtures.ts';
import type { StoreFixture } from '../test/store-fixtures.ts';
import type { BudgetStore } from './budget-store.ts';
import { BudgetTracker } from './budget-tracker.ts';

describe.each(STORE_KINDS)('BudgetTracker on %s', (kind) => {
  let fixture: StoreFixture;
  let store: BudgetStore;
  let tracker: BudgetTracker;
  let run: string;

  beforeAll(async () => {
    fixture = await startStore(kind);
    store = fixture.connect();
    tracker = new BudgetTracker(store);
    await tracker.ping();
  });
  afterAll(() => fixture.stop());
  beforeEach(() => {
    run = `run-${randomUUID()}`;
  });

  describe('create', () => {
    it('gives a run its budget', async () => {
      expect(await tracker.create(run, 10)).toEqual({
        run_id: run,
        spent: 0,
        limit: 10,
        remaining: 10,
        exceeded: false,
        held: 0,
        seq: 1,
      });
    });

    it('keeps what was spent when repeated, and refuses another limit', async () => {
      await tracker.create(run, 10);
      await tracker.spend(run, 4);
      const spent = await tracker.status(run);
      expect(await tracker.create(run, 10)).toEqual(spent);
      await expect(tracker.create(run, 11)).rejects.toThrow(
        coded('budget_conflict', { status: spent }),
      );
      expect(await tracker.status(run)).toEqual(spent);
    });

    it('is exact to the micro-dollar at both ends', async () => {
      expect(await tracker.create(run, 9e9)).toMatchObject({ limit: 9e9, remaining: 9e9 });
      expect(await tracker.spend(run, 0.000001)).toMatchObject({ remaining: 8999999999.999999 });
      for (let i = 0; i < 9; i += 1) await tracker.spend(run, 0.1);
      expect(await tracker.spend(run, 0.1)).toMatchObject({ spent: 1.000001 });
    });
  });

  describe('reserve', () => {
    it('sets the amount aside and tells until when', async () => {
      await tracker.create(run, 10);
      const before = Date.now();
      const receipt = await tracker.reserve(run, 'h', 2.5, { ttlSeconds: 60 });
      expect(receipt).toMatchObject({ hold_id: 'h', amount: 2.5, replayed: false, seq: 2 });
      expect(receipt).toMatchObject({ held: 2.5, spent: 0, remaining: 7.5, state: 'active' });
      // Redis and this test run on one machine, so on one clock.
      const ttl = Date.parse(receipt.expires_at) - before;
      expect(ttl).toBeGreaterThanOrEqual(59_000);
    });

    it('admits up to the limit and nothing beyond', async () => {
      await tracker.create(run, 1);
      await tracker.reserve(run, 'a', 0.999999);
      await tracker.reserve(run, 'b', 0.000001);
      const full = await tracker.status(run);
      expect(full).toMatchObject({ held: 1, remaining: 0, exceeded: false });
      await expect(tracker.reserve(run, 'c', 0.000001)).rejects.toThrow(
        coded('budget_exceeded', { status: full, amount: 0.000001 }),
      );
      expect(await tracker.status(run)).toEqual(full);
    });

    it('answers a repetition as the first time, and refuses another amount', async () => {
      await tracker.create(run, 10);
      const first = await tracker.reserve(run, 'h', 6);
      expect(await tracker.reserve(run, 'h', 6)).toEqual({ ...first, replayed: true });
      await expect(tracker.reserve(run, 'h', 5)).rejects.toThrow(
        coded('hold_conflict', { heldAmount: 6, charged: undefined }),
      );
    });

    it('says of a committed hold that it is paid', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 6);
      await tracker.commit(run, 'h', 5);
      expect(await tracker.reserve(run, 'h', 6)).toMatchObject({
        replayed: true,
        state: 'committed',
        held: 0,
        spent: 5,
      });
      await expect(tracker.reserve(run, 'h', 7)).rejects.toThrow(
        coded('hold_conflict', { charged: 5 }),
      );
    });

    it('holds again what was released, so that a retry is never without a hold', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 6);
      await tracker.release(run, 'h');
      expect(await tracker.reserve(run, 'h', 6)).toMatchObject({ replayed: false, held: 6 });
      await tracker.release(run, 'h');
      await tracker.reserve(run, 'other', 6);
      await expect(tracker.reserve(run, 'h', 6)).rejects.toThrow(coded('budget_exceeded'));
    });
  });

  describe('commit', () => {
    it('charges the real cost and gives the rest back', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 6);
      const receipt = await tracker.commit(run, 'h', 2);
      expect(receipt).toEqual({
        run_id: run,
        spent: 2,
        limit: 10,
        remaining: 8,
        exceeded: false,
        held: 0,
        seq: 3,
        hold_id: 'h',
        held_amount: 6,
        charged: 2,
        late: false,
        unheld: false,
        replayed: false,
        crossed: [],
      });
      expect(await tracker.commit(run, 'h', 2)).toEqual({ ...receipt, replayed: true });
      await expect(tracker.commit(run, 'h', 3)).rejects.toThrow(
        coded('hold_conflict', { charged: 2, heldAmount: 6 }),
      );
      expect(await tracker.status(run)).toMatchObject({ spent: 2, seq: 3 });
    });

    it('takes a cost of nothing', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 6);
      expect(await tracker.commit(run, 'h', 0)).toMatchObject({ charged: 0, spent: 0, held: 0 });
    });

    it('records more than was held in full, past the limit too', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 6);
      expect(await tracker.commit(run, 'h', 12.5)).toMatchObject({
        spent: 12.5,
        remaining: 0,
        exceeded: true,
        held: 0,
        held_amount: 6,
        charged: 12.5,
      });
      await expect(tracker.reserve(run, 'i', 0.000001)).rejects.toThrow(coded('budget_exceeded'));
    });

    it('records a commit without a hold, marked', async () => {
      await tracker.create(run, 10);
      expect(await tracker.commit(run, 'never', 3)).toMatchObject({
        unheld: true,
        late: false,
        held_amount: 0,
        charged: 3,
        spent: 3,
      });
      expect(await tracker.commit(run, 'never', 3)).toMatchObject({ unheld: true, replayed: true });
      await expect(tracker.reserve(run, 'never', 3)).rejects.toThrow(
        coded('hold_conflict', { charged: 3 }),
      );
    });

    it('records a commit after the release, marked', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 6);
      await tracker.release(run, 'h');
      expect(await tracker.commit(run, 'h', 4)).toMatchObject({
        late: true,
        unheld: false,
        held_amount: 6,
        spent: 4,
        held: 0,
      });
    });

    it('refuses what would pass the largest total, and changes nothing', async () => {
      await tracker.create(run, 9e9);
      await tracker.spend(run, 9e9);
      const before = await tracker.status(run);
      await expect(tracker.commit(run, 'h', 9e9)).rejects.toThrow(coded('invalid_amount'));
      await expect(tracker.spend(run, 0.000001)).rejects.toThrow(coded('invalid_amount'));
      expect(await tracker.status(run)).toEqual(before);
    });
  });

  describe('release', () => {
    it('gives the hold back, once', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 6);
      const released = await tracker.release(run, 'h');
      expect(released).toMatchObject({ held: 0, spent: 0, remaining: 10, seq: 3 });
      expect(await tracker.release(run, 'h')).toEqual(released);
    });

    it('refuses what is committed, and what never was', async () => {
      await tracker.create(run, 10);
      await tracker.commit(run, 'h', 4);
      await expect(tracker.release(run, 'h')).rejects.toThrow(
        coded('hold_conflict', { charged: 4 }),
      );
      await expect(tracker.release(run, 'none')).rejects.toThrow(coded('hold_not_found'));
    });
  });

  describe('expiry', () => {
    const expired = async (ms = 40) => sleep(ms);

    it('gives an expired hold back, and marks its commit late', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'short', 6, { ttlSeconds: 0.02 });
      await tracker.reserve(run, 'long', 3);
      await expired();
      expect(await tracker.status(run)).toMatchObject({ held: 3, remaining: 7, seq: 3 });
      expect(await tracker.canSpend(run, 7)).toMatchObject({ can_spend: true });
      expect(await tracker.release(run, 'short')).toMatchObject({ held: 3, seq: 3 });
      await expect(tracker.extend(run, 'short', 5)).rejects.toThrow(coded('hold_not_found'));
      expect(await tracker.commit(run, 'short', 6)).toMatchObject({
        late: true,
        held_amount: 6,
        spent: 6,
        held: 3,
      });
    });

    it('makes room for another, also through a reserve alone', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'short', 6, { ttlSeconds: 0.02 });
      await expired();
      expect(await tracker.reserve(run, 'next', 10)).toMatchObject({ held: 10 });
      await expect(tracker.reserve(run, 'short', 6)).rejects.toThrow(coded('budget_exceeded'));
    });

    it('comes later for a hold that was extended, never earlier', async () => {
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 6, { ttlSeconds: 0.6 });
      const extended = await tracker.extend(run, 'h', 60);
      expect(extended).toMatchObject({ amount: 6, held: 6, seq: 3, replayed: false });
      const again = await tracker.extend(run, 'h', 1);
      expect(again.expires_at).toBe(extended.expires_at);
      await expired(620);
      expect(await tracker.status(run)).toMatchObject({ held: 6, seq: 4 });
    });

    it('takes a whole budget away, and a new one starts from nothing', async () => {
      const now = Date.now();
      await store.create({ runId: run, now, limit: 10_000_000, ttlMs: 600 });
      await tracker.reserve(run, 'h', 6);
      await tracker.spend(run, 1, { idempotencyKey: 'k' });
      await expired(620);
      await expect(tracker.status(run)).rejects.toThrow(coded('budget_not_found'));
      await expect(tracker.commit(run, 'h', 6)).rejects.toThrow(coded('budget_not_found'));
      expect((await tracker.list({ limit: 1000 })).budgets.map((b) => b.run_id)).not.toContain(run);
      expect(await tracker.create(run, 3)).toMatchObject({ limit: 3, spent: 0, held: 0, seq: 1 });
      expect(await tracker.spend(run, 1, { idempotencyKey: 'k' })).toMatchObject({ spent: 1 });
      await expect(tracker.release(run, 'h')).rejects.toThrow(coded('hold_not_found'));
    });

    it('starts anew with a repeated create', async () => {
      const command = { runId: run, limit: 10_000_000 };
      await store.create({ ...command, now: Date.now(), ttlMs: 600 });
      await tracker.reserve(run, 'h', 6);
      await store.create({ ...command, now: Date.now(), ttlMs: 60_000 });
      await expired(620);
      expect(await tracker.status(run)).toMatchObject({ held: 6, seq: 2 });
      expect(await tracker.commit(run, 'h', 1)).toMatchObject({ late: false, spent: 1 });
    });
  });

  describe('spend', () => {
    it('records without a hold, and is never refused for being over', async () => {
      await tracker.create(run, 1);
      await tracker.reserve(run, 'h', 1);
      expect(await tracker.spend(run, 1)).toMatchObject({ spent: 1, exceeded: false, held: 1 });
      expect(await tracker.spend(run, 0.000001)).toMatchObject({
        spent: 1.000001,
        exceeded: true,
        remaining: 0,
      });
      expect(await tracker.spend(run, 5)).toMatchObject({ spent: 6.000001, seq: 5 });
    });

    it('counts once for a key, apart from the hold of that id', async () => {
      await tracker.create(run, 10);
      await tracker.commit(run, 'k', 1);
      const first = await tracker.spend(run, 2, { idempotencyKey: 'k' });
      expect(first).toMatchObject({ spent: 3 });
      expect(await tracker.spend(run, 2, { idempotencyKey: 'k' })).toEqual({
        ...first,
        replayed: true,
      });
      await expect(tracker.spend(run, 3, { idempotencyKey: 'k' })).rejects.toThrow(
        coded('hold_conflict', { charged: 2 }),
      );
      expect(await tracker.spend(run, 2)).toMatchObject({ spent: 5 });
    });
  });

  it('advises whether an amount would fit', async () => {
    await tracker.create(run, 10);
    await tracker.reserve(run, 'h', 4);
    const status = await tracker.status(run);
    expect(await tracker.canSpend(run, 6)).toEqual({ can_spend: true, current_status: status });
    expect(await tracker.canSpend(run, 6.000001)).toEqual({
      can_spend: false,
      current_status: status,
    });
  });

  it('lists budgets in the order of their ids, page by page', async () => {
    const ids = ['é', 'a', 'b', '￿', '😀', 'B'].map((suffix) => `list-${run}-${suffix}`);
    for (const id of ids) await tracker.create(id, 10);
    await tracker.delete(ids[1]!);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await tracker.list({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      expect(page.budgets.length).toBeLessThanOrEqual(2);
      seen.push(...page.budgets.map((budget) => budget.run_id));
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    const expected = ids
      .filter((id) => id !== ids[1])
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(seen.filter((id) => id.startsWith(`list-${run}`))).toEqual(expected);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('forgets a deleted budget', async () => {
    await tracker.create(run, 10);
    await tracker.reserve(run, 'h', 4);
    await tracker.delete(run);
    await expect(tracker.delete(run)).rejects.toThrow(coded('budget_not_found', { runId: run }));
    await expect(tracker.status(run)).rejects.toThrow(coded('budget_not_found'));
    expect(await tracker.create(run, 20)).toMatchObject({ limit: 20, held: 0, seq: 1 });
    await expect(tracker.release(run, 'h')).rejects.toThrow(coded('hold_not_found'));
  });

  it('knows no run that was not created', async () => {
    const calls = [
      () => tracker.status(run),
      () => tracker.canSpend(run, 1),
      () => tracker.reserve(run, 'h', 1),
      () => tracker.commit(run, 'h', 1),
      () => tracker.release(run, 'h'),
      () => tracker.extend(run, 'h', 1),
      () => tracker.spend(run, 1),
      () => tracker.delete(run),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(coded('budget_not_found'));
  });

  describe('withBudget', () => {
    it('holds, acts and commits the cost', async () => {
      await tracker.create(run, 10);
      const during = await tracker.withBudget(run, 4, async () => ({
        result: await tracker.status(run),
        cost: 0.1 + 0.2,
      }));
      expect(during).toMatchObject({ held: 4, spent: 0 });
      expect(await tracker.status(run)).toMatchObject({ held: 0, spent: 0.3 });
    });

    it('does not act when it does not fit', async () => {
      await tracker.create(run, 1);
      let acted = false;
      const act = () => {
        acted = true;
        return Promise.resolve({ result: 1, cost: 1 });
      };
      await expect(tracker.withBudget(run, 4, act)).rejects.toThrow(coded('budget_exceeded'));
      expect(acted).toBe(false);
    });

    it('gives the hold back when the action fails', async () => {
      await tracker.create(run, 10);
      await expect(
        tracker.withBudget(run, 4, () => Promise.reject(new Error('no'))),
      ).rejects.toThrow('no');
      expect(await tracker.status(run)).toMatchObject({ held: 0, spent: 0 });
    });
  });

  describe('bad input', () => {
    const amounts = [NaN, Infinity, 1e309, -1, -0.000001, 0.1 + 0.2, 1e-7, 9e9 + 1, '1'];

    it.each(amounts)('refuses the amount %p on every call, and writes nothing', async (bad) => {
      const amount = bad as number;
      await tracker.create(run, 10);
      await tracker.reserve(run, 'h', 1);
      const before = await tracker.status(run);
      const calls = [
        () => tracker.create(`new-${run}`, amount),
        () => tracker.reserve(run, 'i', amount),
        () => tracker.commit(run, 'h', amount),
        () => tracker.spend(run, amount),
        () => tracker.canSpend(run, amount),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(coded('invalid_amount'));
      expect(await tracker.status(run)).toEqual(before);
      await expect(tracker.status(`new-${run}`)).rejects.toThrow(coded('budget_not_found'));
    });

    it('refuses zero where nothing would be meant by it', async () => {
      await tracker.create(run, 10);
      const calls = [
        () => tracker.create(`new-${run}`, 0),
        () => tracker.reserve(run, 'i', 0),
        () => tracker.spend(run, 0),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(coded('invalid_amount'));
    });

    it.each([NaN, 0, -1, 0.0001, 604_801, Infinity])('refuses the ttl %p', async (ttl) => {
      await tracker.create(run, 10);
      await expect(tracker.reserve(run, 'h', 1, { ttlSeconds: ttl })).rejects.toThrow(
        coded('invalid_ttl'),
      );
      await expect(tracker.extend(run, 'h', ttl)).rejects.toThrow(coded('invalid_ttl'));
    });

    it.each(['', '}x', 'a\nb', '\ud800', 'x'.repeat(257)])('refuses the run id %p', async (id) => {
      const calls = [
        () => tracker.create(id, 1),
        () => tracker.status(id),
        () => tracker.canSpend(id, 1),
        () => tracker.reserve(id, 'h', 1),
        () => tracker.commit(id, 'h', 1),
        () => tracker.release(id, 'h'),
        () => tracker.extend(id, 'h', 1),
        () => tracker.spend(id, 1),
        () => tracker.delete(id),
        () => tracker.withBudget(id, 1, () => Promise.resolve({ result: 1, cost: 1 })),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(coded('invalid_run_id'));
    });

    it('refuses a hold id and a key that could not be kept', async () => {
      await tracker.create(run, 10);
      const calls = [
        () => tracker.reserve(run, '', 1),
        () => tracker.commit(run, 'a\u0000', 1),
        () => tracker.release(run, 'x'.repeat(257)),
        () => tracker.extend(run, '\udfff', 1),
        () => tracker.spend(run, 1, { idempotencyKey: '' }),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(coded('invalid_hold_id'));
    });

    it.each([{ limit: 0 }, { limit: 1.5 }, { limit: 1001 }, { cursor: '!' }, { cursor: '' }])(
      'refuses the page %p',
      async (page) => {
        await expect(tracker.list(page)).rejects.toThrow(coded('invalid_page'));
      },
    );

    it.each([NaN, -1, 0.5, 2 ** 53, 1e309])('refuses %p again in the store', async (amount) => {
      const command = { runId: run, now: Date.now(), holdId: 'h', ttlMs: 1000 };
      await tracker.create(run, 10);
      const before = await tracker.status(run);
      const calls = [
        () => store.create({ ...command, runId: `new-${run}`, limit: amount }),
        () => store.reserve({ ...command, amount }),
        () => store.commit({ ...command, amount }),
        () => store.spend({ ...command, amount, idempotencyKey: undefined }),
      ];
      for (const call of calls) await expect(call()).rejects.toThrow(coded('invalid_amount'));
      expect(await tracker.status(run)).toEqual(before);
    });
  });

  it('fails closed once it is closed', async () => {
    const other = new BudgetTracker(fixture.connect());
    await other.create(run, 10);
    await other.close();
    await other.close();
    await expect(other.reserve(run, 'h', 1)).rejects.toThrow(coded('store_unavailable'));
    await expect(other.ping()).rejects.toThrow(coded('store_unavailable'));
  });
});
