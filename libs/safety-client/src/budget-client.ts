import type {
  BudgetHolds,
  BudgetPage,
  BudgetStatus,
  CanSpend,
  CanSpendRequest,
  CommitReceipt,
  CommitRequest,
  CreateBudgetRequest,
  HoldReceipt,
  ReleaseRequest,
  ReserveRequest,
  SpendReceipt,
  SpendRequest,
} from '@ae/contracts';
import {
  budgetHoldsSchema,
  budgetPageSchema,
  budgetStatusSchema,
  canSpendSchema,
  commitReceiptSchema,
  holdReceiptSchema,
  spendReceiptSchema,
} from '@ae/contracts';
import type { AnswerSchema, SafetyClientOptions } from './connection.ts';
import { Connection } from './connection.ts';

/**
 * Accounts for the money of runs, in USD, and for what they use beside it. Rejects with SafetyError:
 * `budget_exceeded` when the budget refuses (nothing was changed; `reason` says why, and do not act),
 * `not_found` for an unknown run, `conflict` when an id was used before with another amount, and when
 * what is to be settled or deleted has holds under way.
 */
export class BudgetClient {
  readonly #connection: Connection;

  constructor(options: SafetyClientOptions) {
    this.#connection = new Connection(options);
  }

  /** The same run with the same settings answers as the first time. */
  create(request: CreateBudgetRequest): Promise<BudgetStatus> {
    return this.#post('create', request, budgetStatusSchema, true);
  }

  /** Repeated after a lost answer only with an idempotency key: without one it could charge twice. */
  spend(request: SpendRequest): Promise<SpendReceipt> {
    const repeatable = request.idempotency_key !== undefined;
    return this.#post('spend', request, spendReceiptSchema, repeatable);
  }

  status(runId: string): Promise<BudgetStatus> {
    return this.#connection.request({
      method: 'GET',
      path: ['budget', runId],
      answer: budgetStatusSchema,
      repeatable: true,
    });
  }

  async delete(runId: string): Promise<void> {
    await this.#connection.request({
      method: 'DELETE',
      path: ['budget', runId],
      repeatable: true,
    });
  }

  /** Advice. Only `reserve` admits. */
  canSpend(request: CanSpendRequest): Promise<CanSpend> {
    return this.#post('can-spend', request, canSpendSchema, true);
  }

  reserve(request: ReserveRequest): Promise<HoldReceipt> {
    return this.#post('reserve', request, holdReceiptSchema, true);
  }

  commit(request: CommitRequest): Promise<CommitReceipt> {
    return this.#post('commit', request, commitReceiptSchema, true);
  }

  release(request: ReleaseRequest): Promise<BudgetStatus> {
    return this.#post('release', request, budgetStatusSchema, true);
  }

  /** Ends the budget of a child: its parent is charged with what it spent and has the rest again. */
  settle(runId: string): Promise<BudgetStatus> {
    return this.#post('settle', { run_id: runId }, budgetStatusSchema, true);
  }

  /** Admits nothing any more in this budget and in those below it. What is spent is recorded. */
  freeze(runId: string): Promise<BudgetStatus> {
    return this.#post('freeze', { run_id: runId }, budgetStatusSchema, true);
  }

  unfreeze(runId: string): Promise<BudgetStatus> {
    return this.#post('unfreeze', { run_id: runId }, budgetStatusSchema, true);
  }

  /** What is under way on a budget: its holds, and the budgets that are carved out of it. */
  holds(runId: string): Promise<BudgetHolds> {
    return this.#connection.request({
      method: 'GET',
      path: ['budget', runId, 'holds'],
      answer: budgetHoldsSchema,
      repeatable: true,
    });
  }

  list(query: { limit?: number; cursor?: string } = {}): Promise<BudgetPage> {
    return this.#connection.request({
      method: 'GET',
      path: ['budgets'],
      query: { limit: query.limit, cursor: query.cursor },
      answer: budgetPageSchema,
      repeatable: true,
    });
  }

  #post<T>(
    operation: string,
    body: unknown,
    answer: AnswerSchema<T>,
    repeatable: boolean,
  ): Promise<T> {
    return this.#connection.request({
      method: 'POST',
      path: ['budget', operation],
      body,
      answer,
      repeatable,
    });
  }
}
