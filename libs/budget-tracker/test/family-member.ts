/**
 * A process of its own that creates children of one budget, holds and commits on them, and settles them, many workers at
 * once. In every other round all processes share one child. Prints what it has committed as one line of JSON.
 *
 *     node --conditions=@ae/source test/family-member.ts <kind> <address> <parent> <workers> <rounds>
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { BudgetError } from '../src/budget-error.ts';
import { BudgetTracker } from '../src/budget-tracker.ts';
import { connect, STORE_KINDS } from './store-fixtures.ts';

/** What was committed, in micro-USD and tokens; how many children were made, and how many did not fit. */
export interface FamilySums {
  usd: number;
  tokens: number;
  children: number;
  refused: number;
}

const REFUSALS = ['budget_exceeded', 'budget_closed'];
const LIMITS = { tokens: 40 };

const [, , kindName = '', address = '', parent = '', workers = '', rounds = ''] = process.argv;
const kind = STORE_KINDS.find((name) => name === kindName);
if (kind === undefined) throw new Error(`unknown store ${kindName}`);
const connection = connect(kind, address);
const tracker = new BudgetTracker(connection.store);
const sums: FamilySums = { usd: 0, tokens: 0, children: 0, refused: 0 };

/** Repeats a call that had no answer in time: each is known by an id. */
async function answered<T>(act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof BudgetError) || error.code !== 'store_unavailable') throw error;
      await sleep(10);
    }
  }
}

/** Whether it was done; a refusal is not. */
async function admitted(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await answered(act);
    return true;
  } catch (error) {
    if (!(error instanceof BudgetError) || !REFUSALS.includes(error.code)) throw error;
    return false;
  }
}

async function spendOn(child: string, worker: string): Promise<void> {
  for (let hold = 0; hold < 3; hold += 1) {
    const id = `${worker}-${hold}`;
    const reserve = () => tracker.reserve(child, id, 0.3, { units: { tokens: 12 } });
    if (!(await admitted(reserve))) return;
    if (hold === 2) {
      await answered(() => tracker.release(child, id));
      continue;
    }
    const micros = 100_000 + hold * 7;
    const tokens = 5 + hold;
    await answered(() => tracker.commit(child, id, micros / 1e6, { units: { tokens } }));
    sums.usd += micros;
    sums.tokens += tokens;
  }
}

/** Settles a child once nothing is held in it; others may be at it. */
async function settle(child: string): Promise<void> {
  for (;;) {
    try {
      await answered(() => tracker.settle(child));
      return;
    } catch (error) {
      if (!(error instanceof BudgetError) || error.code !== 'budget_busy') throw error;
      await sleep(2);
    }
  }
}

async function work(worker: number): Promise<void> {
  const name = `${process.pid}-${worker}`;
  for (let round = 0; round < Number(rounds); round += 1) {
    const child = round % 2 === 0 ? `${parent}-${name}-${round}` : `${parent}-shared-${round}`;
    if (!(await admitted(() => tracker.create(child, 1, { parent, limits: LIMITS })))) {
      sums.refused += 1;
      continue;
    }
    sums.children += 1;
    await spendOn(child, name);
    await settle(child);
  }
}

await connection.store.ping();
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
await Promise.all(Array.from({ length: Number(workers) }, (_, worker) => work(worker)));
process.stdout.write(`${JSON.stringify(sums)}\n`);
await tracker.close();
await connection.end();
process.stdin.destroy();
