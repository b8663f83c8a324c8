export { isAllowlistEntry, matchesAllowlist, normalizeHost } from '@ae/network-rules';
export type { AddressClass, Host } from '@ae/network-rules';
export { ACTIONS } from './actions.ts';
export type {
  ActingAgent,
  ActingPrincipal,
  Action,
  ActionContext,
  Observation,
} from './actions.ts';
export type { Explanation, ExplanationStep } from './decision/explain.ts';
export { REASON_CODES } from './decision/policy-decision.ts';
export type {
  Coverage,
  Finding,
  PolicyDecision,
  ReasonCode,
  ShadowFinding,
} from './decision/policy-decision.ts';
export { PolicyGate } from './decision/policy-gate.ts';
export type { GateOptions, LoadOptions } from './decision/policy-gate.ts';
export { EFFECT_KINDS, TARGET_CLASSES } from './effects/effect.ts';
export type { Effect, EffectKind, Span, TargetClass, Verdict } from './effects/effect.ts';
export { RULE_CATALOGUE } from './knowledge/rule-catalogue.ts';
export type { BuiltInRule } from './knowledge/rule-catalogue.ts';
export { lintPolicy } from './policy/lint-policy.ts';
export type { LintFinding } from './policy/lint-policy.ts';
export { PolicyError } from './policy/policy-error.ts';
export type { PolicyIssue } from './policy/policy-error.ts';
export { policySchema } from './policy/policy-schema.ts';
export type {
  Policy,
  PolicyInput,
  PolicyMode,
  PolicyRule,
  PresetName,
} from './policy/policy-schema.ts';
export { PRESET_NAMES } from './policy/preset-names.ts';
