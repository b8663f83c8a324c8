import type {
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
  SpendRequest,
} from '@ae/contracts';
import {
  budgetPageSchema,
  budgetStatusSchema,
  canSpendSchema,
  commitReceiptSchema,
  holdReceiptSchema,
} from '@ae/contracts';
import type { AnswerSchema, SafetyClientOptions } from './connection.ts';
import { Connection } from './connection.ts';

/**
 * Accounts for the money of runs, in USD. Rejects with SafetyError: `budget_exceeded` when an amount
 * does not fit (nothing was changed), `not_found` for an unknown run, `conflict` when an id was used
 * before with another amount.
 */
export class BudgetClient {
  readonly #connection: Connection;

  constructor(options: SafetyClientOptions) {
    this.#connection = new Connection(options);
  }

  /** The same run with the same limit answers as the first time. */
  create(request: CreateBudgetRequest): Promise<BudgetStatus> {
    return this.#post('create', request, budgetStatusSchema, true);
  }

  /** Repeated after a lost answer only with an idempotency key: without one it could charge twice. */
  spend(request: SpendRequest): Promise<BudgetStatus> {
    const repeatable = request.idempotency_key !== undefined;
    return this.#post('spend', request, budgetStatusSchema, repeatable);
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
