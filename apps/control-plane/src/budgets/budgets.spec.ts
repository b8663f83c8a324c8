import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { budgetHoldsSchema, budgetStatusSchema, problemSchema } from '@ae/contracts';
import type { Event } from '@ae/contracts';
import { startRedis } from '@ae/test-support';
import { startTestControlPlane } from '../testing/test-control-plane.ts';
import type { Answer, TestControlPlane } from '../testing/test-control-plane.ts';

const API = '/api/v1/safety';

/** Asks until an answer is as it is waited for; 10 s at most. */
async function until<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const answer = await ask();
    if (holds(answer) || Date.now() > deadline) return answer;
    await delay(50);
  }
}

describe('budgets on the wire', () => {
  let plane: TestControlPlane;
  let serial = 0;

  beforeAll(async () => {
    plane = await startTestControlPlane();
  });
  afterAll(() => plane.stop());

  const newId = (kind: string) => `${kind}-${String(serial++)}`;
  const post = (operation: string, body: object) =>
    plane.call('POST', `${API}/budget/${operation}`, body);
  const status = async (runId: string) =>
    budgetStatusSchema.parse((await plane.call('GET', `${API}/budget/${runId}`)).body);
  const metric = async (series: string) => {
    const text = await (await fetch(`${plane.url}/metrics`)).text();
    const line = text.split('\n').find((candidate) => candidate.startsWith(series));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  const create = async (settings: object = {}) => {
    const run_id = newId('run');
    expect((await post('create', { run_id, limit: 10, ...settings })).status).toBe(200);
    return run_id;
  };
  const parentAndChild = async () => {
    const parent = await create({ lasting: true });
    return { parent, child: await create({ limit: 4, parent }) };
  };
  /** A refusal of this reason, with what it says of the budget. */
  const expectRefusal = (answer: Answer, reason: string, budget: object) => {
    expect(answer.status).toBe(402);
    const problem = problemSchema.parse(answer.body);
    expect(problem).toMatchObject({
      code: 'budget_exceeded',
      title: 'The budget does not allow it',
      reason,
    });
    expect(budgetStatusSchema.strict().parse(problem.budget)).toMatchObject(budget);
    return problem;
  };

  it('counts units beside money', async () => {
    const run_id = await create({ limits: { steps: 2, sandbox_seconds: 10 } });
    const units = { steps: 1, sandbox_seconds: 2.5 };
    const held = await post('reserve', { run_id, hold_id: 'a', amount: 0, units });
    expect(held.body).toMatchObject({
      units: {
        steps: { limit: 2, spent: 0, held: 1, remaining: 1 },
        sandbox_seconds: { limit: 10, spent: 0, held: 2.5, remaining: 7.5 },
      },
    });
    const holds = await plane.call('GET', `${API}/budget/${run_id}/holds`);
    expect(budgetHoldsSchema.parse(holds.body)).toMatchObject({
      holds: [{ hold_id: 'a', amount: 0, units }],
      children: [],
    });
    expect((await plane.call('DELETE', `${API}/budget/${run_id}`)).status).toBe(409);

    const commit = {
      run_id,
      hold_id: 'a',
      amount: 0.1,
      units: { steps: 1, sandbox_seconds: 1.25 },
    };
    expect((await post('commit', commit)).body).toMatchObject({
      crossed: [50],
      units: { steps: { spent: 1, held: 0 }, sandbox_seconds: { spent: 1.25 } },
    });
    const refused = await post('reserve', {
      run_id,
      hold_id: 'b',
      amount: 0.1,
      units: { steps: 2 },
    });
    expect(expectRefusal(refused, 'limit', { run_id }).limit).toBe('steps');

    const spent = await post('spend', { run_id, amount: 0, units: { steps: 1 } });
    expect(spent.body).toMatchObject({ crossed: [80, 100], replayed: false });
  });

  it('carves a child out of its parent, settles it, and charges a late cost to both', async () => {
    const { parent, child } = await parentAndChild();
    expect(await status(child)).toMatchObject({ parent, limit: 4 });
    expect(await status(parent)).toMatchObject({ held: 4, remaining: 6 });
    const { body } = await plane.call('GET', `${API}/budget/${parent}/holds`);
    expect(body).toEqual({ holds: [], children: [{ run_id: child, amount: 4 }] });

    const tooMuch = { run_id: newId('run'), limit: 7, parent };
    const before = await metric('budget_exceeded_total');
    const refused = await post('create', tooMuch);
    expect(expectRefusal(refused, 'limit', { run_id: parent }).limit).toBe('usd');
    expect(await metric('budget_exceeded_total')).toBe(before + 1);

    await post('reserve', { run_id: child, hold_id: 'a', amount: 1 });
    expect((await post('settle', { run_id: child })).status).toBe(409);
    await post('commit', { run_id: child, hold_id: 'a', amount: 0.5 });
    for (let time = 0; time < 2; time++) {
      const settled = await post('settle', { run_id: child });
      expect(settled).toMatchObject({ status: 200, body: { closed: true, spent: 0.5 } });
    }
    expect(await status(parent)).toMatchObject({ spent: 0.5, held: 0, remaining: 9.5 });

    expectRefusal(await post('reserve', { run_id: child, hold_id: 'b', amount: 1 }), 'closed', {
      run_id: child,
      closed: true,
    });
    await post('commit', { run_id: child, hold_id: 'late', amount: 0.25 });
    expect(await status(parent)).toMatchObject({ spent: 0.75 });
  });

  it('totals a settled child once', async () => {
    const before = await metric('budget_spent_dollars ');
    const { child } = await parentAndChild();
    await post('spend', { run_id: child, amount: 1 });
    expect(await metric('budget_spent_dollars ')).toBeCloseTo(before + 1);
    await post('settle', { run_id: child });
    expect(await metric('budget_spent_dollars ')).toBeCloseTo(before + 1);
  });

  it('freezes a family and unfreezes it', async () => {
    const { parent, child } = await parentAndChild();
    expect((await post('freeze', { run_id: parent })).body).toMatchObject({ frozen: true });
    for (const run_id of [parent, child]) {
      expectRefusal(await post('reserve', { run_id, hold_id: 'a', amount: 1 }), 'frozen', {
        run_id,
        frozen: true,
      });
    }
    expect((await post('unfreeze', { run_id: parent })).body).not.toHaveProperty('frozen');
    expect((await post('reserve', { run_id: child, hold_id: 'a', amount: 1 })).status).toBe(200);
  });

  it('guards the pace and the same call, and says when to ask again', async () => {
    const run_id = await create({
      guards: { usd_per_minute: 1, repeated_calls: { calls: 2, seconds: 30 } },
    });
    const reserve = (hold_id: string, amount: number, call: string) =>
      post('reserve', { run_id, hold_id, amount, call });
    const exceeded = await metric('budget_exceeded_total');
    await reserve('a', 0.1, 'search "x"');
    await reserve('b', 0.1, 'search "x"');
    const repeated = await reserve('c', 0.1, 'search "x"');
    expectRefusal(repeated, 'call_repeated', { run_id });
    expect(Number(repeated.headers.get('retry-after'))).toBeGreaterThan(25);
    const tooFast = await reserve('d', 0.9, 'search "y"');
    expectRefusal(tooFast, 'too_fast', { run_id });
    expect(Number(tooFast.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await metric('budget_exceeded_total')).toBe(exceeded + 2);
  });

  it('tells the window that a budget is in', async () => {
    const run_id = await create({ window: 'day' });
    const { window, window_ends_at = '' } = await status(run_id);
    expect(window).toBe('day');
    expect(Date.parse(window_ends_at) % 86_400_000).toBe(0);
    expect(Date.parse(window_ends_at)).toBeGreaterThan(Date.now());
  });

  it('refuses what cannot be a parent, and an unknown one', async () => {
    const mortal = await create();
    const child = { run_id: newId('run'), limit: 1 };
    expect(await post('create', { ...child, parent: mortal })).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
    expect(await post('create', { ...child, parent: 'nobody' })).toMatchObject({ status: 404 });
    expect(await post('settle', { run_id: mortal })).toMatchObject({ status: 400 });
  });

  describe('events', () => {
    /** The events of budgets that `work` brings about, in order. */
    const eventsOf = async (work: () => Promise<void>): Promise<Event[]> => {
      const ended = newId('end');
      const abort = new AbortController();
      const response = await fetch(`${plane.url}${API}/events`, {
        headers: { authorization: `Bearer ${plane.adminKey}` },
        signal: abort.signal,
      });
      await work();
      // Changes in quick succession are told together, ten times a second.
      await delay(150);
      await post('create', { run_id: ended, limit: 1 });
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += new TextDecoder().decode(chunk as Uint8Array);
        if (text.includes(ended)) break;
      }
      abort.abort();
      return [...text.matchAll(/^data: (.*)$/gm)]
        .map(([, line]) => JSON.parse(line ?? '') as Event)
        .slice(0, -1);
    };
    const namesOf = (events: Event[]) =>
      events.map(({ type, data }) => `${type} ${'run_id' in data ? String(data.run_id) : ''}`);

    it('tell each threshold once, as often as it is repeated', async () => {
      const run_id = await create();
      const counted = await metric('budget_threshold_total{threshold="80"}');
      const spend = { run_id, amount: 8, idempotency_key: 'k' };
      const events = await eventsOf(async () => {
        await post('spend', spend);
        await post('spend', spend);
      });
      const told = events.filter(({ type }) => type === 'budget.threshold');
      expect(told.map(({ data }) => data)).toMatchObject([
        { run_id, threshold: 50, budget: { spent: 8 } },
        { run_id, threshold: 80, budget: { spent: 8 } },
      ]);
      expect(await metric('budget_threshold_total{threshold="80"}')).toBe(counted + 1);
    });

    it('tell what a change does to the rest of the family', async () => {
      const { parent, child } = await parentAndChild();
      await delay(150);
      const events = await eventsOf(async () => {
        await post('freeze', { run_id: parent });
        await post('settle', { run_id: child });
      });
      const names = [parent, child].map((id) => `budget.updated ${id}`);
      expect(new Set(namesOf(events))).toEqual(new Set(names));
      expect(events.at(-1)?.data).toMatchObject({ held: 0 });
      expect(
        events.findLast(({ data }) => 'run_id' in data && data.run_id === child)?.data,
      ).toMatchObject({
        closed: true,
      });
    });
  });
});

it('warns of a Redis that keeps nothing, and is ready all the same', async () => {
  const redis = await startRedis({ appendOnly: false });
  const plane = await startTestControlPlane({ REDIS_URL: redis.url });
  try {
    const ready = await until(
      () => plane.call('GET', '/readyz', undefined, { key: null }),
      ({ body }) => body['persistence'] !== 'unknown',
    );
    expect(ready).toMatchObject({ status: 200, body: { persistence: 'volatile' } });
    expect(plane.log()).toContain('BUDGETS ARE NOT DURABLE');
    expect(plane.log()).toContain('appendonly yes');
  } finally {
    await plane.stop();
    await redis.stop();
  }
});

it('acknowledges nothing in strict mode that no replica has', async () => {
  const redis = await startRedis();
  const plane = await startTestControlPlane({ REDIS_URL: redis.url, AE_REDIS_REPLICAS: '1' });
  try {
    await until(
      () => plane.call('GET', '/readyz', undefined, { key: null }),
      ({ status }) => status === 200,
    );
    const created = await plane.call('POST', `${API}/budget/create`, { run_id: 'r', limit: 1 });
    expect(created).toMatchObject({ status: 503, body: { code: 'store_unavailable' } });
  } finally {
    await plane.stop();
    await redis.stop();
  }
});

describe('a commit while Redis is down', () => {
  it('is kept on this machine and recorded once when Redis is back', async () => {
    const redis = await startRedis({ appendFsync: 'always' });
    const directory = mkdtempSync(join(tmpdir(), 'ae-journal-'));
    let plane = await startTestControlPlane({ REDIS_URL: redis.url, AE_DATA_DIR: directory });
    const post = (operation: string, body: object) =>
      plane.call('POST', `${API}/budget/${operation}`, body);
    const spent = async () =>
      (await plane.call<{ spent?: number }>('GET', `${API}/budget/r`)).body.spent;
    try {
      const created = await until(
        () => post('create', { run_id: 'r', limit: 1 }),
        ({ status }) => status === 200,
      );
      expect(created.status).toBe(200);
      await post('reserve', { run_id: 'r', hold_id: 'h', amount: 0.5 });
      await post('reserve', { run_id: 'r', hold_id: 'next', amount: 0.25 });

      await redis.kill();
      const commit = { run_id: 'r', hold_id: 'h', amount: 0.3 };
      for (let time = 0; time < 2; time++) {
        const kept = await post('commit', commit);
        expect(problemSchema.parse(kept.body)).toMatchObject({
          code: 'store_unavailable',
          part: 'budgets',
          detail: expect.stringContaining('kept and will be recorded') as string,
        });
      }
      const other = await post('commit', { ...commit, amount: 0.4 });
      expect(other).toMatchObject({ status: 409, body: { charged: 0.3 } });
      const refused = await post('reserve', { run_id: 'r', hold_id: 'i', amount: 0.1 });
      expect(refused.status).toBe(503);
      expect(refused.body['detail']).not.toContain('kept');

      await redis.restart();
      expect(await until(spent, (amount) => amount === 0.3)).toBe(0.3);
      expect((await post('commit', commit)).body).toMatchObject({ spent: 0.3, replayed: true });
      expect(plane.log()).toContain('"recorded":1');
      expect(readFileSync(join(directory, 'budget-commits.jsonl'), 'utf8')).toBe('');

      // What a process has kept, the next one records.
      await redis.kill();
      await post('commit', { run_id: 'r', hold_id: 'next', amount: 0.2 });
      await plane.stop();
      await redis.restart();
      plane = await startTestControlPlane({ REDIS_URL: redis.url, AE_DATA_DIR: directory });
      expect(await until(spent, (amount) => amount === 0.5)).toBe(0.5);
    } finally {
      await plane.stop();
      await redis.stop();
      rmSync(directory, { recursive: true });
    }
  });

  it('is told and put aside when the store refuses it for good', async () => {
    const redis = await startRedis({ appendFsync: 'always' });
    const plane = await startTestControlPlane({ REDIS_URL: redis.url });
    try {
      await until(
        () => plane.call('GET', '/readyz', undefined, { key: null }),
        ({ status }) => status === 200,
      );
      await redis.kill();
      const commit = { run_id: 'never-made', hold_id: 'h', amount: 0.3 };
      expect((await plane.call('POST', `${API}/budget/commit`, commit)).status).toBe(503);
      await redis.restart();
      await until(
        () => Promise.resolve(plane.log()),
        (log) => log.includes('budget_not_found'),
      );
      expect(plane.log()).toContain('budget_not_found');
      const file = join(plane.directory, 'budget-commits.jsonl.refused');
      expect(readFileSync(file, 'utf8')).toContain('never-made');
    } finally {
      await plane.stop();
      await redis.stop();
    }
  });
});
