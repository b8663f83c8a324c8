import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import type { CreateCommand, Ledger } from '../src/budget-store.ts';
import { BudgetModel } from './budget-model.ts';
import type { Call } from './budget-model.ts';
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
  const histories = spenders.map(async ({ process, lines, succeeded }) => {
    const history: HistoryEntry[] = [];
    lines.on('line', (line) => history.push(JSON.parse(line) as HistoryEntry));
    const closed = once(lines, 'close');
    process.stdin.write('go\n');
    await succeeded();
    await closed;
    return history;
  });
  try {
    return (await Promise.all(histories)).flat();
  } finally {
    // Where one has failed the others go on, and keep the test from its end.
    for (const spender of spenders) spender.kill();
  }
}

/**
 * Violations of linearizability, as sentences. Each recorded operation carries the place (`seq`) it
 * took, so the order to check is known: without gaps or repeats, not against real time, and with
 * the answers that the model gives in that order. Of an operation whose first answer was lost only
 * the repetition is known: it goes where a place is free and the sums after it are met.
 */
export function violationsOf(
  history: readonly HistoryEntry[],
  budget: Pick<CreateCommand, 'runId' | 'limit' | 'units'>,
): string[] {
  const violations: string[] = [];
  const model = new BudgetModel();
  const created = model.create({ ...budget, now: 0, ttlMs: Number.MAX_SAFE_INTEGER });
  let { ledger } = created as { ledger: Ledger };
  const play = (call: Call): unknown => {
    const answer = model.call(call);
    ledger = (answer as { ledger?: Ledger }).ledger ?? ledger;
    return withoutExpiry(answer);
  };
  const recorded = history
    .filter(({ answer }) => isRecorded(answer))
    .sort((a, b) => seqOf(a.answer) - seqOf(b.answer));
  const placeless = new Placeless(history);
  let latestStart = 0n;
  for (const entry of recorded) {
    const { call, answer, start, end } = entry;
    const seq = seqOf(answer);
    const missing = seq - ledger.seq - 1;
    if (missing > 0) placeless.take(missing, ledger, entry).forEach(play);
    if (seq !== ledger.seq + 1) violations.push(`seq ${seq} where ${ledger.seq + 1} was due`);
    if (BigInt(end) < latestStart) violations.push(`seq ${seq} ended before one ahead of it began`);
    if (BigInt(start) > latestStart) latestStart = BigInt(start);
    const want = play(call);
    if (!isDeepStrictEqual(withoutExpiry(answer), want)) {
      const [got, due] = [JSON.stringify(answer), JSON.stringify(want)];
      violations.push(`${call[0]} at ${seq}: ${got} instead of ${due}`);
    }
  }
  if (placeless.size > 0) violations.push(`${placeless.size} answered, and recorded nowhere`);
  const { spent, held, limit, units = {} } = ledger;
  for (const [of, sums] of Object.entries({ usd: { spent, held, limit }, ...units })) {
    if (sums.spent + sums.held <= sums.limit) continue;
    violations.push(`${sums.spent} ${of} spent and ${sums.held} held of ${sums.limit}`);
  }
  return violations;
}

/** Operations that were recorded and whose answer, with their place, was lost. */
class Placeless {
  #entries: HistoryEntry[];

  constructor(history: readonly HistoryEntry[]) {
    this.#entries = history
      .filter(({ repeated, answer }) => repeated === true && isReplayed(answer))
      .sort((a, b) => Number(BigInt(a.start) - BigInt(b.start)));
  }

  get size(): number {
    return this.#entries.length;
  }

  /** Those that lie between a ledger and the next known answer: so many, and they explain its sums. */
  take(count: number, before: Ledger, next: HistoryEntry): Call[] {
    const begun = this.#entries.filter(({ start }) => BigInt(start) < BigInt(next.end));
    const after = (next.answer as { ledger: Ledger }).ledger;
    const effect = effectOf(next);
    const missing = {
      spent: after.spent - before.spent - effect.spent,
      held: after.held - before.held - effect.held,
    };
    const taken = subset(begun, count, missing) ?? [];
    this.#entries = this.#entries.filter((entry) => !taken.includes(entry));
    return taken.map(({ call }) => call);
  }
}

interface Effect {
  readonly spent: number;
  readonly held: number;
}

/** So many of some entries, in their order, whose effects add up. */
function subset(
  entries: readonly HistoryEntry[],
  count: number,
  { spent, held }: Effect,
): HistoryEntry[] | undefined {
  if (count === 0) return spent === 0 && held === 0 ? [] : undefined;
  for (const [index, entry] of entries.entries()) {
    if (entries.length - index < count) return undefined;
    const effect = effectOf(entry);
    const missing = { spent: spent - effect.spent, held: held - effect.held };
    const others = subset(entries.slice(index + 1), count - 1, missing);
    if (others !== undefined) return [entry, ...others];
  }
  return undefined;
}

/** What a reserve, a commit or a spend has changed. */
function effectOf({ call: [verb, command], answer }: HistoryEntry): Effect {
  const { amount = 0 } = command as { amount?: number };
  if (verb === 'reserve') return { spent: 0, held: amount };
  const { held = 0, late = false } = answer as { held?: number; late?: boolean };
  return { spent: amount, held: verb === 'commit' && !late ? -held : 0 };
}

function isRecorded(answer: unknown): boolean {
  return (answer as { outcome: string }).outcome === 'done' && !isReplayed(answer);
}

function isReplayed(answer: unknown): boolean {
  return (answer as { replayed?: boolean }).replayed === true;
}

function seqOf(answer: unknown): number {
  return (answer as { ledger: Ledger }).ledger.seq;
}

function withoutExpiry(answer: unknown): unknown {
  return { ...(answer as object), expiresAt: undefined };
}
