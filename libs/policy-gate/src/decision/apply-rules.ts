import type { Effect, Verdict } from '../effects/effect.ts';
import type { CompiledPolicy } from '../policy/compile-policy.ts';
import type { CompiledRule } from '../policy/compile-rules.ts';
import type { PolicyRule } from '../policy/policy-schema.ts';
import type { EvaluatedCall } from '../shell/effect-log.ts';
import type { Analysis } from './analyse-action.ts';
import { modeEffects } from './mode-effects.ts';
import type { ShadowFinding } from './policy-decision.ts';
import type { CheckedContext } from './read-context.ts';

export const STRENGTH: Readonly<Record<Verdict, number>> = { allow: 0, approve: 1, deny: 2 };

export interface RuledEffects {
  effects: Effect[];
  /** What the rules in shadow mode would have done. */
  shadow: ShadowFinding[];
  /** Who may answer, by the rules that ask. */
  approvers: string[];
}

/**
 * The effects of an action under the rules of a policy. The preset changes what the built-in
 * knowledge says; an allow rule answers a question of either, never a denial or a limit; what a
 * deny or approve rule says stands beside it, so that nothing lifts it.
 */
export function applyRules(
  compiled: CompiledPolicy,
  action: string,
  context: CheckedContext,
  analysis: Analysis,
): RuledEffects {
  const { effects } = analysis;
  const index = compiled.rules.get(action);
  const { mode } = compiled.policy;
  const result: RuledEffects = { effects: [...effects], shadow: [], approvers: [] };
  if (compiled.presetRules.size > 0) {
    result.effects = effects.map((effect) => presetEffect(compiled, context, effect));
  }
  const listed = new Set<Effect | EvaluatedCall>();
  if (index !== undefined && index.size > 0) {
    const added: Effect[] = [];
    const apply = (
      rule: PolicyRule,
      span: Effect['span'],
      subject?: Effect | EvaluatedCall,
    ): void => {
      if (rule.mode === 'shadow') result.shadow.push(shadowFinding(rule, span));
      else if (rule.effect !== 'allow') {
        added.push(ruleEffect(rule, rule.effect, span));
        if (rule.effect === 'approve') result.approvers.push(...(rule.approvers ?? []));
      } else if (subject !== undefined) listed.add(subject);
    };
    for (const { rule, test } of index.commandRules) {
      for (const call of analysis.calls) {
        if (test({ call }, context)) apply(rule, call.span, call);
      }
    }
    const answers = new Map<number, PolicyRule>();
    for (const { rule, test } of index.forAction(context)) {
      if (!test({}, context)) continue;
      apply(rule, undefined);
      if (rule.effect !== 'allow' || rule.mode === 'shadow') continue;
      for (const [at, effect] of effects.entries()) {
        answers.set(at, rule);
        listed.add(effect);
      }
    }
    for (const [at, effect] of effects.entries()) {
      const call = analysis.owners.get(effect);
      for (const { rule, test } of index.forEffect(effect)) {
        if (!test({ effect, call }, context)) continue;
        apply(rule, effect.span, effect);
        if (rule.effect === 'allow' && rule.mode === 'enforce') answers.set(at, rule);
      }
      const allowing = allowingRule(index.commandRules, call, context);
      if (allowing !== undefined) {
        answers.set(at, allowing);
        listed.add(effect);
      }
    }
    for (const [at, rule] of answers) {
      const effect = result.effects[at];
      if (effect?.verdict !== 'approve' || effect.kind === 'limit') continue;
      result.effects[at] = { ...effect, verdict: 'allow', rule_id: rule.id };
    }
    result.effects.push(...added);
  }
  if (mode !== 'full') {
    const isListed = (subject: Effect | EvaluatedCall): boolean =>
      listed.has(subject) ||
      ('args' in subject && withCallers(subject).some((call) => listed.has(call)));
    result.effects.push(...modeEffects(mode, effects, analysis.calls, isListed));
  }
  return result;
}

/** Whether a rule applies to this action at all; for the examples of a policy. */
export function ruleApplies(
  { test, scope }: CompiledRule,
  context: CheckedContext,
  { effects, owners, calls }: Analysis,
): boolean {
  if (scope === 'action') return test({}, context);
  if (scope === 'command') return calls.some((call) => test({ call }, context));
  return effects.some((effect) => test({ effect, call: owners.get(effect) }, context));
}

/** The command of an effect and those that led to it: what `sudo x` may, x may. */
function withCallers(call: EvaluatedCall | undefined): EvaluatedCall[] {
  const chain: EvaluatedCall[] = [];
  for (let at = call; at !== undefined; at = at.caller) chain.push(at);
  return chain;
}

function allowingRule(
  rules: readonly CompiledRule[],
  call: EvaluatedCall | undefined,
  context: CheckedContext,
): PolicyRule | undefined {
  if (rules.length === 0 || call === undefined) return undefined;
  const chain = withCallers(call);
  return rules.find(
    ({ rule, test }) =>
      rule.effect === 'allow' &&
      rule.mode === 'enforce' &&
      chain.some((caller) => test({ call: caller }, context)),
  )?.rule;
}

function presetEffect(compiled: CompiledPolicy, context: CheckedContext, effect: Effect): Effect {
  let result = effect;
  for (const { rule, test } of compiled.presetRules.forEffect(effect)) {
    if (!test({ effect }, context)) continue;
    if (rule.effect === 'allow') {
      if (result.verdict === 'approve' && effect.kind !== 'limit') {
        result = { ...result, verdict: 'allow', rule_id: rule.id };
      }
    } else if (STRENGTH[rule.effect] > STRENGTH[result.verdict]) {
      result = { ...result, verdict: rule.effect, rule_id: rule.id, message: rule.reason };
    }
  }
  return result;
}

function shadowFinding(rule: PolicyRule, span: Effect['span']): ShadowFinding {
  const finding = { rule_id: rule.id, would: rule.effect, message: rule.reason };
  return span === undefined ? finding : { ...finding, span };
}

function ruleEffect(rule: PolicyRule, verdict: 'deny' | 'approve', span: Effect['span']): Effect {
  const effect: Effect = {
    kind: 'exec',
    operation: 'rule',
    irreversible: false,
    rule_id: rule.id,
    verdict,
    message: `is against a rule of the policy: ${rule.reason.replace(/\.$/, '')}`,
  };
  if (rule.suggestion !== undefined) effect.suggestion = rule.suggestion;
  if (span !== undefined) effect.span = span;
  return effect;
}
