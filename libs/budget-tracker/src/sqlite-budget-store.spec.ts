import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startChild } from '../test/child.ts';
import { coded } from '../test/coded.ts';
import type { Rolls } from '../test/sqlite-roller.ts';
import { MAX_VELOCITY, MOST_HOLDS, NEVER } from './budget-store.ts';
import type { Spent } from './budget-store.ts';
import { BUDGET_TTL_SECONDS, BudgetTracker } from './budget-tracker.ts';
import { NOTHING } from './cost.ts';
import type { SqliteBudgetStoreOptions } from './sqlite-budget-store.ts';
import { SqliteBudgetStore } from './sqlite-budget-store.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const WEEK_MS = BUDGET_TTL_SECONDS * 1000;

describe('SqliteBudgetStore', () => {
  let directory: string;
  let path: string;
  let now: number;
  let open: SqliteBudgetStore[];

  const openStore = (options: Omit<SqliteBudgetStoreOptions, 'path'> = {}) => {
    const store = new SqliteBudgetStore({ path, ...options });
    open.push(store);
    return store;
  };

  const openTracker = (options: Omit<SqliteBudgetStoreOptions, 'path'> = {}) =>
    new BudgetTracker(openStore(options), { clock: () => now });

  const raw = <T>(act: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(path);
    try {
      return act(database);
    } finally {
      database.close();
    }
  };

  const corrupt = (sql: string): void =>
    raw((database) => database.exec(`PRAGMA ignore_check_constraints = 1; ${sql}`));

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ae-budget-'));
    path = join(directory, 'budgets.sqlite');
    now = Date.UTC(2030, 0);
    open = [];
  });
  afterEach(async () => {
    for (const store of open) await store.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('keeps everything over a restart, in WAL and strict tables', async () => {
    const first = openTracker({ synchronous: 'FULL' });
    await first.create('r', 10);
    await first.reserve('r', 'h', 4);
    await first.spend('r', 1, { idempotencyKey: 'k' });
    const before = await first.status('r');
    await first.close();

    const second = openTracker();
    expect(await second.status('r')).toEqual(before);
    expect(await second.reserve('r', 'h', 4)).toMatchObject({ replayed: true });
    expect(await second.spend('r', 1, { idempotencyKey: 'k' })).toEqual({
      ...before,
      crossed: [],
      replayed: true,
    });
    raw((database) => {
      expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
      const tables = database.prepare('PRAGMA table_list').all();
      const strict = tables.filter(({ name }) => !String(name).startsWith('sqlite_'));
      expect(strict.map(({ name, strict: is }) => [name, is]).sort()).toEqual([
        ['budgets', 1],
        ['calls', 1],
        ['children', 1],
        ['operations', 1],
        ['units', 1],
      ]);
    });
  });

  it('shows each writer what the other wrote', async () => {
    const [one, other] = [openTracker(), openTracker()];
    await one.create('r', 10);
    await other.reserve('r', 'h', 10);
    await expect(one.reserve('r', 'i', 0.000001)).rejects.toThrow(coded('budget_exceeded'));
  });

  it('ends budgets seven days after their create, and reaps their rows', async () => {
    const tracker = openTracker();
    for (let i = 0; i < 20; i += 1) {
      await tracker.create(`old-${i}`, 10);
      await tracker.reserve(`old-${i}`, 'h', 1);
    }
    await tracker.create('kept', 10);
    now += WEEK_MS - 1;
    expect(await tracker.status('old-0')).toMatchObject({ held: 0 });
    await tracker.create('kept', 10);
    now += 1;
    await expect(tracker.status('old-0')).rejects.toThrow(coded('budget_not_found'));
    expect((await tracker.list()).budgets.map((budget) => budget.run_id)).toEqual(['kept']);
    for (let i = 0; i < 3; i += 1) await tracker.create(`new-${i}`, 10);
    raw((database) => {
      expect(database.prepare('SELECT count(*) AS n FROM budgets').get()).toEqual({ n: 4 });
      expect(database.prepare('SELECT count(*) AS n FROM operations').get()).toEqual({ n: 0 });
    });
  });

  it('gives a hold back at its instant, not before', async () => {
    const tracker = openTracker();
    await tracker.create('r', 10);
    const { expires_at } = await tracker.reserve('r', 'h', 10, { ttlSeconds: 60 });
    now = Date.parse(expires_at) - 1;
    await expect(tracker.reserve('r', 'i', 1)).rejects.toThrow(coded('budget_exceeded'));
    now += 1;
    expect(await tracker.status('r')).toMatchObject({ held: 0, seq: 2 });
    expect(await tracker.reserve('r', 'i', 10)).toMatchObject({ held: 10, seq: 3 });
    expect(await tracker.commit('r', 'h', 10)).toMatchObject({ late: true, spent: 10 });
  });

  it('waits for another writer, and fails closed when it waits in vain', async () => {
    const tracker = openTracker({ busyTimeoutMs: 20 });
    await tracker.create('r', 10);
    await raw((database) => {
      database.exec('BEGIN IMMEDIATE');
      const refused = expect(tracker.reserve('r', 'h', 1)).rejects.toThrow(
        coded('store_unavailable'),
      );
      database.exec('ROLLBACK');
      return refused;
    });
    expect(await tracker.reserve('r', 'h', 1)).toMatchObject({ held: 1, seq: 2 });
  });

  describe('on a budget that has everything', () => {
    const create = async (): Promise<BudgetTracker> => {
      const tracker = openTracker();
      await tracker.create('team', 100, { lasting: true, limits: { tokens: 1000 } });
      await tracker.create('r', 10, {
        parent: 'team',
        window: 'day',
        limits: { tokens: 100 },
        guards: { usd_per_minute: 5, repeated_calls: { calls: 3, seconds: 60 } },
      });
      await tracker.reserve('r', 'h', 1, { units: { tokens: 5 }, call: 'c' });
      await tracker.commit('r', 'paid', 5, { units: { tokens: 5 } });
      return tracker;
    };

    it.each([
      ['a negative spend', 'budgets', 'spent = -1'],
      ['text for money', 'budgets', "spent = 'x'"],
      ['a fraction', 'budgets', 'spent = 0.5'],
      ['more held than the limit', 'budgets', 'held = max_spend + 1'],
      ['a limit of nothing', 'budgets', 'max_spend = 0'],
      ['more units than there are', 'budgets', 'unit_limits = 4'],
      ['a frozen that is no yes or no', 'budgets', 'frozen = 2'],
      ['no parent for what is carved', 'budgets', "carve = 'closed', parent = NULL"],
      ['no parent for what is paid', 'budgets', 'paid = 1, parent = NULL, incarnation = NULL'],
      ['a child like any other', 'budgets', 'incarnation = NULL'],
      ['an unknown carve', 'budgets', "carve = 'open'"],
      ['an unknown window', 'budgets', "window = 'week'"],
      ['a window without end', 'budgets', 'ends_at = NULL'],
      ['an end past all time', 'budgets', 'ends_at = 8640000000000001'],
      ['a payment that is negative', 'budgets', 'paid = -1'],
      ['an earlier spend past all counting', 'budgets', 'earlier = 9000000000000001'],
      ['a velocity past the most', 'budgets', 'velocity = 100000000001'],
      ['a bucket without velocity', 'budgets', 'velocity = NULL'],
      ['half a loop limit', 'budgets', 'loop_ms = NULL'],
      ['an unknown unit', 'units', "unit = 'cats'"],
      ['more units held than the limit', 'units', 'held = max_units + 1'],
      ['a negative number of units', 'units', 'spent = -1'],
      ['an unknown state', 'operations', "state = 'x' WHERE id = 'h'"],
      ['a charge without commit', 'operations', "charged = 1 WHERE id = 'h'"],
      ['thresholds in disorder', 'operations', "crossed = '80,50'"],
      ['an id past all lengths', 'operations', "id = 'x' || hex(zeroblob(150))"],
      ['a call that never was', 'calls', 'count = 0'],
      ['a child without a name', 'children', "child = ''"],
      ['a child for which less than nothing is held', 'children', 'held = -1'],
      ['a child that was charged with text', 'children', "charged = 'x'"],
    ])('has tables that refuse %s', async (_name, table, change) => {
      await create();
      const where = table === 'budgets' ? "WHERE run_id = 'r'" : '';
      const sql = `UPDATE ${table} SET ${change} ${where}`;
      expect(() => raw((database) => database.exec(sql))).toThrow(/CHECK|cannot store/);
    });

    it.each([
      ['budgets.spent (r)', 'budgets SET spent = -1'],
      ['budgets.max_spend (r)', 'budgets SET max_spend = 9000000000000001'],
      ['budgets.held (r)', 'budgets SET held = 0'],
      ['budgets.seq (r)', 'budgets SET seq = 0'],
      ['budgets.expires_at (r)', 'budgets SET expires_at = 8640000000000001'],
      ['budgets.unit_limits (r)', 'budgets SET unit_limits = 2'],
      ['budgets.frozen (r)', 'budgets SET frozen = 2'],
      ['budgets.parent (r)', "budgets SET parent = ''"],
      ['budgets.carve (r)', "budgets SET carve = 'open'"],
      ['budgets.window (r)', "budgets SET window = 'week'"],
      ['budgets.ends_at (r)', 'budgets SET ends_at = NULL'],
      ['budgets.ends_at (r)', 'budgets SET ends_at = 8640000000000001'],
      ['budgets.incarnation (r)', 'budgets SET incarnation = NULL'],
      ['budgets.parent (r)', 'budgets SET parent = NULL'],
      ['budgets.incarnation (r)', "budgets SET incarnation = printf('%.*c', 65, 'x')"],
      ['budgets.carve (r)', "budgets SET parent = NULL, incarnation = NULL, carve = 'closed'"],
      ['budgets.paid (r)', 'budgets SET parent = NULL, incarnation = NULL, paid = 1'],
      ['budgets.window (r)', 'budgets SET window = NULL'],
      ['budgets.velocity (r)', 'budgets SET velocity = NULL'],
      ['budgets.loop_calls (r)', 'budgets SET loop_calls = NULL'],
      ['budgets.held (r)', 'budgets SET held = max_spend + 1'],
      ['units.held (r, tokens)', 'units SET held = max_units + 1'],
      ['budgets.earlier (r)', 'budgets SET earlier = -1'],
      ['budgets.paid (r)', 'budgets SET paid = 9000000000000001'],
      ['budgets.velocity (r)', 'budgets SET velocity = 0'],
      ['budgets.level (r)', 'budgets SET level = -1'],
      ['budgets.level_at (r)', 'budgets SET level_at = NULL'],
      ['budgets.loop_calls (r)', 'budgets SET loop_calls = 0'],
      ['budgets.loop_ms (r)', 'budgets SET loop_ms = NULL'],
      // An integer that no number can tell.
      ['budgets (r)', 'budgets SET spent = 9223372036854775807'],
      ['units.unit (r)', "units SET unit = 'cats'"],
      ['units.max_units (r, tokens)', 'units SET max_units = 0'],
      ['units.spent (r, tokens)', 'units SET spent = 9000000000000001'],
      ['units.held (r, tokens)', 'units SET held = -1'],
      ['units.held (r, tokens)', 'units SET held = 0'],
      ['units.earlier (r, tokens)', 'units SET earlier = -1'],
      ['units.paid (r, tokens)', 'units SET paid = -1'],
      ['units (r)', 'units SET paid = 9223372036854775807'],
      ['operations.state (r, hold h)', "operations SET state = 'x'"],
      ['operations.held (r, hold h)', 'operations SET held = -1'],
      ['operations.expires_at (r, hold h)', 'operations SET expires_at = 8640000000000001'],
      ['operations.charged (r, hold h)', 'operations SET charged = 5'],
      ['operations.mark (r, hold h)', "operations SET mark = 'x'"],
      ['operations.crossed (r, hold h)', "operations SET crossed = ''"],
      ['operations.held_tokens (r, hold h)', 'operations SET held_tokens = -1'],
      ['operations.held_steps (r, hold h)', 'operations SET held_steps = -1'],
      ['operations.held_sandbox_ms (r, hold h)', 'operations SET held_sandbox_ms = -1'],
      ['operations (r, hold h)', 'operations SET held = 9223372036854775807'],
    ])('names a corrupt %s of %s', async (key, change) => {
      const tracker = await create();
      const where = change.startsWith('operations') ? "AND id = 'h'" : '';
      corrupt(`UPDATE ${change} WHERE run_id = 'r' ${where}`);
      await expect(tracker.commit('r', 'h', 1)).rejects.toThrow(coded('corrupt_value', { key }));
      const store = openStore();
      expect(await store.delete({ runId: 'r', now })).toBe(true);
      expect(await tracker.create('r', 10)).toMatchObject({ spent: 0, held: 0 });
    });

    it.each([
      ['operations.charged_tokens (r, hold paid)', 'operations SET charged_tokens = -1'],
      ['operations.charged_steps (r, hold paid)', 'operations SET charged_steps = -1'],
      ['operations.charged_sandbox_ms (r, hold paid)', 'operations SET charged_sandbox_ms = -1'],
      ['calls.count (r)', 'calls SET count = 0'],
      ['calls.since (r)', 'calls SET since = 8640000000000001'],
    ])('names a corrupt %s', async (key, change) => {
      const tracker = await create();
      corrupt(`UPDATE ${change} WHERE run_id = 'r'`);
      const act = key.startsWith('calls')
        ? tracker.reserve('r', 'i', 1, { call: 'c' })
        : tracker.commit('r', 'paid', 5, { units: { tokens: 5 } });
      await expect(act).rejects.toThrow(coded('corrupt_value', { key }));
    });

    it.each([
      ['held', 'held = -1'],
      ['held_tokens', 'held_tokens = -1'],
      ['charged', 'charged = -1'],
      ['crossed', "crossed = '80,50'"],
      ['crossed_in', 'crossed_in = -1'],
      ['settled_at', 'settled_at = -1'],
    ])('names a corrupt %s of a child', async (column, change) => {
      const tracker = await create();
      await tracker.release('r', 'h');
      corrupt(`UPDATE children SET ${change}`);
      await expect(tracker.settle('r')).rejects.toThrow(
        coded('corrupt_value', { key: `children.${column} (team, child r)` }),
      );
    });

    it.each([
      ['operations.held (r, hold h)', 'held = -1'],
      ['operations.held_tokens (r, hold h)', 'held_tokens = -1'],
    ])('names a corrupt %s among the holds', async (key, change) => {
      const tracker = await create();
      corrupt(`UPDATE operations SET ${change} WHERE run_id = 'r' AND id = 'h'`);
      await expect(tracker.holds('r')).rejects.toThrow(coded('corrupt_value', { key }));
    });

    it.each([
      ['budgets.held (r)', 'held = 2000000'],
      ['units.held (r, tokens)', 'held_tokens = 6'],
      ['operations.held (r)', 'held = -1'],
      ['operations.held_tokens (r)', 'held_tokens = -1'],
    ])('names a corrupt %s when an expired hold is settled', async (key, change) => {
      const tracker = await create();
      corrupt(`UPDATE operations SET ${change} WHERE run_id = 'r' AND id = 'h'`);
      now += 600_000;
      await expect(tracker.status('r')).rejects.toThrow(coded('corrupt_value', { key }));
    });
  });

  it('lists a corrupt run apart', async () => {
    const tracker = openTracker();
    await tracker.create('a', 10);
    await tracker.create('b', 10);
    await tracker.create('c', 10);
    corrupt("UPDATE budgets SET spent = -1 WHERE run_id = 'a'");
    corrupt("UPDATE budgets SET spent = 9223372036854775807 WHERE run_id = 'b'");
    const page = await tracker.list();
    expect(page.corrupt).toEqual(['a', 'b']);
    expect(page.budgets.map((budget) => budget.run_id)).toEqual(['c']);
  });

  it('reads no table but its own two for a plain budget', async () => {
    const tracker = openTracker();
    await tracker.create('r', 10);
    raw((database) => database.exec('DROP TABLE units; DROP TABLE calls'));
    await tracker.reserve('r', 'h', 1, { call: 'c' });
    await tracker.commit('r', 'h', 1);
    await tracker.reserve('r', 'i', 1, { ttlSeconds: 1 });
    await tracker.extend('r', 'i', 2);
    now += 2000;
    await tracker.spend('r', 1, { idempotencyKey: 'k' });
    await tracker.freeze('r');
    expect(await tracker.status('r')).toMatchObject({ spent: 2, held: 0, frozen: true });
    expect((await tracker.list()).budgets).toHaveLength(1);
  });

  it('keeps ids of 300 characters, and what never expires', async () => {
    const store = openStore();
    const run = { runId: 'r', now };
    const holdId = `\u0001${'☃'.repeat(236)}\u0001${'9'.repeat(18)}`;
    await store.create({ ...run, limit: 10 });
    const held = await store.reserve({ ...run, holdId, amount: 1 });
    expect(held).toMatchObject({ expiresAt: NEVER, ledger: { lasting: true } });
    now = NEVER - 1;
    expect(await store.holds({ runId: 'r', now })).toMatchObject({
      holds: [{ holdId, held: 1, units: {}, expiresAt: NEVER }],
    });
    expect(await store.commit({ runId: 'r', now, holdId, amount: 1 })).toMatchObject({
      late: false,
    });
  });

  it('tells a thousand holds, those first that end first', async () => {
    const store = openStore();
    const run = { runId: 'r', now };
    await store.create({ ...run, limit: 9e15 });
    const letters = ['😀', '\uffff', 'é'];
    const ids = Array.from({ length: MOST_HOLDS }, (_, i) => `${letters[i % 3] ?? ''}${i}`);
    for (const [i, holdId] of [...ids, 'last'].entries()) {
      const units = { steps: i % 2 };
      const ttlMs = holdId === 'last' ? undefined : 1000 + (i % 10);
      await store.reserve({ ...run, holdId, amount: 1 + i, units, ttlMs });
    }
    const answer = await store.holds(run);
    const holds = 'holds' in answer ? answer.holds : [];
    expect(holds).toHaveLength(MOST_HOLDS);
    expect(holds.some(({ holdId }) => holdId === 'last')).toBe(false);
    const inOrder = holds.toSorted(
      (a, b) =>
        a.expiresAt - b.expiresAt || Buffer.compare(Buffer.from(a.holdId), Buffer.from(b.holdId)),
    );
    expect(holds).toEqual(inOrder);
    expect(holds[0]?.expiresAt).toBe(now + 1000);
  });

  it('lets go of what was settled more than seven days before, at every hundredth operation', async () => {
    const store = openStore();
    const run = () => ({ runId: 'r', now });
    const operations = () =>
      raw((database) => {
        const rows = database.prepare('SELECT id FROM operations ORDER BY id').all();
        return rows.map(({ id }) => id);
      });
    const children = () =>
      raw((database) => {
        const rows = database.prepare('SELECT child FROM children ORDER BY child').all();
        return rows.map(({ child }) => child);
      });
    const reserve = (holdId: string, ttlMs?: number) =>
      store.reserve({ ...run(), holdId, amount: 1, ttlMs });
    const carve = (child: string) =>
      store.carve({ ...run(), child, incarnation: 'first', amount: 1 });
    const settle = (child: string) =>
      store.charge({
        ...run(),
        child,
        incarnation: 'first',
        total: { amount: 1, units: {} },
        end: 'settled',
      });
    await store.create({ ...run(), limit: 1000 });
    // All that is asked for now is older than seven days in the end.
    await reserve('active');
    await reserve('committed');
    await store.commit({ ...run(), holdId: 'committed', amount: 1 });
    await reserve('released');
    await store.release({ ...run(), holdId: 'released' });
    await reserve('expired', 1000);
    await store.spend({ ...run(), idempotencyKey: 'spent', amount: 1 });
    await reserve('committed later');
    await reserve('released later');
    await reserve('expired later', 2 * DAY_MS);
    await reserve('late', 1000);
    for (const child of ['living', 'settled', 'settled later']) await carve(child);
    await settle('settled');
    now += DAY_MS;
    await store.commit({ ...run(), holdId: 'committed later', amount: 1 });
    await store.release({ ...run(), holdId: 'released later' });
    await store.spend({ ...run(), idempotencyKey: 'spent later', amount: 1 });
    await store.commit({ ...run(), holdId: 'late', amount: 1 });
    await settle('settled later');

    now += WEEK_MS;
    const unkeyed = { amount: 1, idempotencyKey: undefined };
    const { ledger } = (await store.spend({ ...run(), ...unkeyed })) as Spent;
    for (let seq = ledger.seq; seq < 99; seq += 1) await store.spend({ ...run(), ...unkeyed });
    expect(operations()).toHaveLength(10);
    expect(children()).toHaveLength(3);
    await store.spend({ ...run(), ...unkeyed });
    expect(operations()).toEqual([
      'active',
      'committed later',
      'expired later',
      'late',
      'released later',
      'spent later',
    ]);
    expect(children()).toEqual(['living', 'settled later']);
    // What is let go is not known any more; what is not, is.
    expect(await store.commit({ ...run(), holdId: 'late', amount: 1 })).toMatchObject({
      replayed: true,
    });
    expect(await store.commit({ ...run(), holdId: 'committed', amount: 1 })).toMatchObject({
      replayed: false,
      unheld: true,
    });
  });

  it('a window that two processes roll at once has one winner; the other is ignored', async () => {
    const store = openStore();
    const run = { runId: 'r', now };
    await store.create({ ...run, limit: 100, window: 'day' });
    const rollers = await Promise.all(
      ['0', '1'].map((own) => startChild('sqlite-roller', [path, 'r', own])),
    );
    const rolls = await Promise.all(
      rollers.map(async ({ process, lines, exit }) => {
        const line = once(lines, 'line');
        process.stdin.write('go\n');
        const [text] = (await line) as [string];
        expect(await exit).toBe(0);
        return JSON.parse(text) as Rolls;
      }),
    );
    const [won, ignored] = [
      rolls.reduce((sum, roll) => sum + roll.won, 0),
      rolls.reduce((sum, roll) => sum + roll.ignored, 0),
    ];
    // Both began with the same window: one of them came too late for it.
    expect(ignored).toBeGreaterThan(0);
    // Nobody rolled a window that another had rolled.
    expect(await store.status(run)).toMatchObject({ ledger: { seq: 1 + won } });
  });

  it('lets go of the calls that no loop limit counts any more', async () => {
    const tracker = openTracker();
    const guards = { repeated_calls: { calls: 1, seconds: 60 } };
    await tracker.create('r', 10, { lasting: true, guards });
    for (let i = 0; i < 5; i += 1) {
      await tracker.reserve('r', `h-${i}`, 1, { call: `c-${i}` });
      now += 30_000;
    }
    const calls = raw((database) => database.prepare('SELECT count(*) AS n FROM calls').get());
    expect(calls).toEqual({ n: 2 });
    await expect(tracker.reserve('r', 'i', 1, { call: 'c-4' })).rejects.toThrow(
      coded('call_repeated', { retryAfterSeconds: 30 }),
    );
  });

  it('refuses arguments that no tracker passes', async () => {
    const store = openStore();
    const run = { runId: 'r', now };
    const hold = { ...run, holdId: 'h', amount: 1 };
    const child = { ...run, child: 'c', incarnation: 'first' };
    await store.create({ ...run, limit: 10, units: { tokens: 10 }, window: 'day' });
    const before = await store.status(run);
    const refused: [string, () => Promise<unknown>][] = [
      ['invalid_run_id', () => store.status({ runId: '', now })],
      ['invalid_run_id', () => store.holds({ runId: 'x'.repeat(257), now })],
      ['invalid_run_id', () => store.delete({ runId: 'a\u0000', now })],
      ['invalid_ttl', () => store.status({ runId: 'r', now: 0.5 })],
      ['invalid_ttl', () => store.create({ ...run, limit: 1, ttlMs: NEVER })],
      ['invalid_ttl', () => store.reserve({ ...hold, ttlMs: 0 })],
      ['invalid_ttl', () => store.extend({ ...hold, ttlMs: NaN })],
      ['invalid_amount', () => store.create({ ...run, limit: 1, units: { steps: 0 } })],
      ['invalid_amount', () => store.reserve({ ...hold, amount: 0, units: { steps: 0 } })],
      ['invalid_amount', () => store.reserve({ ...hold, units: { steps: 0.5 } })],
      ['invalid_amount', () => store.commit({ ...hold, units: { steps: -1 } })],
      ['invalid_amount', () => store.commit({ ...hold, units: { steps: 9e15 + 1 } })],
      ['invalid_amount', () => store.spend({ ...run, amount: 0, idempotencyKey: 'k' })],
      ['invalid_page', () => store.children({ ...run, after: { child: '', incarnation: 'i' } })],
      ['invalid_parent', () => store.transition({ ...run, to: 'closing', incarnation: '' })],
      ['invalid_hold_id', () => store.reserve({ ...hold, holdId: 'x'.repeat(257) })],
      ['invalid_hold_id', () => store.commit({ ...hold, holdId: '' })],
      ['invalid_hold_id', () => store.release({ ...hold, holdId: '\ud800' })],
      ['invalid_hold_id', () => store.spend({ ...hold, idempotencyKey: '' })],
      ['invalid_parent', () => store.create({ ...run, limit: 1, parent: '' })],
      ['invalid_parent', () => store.create({ ...run, limit: 1, parent: 'p' })],
      ['invalid_parent', () => store.carve({ ...child, incarnation: '', amount: 1 })],
      ['invalid_parent', () => store.charge({ ...child, child: 'a\0', total: NOTHING })],
      ['invalid_amount', () => store.carve({ ...child, amount: 0 })],
      ['invalid_amount', () => store.charge({ ...child, total: { ...NOTHING, amount: -1 } })],
      ['invalid_amount', () => store.transition({ ...run, to: 'paid', amount: 0.5 })],
      ['invalid_window', () => store.create({ ...run, limit: 1, window: 'week' as 'day' })],
      ['invalid_window', () => store.transition({ ...run, to: 'open' as 'frozen' })],
      ['invalid_window', () => store.transition({ ...run, to: 'carved', endsAt: -1 })],
      ['invalid_window', () => store.transition({ ...run, to: 'rolled', endedAt: 0, endsAt: 0.5 })],
      ['invalid_guard', () => store.create({ ...run, limit: 1, velocity: MAX_VELOCITY + 1 })],
      [
        'invalid_guard',
        () => store.create({ ...run, limit: 1, loop: { calls: 0, withinMs: 1000 } }),
      ],
      ['invalid_guard', () => store.reserve({ ...hold, call: '' })],
      ['invalid_page', () => store.list({ now, limit: 0, after: undefined })],
    ];
    for (const [code, call] of refused) await expect(call()).rejects.toThrow(coded(code));
    expect(await store.status(run)).toEqual(before);
    // A unit alone is an amount.
    const free = { ...hold, amount: 0, units: { tokens: 1 } };
    expect(await store.transition({ ...run, to: 'rolled', endedAt: 0, endsAt: NEVER })).toEqual(
      expect.objectContaining({ outcome: 'done' }),
    );
    expect(await store.reserve(free)).toMatchObject({ held: 0, replayed: false });
    expect(await store.reserve(free)).toMatchObject({ held: 0, replayed: true });
  });

  it('tells how what it acknowledges is kept', async () => {
    expect(await openTracker().persistence()).toEqual({
      durable: true,
      detail: expect.stringMatching(/WAL, synchronous NORMAL/) as string,
    });
    expect(await openTracker({ synchronous: 'FULL' }).persistence()).toEqual({
      durable: true,
      detail: expect.stringMatching(/WAL, synchronous FULL/) as string,
    });
    path = ':memory:';
    expect(await openTracker().persistence()).toMatchObject({ durable: false });
  });

  it('refuses a file that is newer, no database, or nowhere', async () => {
    raw((database) => database.exec('PRAGMA user_version = 99'));
    expect(() => openTracker()).toThrow(coded('store_unavailable'));
    path = join(directory, 'text');
    await writeFile(path, 'not a database, by far not one, nor ever meant to be one'.repeat(20));
    expect(() => openTracker()).toThrow(coded('store_unavailable'));
    path = join(directory, 'absent', 'budgets.sqlite');
    expect(() => openTracker()).toThrow(coded('store_unavailable'));
  });

  it('refuses options it does not know', () => {
    expect(() => new SqliteBudgetStore({ path, sync: 'FULL' } as never)).toThrow(/sync/);
  });
});
