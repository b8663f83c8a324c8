import { setTimeout as sleep } from 'node:timers/promises';
import type { BudgetStatus, NewEvent } from '@ae/contracts';
import { BudgetUpdates } from './budget-updates.ts';

function statusOf(run_id: string, spent: number): BudgetStatus {
  return { run_id, spent, limit: 10, remaining: 10 - spent, exceeded: false, held: 0 };
}

describe('updates of budgets', () => {
  let told: [string, number][];
  let updates: BudgetUpdates;
  beforeEach(() => {
    told = [];
    updates = new BudgetUpdates((event: NewEvent) => {
      if (event.type === 'budget.updated') told.push([event.data.run_id, event.data.spent]);
      return Promise.resolve();
    });
  });

  it('tell the first change at once and the last of many in the end', async () => {
    for (let spent = 1; spent <= 1000; spent++) updates.tell(statusOf('a', spent / 200));
    updates.tell(statusOf('b', 1));
    expect(told).toEqual([
      ['a', 0.005],
      ['b', 1],
    ]);
    await sleep(250);
    expect(told).toEqual([
      ['a', 0.005],
      ['b', 1],
      ['a', 5],
    ]);
  });

  it('tell what waits before the end, and nothing of what is gone', async () => {
    for (const run of ['a', 'b']) for (const spent of [1, 2]) updates.tell(statusOf(run, spent));
    updates.forget('b');
    await updates.flush();
    expect(told).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ]);
    await sleep(150);
    expect(told).toHaveLength(3);
  });
});
