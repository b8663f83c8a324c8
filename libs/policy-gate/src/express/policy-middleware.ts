import type { ActionContext } from '../actions.ts';
import type { PolicyDecision } from '../decision/policy-decision.ts';
import type { PolicyGate } from '../decision/policy-gate.ts';

/**
 * The parts of an Express response that are used (4 and 5 have them); Express itself is no
 * dependency of this package.
 */
export interface PolicyResponse {
  headersSent: boolean;
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body?: string): unknown;
  locals?: Record<string, unknown>;
}

export interface PolicyMiddlewareOptions<Request> {
  /** The action a request is, by name; see `ACTIONS`. */
  action: string | ((request: Request) => string);
  /** What the action is about. */
  context: (request: Request) => ActionContext | Promise<ActionContext>;
  /**
   * Creates the approval that a decision asks for and returns its address. Without it a request
   * that needs approval is refused.
   */
  createApproval?: (
    decision: PolicyDecision,
    request: Request,
  ) => string | URL | Promise<string | URL>;
  /** Told of every decision before it is acted on, for an audit log; what it throws refuses. */
  onDecision?: (decision: PolicyDecision, request: Request) => void | Promise<void>;
}

type Next = (error?: unknown) => void;

/**
 * A handler that lets a request through when the gate allows the action it is.
 *
 * Denied: 403 `application/problem+json` (RFC 9457) with `code`, `rule_ids`, `findings` and
 * `suggestion`. Needs approval: 202 with the approval's address in `Location` and in the body.
 * Allowed: `next()`, with the decision in `response.locals.policyDecision`. A function of the
 * options that throws: 503 with the code `policy_unavailable`; nothing is let through.
 */
export function policyMiddleware<Request>(
  gate: Pick<PolicyGate, 'checkAction'>,
  options: PolicyMiddlewareOptions<Request>,
): (request: Request, response: PolicyResponse, next: Next) => Promise<void> {
  const { action, context, createApproval, onDecision } = options;
  return async (request, response, next) => {
    let decision: PolicyDecision;
    let approval: string | undefined;
    try {
      const name = typeof action === 'string' ? action : action(request);
      decision = gate.checkAction(name, await context(request));
      await onDecision?.(decision, request);
      if (decision.requires_approval && createApproval !== undefined) {
        approval = String(await createApproval(decision, request));
      }
    } catch {
      // The cause may hold what the request held; it is for the caller's own functions to log.
      problem(response, 503, 'policy_unavailable', 'The policy could not be asked; try again.');
      return;
    }
    if (decision.allowed) {
      if (response.locals !== undefined) response.locals['policyDecision'] = decision;
      next();
    } else if (approval !== undefined) accepted(response, approval, decision);
    else problem(response, 403, decision.reason_code, decision.reason, told(decision));
  };
}

/** What a caller may know of a decision: why, and what would be allowed. */
function told(decision: PolicyDecision): Record<string, unknown> {
  const { rule_ids: ruleIds, findings, policy_version: version, suggestion } = decision;
  const common = { rule_ids: ruleIds, findings, policy_version: version };
  return suggestion === undefined ? common : { ...common, suggestion };
}

function accepted(response: PolicyResponse, approval: string, decision: PolicyDecision): void {
  if (response.headersSent) return;
  response.statusCode = 202;
  response.setHeader('Location', headerAddress(approval));
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  response.end(
    JSON.stringify({
      status: 'approval_required',
      approval,
      reason: decision.reason,
      ...told(decision),
    }),
  );
}

function problem(
  response: PolicyResponse,
  status: number,
  code: string,
  detail: string,
  more: Record<string, unknown> = {},
): void {
  if (response.headersSent) return;
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  response.setHeader('Cache-Control', 'no-store');
  const title = status === 403 ? 'Forbidden' : 'Service Unavailable';
  response.end(JSON.stringify({ type: 'about:blank', title, status, code, detail, ...more }));
}

/** A header holds no line break and nothing but ASCII; what is encoded already stays as it is. */
function headerAddress(address: string): string {
  return address.toWellFormed().replaceAll(/[^\u0021-\u007e]/gu, encodeURIComponent);
}
