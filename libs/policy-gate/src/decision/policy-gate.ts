import type { ActionContext } from '../actions.ts';
import { ACTIONS } from '../actions.ts';
import type { Effect, Verdict } from '../effects/effect.ts';
import type { CompiledRule, RuleFacts } from '../policy/compile-rules.ts';
import { compileRules } from '../policy/compile-rules.ts';
import type { ActionRequirement } from '../policy/load-policy.ts';
import { parsePolicy, policyVersion, readPolicy, resolveActions } from '../policy/load-policy.ts';
import { PolicyError } from '../policy/policy-error.ts';
import type { Policy, PolicyInput } from '../policy/policy-schema.ts';
import { analyseAction } from './analyse-action.ts';
import type { Finding, PolicyDecision, ReasonCode } from './policy-decision.ts';
import { readContext } from './read-context.ts';

const STRENGTH: Readonly<Record<Verdict, number>> = { allow: 0, approve: 1, deny: 2 };

/** Limits that say only that something was not followed; the answer does not depend on them. */
const SOFT_LIMITS: ReadonlySet<string> = new Set([
  'code',
  'language',
  'unresolved',
  'unresolved_host',
]);

/**
 * Decides whether an agent's action may happen. Pure and synchronous: no I/O, no clock, the same
 * answer for the same policy and context. Static analysis is not containment: run what was allowed
 * in a sandbox all the same.
 */
export class PolicyGate {
  /** `<semver>+<content hash>` of the policy. */
  readonly version: string;
  readonly policy: Policy;
  private readonly actions: ReadonlyMap<string, ActionRequirement>;
  private readonly rules: ReadonlyMap<string, CompiledRule[]>;

  /** Throws {@link PolicyError} for a policy that is not valid in every part. */
  constructor(policy: PolicyInput = {}) {
    this.policy = parsePolicy(policy);
    this.version = policyVersion(this.policy);
    this.actions = resolveActions(this.policy);
    this.rules = compileRules(this.policy, ACTIONS);
    this.checkExamples();
  }

  /** Loads a policy from a YAML or JSON file, or from such a text. Throws {@link PolicyError}. */
  static load(pathOrText: string): PolicyGate {
    return new PolicyGate(readPolicy(pathOrText));
  }

  /** Never throws, whatever it is given; what it cannot judge is not allowed. */
  checkAction(action: string, context?: ActionContext): PolicyDecision {
    try {
      return this.decide(action, context);
    } catch {
      // A getter that throws, a proxy, a fault of the analysis: the answer is no, not an exception.
      return this.answer('deny', 'internal_error', 'The action could not be analysed.', [], [], []);
    }
  }

  /** `checkAction('execute_code', { command })`. */
  checkCodeExecution(command: string): PolicyDecision {
    return this.checkAction('execute_code', { command });
  }

  private decide(action: unknown, given: unknown): PolicyDecision {
    const requirement = typeof action === 'string' ? this.actions.get(action) : undefined;
    if (typeof action !== 'string' || requirement === undefined) {
      return this.answer('deny', 'unknown_action', 'This kind of action is not known.', [], [], []);
    }
    const read = readContext(given);
    if (!read.ok) {
      return this.answer(
        'deny',
        'invalid_context',
        `The context cannot be read: ${read.field} has the wrong type.`,
        [],
        [],
        [],
      );
    }
    if (!requirement.enabled) {
      return this.answer(
        'deny',
        'action_disabled',
        `The policy does not allow ${action}.`,
        [],
        [],
        [],
      );
    }
    const { context } = read;
    const { allowlist, allow_private: allowPrivate } = this.policy.network;
    const analysis = analyseAction(action, context, {
      allowlists: context.allowlist === undefined ? [allowlist] : [allowlist, context.allowlist],
      allowPrivate,
    });
    if (analysis.missing !== undefined) {
      return this.answer(
        'deny',
        'invalid_context',
        `The context lacks ${analysis.missing}, so ${action} cannot be judged.`,
        [],
        [],
        [],
      );
    }
    const effects = this.applyRules(action, context, analysis.effects);
    if (requirement.approval) {
      effects.push(
        actionEffect(
          'approve',
          'action.approval',
          `is of a kind that the policy leaves to a person (${action})`,
        ),
      );
    }
    return this.conclude(action, effects, analysis.limits);
  }

  /** Deny overrides; an allow rule may answer a question of the built-in knowledge, never a denial. */
  private applyRules(action: string, context: ActionContext, effects: readonly Effect[]): Effect[] {
    const rules = this.rules.get(action) ?? [];
    const result = [...effects];
    if (rules.length === 0) return result;
    const facts: RuleFacts = context;
    for (const { rule, needsEffect, test } of rules) {
      if (rule.mode === 'shadow') continue;
      if (!needsEffect) {
        if (rule.effect !== 'allow' && test(undefined, facts)) {
          result.push(ruleEffect(rule.id, rule.effect, rule.reason, rule.suggestion));
        }
        continue;
      }
      for (const [index, effect] of effects.entries()) {
        if (!test(effect, facts)) continue;
        if (rule.effect === 'allow') {
          const current = result[index];
          if (current?.verdict === 'approve' && current === effect && effect.kind !== 'limit') {
            result[index] = { ...effect, verdict: 'allow', rule_id: rule.id };
          }
        } else {
          const added = ruleEffect(rule.id, rule.effect, rule.reason, rule.suggestion);
          result.push(effect.span === undefined ? added : { ...added, span: effect.span });
        }
      }
    }
    return result;
  }

  private conclude(action: string, effects: Effect[], limits: ReadonlySet<string>): PolicyDecision {
    let top: Effect | undefined;
    let strongest: Verdict = 'allow';
    for (const effect of effects) {
      const verdict = this.verdictOf(effect);
      if (STRENGTH[verdict] > STRENGTH[strongest]) {
        strongest = verdict;
        top = effect;
      }
    }
    if (strongest === 'allow' || top === undefined) {
      // A bound that was hit has an effect of its own; this holds even if that effect got lost.
      if ([...limits].some((limit) => !SOFT_LIMITS.has(limit))) {
        return this.answer(
          'approve',
          'approval_required',
          'This action is beyond what is analysed.',
          effects,
          [],
          [...limits],
        );
      }
      return this.answer(
        'allow',
        'allowed',
        'Nothing in this action is against the policy.',
        effects,
        [],
        [...limits],
      );
    }
    const findings: Finding[] = [];
    for (const effect of effects) {
      if (this.verdictOf(effect) === 'allow') continue;
      const finding: Finding = {
        rule_id: effect.rule_id,
        message: effect.message,
        effect: effect.kind,
      };
      if (effect.span !== undefined) finding.span = effect.span;
      findings.push(finding);
    }
    const code = strongest === 'approve' ? 'approval_required' : denialCode(action, top);
    const target =
      top.target === undefined || top.message.includes(top.target)
        ? ''
        : ` (${top.target.slice(0, 200)})`;
    const reason = `This action ${top.message}${target}${strongest === 'approve' ? '; it needs approval' : ''}.`;
    return this.answer(strongest, code, reason, effects, findings, [...limits], top.suggestion);
  }

  private verdictOf(effect: Effect): Verdict {
    const unknown = effect.kind === 'limit' || effect.kind === 'unresolved';
    return unknown && effect.verdict === 'approve' ? this.policy.on_unresolved : effect.verdict;
  }

  private answer(
    verdict: Verdict,
    code: ReasonCode,
    reason: string,
    effects: Effect[],
    findings: Finding[],
    limits: string[],
    suggestion?: string,
  ): PolicyDecision {
    const decision: PolicyDecision = {
      allowed: verdict === 'allow',
      reason,
      requires_approval: verdict === 'approve',
      reason_code: code,
      policy_version: this.version,
      rule_ids: [...new Set(findings.map((finding) => finding.rule_id))],
      findings,
      effects,
      coverage: { level: limits.length === 0 ? 'full' : 'partial', limits },
    };
    if (suggestion !== undefined) decision.suggestion = suggestion;
    return decision;
  }

  /** A rule's own examples run through the whole gate: a rule that never fires is refused. */
  private checkExamples(): void {
    for (const [index, rule] of this.policy.rules.entries()) {
      for (const kind of ['match', 'pass'] as const) {
        for (const [position, example] of rule.examples[kind].entries()) {
          const context: ActionContext =
            typeof example === 'string' ? { command: example } : example;
          const action = [rule.action].flat()[0] ?? 'execute_code';
          const fired = this.fires(rule.id, action, context);
          if (fired === (kind === 'match')) continue;
          throw new PolicyError([
            {
              path: `rules.${index}.examples.${kind}.${position}`,
              message:
                kind === 'match'
                  ? 'the rule does not apply to this example'
                  : 'the rule applies to this example',
            },
          ]);
        }
      }
    }
  }

  private fires(id: string, action: string, context: ActionContext): boolean {
    const read = readContext(context);
    if (!read.ok) return false;
    const { allowlist, allow_private: allowPrivate } = this.policy.network;
    const { effects } = analyseAction(action, read.context, {
      allowlists: [allowlist],
      allowPrivate,
    });
    return (this.rules.get(action) ?? []).some(
      ({ rule, needsEffect, test }) =>
        rule.id === id &&
        (needsEffect
          ? effects.some((effect) => test(effect, read.context))
          : test(undefined, read.context)),
    );
  }
}

function actionEffect(verdict: Verdict, ruleId: string, message: string): Effect {
  return {
    kind: 'exec',
    operation: 'action',
    irreversible: false,
    rule_id: ruleId,
    verdict,
    message,
  };
}

function ruleEffect(
  id: string,
  effect: 'deny' | 'approve',
  reason: string,
  suggestion: string | undefined,
): Effect {
  const result = {
    ...actionEffect(effect, id, `is against a rule of the policy: ${reason.replace(/\.$/, '')}`),
    operation: 'rule',
  };
  return suggestion === undefined ? result : { ...result, suggestion };
}

function denialCode(action: string, effect: Effect): ReasonCode {
  if (effect.operation === 'rule') return 'rule_denied';
  if (effect.rule_id === 'network.blocked-address') return 'network_blocked_address';
  if (effect.rule_id === 'network.not-allowed' || effect.rule_id === 'network.invalid-url')
    return 'network_not_allowed';
  if (effect.rule_id === 'shell.unparsable') return 'unparsable';
  if (effect.kind === 'limit') return 'limit_reached';
  if (effect.kind === 'unresolved') return 'unresolved_command';
  if (action === 'query_database') return 'destructive_query';
  if (action === 'delete_files' || action === 'write_files' || action === 'read_files')
    return 'protected_path';
  return 'destructive_command';
}
