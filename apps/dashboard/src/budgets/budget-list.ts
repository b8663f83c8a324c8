import type { BudgetStatus } from '@ae/contracts';
import * as z from 'zod/mini';
import type { LiveList } from '../live/live-list.ts';
import { budgetPageSchema } from './budget.ts';

export const budgetList: LiveList<BudgetStatus> = {
  name: 'budgets',
  path: (cursor) => `/budgets?${new URLSearchParams({ limit: '200', ...(cursor && { cursor }) })}`,
  page: z.pipe(
    budgetPageSchema,
    z.transform(({ budgets, next_cursor }) => ({ rows: budgets, next: next_cursor })),
  ),
  idOf: ({ run_id }) => run_id,
  changeOf: (event) => {
    if (event.type === 'budget.updated') return { put: event.data };
    if (event.type === 'budget.deleted') return { remove: event.data.run_id };
    return undefined;
  },
};
