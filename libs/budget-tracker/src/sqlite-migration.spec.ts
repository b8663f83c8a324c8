import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { coded } from '../test/coded.ts';
import { BudgetTracker } from './budget-tracker.ts';
import { SqliteBudgetStore } from './sqlite-budget-store.ts';

/** The schema of version 1, as it was. */
const VERSION_1 = `
CREATE TABLE budgets (
  run_id     TEXT    NOT NULL PRIMARY KEY CHECK (length(run_id) BETWEEN 1 AND 256),
  max_spend  INTEGER NOT NULL CHECK (max_spend BETWEEN 1 AND 9000000000000000),
  spent      INTEGER NOT NULL CHECK (spent BETWEEN 0 AND 9000000000000000),
  held       INTEGER NOT NULL CHECK (held BETWEEN 0 AND max_spend),
  seq        INTEGER NOT NULL CHECK (seq >= 1),
  expires_at INTEGER NOT NULL CHECK (expires_at > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX budgets_by_expiry ON budgets (expires_at);

CREATE TABLE operations (
  run_id     TEXT    NOT NULL REFERENCES budgets (run_id) ON DELETE CASCADE,
  kind       TEXT    NOT NULL CHECK (kind IN ('hold', 'spend')),
  id         TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 256),
  state      TEXT    NOT NULL CHECK (state IN ('active', 'committed', 'released', 'expired')),
  held       INTEGER NOT NULL CHECK (held BETWEEN 0 AND 9000000000000000),
  expires_at INTEGER NOT NULL CHECK (expires_at > 0),
  charged    INTEGER CHECK (charged BETWEEN 0 AND 9000000000000000),
  mark       TEXT    NOT NULL CHECK (mark IN ('', 'late', 'unheld')),
  PRIMARY KEY (run_id, kind, id),
  CHECK ((state = 'committed') = (charged IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_by_expiry ON operations (run_id, expires_at) WHERE state = 'active';
PRAGMA user_version = 1;
`;

const NOW = Date.UTC(2030, 0);
const HOUR = 3_600_000;

/** What version 1 wrote of one run: a hold of each state, late and unheld commits, and a spend. */
const DATA = `
INSERT INTO budgets VALUES
  ('r', 10000000, 6000000, 3500000, 12, ${NOW + 24 * HOUR}),
  ('other', 1000000, 0, 0, 1, ${NOW + 24 * HOUR});
INSERT INTO operations VALUES
  ('r', 'hold', 'active', 'active', 2500000, ${NOW + HOUR}, NULL, ''),
  ('r', 'hold', 'due', 'active', 1000000, ${NOW - 1}, NULL, ''),
  ('r', 'hold', 'paid', 'committed', 3000000, ${NOW + HOUR}, 2000000, ''),
  ('r', 'hold', 'late', 'committed', 1000000, ${NOW - HOUR}, 1000000, 'late'),
  ('r', 'hold', 'unheld', 'committed', 0, ${NOW - HOUR}, 1000000, 'unheld'),
  ('r', 'hold', 'released', 'released', 1000000, ${NOW + HOUR}, NULL, ''),
  ('r', 'hold', 'expired', 'expired', 1000000, ${NOW - HOUR}, NULL, ''),
  ('r', 'spend', 'key', 'committed', 0, ${NOW - HOUR}, 2000000, '');
`;

describe('a file of version 1', () => {
  let directory: string;
  let path: string;
  let open: BudgetTracker[];

  const openTracker = (at = path) => {
    const tracker = new BudgetTracker(new SqliteBudgetStore({ path: at }), { clock: () => NOW });
    open.push(tracker);
    return tracker;
  };
  const raw = <T>(act: (database: DatabaseSync) => T, at = path): T => {
    const database = new DatabaseSync(at);
    try {
      return act(database);
    } finally {
      database.close();
    }
  };
  const schemaOf = (at: string) =>
    raw((database) => {
      const tables = database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name');
      return [tables.all(), database.prepare('PRAGMA user_version').get()];
    }, at);

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ae-budget-'));
    path = join(directory, 'budgets.sqlite');
    open = [];
    raw((database) => database.exec(VERSION_1 + DATA));
  });
  afterEach(async () => {
    for (const tracker of open) await tracker.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('goes on as it was', async () => {
    const tracker = openTracker();
    const status = { run_id: 'r', limit: 10, spent: 6, held: 2.5, remaining: 1.5, seq: 12 };
    expect(await tracker.status('r')).toEqual({ ...status, exceeded: false });
    expect(await tracker.holds('r')).toEqual([
      {
        hold_id: 'active',
        amount: 2.5,
        units: {},
        expires_at: new Date(NOW + HOUR).toISOString(),
      },
    ]);
    const list = await tracker.list();
    expect(list.budgets.map((budget) => budget.run_id)).toEqual(['other', 'r']);

    const replayed = { ...status, replayed: true };
    expect(await tracker.reserve('r', 'active', 2.5)).toMatchObject(replayed);
    expect(await tracker.reserve('r', 'paid', 3)).toMatchObject({
      ...replayed,
      state: 'committed',
    });
    const commits = [
      ['paid', 2, { late: false, unheld: false, held_amount: 3 }],
      ['late', 1, { late: true, unheld: false, held_amount: 1 }],
      ['unheld', 1, { late: false, unheld: true, held_amount: 0 }],
    ] as const;
    for (const [hold, cost, marks] of commits) {
      const receipt = { ...replayed, ...marks, crossed: [] };
      expect(await tracker.commit('r', hold, cost)).toMatchObject(receipt);
    }
    expect(await tracker.spend('r', 2, { idempotencyKey: 'key' })).toMatchObject(replayed);
    await expect(tracker.commit('r', 'paid', 1)).rejects.toThrow(coded('hold_conflict'));

    expect(await tracker.commit('r', 'active', 1)).toMatchObject({
      spent: 7,
      held: 0,
      seq: 13,
      late: false,
      crossed: [],
    });
    expect(await tracker.commit('r', 'due', 1)).toMatchObject({
      spent: 8,
      seq: 14,
      late: true,
      crossed: [80],
    });
    expect(await tracker.reserve('r', 'released', 1)).toMatchObject({ held: 1, replayed: false });
    expect(await tracker.release('r', 'expired')).toMatchObject({ held: 1, seq: 15 });
    expect(await tracker.create('other', 1)).toMatchObject({ seq: 1 });
    await tracker.delete('r');
    raw((database) => {
      const left = database.prepare('SELECT count(*) AS n FROM operations').get();
      expect(left).toEqual({ n: 0 });
    });
  });

  it('has the tables of a new one, and takes all that is new', async () => {
    const fresh = join(directory, 'fresh.sqlite');
    const tracker = openTracker();
    openTracker(fresh);
    expect(schemaOf(path)).toEqual(schemaOf(fresh));
    await tracker.create('team', 100, { lasting: true, limits: { tokens: 1000 } });
    const child = { parent: 'team', limits: { tokens: 100 }, window: 'day' } as const;
    await tracker.create('child', 10, child);
    expect(await tracker.reserve('child', 'h', 1, { units: { tokens: 5 } })).toMatchObject({
      units: { tokens: { held: 5 } },
    });
    expect(await tracker.freeze('r')).toMatchObject({ frozen: true, seq: 13 });
    await tracker.close();
    expect(await openTracker().status('r')).toMatchObject({ frozen: true, held: 2.5 });
  });

  it('is brought to this version once, by the store that is first', async () => {
    const trackers = [openTracker(), openTracker()];
    for (const tracker of trackers) {
      expect(await tracker.status('r')).toMatchObject({ seq: 12, held: 2.5 });
    }
  });

  it('keeps what is corrupt in it, for its run alone', async () => {
    raw((database) =>
      database.exec(
        "PRAGMA ignore_check_constraints = 1; UPDATE budgets SET spent = -1 WHERE run_id = 'r'",
      ),
    );
    const tracker = openTracker();
    await expect(tracker.status('r')).rejects.toThrow(
      coded('corrupt_value', { key: 'budgets.spent (r)' }),
    );
    expect(await tracker.status('other')).toMatchObject({ seq: 1 });
  });

  it('stays as it was when it cannot be brought to this version', () => {
    raw((database) => database.exec('CREATE TABLE units (other INTEGER)'));
    const before = schemaOf(path);
    expect(() => openTracker()).toThrow(coded('store_unavailable'));
    expect(schemaOf(path)).toEqual(before);
  });
});
