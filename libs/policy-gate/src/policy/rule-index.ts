import type { CheckedContext } from '../decision/read-context.ts';
import type { Effect } from '../effects/effect.ts';
import type { CompiledRule } from './compile-rules.ts';
import { INDEXED_CONDITIONS, factOf, valuesOf } from './compile-rules.ts';

type Buckets = Map<string, CompiledRule[]>;

/**
 * The rules of one action, found by what they ask for literally: a check looks at the few that can
 * apply, however many the policy has.
 */
export class RuleIndex {
  /** By the first literal condition on the context: its name, then its value. */
  private readonly byFact = new Map<(typeof INDEXED_CONDITIONS)[number], Buckets>();
  private readonly byRuleId: Buckets = new Map();
  private readonly byKind: Buckets = new Map();
  private readonly otherActionRules: CompiledRule[] = [];
  private readonly otherEffectRules: CompiledRule[] = [];
  readonly commandRules: CompiledRule[] = [];
  readonly size: number;

  constructor(rules: readonly CompiledRule[]) {
    this.size = rules.length;
    for (const rule of rules) {
      if (rule.scope === 'command') this.commandRules.push(rule);
      else if (rule.scope === 'effect') this.addEffectRule(rule);
      else this.addActionRule(rule);
    }
  }

  /** Rules about the action alone that may apply to this context. */
  forAction(context: CheckedContext): readonly CompiledRule[] {
    let found: readonly CompiledRule[] = this.otherActionRules;
    for (const [name, buckets] of this.byFact) {
      const value = factOf(name, context);
      const bucket = value === undefined ? undefined : buckets.get(value);
      if (bucket !== undefined) found = found.length === 0 ? bucket : [...found, ...bucket];
    }
    return found;
  }

  /** Rules that may apply to this effect. */
  forEffect(effect: Effect): readonly CompiledRule[] {
    let found: readonly CompiledRule[] = this.otherEffectRules;
    const byId = this.byRuleId.get(effect.rule_id);
    if (byId !== undefined) found = found.length === 0 ? byId : [...found, ...byId];
    const byKind = this.byKind.get(effect.kind);
    if (byKind !== undefined) found = found.length === 0 ? byKind : [...found, ...byKind];
    return found;
  }

  private addEffectRule(rule: CompiledRule): void {
    const { rule_id: ids, kind } = rule.rule.when;
    const literal = valuesOf(ids);
    if (ids !== undefined && literal.every(isLiteral)) addTo(this.byRuleId, literal, rule);
    else if (kind !== undefined) addTo(this.byKind, valuesOf(kind), rule);
    else this.otherEffectRules.push(rule);
  }

  private addActionRule(rule: CompiledRule): void {
    for (const name of INDEXED_CONDITIONS) {
      const values = valuesOf(rule.rule.when[name]);
      if (values.length === 0 || !values.every(isLiteral)) continue;
      const buckets: Buckets = this.byFact.get(name) ?? new Map<string, CompiledRule[]>();
      this.byFact.set(name, buckets);
      addTo(buckets, values, rule);
      return;
    }
    this.otherActionRules.push(rule);
  }
}

function isLiteral(pattern: string): boolean {
  return !pattern.includes('*');
}

function addTo(buckets: Buckets, values: readonly string[], rule: CompiledRule): void {
  for (const value of new Set(values)) {
    const bucket = buckets.get(value);
    if (bucket === undefined) buckets.set(value, [rule]);
    else bucket.push(rule);
  }
}
