import { BudgetTracker, SqliteBudgetStore } from '@ae/budget-tracker';
import type { BudgetStatus } from '@ae/contracts';
import { openDatabase } from '../records/sqlite-database.ts';
import { SqliteRecordStore } from '../records/sqlite-record-store.ts';
import { RunSettlements } from './run-settlements.ts';
import type { SettlementRecord } from './run-settlements.ts';

let tracker: BudgetTracker;
let records: SqliteRecordStore<SettlementRecord>;
let settlements: RunSettlements;
let warnings: unknown[];
let settle: (runId: string) => Promise<BudgetStatus>;
let close: () => Promise<void>;

beforeEach(async () => {
  const database = openDatabase(':memory:');
  tracker = new BudgetTracker(new SqliteBudgetStore({ path: ':memory:' }));
  records = new SqliteRecordStore(database, 'settlements');
  warnings = [];
  settle = (runId) => tracker.settle(runId);
  settlements = new RunSettlements({
    records,
    budgets: { settle: (runId) => settle(runId) },
    logger: { warn: (bindings: object) => void warnings.push(bindings) } as never,
  });
  await tracker.create('team', 10, { lasting: true });
  await tracker.create('run', 4, { parent: 'team' });
  close = async () => {
    await tracker.close();
    database.close();
  };
});
afterEach(() => close());

const isOver = () => Promise.resolve(true);
const isRunning = () => Promise.resolve(false);
const due = async () => (await records.list({ limit: 10 })).records.map(({ id }) => id);
/** As if the run had been started so long ago. */
const startedAgo = (milliseconds: number) =>
  records.insert({
    id: 'run',
    status: 'due',
    started_at: new Date(Date.now() - milliseconds).toISOString(),
  });
const LONG_AGO = 61_000;

it('settles a run that is over, and forgets it', async () => {
  await settlements.expect('run');
  expect(await due()).toEqual(['run']);
  await settlements.settle('run');
  expect(await tracker.status('run')).toMatchObject({ closed: true });
  expect(await tracker.status('team')).toMatchObject({ held: 0 });
  expect(await due()).toEqual([]);
});

it('leaves alone what it was not told to settle', async () => {
  await settlements.settle('run');
  await settlements.reconcile(isOver);
  expect(await tracker.status('run')).not.toHaveProperty('closed');
});

it('settles later what has a hold under way', async () => {
  await tracker.reserve('run', 'h', 1);
  await startedAgo(LONG_AGO);
  await settlements.settle('run');
  expect(await due()).toEqual(['run']);
  expect(warnings).toMatchObject([{ run_id: 'run' }]);
  await tracker.commit('run', 'h', 1);
  await settlements.reconcile(isOver);
  expect(await tracker.status('team')).toMatchObject({ spent: 1, held: 0 });
  expect(await due()).toEqual([]);
});

it('settles after a crash what was over before, once', async () => {
  await startedAgo(LONG_AGO);
  // The process died between these two.
  await tracker.settle('run');
  await settlements.reconcile(isOver);
  expect(await due()).toEqual([]);
  expect(await tracker.status('team')).toMatchObject({ spent: 0, held: 0 });
});

it('leaves a run alone that runs, and one that starts', async () => {
  await startedAgo(LONG_AGO);
  await settlements.reconcile(isRunning);
  await settlements.expect('run');
  await settlements.reconcile(isOver);
  expect(await due()).toEqual(['run']);
  expect(await tracker.status('run')).not.toHaveProperty('closed');
});

it('forgets a budget that is gone', async () => {
  await startedAgo(LONG_AGO);
  await tracker.delete('run');
  await settlements.reconcile(isOver);
  expect(await due()).toEqual([]);
});

it('keeps what cannot be settled while the store is down', async () => {
  await startedAgo(LONG_AGO);
  settle = () => Promise.reject(new Error('the store does not answer'));
  await settlements.reconcile(isOver);
  expect(await due()).toEqual(['run']);
  expect(warnings).toHaveLength(1);
});
