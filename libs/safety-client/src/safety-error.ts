import type { BudgetReason, Problem, ProblemCode } from '@ae/contracts';

/**
 * The codes of the wire, and two of the client's own: `control_plane_unavailable` when no answer
 * could be had (refused, timed out, circuit open), `invalid_response` when the answer was none of
 * the contract. Neither is ever a permission.
 */
export type SafetyErrorCode = ProblemCode | 'control_plane_unavailable' | 'invalid_response';

export interface SafetyErrorDetails {
  status?: number | undefined;
  problem?: Problem | undefined;
  charged?: number | undefined;
  remaining?: number | undefined;
  retryAfterSeconds?: number | undefined;
  cause?: unknown;
}

/** Why a call of the control plane gave no result. `code` is stable. */
export class SafetyError extends Error {
  readonly code: SafetyErrorCode;
  /** HTTP status of the answer; absent when there was none. */
  readonly status?: number;
  readonly problem?: Problem;
  /** USD that an earlier commit of the same hold charged (409 of a commit). */
  readonly charged?: number;
  /** USD that a new hold may take (402, and 409 of a commit). */
  readonly remaining?: number;
  /** Why the budget refuses (402). */
  readonly reason?: BudgetReason;
  /** How long the control plane asked to wait before the next try. */
  readonly retryAfterSeconds?: number;

  constructor(code: SafetyErrorCode, message: string, details: SafetyErrorDetails = {}) {
    super(message, details.cause === undefined ? {} : { cause: details.cause });
    this.name = 'SafetyError';
    this.code = code;
    const { status, problem, charged, remaining, retryAfterSeconds } = details;
    if (status !== undefined) this.status = status;
    if (problem !== undefined) this.problem = problem;
    if (problem?.reason !== undefined) this.reason = problem.reason;
    if (charged !== undefined) this.charged = charged;
    if (remaining !== undefined) this.remaining = remaining;
    if (retryAfterSeconds !== undefined) this.retryAfterSeconds = retryAfterSeconds;
  }
}
