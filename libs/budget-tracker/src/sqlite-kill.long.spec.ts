import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { startChild } from '../test/child.ts';
import type { Acknowledged } from '../test/sqlite-writer.ts';
import { SqliteBudgetStore } from './sqlite-budget-store.ts';

const KILLS = 20;
const WRITERS = 2;
const RUN = 'killed';

describe('SIGKILL of two writers, 20 times on one file', () => {
  it('loses no acknowledged operation, and leaves no half of one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ae-budget-'));
    const path = join(directory, 'budgets.sqlite');
    const store = new SqliteBudgetStore({ path });
    const database = new DatabaseSync(path);
    try {
      const units = { tokens: 9e15 };
      await store.create({ runId: RUN, now: Date.now(), limit: 9e15, units });
      const acknowledged: Acknowledged[] = [];
      for (let kill = 0; kill < KILLS; kill += 1) {
        const writers = Array.from({ length: WRITERS }, (_, writer) =>
          killedWriter(path, `${kill}-${writer}`),
        );
        acknowledged.push(...(await Promise.all(writers)).flat());
        expect(await whole(store, database)).toBe(true);
      }
      const kept = statesOf(database);
      const lost = acknowledged.filter(({ holdId, state }) => {
        const found = kept.get(holdId);
        return found !== state && found !== 'committed';
      });
      process.stderr.write(
        `sqlite: ${acknowledged.length} operations acknowledged, ${lost.length} lost\n`,
      );
      expect(lost).toEqual([]);
      expect(acknowledged.length).toBeGreaterThan(KILLS * 100);
      // Each has its own place in the one order.
      expect(new Set(acknowledged.map(({ seq }) => seq)).size).toBe(acknowledged.length);
    } finally {
      database.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    }
  }, 180_000);
});

/** What a writer acknowledged until it was killed, at a random moment of its work. */
async function killedWriter(path: string, prefix: string): Promise<Acknowledged[]> {
  const { process: writer, lines, exit } = await startChild('sqlite-writer', [path, RUN, prefix]);
  const acknowledged: Acknowledged[] = [];
  lines.on('line', (line) => {
    const operation = parse(line);
    if (operation !== undefined) acknowledged.push(operation);
  });
  const closed = once(lines, 'close');
  writer.stdin.write('go\n');
  await sleep(50 + Math.random() * 450);
  writer.kill('SIGKILL');
  expect(await exit).toBeNull();
  await closed;
  return acknowledged;
}

/** The last line may be cut off: then nobody was told. */
function parse(line: string): Acknowledged | undefined {
  try {
    return JSON.parse(line) as Acknowledged;
  } catch {
    return undefined;
  }
}

/** The state of each hold, by its id. */
function statesOf(database: DatabaseSync): Map<unknown, unknown> {
  const rows = database.prepare('SELECT id, state FROM operations WHERE run_id = ?').all(RUN);
  return new Map(rows.map(({ id, state }) => [id, state]));
}

/** Whether the budget is the sum of its operations, each of them counted once. */
async function whole(store: SqliteBudgetStore, database: DatabaseSync): Promise<boolean> {
  const sums = database
    .prepare(
      `SELECT count(*) AS holds, count(charged) AS commits, total(charged) AS spent,
         total(charged_tokens) AS tokens,
         total(iif(state = 'active', held, 0)) AS held,
         total(iif(state = 'active', held_tokens, 0)) AS held_tokens
       FROM operations WHERE run_id = ?`,
    )
    .get(RUN);
  const { holds, commits, spent, tokens, held, held_tokens } = sums as Record<string, number>;
  const status = await store.status({ runId: RUN, now: Date.now() });
  expect(status).toMatchObject({
    ledger: {
      seq: 1 + (holds ?? NaN) + (commits ?? NaN),
      spent,
      held,
      units: { tokens: { spent: tokens, held: held_tokens } },
    },
  });
  return database.prepare('PRAGMA integrity_check').get()?.['integrity_check'] === 'ok';
}
