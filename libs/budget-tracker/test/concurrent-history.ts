import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import type { Ledger } from '../src/budget-store.ts';
import { BudgetModel } from './budget-model.ts';
import { startChild } from './child.ts';
import type { HistoryEntry } from './spender.ts';
import type { StoreKind } from './store-fixtures.ts';

/** What `processes` spenders of `workers` workers did to one budget at the same time. */
export async function concurrentHistory(options: {
  kind: StoreKind;
  address: string;
  runId: string;
  processes: number;
  workers: number;
  rounds: number;
}): Promise<HistoryEntry[]> {
  const { kind, address, runId, processes, workers, rounds } = options;
  const args = [kind, address, runId, String(workers), String(rounds)];
  const spenders = await Promise.all(
    Array.from({ length: processes }, () => startChild('spender', args)),
  );
  const histories = spenders.map(async ({ process, exit, lines }) => {
    const history: HistoryEntry[] = [];
    lines.on('line', (line) => history.push(JSON.parse(line) as HistoryEntry));
    const closed = once(lines, 'close');
    process.stdin.write('go\n');
    const code = await exit;
    await closed;
    if (code !== 0) throw new Error(`a spender ended with ${String(code)}`);
    return history;
  });
  return (await Promise.all(histories)).flat();
}

/**
 * Violations of linearizability, as sentences. Each recorded operation carries the place (`seq`) it
 * took, so the order to check is known: without gaps or repeats, not against real time, and with
 * the answers that the model gives in that order.
 */
export function violationsOf(
  history: readonly HistoryEntry[],
  budget: { runId: string; limit: number },
): string[] {
  const violations: string[] = [];
  const model = new BudgetModel();
  model.create({ ...budget, now: 0, ttlMs: Number.MAX_SAFE_INTEGER });
  const recorded = history
    .filter(({ answer }) => isRecorded(answer))
    .sort((a, b) => seqOf(a.answer) - seqOf(b.answer));
  let latestStart = 0n;
  for (const [index, { call, answer, start, end }] of recorded.entries()) {
    const seq = seqOf(answer);
    if (seq !== index + 2) violations.push(`seq ${seq} where ${index + 2} was due`);
    if (BigInt(end) < latestStart) violations.push(`seq ${seq} ended before one ahead of it began`);
    if (BigInt(start) > latestStart) latestStart = BigInt(start);
    const want = withoutExpiry(model.call(call));
    if (!isDeepStrictEqual(withoutExpiry(answer), want)) {
      const [got, due] = [JSON.stringify(answer), JSON.stringify(want)];
      violations.push(`${call[0]} at ${seq}: ${got} instead of ${due}`);
    }
  }
  const final = model.call(['status', { runId: budget.runId, now: 0 }]) as { ledger: Ledger };
  const { spent, held, limit } = final.ledger;
  if (spent + held > limit) violations.push(`${spent} spent and ${held} held of ${limit}`);
  return violations;
}

function isRecorded(answer: unknown): boolean {
  const { outcome, replayed } = answer as { outcome: string; replayed?: boolean };
  return outcome === 'done' && replayed !== true;
}

function seqOf(answer: unknown): number {
  return (answer as { ledger: Ledger }).ledger.seq;
}

function withoutExpiry(answer: unknown): unknown {
  return { ...(answer as object), expiresAt: undefined };
}
