import { PROBLEM_STATUS } from '@ae/contracts';
import type { BudgetReason, BudgetStatus, Limit, Problem, ProblemCode } from '@ae/contracts';

export interface ProblemDetails {
  /** The part that is down. */
  part?: string;
  /** The fields that failed. */
  errors?: { path: string; message: string }[];
  /** What an earlier commit charged, USD. */
  charged?: number;
  budget?: BudgetStatus;
  /** Why the budget refuses. */
  reason?: BudgetReason;
  /** The limit that it does not fit. */
  limit?: Limit;
  /** Sent as `Retry-After`. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An error that is answered as it is: its code decides the status, its message tells what to do. */
export class HttpProblem extends Error {
  readonly code: ProblemCode;
  readonly details: ProblemDetails;

  constructor(code: ProblemCode, detail: string, details: ProblemDetails = {}) {
    super(detail, { cause: details.cause });
    this.name = 'HttpProblem';
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return PROBLEM_STATUS[this.code];
  }

  toProblem(request: { instance?: string; requestId?: string } = {}): Problem {
    const { part, errors, charged, budget, reason, limit } = this.details;
    return {
      type: `urn:ae:problem:${this.code}`,
      title: TITLES[this.code],
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(request.instance ? { instance: request.instance } : {}),
      ...(request.requestId ? { request_id: request.requestId } : {}),
      ...(part ? { part } : {}),
      ...(errors ? { errors } : {}),
      ...(charged === undefined ? {} : { charged }),
      ...(budget ? { budget } : {}),
      ...(reason ? { reason } : {}),
      ...(limit ? { limit } : {}),
    };
  }
}

const TITLES: Record<ProblemCode, string> = {
  invalid_request: 'The request is not valid',
  unauthenticated: 'A valid API key is needed',
  budget_exceeded: 'The budget does not allow it',
  forbidden: 'The key may not do this',
  policy_denied: 'The policy denies it',
  approval_required: 'A person has to approve first',
  not_found: 'There is no such thing',
  method_not_allowed: 'The method is not allowed here',
  conflict: 'It conflicts with what is stored',
  payload_too_large: 'The body is too large',
  unsupported_media_type: 'The body must be JSON',
  rate_limited: 'Too many requests',
  internal: 'Something went wrong here',
  store_unavailable: 'The store is not available',
  sandbox_unavailable: 'The sandbox is not available',
  workflow_engine_unavailable: 'The workflow engine is not available',
};
