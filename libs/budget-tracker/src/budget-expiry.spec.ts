import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { startRedis } from '@ae/test-support';
import { Redis } from 'ioredis';
import { PATIENT, STORE_KINDS, startStore } from '../test/store-fixtures.ts';
import type { StoreFixture } from '../test/store-fixtures.ts';
import { budgetKeys } from './budget-keys.ts';
import type { BudgetStore } from './budget-store.ts';
import { RedisBudgetStore } from './redis-budget-store.ts';

const USD = 1_000_000;

describe.each(STORE_KINDS)('at the instant of expiry on %s', (kind) => {
  let fixture: StoreFixture;
  let one: BudgetStore;
  let other: BudgetStore;
  beforeAll(async () => {
    fixture = await startStore(kind);
    [one, other] = [fixture.connect(), fixture.connect()];
  });
  afterAll(() => fixture.stop());

  it('a create meets the whole budget, or nothing of it', async () => {
    const outcomes = new Set<string>();
    for (let round = 0; round < 10; round += 1) {
      const runId = randomUUID();
      await one.create({ runId, now: Date.now(), limit: 5 * USD, ttlMs: 40 });
      const expires = Date.now() + 40;
      await one.spend({ runId, now: Date.now(), amount: USD, idempotencyKey: 'k' });
      await one.reserve({ runId, now: Date.now(), holdId: 'h', amount: USD });
      const creates: Promise<void>[] = [];
      const createOn = async (store: BudgetStore): Promise<void> => {
        const command = { runId, now: Date.now(), limit: 7 * USD, ttlMs: 60_000 };
        const { outcome, ledger } = await store.create(command);
        outcomes.add(outcome);
        expect(ledger).toMatchObject(
          outcome === 'done'
            ? { limit: 7 * USD, spent: 0, held: 0, seq: 1 }
            : { limit: 5 * USD, spent: USD, held: USD, seq: 3 },
        );
      };
      while (Date.now() < expires + 10) {
        if (Date.now() > expires - 15) creates.push(createOn(one), createOn(other));
        await sleep(1);
      }
      await Promise.all([...creates, createOn(one)]);
      const repeated = { runId, now: Date.now(), amount: USD, idempotencyKey: 'k' };
      expect(await one.spend(repeated)).toMatchObject({ replayed: false, ledger: { seq: 2 } });
    }
    expect(outcomes).toEqual(new Set(['budget_conflict', 'done']));
  });

  it('of a hold, its commit and what takes its room are both whole', async () => {
    let lates = 0;
    for (let round = 0; round < 20; round += 1) {
      const runId = randomUUID();
      await one.create({ runId, now: Date.now(), limit: 10 * USD, ttlMs: 60_000 });
      const hold = { runId, holdId: 'h', amount: 8 * USD };
      await one.reserve({ ...hold, now: Date.now(), ttlMs: 20 });
      await sleep(16 + (round % 8));
      const [committed, next] = await Promise.all([
        other.commit({ ...hold, now: Date.now() }),
        one.reserve({ runId, holdId: 'next', now: Date.now(), amount: 8 * USD }),
      ]);
      expect(committed).toMatchObject({ charged: 8 * USD, held: 8 * USD, unheld: false });
      const { late } = committed as { late: boolean };
      const isAdmitted = next.outcome === 'done';
      // Both fit only after the hold has given its amount back.
      if (isAdmitted) expect(late).toBe(true);
      if (late) lates += 1;
      const { ledger } = (await one.status({ runId, now: Date.now() })) as { ledger: object };
      expect(ledger).toMatchObject({ spent: 8 * USD, held: isAdmitted ? 8 * USD : 0 });
    }
    expect(lates).toBeGreaterThan(0);
  });
});

describe('expiry in Redis', () => {
  it('takes all keys of a run at once, and lets a commit under way be late and whole', async () => {
    const server = await startRedis();
    const [redis, another] = [new Redis(server.url), new Redis(server.url)];
    const timeout = { commandTimeoutMs: PATIENT.commandTimeout };
    const [one, other] = [
      new RedisBudgetStore(redis, timeout),
      new RedisBudgetStore(another, timeout),
    ];
    const run = { runId: 'run', now: 0 };
    await one.create({ ...run, limit: 10 * USD, ttlMs: 600, units: { steps: 9 } });
    await one.reserve({ ...run, holdId: 'h', amount: 6 * USD, ttlMs: 50 });
    // The commit is sent while the hold is active, and arrives after.
    await redis.client('PAUSE', 100);
    const commit = { ...run, holdId: 'h', amount: 5 * USD };
    expect(await other.commit(commit)).toMatchObject({
      late: true,
      charged: 5 * USD,
      replayed: false,
    });
    expect(await one.commit(commit)).toMatchObject({ late: true, replayed: true });
    expect(await one.status(run)).toMatchObject({ ledger: { spent: 5 * USD, held: 0, seq: 3 } });

    const counts = new Set<number>();
    for (let left = 6; left > 0; counts.add(left)) left = await redis.exists(...budgetKeys('run'));
    expect(counts).toEqual(new Set([6, 0]));
    for (const client of [redis, another]) client.disconnect();
    await server.stop();
  });
});
