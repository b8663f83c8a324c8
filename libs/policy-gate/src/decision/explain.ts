import type { Effect, Span, Verdict } from '../effects/effect.ts';
import type { CompiledPolicy } from '../policy/compile-policy.ts';
import { valuesOf } from '../policy/compile-rules.ts';
import { verdictOf } from './decide.ts';
import type { PolicyDecision } from './policy-decision.ts';

/** One thing that was looked at on the way to a decision. */
export interface ExplanationStep {
  subject: 'action' | 'effect' | 'rule' | 'limit';
  /** What this thing alone would have answered. */
  verdict: Verdict;
  rule_id: string;
  /** One sentence for a person. */
  text: string;
  span?: Span;
}

/** A decision with everything that was considered for it, in order. */
export interface Explanation {
  decision: PolicyDecision;
  steps: ExplanationStep[];
}

export function explainDecision(
  compiled: CompiledPolicy,
  action: string,
  decision: PolicyDecision,
): Explanation {
  const steps: ExplanationStep[] = [actionStep(compiled, action)];
  for (const effect of decision.effects) {
    if (effect.operation !== 'rule') steps.push(effectStep(compiled, effect));
  }
  const shadowed = new Set(decision.shadow?.map((finding) => finding.rule_id));
  const applied = new Set(decision.effects.map((effect) => effect.rule_id));
  for (const rule of compiled.policy.rules) {
    if (rule.action !== undefined && !valuesOf(rule.action).includes(action)) continue;
    const text = shadowed.has(rule.id)
      ? `would ${rule.effect}, but is in shadow mode: ${rule.reason}`
      : applied.has(rule.id)
        ? `applies: ${rule.reason}`
        : 'does not apply';
    const verdict = applied.has(rule.id) ? rule.effect : 'allow';
    steps.push({ subject: 'rule', verdict, rule_id: rule.id, text });
  }
  for (const limit of decision.coverage.limits) {
    const text = `not followed or beyond a bound: ${limit}`;
    steps.push({ subject: 'limit', verdict: 'allow', rule_id: `coverage.${limit}`, text });
  }
  return { decision, steps };
}

function actionStep(compiled: CompiledPolicy, action: string): ExplanationStep {
  const requirement = compiled.actions.get(action);
  const enabled = requirement?.enabled === true;
  const text =
    requirement === undefined
      ? 'is no known kind of action'
      : enabled
        ? `${action} is on${requirement.approval ? ' and needs approval' : ''}`
        : `${action} is off`;
  const verdict = enabled ? (requirement.approval ? 'approve' : 'allow') : 'deny';
  return { subject: 'action', verdict, rule_id: `actions.${action}`, text };
}

function effectStep(compiled: CompiledPolicy, effect: Effect): ExplanationStep {
  const place = effect.target_class === undefined ? '' : `, ${effect.target_class}`;
  const target = effect.target === undefined ? '' : ` ${effect.target}${place}`;
  const what = `${effect.kind} (${effect.operation})${target}`;
  const step: ExplanationStep = {
    subject: 'effect',
    verdict: verdictOf(compiled, effect),
    rule_id: effect.rule_id,
    text: effect.message === '' ? what : `${what}: ${effect.message}`,
  };
  return effect.span === undefined ? step : { ...step, span: effect.span };
}
