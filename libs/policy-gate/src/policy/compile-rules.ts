import type { Effect } from '../effects/effect.ts';
import { PolicyError } from './policy-error.ts';
import type { Policy, PolicyRule } from './policy-schema.ts';

/** The parts of a context that a rule may ask about. */
export interface RuleFacts {
  environment?: string | undefined;
  tool?: string | undefined;
  method?: string | undefined;
  language?: string | undefined;
}

type Test = (effect: Effect | undefined, facts: RuleFacts) => boolean;

export interface CompiledRule {
  rule: PolicyRule;
  /** Whether the rule asks about an effect (else it asks about the action alone). */
  needsEffect: boolean;
  test: Test;
}

function list<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}

function wildcard(pattern: string): (text: string) => boolean {
  if (!pattern.includes('*')) return (text) => text === pattern;
  const source = pattern
    .split('*')
    .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[\\s\\S]*');
  const expression = new RegExp(`^${source}$`);
  return (text) => expression.test(text);
}

function compileRule(rule: PolicyRule): CompiledRule {
  const { when } = rule;
  const tests: Test[] = [];
  const onEffect = (
    patterns: string | readonly string[],
    read: (effect: Effect) => string | undefined,
  ): void => {
    const matchers = list(patterns as string).map(wildcard);
    tests.push((effect) => {
      const value = effect === undefined ? undefined : read(effect);
      return value !== undefined && matchers.some((matches) => matches(value));
    });
  };
  if (when.kind !== undefined) onEffect(when.kind, (effect) => effect.kind);
  if (when.operation !== undefined) onEffect(when.operation, (effect) => effect.operation);
  if (when.target_class !== undefined) onEffect(when.target_class, (effect) => effect.target_class);
  if (when.target !== undefined) onEffect(when.target, (effect) => effect.target);
  if (when.rule_id !== undefined) onEffect(when.rule_id, (effect) => effect.rule_id);
  const { irreversible } = when;
  if (irreversible !== undefined) tests.push((effect) => effect?.irreversible === irreversible);
  const needsEffect = tests.length > 0;
  for (const name of ['environment', 'tool', 'method', 'language'] as const) {
    const wanted = when[name];
    if (wanted === undefined) continue;
    const matchers = list(wanted).map(wildcard);
    tests.push((_effect, facts) => {
      const value = facts[name];
      return value !== undefined && matchers.some((matches) => matches(value));
    });
  }
  return { rule, needsEffect, test: (effect, facts) => tests.every((test) => test(effect, facts)) };
}

/** Rules as closures, indexed by action. A rule that can never apply is refused. */
export function compileRules(
  policy: Policy,
  actions: readonly string[],
): ReadonlyMap<string, CompiledRule[]> {
  const byAction = new Map<string, CompiledRule[]>(actions.map((action) => [action, []]));
  for (const [index, rule] of policy.rules.entries()) {
    if (Object.keys(rule.when).length === 0 && rule.action === undefined) {
      throw new PolicyError([
        {
          path: `rules.${index}.when`,
          message: 'says nothing: name at least one condition or an action',
        },
      ]);
    }
    const compiled = compileRule(rule);
    if (rule.effect === 'allow' && !compiled.needsEffect) {
      throw new PolicyError([
        {
          path: `rules.${index}.when`,
          message: 'an allow rule must name the effect that it allows',
        },
      ]);
    }
    for (const action of rule.action === undefined ? actions : list(rule.action)) {
      byAction.get(action)?.push(compiled);
    }
  }
  return byAction;
}
