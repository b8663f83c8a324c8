import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { StoreUnavailableError } from '../src/budget-error.ts';
import { budgetKeys } from '../src/budget-keys.ts';
import type { BudgetStore } from '../src/budget-store.ts';
import { callStore } from './budget-model.ts';
import type { Call } from './budget-model.ts';
import { violationsOf } from './concurrent-history.ts';
import type { HistoryEntry } from './spender.ts';

/** Of the budgets under load: it is never reached. */
export const LOAD_LIMIT = 9e15;
const REPEAT_AFTER_MS = 20;

/** Workers that hold, commit and spend on several runs, without a pause, until they are stopped. */
export interface SteadyLoad {
  /** All that was answered until now. */
  readonly history: readonly HistoryEntry[];
  /** How often a call was not answered. */
  readonly unanswered: () => number;
  /** Lets each worker finish what it is at, and asks each run for one more hold: its answer has the sums of all. */
  stop(): Promise<void>;
}

/**
 * Starts workers on runs of their own making. What is not answered is repeated with the same id until it is.
 * @param storeOf which store a worker uses, asked before each call.
 */
export async function startLoad(options: {
  storeOf: (worker: number) => BudgetStore;
  runIds: readonly string[];
  workersPerRun: number;
}): Promise<SteadyLoad> {
  const { storeOf, runIds, workersPerRun } = options;
  const history: HistoryEntry[] = [];
  let unanswered = 0;
  let stopped = false;
  let amounts = 0;

  async function answered(worker: number, call: Call): Promise<HistoryEntry> {
    const start = String(process.hrtime.bigint());
    for (let repeated = false; ; repeated = true) {
      try {
        const answer = await callStore(storeOf(worker), call);
        return { call, answer, start, end: String(process.hrtime.bigint()), repeated };
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) throw error;
        unanswered += 1;
        await sleep(REPEAT_AFTER_MS);
      }
    }
  }
  async function record(worker: number, call: Call): Promise<void> {
    history.push(await answered(worker, call));
  }
  async function work(worker: number, runId: string): Promise<void> {
    for (let round = 0; !stopped; round += 1) {
      // No two are the same, so that sums tell what was recorded.
      const amount = 1_000_000 + ++amounts;
      const hold = { runId, holdId: `${worker}-${round}`, now: Date.now() };
      await record(worker, ['reserve', { ...hold, amount }]);
      if (round % 3 === 0) continue;
      await record(worker, ['commit', { ...hold, amount: amount - 1000 }]);
      if (round % 3 === 1) continue;
      const idempotencyKey = hold.holdId;
      await record(worker, ['spend', { runId, now: Date.now(), amount, idempotencyKey }]);
    }
  }

  for (const runId of runIds) {
    await answered(0, ['create', { runId, now: Date.now(), limit: LOAD_LIMIT, ttlMs: 3_600_000 }]);
  }
  const workers = runIds.flatMap((runId, run) =>
    Array.from({ length: workersPerRun }, (_, index) => work(run * workersPerRun + index, runId)),
  );
  const working = Promise.all(workers);
  // Told by `stop`.
  working.catch(() => undefined);
  return {
    history,
    unanswered: () => unanswered,
    async stop() {
      stopped = true;
      await working;
      for (const runId of runIds) {
        await record(0, ['reserve', { runId, now: Date.now(), holdId: 'last', amount: 1 }]);
      }
    },
  };
}

/** Waits until so many more calls are answered. */
export async function moreAnswers({ history }: SteadyLoad, count: number): Promise<void> {
  const enough = history.length + count;
  while (history.length < enough) await sleep(5);
}

/** The acknowledged operations of which the server has no record any more, or one that tells less. */
export async function lostFrom(
  server: Redis | Cluster,
  history: readonly HistoryEntry[],
): Promise<HistoryEntry[]> {
  const records = new Map<string, Record<string, string>>();
  for (const runId of new Set(history.map(runOf))) {
    records.set(runId, await server.hgetall(budgetKeys(runId)[5] ?? ''));
  }
  return history.filter((entry) => {
    const [verb, command] = entry.call;
    const record = records.get(runOf(entry)) ?? {};
    const { holdId, idempotencyKey, amount } = command as {
      holdId?: string;
      idempotencyKey?: string;
      amount?: number;
    };
    const text = record[verb === 'spend' ? `s:${idempotencyKey ?? ''}` : `h:${holdId ?? ''}`];
    const [state, held, , charged] = text?.split('|') ?? [];
    // A commit whose hold was lost is recorded, without what was held.
    if (verb === 'reserve') return held !== String(amount);
    return state !== 'C' || charged !== String(amount);
  });
}

/** {@link violationsOf} of each run. */
export function violationsIn(history: readonly HistoryEntry[]): string[] {
  const byRun = Map.groupBy(history, runOf);
  return [...byRun].flatMap(([runId, entries]) =>
    violationsOf(entries, { runId, limit: LOAD_LIMIT }),
  );
}

function runOf({ call: [, command] }: HistoryEntry): string {
  return command.runId;
}
