/**
 * A process of its own that holds and commits on one budget, one operation after another, until it is killed. Prints
 * each operation once it is acknowledged, and not before.
 *
 *     node --conditions=@ae/source test/sqlite-writer.ts <path> <run id> <prefix of its hold ids>
 */
import { writeSync } from 'node:fs';
import type { Ledger } from '../src/budget-store.ts';
import { SqliteBudgetStore } from '../src/sqlite-budget-store.ts';

export interface Acknowledged {
  readonly holdId: string;
  readonly state: 'active' | 'committed';
  readonly seq: number;
}

interface Answer {
  readonly outcome: string;
  readonly ledger?: Ledger;
}

const STDOUT = 1;

const [, , path = '', runId = '', prefix = ''] = process.argv;
const store = new SqliteBudgetStore({ path });

function acknowledge(holdId: string, state: Acknowledged['state'], answer: Answer): void {
  const { outcome, ledger } = answer;
  if (outcome !== 'done' || ledger === undefined) throw new Error(outcome);
  const line: Acknowledged = { holdId, state, seq: ledger.seq };
  writeSync(STDOUT, `${JSON.stringify(line)}\n`);
}

writeSync(STDOUT, 'ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
for (let i = 0; ; i += 1) {
  const hold = { runId, holdId: `${prefix}-${i}`, now: Date.now() };
  const cost = { amount: 10, units: { tokens: 7 } };
  acknowledge(hold.holdId, 'active', await store.reserve({ ...hold, ...cost }));
  if (i % 3 === 0) continue;
  const actual = { amount: i % 10, units: { tokens: i % 7 } };
  acknowledge(hold.holdId, 'committed', await store.commit({ ...hold, ...actual }));
}
