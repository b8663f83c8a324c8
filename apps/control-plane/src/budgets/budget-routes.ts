import {
  budgetPageSchema,
  budgetStatusSchema,
  canSpendRequestSchema,
  canSpendSchema,
  commitReceiptSchema,
  commitRequestSchema,
  createBudgetRequestSchema,
  holdReceiptSchema,
  releaseRequestSchema,
  reserveRequestSchema,
  runIdSchema,
  spendRequestSchema,
} from '@ae/contracts';
import { z } from 'zod';
import { pageQuerySchema } from '../http/page-query.ts';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import type { BudgetService } from './budget-service.ts';

const params = z.object({ run_id: runIdSchema });

export function budgetRoutes(budgets: BudgetService): Route[] {
  return [
    route({
      method: 'post',
      path: '/budget/create',
      summary: 'Create the budget of a run. The same limit again is answered alike.',
      scope: 'budgets',
      body: createBudgetRequestSchema,
      status: 200,
      response: budgetStatusSchema,
      problems: ['conflict', 'store_unavailable'],
      handle: async ({ body }) => ({ body: await budgets.create(body) }),
    }),
    route({
      method: 'post',
      path: '/budget/spend',
      summary: 'Record money that was spent, in full, even above the limit.',
      scope: 'budgets',
      body: spendRequestSchema,
      status: 200,
      response: budgetStatusSchema,
      problems: ['not_found', 'conflict', 'store_unavailable'],
      handle: async ({ body }) => ({ body: await budgets.spend(body) }),
    }),
    route({
      method: 'post',
      path: '/budget/can-spend',
      summary: 'Would this amount fit now? Advice, never the gate: reserve admits.',
      scope: 'budgets',
      body: canSpendRequestSchema,
      status: 200,
      response: canSpendSchema,
      problems: ['not_found', 'store_unavailable'],
      handle: async ({ body }) => ({ body: await budgets.canSpend(body.run_id, body.amount) }),
    }),
    route({
      method: 'post',
      path: '/budget/reserve',
      summary: 'Hold money before acting. What does not fit is refused and changes nothing.',
      scope: 'budgets',
      body: reserveRequestSchema,
      status: 200,
      response: holdReceiptSchema,
      problems: ['not_found', 'budget_exceeded', 'conflict', 'store_unavailable'],
      handle: async ({ body }) => ({ body: await budgets.reserve(body) }),
    }),
    route({
      method: 'post',
      path: '/budget/commit',
      summary: 'Charge the real cost of a hold, in full, and end the hold.',
      scope: 'budgets',
      body: commitRequestSchema,
      status: 200,
      response: commitReceiptSchema,
      problems: ['not_found', 'conflict', 'store_unavailable'],
      handle: async ({ body }) => ({ body: await budgets.commit(body) }),
    }),
    route({
      method: 'post',
      path: '/budget/release',
      summary: 'Give a hold back without charging.',
      scope: 'budgets',
      body: releaseRequestSchema,
      status: 200,
      response: budgetStatusSchema,
      problems: ['not_found', 'conflict', 'store_unavailable'],
      handle: async ({ body }) => ({ body: await budgets.release(body) }),
    }),
    route({
      method: 'get',
      path: '/budget/{run_id}',
      summary: 'The budget of a run.',
      scope: 'budgets',
      params,
      status: 200,
      response: budgetStatusSchema,
      problems: ['not_found', 'store_unavailable'],
      handle: async ({ params: { run_id } }) => ({ body: await budgets.status(run_id) }),
    }),
    route({
      method: 'delete',
      path: '/budget/{run_id}',
      summary: 'Forget the budget of a run and its holds.',
      scope: 'budgets',
      params,
      status: 204,
      problems: ['not_found', 'conflict', 'store_unavailable'],
      handle: async ({ params: { run_id } }) => {
        await budgets.delete(run_id);
        return {};
      },
    }),
    route({
      method: 'get',
      path: '/budgets',
      summary: 'All budgets, a page at a time.',
      scope: 'budgets',
      query: pageQuerySchema,
      status: 200,
      response: budgetPageSchema,
      problems: ['store_unavailable'],
      handle: async ({ query }) => ({ body: await budgets.list(query) }),
    }),
  ];
}
