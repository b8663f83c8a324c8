/**
 * A process of its own that rolls the window of one budget again and again, while another one does. The windows that it
 * proposes end at numbers of its own, so that it can tell which of the two has won. Prints how often it won, and how
 * often it was ignored.
 *
 *     node --conditions=@ae/source test/sqlite-roller.ts <path> <run id> <0 or 1>
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SqliteBudgetStore } from '../src/sqlite-budget-store.ts';

export interface Rolls {
  readonly won: number;
  readonly ignored: number;
}

const ROLLS = 200;

const [, , path = '', runId = '', own = ''] = process.argv;
const store = new SqliteBudgetStore({ path });
const now = Date.now();

process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
let [won, ignored] = [0, 0];
let endedAt = 0;
for (let i = 0; i < ROLLS; i += 1) {
  // The next even number, or the next odd one.
  const endsAt = endedAt + 2 - ((endedAt + Number(own)) % 2);
  const answer = await store.transition({ runId, now, to: 'rolled', endedAt, endsAt });
  if (answer.outcome !== 'done') throw new Error(answer.outcome);
  if (answer.ledger.endsAt === endsAt) won += 1;
  else ignored += 1;
  endedAt = answer.ledger.endsAt ?? 0;
  // Lets the other one have the lock, too.
  await sleep(1);
}
const rolls: Rolls = { won, ignored };
process.stdout.write(`${JSON.stringify(rolls)}\n`);
await store.close();
process.stdin.destroy();
