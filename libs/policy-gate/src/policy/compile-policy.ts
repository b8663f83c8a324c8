import { ACTIONS } from '../actions.ts';
import { matchesBuiltInRule } from '../knowledge/rule-catalogue.ts';
import type { CompiledRule } from './compile-rules.ts';
import { compileRule, scopeOf, valuesOf } from './compile-rules.ts';
import type { ActionRequirement } from './load-policy.ts';
import { policyVersion, resolveActions } from './load-policy.ts';
import { PolicyError } from './policy-error.ts';
import type { PolicyIssue } from './policy-error.ts';
import type { Policy, PolicyRule } from './policy-schema.ts';
import { PRESETS } from './presets.ts';
import { RuleIndex } from './rule-index.ts';

/** A policy made ready for checks; never changed, only replaced. */
export interface CompiledPolicy {
  policy: Policy;
  /** `<semver>+<12 hex digits of the content hash>`. */
  version: string;
  actions: ReadonlyMap<string, ActionRequirement>;
  /** The preset's rules, by action; they change the verdicts of the built-in knowledge. */
  presetRules: RuleIndex;
  rules: ReadonlyMap<string, RuleIndex>;
}

/** Throws {@link PolicyError} for rules that say nothing or can never apply. */
export function compilePolicy(policy: Policy): CompiledPolicy {
  const issues = policy.rules.flatMap(ruleIssues);
  if (issues.length > 0) throw new PolicyError(issues);
  const byAction = new Map<string, CompiledRule[]>(ACTIONS.map((action) => [action, []]));
  for (const rule of policy.rules) {
    const compiled = compileRule(rule);
    for (const action of rule.action === undefined ? ACTIONS : valuesOf(rule.action)) {
      byAction.get(action)?.push(compiled);
    }
  }
  const rules = new Map<string, RuleIndex>();
  for (const [action, compiled] of byAction) rules.set(action, new RuleIndex(compiled));
  return {
    policy,
    version: policyVersion(policy),
    actions: resolveActions(policy),
    presetRules: new RuleIndex(PRESETS[policy.preset].rules.map(compileRule)),
    rules,
  };
}

function ruleIssues(rule: PolicyRule, index: number): PolicyIssue[] {
  const { when } = rule;
  const issues: PolicyIssue[] = [];
  const refuse = (path: string, message: string): void => {
    issues.push({ path: `rules.${index}.${path}`, message });
  };
  if (Object.keys(when).length === 0 && rule.action === undefined) {
    refuse('when', 'says nothing: name at least one condition or an action');
  }
  if (rule.effect === 'allow' && scopeOf(when) === 'action' && when.tool === undefined) {
    refuse('when', 'an allow rule must name the effect, the command or the tool that it allows');
  }
  for (const pattern of valuesOf(when.rule_id)) {
    if (!matchesBuiltInRule(pattern)) {
      refuse('when.rule_id', `"${pattern}" is no rule of the built-in knowledge`);
    }
  }
  return issues;
}
