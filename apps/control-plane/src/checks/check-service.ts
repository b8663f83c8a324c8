import { createHash, randomUUID } from 'node:crypto';
import { canonicalJson } from '@ae/audit-log';
import type { AuditEntry, AuditLog } from '@ae/audit-log';
import type {
  Action,
  ActionContext,
  Agent,
  Approval,
  CheckRequest,
  NewEvent,
  OutcomeRequest,
  PolicyDecision,
} from '@ae/contracts';
import type { PolicyGate, PolicyDecision as GateDecision } from '@ae/policy-gate';
import type { Redactor } from '@ae/redactor';
import type { Metrics } from '@ae/telemetry';
import { HttpProblem } from '../http/http-problem.ts';
import type { Principal } from '../http/principal.ts';

/** Redacted context above this many characters is recorded by its digest alone. */
const MAX_RECORDED_CONTEXT = 16_384;

/** Looks up whether a person approved exactly this. */
export type IsApproved = (approval: {
  approval_id: string;
  run_id: string | undefined;
  digest: string;
}) => Promise<boolean>;

export interface CheckServiceOptions {
  gate: PolicyGate;
  audit: AuditLog;
  redactor: Redactor;
  metrics: Metrics;
  publish: (event: NewEvent) => Promise<void>;
  isApproved: IsApproved;
  traceId: () => string | undefined;
}

/** Decides and records. Every decision is in the audit log before it is answered. */
export class CheckService {
  readonly #options: CheckServiceOptions;

  constructor(options: CheckServiceOptions) {
    this.#options = options;
  }

  async check(principal: Principal, request: CheckRequest): Promise<PolicyDecision> {
    const { gate, metrics } = this.#options;
    const { action, context = {} } = request;
    const digest = digestOf(action, context);
    const { tenant_id, user_id } = principal;
    const answer = gate.checkAction(action, {
      ...context,
      principal: { tenant_id, user_id },
      agent: request.agent,
    });
    const decision = await this.#withApproval(request, digest, answer);
    const decisionId = `dec_${randomUUID()}`;
    await this.#options.audit.append({
      ...this.#entry(principal, action, request.agent),
      kind: 'decision',
      decision_id: decisionId,
      decision: verdict(decision),
      reason_code: decision.reason_code,
      policy_version: decision.policy_version,
      arguments_digest: digest,
      ...(context.tool ? { tool: context.tool } : {}),
      ...(request.run_id ? { run_id: request.run_id } : {}),
      ...this.#recordedContext(context),
    });
    metrics.policyChecked({ action, decision: verdict(decision) });
    if (!decision.allowed) {
      if (!decision.requires_approval) {
        metrics.policyViolated({ action, reason_code: decision.reason_code });
      }
      await this.#options.publish({
        type: 'policy.decided',
        data: {
          decision_id: decisionId,
          action,
          allowed: false,
          requires_approval: decision.requires_approval,
          reason_code: decision.reason_code,
          reason: this.#options.redactor.redact(decision.reason),
          ...(request.run_id ? { run_id: request.run_id } : {}),
        },
      });
    }
    return wireDecision(decision, decisionId, request.approval_id);
  }

  /** Records what became of an allowed action; counts it when it ran in a sandbox. */
  async recordOutcome(principal: Principal, outcome: OutcomeRequest): Promise<void> {
    const { audit, metrics } = this.#options;
    const { records } = await audit.list({
      tenant_id: principal.tenant_id,
      decision_id: outcome.decision_id,
      limit: 2,
    });
    const decision = records.find(({ kind }) => kind === 'decision');
    if (!decision) {
      throw new HttpProblem('not_found', `there is no decision ${outcome.decision_id}`);
    }
    const recorded = records.find(({ kind }) => kind === 'outcome');
    if (recorded) {
      if (recorded.outcome === outcome.status) return;
      throw new HttpProblem('conflict', `${outcome.decision_id} has another outcome already`);
    }
    await audit.append({
      ...this.#entry(principal, decision.action, decision.agent as Agent | undefined),
      kind: 'outcome',
      decision_id: outcome.decision_id,
      outcome: outcome.status,
      ...(outcome.cost === undefined ? {} : { cost: outcome.cost }),
      ...(decision.run_id ? { run_id: decision.run_id } : {}),
    });
    if (decision.action === 'execute_code' && outcome.duration_seconds !== undefined) {
      metrics.sandboxExecuted({ outcome: outcome.status }, outcome.duration_seconds);
    }
    for (const [kind, count] of Object.entries(outcome.secrets_redacted ?? {})) {
      metrics.secretsRedacted(kind, count);
    }
  }

  /** Records a person's decision about what an agent wants to do. */
  async recordApproval(approval: Approval, principal: Principal): Promise<void> {
    await this.#options.audit.append({
      ...this.#entry(principal, approval.action, undefined),
      kind: 'decision',
      decision_id: `dec_${randomUUID()}`,
      decision: approval.status === 'approved' ? 'allow' : 'deny',
      reason_code: approval.status === 'approved' ? 'person_approved' : 'person_rejected',
      policy_version: this.#options.gate.version,
      arguments_digest: approval.digest,
      run_id: approval.run_id,
      context: {
        approval_id: approval.approval_id,
        reason: this.#options.redactor.redact(approval.decision_reason ?? ''),
      },
    });
  }

  /** Records a request that asked for an action and was refused before the policy saw it. */
  async recordRefusal(refusal: {
    principal: Principal;
    action: string;
    code: string;
  }): Promise<void> {
    await this.#options.audit.append({
      ...this.#entry(refusal.principal, refusal.action, undefined),
      kind: 'decision',
      decision_id: `dec_${randomUUID()}`,
      decision: 'deny',
      reason_code: refusal.code,
      policy_version: this.#options.gate.version,
    });
    this.#options.metrics.policyChecked({ action: refusal.action, decision: 'deny' });
    this.#options.metrics.policyViolated({ action: refusal.action, reason_code: refusal.code });
  }

  /** An approval lifts "a person has to approve"; it never lifts a denial. */
  async #withApproval(
    request: CheckRequest,
    digest: string,
    decision: GateDecision,
  ): Promise<GateDecision> {
    const { approval_id, run_id } = request;
    if (!decision.requires_approval || approval_id === undefined) return decision;
    if (!(await this.#options.isApproved({ approval_id, run_id, digest }))) return decision;
    return {
      ...decision,
      allowed: true,
      requires_approval: false,
      reason: `approved by a person (${approval_id})`,
      reason_code: 'approved',
    };
  }

  #entry(principal: Principal, action: string, agent: Agent | undefined) {
    const traceId = this.#options.traceId();
    return {
      tenant_id: principal.tenant_id,
      principal: { user_id: principal.user_id },
      action,
      ...(agent ? { agent: definedOnly(agent) } : {}),
      ...(traceId ? { trace_id: traceId } : {}),
    } satisfies Partial<AuditEntry>;
  }

  #recordedContext(context: ActionContext): { context?: unknown } {
    const redacted = this.#options.redactor.redactObject(context);
    return JSON.stringify(redacted).length > MAX_RECORDED_CONTEXT ? {} : { context: redacted };
  }
}

/** What an approval and an audit record are bound to: SHA-256 of the canonical JSON (RFC 8785). */
export function digestOf(action: Action, context: ActionContext): string {
  return createHash('sha256').update(canonicalJson({ action, context })).digest('hex');
}

function verdict(decision: GateDecision): 'allow' | 'deny' | 'approval_required' {
  if (decision.allowed) return 'allow';
  return decision.requires_approval ? 'approval_required' : 'deny';
}

function definedOnly<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

function wireDecision(
  decision: GateDecision,
  decisionId: string,
  approvalId: string | undefined,
): PolicyDecision {
  return {
    allowed: decision.allowed,
    reason: decision.reason,
    requires_approval: decision.requires_approval,
    reason_code: decision.reason_code,
    decision_id: decisionId,
    policy_version: decision.policy_version,
    findings: decision.findings,
    ...(decision.network_allowlist ? { network_allowlist: decision.network_allowlist } : {}),
    ...(decision.suggestion ? { suggestion: decision.suggestion } : {}),
    ...(decision.reason_code === 'approved' && approvalId ? { approval_id: approvalId } : {}),
  };
}
