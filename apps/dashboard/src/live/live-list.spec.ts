import type { BudgetStatus } from '@ae/contracts';
import { budgetList } from '../budgets/budget-list.ts';
import { sampleBudget, sampleRun } from '../browser/sample.ts';
import { runList } from '../runs/run-list.ts';
import { changePage, changePages, rowsOf } from './live-list.ts';
import type { ListData } from './live-list.ts';

const data: ListData<BudgetStatus> = {
  pages: [
    { rows: [sampleBudget('a', 1, 10), sampleBudget('b', 1, 10)], next: 'c' },
    { rows: [sampleBudget('c', 1, 10)] },
  ],
  pageParams: [undefined, 'c'],
};

const rows = (changed: ListData<BudgetStatus>) =>
  rowsOf(budgetList, changed.pages).map(({ run_id, spent }) => `${run_id} ${spent}`);

describe('changePages', () => {
  it('puts a row in its place, wherever that is', () => {
    const changed = changePages(budgetList, data, { put: sampleBudget('c', 2, 10) });
    expect(rows(changed)).toEqual(['a 1', 'b 1', 'c 2']);
  });

  it('adds a row that no page has once, at the start', () => {
    const changed = changePages(budgetList, data, { put: sampleBudget('new', 0, 1) });
    expect(rows(changed)).toEqual(['new 0', 'a 1', 'b 1', 'c 1']);
  });

  it('removes a row, and nothing when there is none', () => {
    expect(rows(changePages(budgetList, data, { remove: 'b' }))).toEqual(['a 1', 'c 1']);
    expect(rows(changePages(budgetList, data, { remove: 'z' }))).toEqual(rows(data));
  });
});

describe('changePage', () => {
  it('does not take an older state of a run for a newer one', () => {
    const older = { ...sampleRun('r', 'running', 'x'), updated_at: '2026-11-25T10:00:00.000Z' };
    const newer = { ...sampleRun('r', 'failed', 'x'), updated_at: '2026-11-25T10:00:00.001Z' };
    const page = { rows: [newer] };
    expect(changePage(runList, page, { put: older }, true).rows).toEqual([newer]);
    expect(changePage(runList, { rows: [older] }, { put: newer }, true).rows).toEqual([newer]);
  });
});

describe('rowsOf', () => {
  it('shows a row once that moved between pages while they were read', () => {
    const pages = [{ rows: [sampleBudget('a', 1, 1)] }, { rows: [sampleBudget('a', 1, 1)] }];
    expect(rowsOf(budgetList, pages)).toHaveLength(1);
  });
});
