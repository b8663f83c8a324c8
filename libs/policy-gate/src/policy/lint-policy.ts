import type { Conditions, PolicyInput, PolicyRule, WrittenPolicy } from './policy-schema.ts';
import { ACTIONS } from '../actions.ts';
import { RULE_CATALOGUE } from '../knowledge/rule-catalogue.ts';
import { valuesOf } from './compile-rules.ts';
import { parsePolicy, resolveActions, resolvePolicy } from './load-policy.ts';
import type { PolicySource } from './policy-source.ts';
import { readSource } from './policy-source.ts';
import { covers, wildcard } from './wildcard.ts';

/** Something in a valid policy that cannot have been meant. */
export interface LintFinding {
  /**
   * `dead`: can never apply or never change an answer; `shadowed`: another rule always answers the
   * same or more; `contradictory`: two rules answer the same thing differently.
   */
  kind: 'dead' | 'shadowed' | 'contradictory';
  rule_id: string;
  /** Dotted path into the document. */
  path: string;
  message: string;
  /** One-based; present when the policy was given as text or file. */
  line?: number;
  column?: number;
}

/**
 * Finds dead, shadowed and contradictory rules. Takes what `PolicyGate.load` takes, or a policy as
 * a value. Throws {@link PolicyError} for what is no policy at all.
 */
export function lintPolicy(policy: string | PolicyInput): LintFinding[] {
  const source = typeof policy === 'string' ? readSource(policy) : undefined;
  const written = parsePolicy(source === undefined ? policy : source.value, source);
  const { rules } = written;
  const findings = rules.flatMap((rule, index) => deadFindings(written, rule, index));
  const dead = new Set(findings.map((finding) => finding.rule_id));
  for (const [index, rule] of rules.entries()) {
    if (dead.has(rule.id) || rule.mode === 'shadow') continue;
    const finding = overlapFinding(rules, rule, index);
    if (finding !== undefined) findings.push(finding);
  }
  return findings.map((finding) => located(finding, source));
}

function located(finding: LintFinding, source: PolicySource | undefined): LintFinding {
  return source === undefined ? finding : { ...finding, ...source.locate(finding.path.split('.')) };
}

function deadFindings(written: WrittenPolicy, rule: PolicyRule, index: number): LintFinding[] {
  const found = (path: string, message: string): LintFinding[] => [
    { kind: 'dead', rule_id: rule.id, path: `rules.${index}${path}`, message },
  ];
  const switches = resolveActions(resolvePolicy(written));
  const named = rule.action === undefined ? ACTIONS : valuesOf(rule.action);
  if (named.every((action) => switches.get(action)?.enabled === false)) {
    return found('.action', `can never apply: ${named.join(', ')} is off`);
  }
  const { rule_id: ruleId } = rule.when;
  if (ruleId === undefined) return [];
  const matches = valuesOf(ruleId).map(wildcard);
  const known = RULE_CATALOGUE.filter(({ id }) => matches.some((match) => match(id)));
  if (known.length === 0) return found('.when.rule_id', 'names no rule of the built-in knowledge');
  if (rule.effect === 'allow' && known.every(({ verdict }) => verdict === 'allow')) {
    return found('.effect', 'allows what is allowed already');
  }
  if (rule.effect === 'approve' && known.every(({ verdict }) => verdict === 'approve')) {
    return found('.effect', 'asks about what is asked about already');
  }
  return [];
}

const STRENGTH = { allow: 0, approve: 1, deny: 2 } as const;

function overlapFinding(
  rules: readonly PolicyRule[],
  rule: PolicyRule,
  index: number,
): LintFinding | undefined {
  const base = { rule_id: rule.id, path: `rules.${index}` };
  for (const [otherIndex, other] of rules.entries()) {
    if (otherIndex === index || other.mode === 'shadow' || !ruleCovers(other, rule)) continue;
    const same = ruleCovers(rule, other);
    if ((rule.effect === 'allow') !== (other.effect === 'allow')) {
      const [allow, strict] = rule.effect === 'allow' ? [rule, other] : [other, rule];
      // An allow rule wider than a deny rule is an exception inside it: that is how rules are meant.
      if (strict === rule && !same) continue;
      return {
        ...base,
        kind: 'contradictory',
        message: `"${allow.id}" allows what "${strict.id}" answers with ${strict.effect}; ${strict.effect} holds`,
      };
    }
    // Of two that are equal, the later one is the one too many.
    if (STRENGTH[other.effect] < STRENGTH[rule.effect] || (same && otherIndex > index)) continue;
    return {
      ...base,
      kind: 'shadowed',
      message: `"${other.id}" applies wherever this rule does and answers ${other.effect}`,
    };
  }
  return undefined;
}

/** Whether `outer` applies wherever `inner` does; may say no where it is yes. */
function ruleCovers(outer: PolicyRule, inner: PolicyRule): boolean {
  if (outer.action !== undefined) {
    if (inner.action === undefined) return false;
    const actions = valuesOf(outer.action);
    if (!valuesOf(inner.action).every((action) => actions.includes(action))) return false;
  }
  return (Object.keys(outer.when) as (keyof Conditions)[]).every((name) => {
    const wide = outer.when[name];
    const narrow = inner.when[name];
    if (wide === undefined) return true;
    if (narrow === undefined) return false;
    if (typeof wide === 'boolean' || typeof narrow === 'boolean') return wide === narrow;
    return valuesOf<string>(narrow).every((value) =>
      valuesOf<string>(wide).some((pattern) => covers(pattern, value)),
    );
  });
}
