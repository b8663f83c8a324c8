import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { coded } from '../test/coded.ts';
import { BUDGET_TTL_SECONDS, BudgetTracker } from './budget-tracker.ts';
import { SqliteBudgetStore } from './sqlite-budget-store.ts';

const WEEK_MS = BUDGET_TTL_SECONDS * 1000;

describe('SqliteBudgetStore', () => {
  let directory: string;
  let path: string;
  let now: number;
  let open: BudgetTracker[];

  const openTracker = (
    options: { synchronous?: 'NORMAL' | 'FULL'; busyTimeoutMs?: number } = {},
  ) => {
    const tracker = new BudgetTracker(new SqliteBudgetStore({ path, ...options }), {
      clock: () => now,
    });
    open.push(tracker);
    return tracker;
  };

  const raw = <T>(act: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(path);
    try {
      return act(database);
    } finally {
      database.close();
    }
  };

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ae-budget-'));
    path = join(directory, 'budgets.sqlite');
    now = Date.UTC(2030, 0);
    open = [];
  });
  afterEach(async () => {
    for (const tracker of open) await tracker.close();
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
    expect(await second.spend('r', 1, { idempotencyKey: 'k' })).toEqual(before);
    raw((database) => {
      expect(database.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
      const tables = database.prepare('PRAGMA table_list').all();
      const strict = tables.filter(({ name }) => !String(name).startsWith('sqlite_'));
      expect(strict.map(({ name, strict: is }) => [name, is]).sort()).toEqual([
        ['budgets', 1],
        ['operations', 1],
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

  it.each([
    ['a negative spend', "UPDATE budgets SET spent = -1 WHERE run_id = 'r'"],
    ['text for money', "UPDATE budgets SET spent = 'x' WHERE run_id = 'r'"],
    ['a fraction', "UPDATE budgets SET spent = 0.5 WHERE run_id = 'r'"],
    ['more held than the limit', "UPDATE budgets SET held = max_spend + 1 WHERE run_id = 'r'"],
    ['a limit of nothing', "UPDATE budgets SET max_spend = 0 WHERE run_id = 'r'"],
    ['an unknown state', "UPDATE operations SET state = 'x' WHERE run_id = 'r'"],
    ['a charge without commit', "UPDATE operations SET charged = 1 WHERE run_id = 'r'"],
  ])('has tables that refuse %s', async (_name, sql) => {
    const tracker = openTracker();
    await tracker.create('r', 10);
    await tracker.reserve('r', 'h', 1);
    expect(() => raw((database) => database.exec(sql))).toThrow(/constraint|cannot store/);
  });

  it.each([
    ['budgets.spent (r)', 'UPDATE budgets SET spent = -1'],
    ['budgets.max_spend (r)', 'UPDATE budgets SET max_spend = 9000000000000001'],
    ['budgets.held (r)', 'UPDATE budgets SET held = 1'],
    ['operations (r, hold h)', 'UPDATE operations SET charged = 5'],
  ])('names a corrupt %s', async (key, sql) => {
    const tracker = openTracker();
    await tracker.create('r', 10);
    await tracker.reserve('r', 'h', 1);
    raw((database) => database.exec(`PRAGMA ignore_check_constraints = 1; ${sql}`));
    await expect(tracker.commit('r', 'h', 1)).rejects.toThrow(coded('corrupt_value', { key }));
    await tracker.delete('r');
    expect(await tracker.create('r', 10)).toMatchObject({ spent: 0, held: 0 });
  });

  it('lists a corrupt run apart', async () => {
    const tracker = openTracker();
    await tracker.create('a', 10);
    await tracker.create('b', 10);
    raw((database) =>
      database.exec(
        "PRAGMA ignore_check_constraints = 1; UPDATE budgets SET spent = -1 WHERE run_id = 'a'",
      ),
    );
    const page = await tracker.list();
    expect(page.corrupt).toEqual(['a']);
    expect(page.budgets.map((budget) => budget.run_id)).toEqual(['b']);
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
