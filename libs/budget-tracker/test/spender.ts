/**
 * A process of its own that works on one budget: many workers at once, each reserving, then
 * committing, releasing or walking away. Prints its history, one call with answer a line.
 *
 *     node --conditions=@ae/source test/spender.ts <kind> <address> <run id> <workers> <rounds>
 */
import { connect, STORE_KINDS } from './store-fixtures.ts';
import { callStore } from './budget-model.ts';
import type { Call } from './budget-model.ts';

export interface HistoryEntry {
  readonly call: Call;
  readonly answer: unknown;
  /** Monotonic nanoseconds of the machine, as text. */
  readonly start: string;
  readonly end: string;
  /** It was asked more than once until it was answered: an earlier time may be the one that was recorded. */
  readonly repeated?: boolean;
}

const [, , kindName = '', address = '', runId = '', workers = '', rounds = ''] = process.argv;
const kind = STORE_KINDS.find((name) => name === kindName);
if (kind === undefined) throw new Error(`unknown store ${kindName}`);
const connection = connect(kind, address);
const { store } = connection;
const history: HistoryEntry[] = [];

async function record<Answer>(call: Call): Promise<Answer> {
  const start = String(process.hrtime.bigint());
  const answer = await callStore(store, call);
  history.push({ call, answer, start, end: String(process.hrtime.bigint()) });
  return answer as Answer;
}

async function work(worker: number): Promise<void> {
  for (let round = 0; round < Number(rounds); round += 1) {
    const holdId = `${process.pid}-${worker}-${round}`;
    const amount = 10_000 + ((worker * 7919 + round * 104_729) % 490_000);
    const now = Date.now();
    const hold = { runId, holdId, now };
    const units = { tokens: 1 + (amount % 97), steps: 1 };
    const reserve: Call = ['reserve', { ...hold, amount, units, ttlMs: 3_600_000 }];
    const { outcome } = await record<{ outcome: string }>(reserve);
    if (outcome !== 'done') continue;
    const fate = (worker + round) % 10;
    const commit = (part: number): Call => {
      const tokens = Math.floor(units.tokens / part);
      return [
        'commit',
        { ...hold, amount: Math.floor(amount / part), units: { tokens, steps: fate % 2 } },
      ];
    };
    if (fate < 6) await record(commit(1 + fate));
    else if (fate < 9) await record(['release', hold]);
    if (fate === 0) await record(reserve);
    if (fate === 1) await record(commit(2));
  }
}

await store.ping();
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('data', resolve));
await Promise.all(Array.from({ length: Number(workers) }, (_, worker) => work(worker)));
for (const entry of history) process.stdout.write(`${JSON.stringify(entry)}\n`);
await connection.end();
process.stdin.destroy();
