import { intersectAllowlists } from '@ae/network-rules';
import type { Effect, Verdict } from '../effects/effect.ts';
import type { CompiledPolicy } from '../policy/compile-policy.ts';
import type { PostgresParser } from '../postgresql/postgres-parser.ts';
import { analyseAction } from './analyse-action.ts';
import { STRENGTH, applyRules } from './apply-rules.ts';
import type { RuledEffects } from './apply-rules.ts';
import type { Finding, PolicyDecision, ReasonCode } from './policy-decision.ts';
import { readContext } from './read-context.ts';

/** Limits that say only that something was not followed; see `on_partial`. */
const SOFT_LIMITS: ReadonlySet<string> = new Set([
  'code',
  'language',
  'unresolved',
  'unresolved_host',
]);

/** One decision. Pure; throws only what a hostile context or a fault of the analysis throws. */
export function decide(
  compiled: CompiledPolicy,
  action: unknown,
  given: unknown,
  postgres?: PostgresParser,
): PolicyDecision {
  const requirement = typeof action === 'string' ? compiled.actions.get(action) : undefined;
  if (typeof action !== 'string' || requirement === undefined) {
    return refuse(compiled, 'unknown_action', 'This kind of action is not known.');
  }
  const read = readContext(given);
  if (!read.ok) {
    const reason = `The context cannot be read: ${read.field} has the wrong type.`;
    return refuse(compiled, 'invalid_context', reason);
  }
  if (!requirement.enabled) {
    return refuse(compiled, 'action_disabled', `The policy does not allow ${action}.`);
  }
  const { context } = read;
  const { policy } = compiled;
  const { allowlist, allow_private: allowPrivate } = policy.network;
  const allowlists = context.allowlist === undefined ? [allowlist] : [allowlist, context.allowlist];
  const analysis = analyseAction(action, context, { allowlists, allowPrivate }, postgres);
  if (analysis.missing !== undefined) {
    const reason = `The context lacks ${analysis.missing}, so ${action} cannot be judged.`;
    return refuse(compiled, 'invalid_context', reason);
  }
  const ruled = applyRules(compiled, action, context, analysis);
  if (requirement.approval) {
    ruled.effects.push(
      ownEffect(
        'approve',
        'action.approval',
        `is of a kind that the policy leaves to a person (${action})`,
      ),
    );
  }
  const limits = [...analysis.limits];
  if (policy.on_partial !== 'allow' && limits.length > 0) {
    const parts = limits.join(', ');
    ruled.effects.push(
      ownEffect(
        policy.on_partial,
        'coverage.partial',
        `holds a part that was not followed (${parts})`,
      ),
    );
  }
  const decision = conclude(compiled, action, ruled, limits);
  const asked = context.allowlist ?? [];
  if (asked.length > 0) {
    decision.network_allowlist =
      allowlist.length === 0 ? [...asked] : intersectAllowlists(allowlist, asked);
  }
  return decision;
}

/** The answer to an action that was not looked into. */
export function refuse(compiled: CompiledPolicy, code: ReasonCode, reason: string): PolicyDecision {
  const nothing = { effects: [], shadow: [], approvers: [] };
  return answer(compiled, { verdict: 'deny', code, reason, findings: [], limits: [] }, nothing);
}

/** What an effect weighs under this policy: what was not understood is the policy's to answer. */
export function verdictOf(compiled: CompiledPolicy, effect: Effect): Verdict {
  const unknown = effect.kind === 'limit' || effect.kind === 'unresolved';
  return unknown && effect.verdict === 'approve' ? compiled.policy.on_unresolved : effect.verdict;
}

function ownEffect(verdict: Verdict, ruleId: string, message: string): Effect {
  return {
    kind: 'exec',
    operation: 'action',
    irreversible: false,
    rule_id: ruleId,
    verdict,
    message,
  };
}

function conclude(
  compiled: CompiledPolicy,
  action: string,
  ruled: RuledEffects,
  limits: string[],
): PolicyDecision {
  let top: Effect | undefined;
  let verdict: Verdict = 'allow';
  for (const effect of ruled.effects) {
    const own = verdictOf(compiled, effect);
    if (STRENGTH[own] > STRENGTH[verdict]) {
      verdict = own;
      top = effect;
    }
  }
  // A bound that was hit has an effect of its own; this holds even if that effect got lost.
  if (top === undefined && limits.some((limit) => !SOFT_LIMITS.has(limit))) {
    top = ownEffect('approve', 'shell.limit', 'is beyond what is analysed');
    ruled.effects.push(top);
    verdict = 'approve';
  }
  if (top === undefined) {
    const reason = 'Nothing in this action is against the policy.';
    return answer(compiled, { verdict, code: 'allowed', reason, findings: [], limits }, ruled);
  }
  const findings = ruled.effects
    .filter((effect) => verdictOf(compiled, effect) !== 'allow')
    .map(findingOf);
  const unavailable = verdict === 'approve' && compiled.policy.on_approval === 'deny';
  const code = unavailable
    ? 'approval_unavailable'
    : verdict === 'approve'
      ? 'approval_required'
      : denialCode(action, top);
  const target =
    top.target === undefined || top.message.includes(top.target)
      ? ''
      : ` (${top.target.slice(0, 200)})`;
  const asks = unavailable
    ? '; it needs approval, and nobody is there to give it'
    : verdict === 'approve'
      ? '; it needs approval'
      : '';
  const reason = `This action ${top.message}${target}${asks}.`;
  return answer(
    compiled,
    { verdict: unavailable ? 'deny' : verdict, code, reason, findings, limits },
    ruled,
    top.suggestion,
  );
}

function findingOf(effect: Effect): Finding {
  const finding: Finding = {
    rule_id: effect.rule_id,
    message: effect.message,
    effect: effect.kind,
  };
  if (effect.span !== undefined) finding.span = effect.span;
  return finding;
}

interface Answer {
  verdict: Verdict;
  code: ReasonCode;
  reason: string;
  findings: Finding[];
  limits: string[];
}

function answer(
  compiled: CompiledPolicy,
  { verdict, code, reason, findings, limits }: Answer,
  { effects, shadow, approvers }: RuledEffects,
  suggestion?: string,
): PolicyDecision {
  const decision: PolicyDecision = {
    allowed: verdict === 'allow',
    reason,
    requires_approval: verdict === 'approve',
    reason_code: code,
    policy_version: compiled.version,
    rule_ids: [...new Set(findings.map((finding) => finding.rule_id))],
    findings,
    effects,
    coverage: { level: limits.length === 0 ? 'full' : 'partial', limits },
  };
  if (suggestion !== undefined) decision.suggestion = suggestion;
  if (shadow.length > 0) decision.shadow = shadow;
  if (approvers.length > 0 && verdict === 'approve') decision.approvers = [...new Set(approvers)];
  return decision;
}

function denialCode(action: string, effect: Effect): ReasonCode {
  if (effect.operation === 'rule') return 'rule_denied';
  switch (effect.rule_id) {
    case 'network.blocked-address':
      return 'network_blocked_address';
    case 'network.not-allowed':
    case 'network.invalid-url':
      return 'network_not_allowed';
    case 'shell.unparsable':
      return 'unparsable';
    case 'coverage.partial':
      return 'unresolved_command';
  }
  if (effect.kind === 'limit') return 'limit_reached';
  if (effect.kind === 'unresolved') return 'unresolved_command';
  if (action === 'query_database') return 'destructive_query';
  if (action === 'delete_files' || action === 'write_files' || action === 'read_files') {
    return 'protected_path';
  }
  return 'destructive_command';
}
