import type { Effect, Span, Verdict } from '../effects/effect.ts';

/** Stable, machine-readable causes of a decision. */
export type ReasonCode =
  | 'allowed'
  | 'approval_required'
  | 'approval_unavailable'
  | 'action_disabled'
  | 'unknown_action'
  | 'destructive_command'
  | 'destructive_query'
  | 'protected_path'
  | 'network_not_allowed'
  | 'network_blocked_address'
  | 'unresolved_command'
  | 'unparsable'
  | 'limit_reached'
  | 'rule_denied'
  | 'invalid_context'
  | 'internal_error';

export const REASON_CODES: readonly ReasonCode[] = Object.freeze([
  'allowed',
  'approval_required',
  'approval_unavailable',
  'action_disabled',
  'unknown_action',
  'destructive_command',
  'destructive_query',
  'protected_path',
  'network_not_allowed',
  'network_blocked_address',
  'unresolved_command',
  'unparsable',
  'limit_reached',
  'rule_denied',
  'invalid_context',
  'internal_error',
]);

export interface Finding {
  rule_id: string;
  message: string;
  /** Where in the checked text; absent where the text was built by an expansion. */
  span?: Span;
  /** The kind of effect the finding is about. */
  effect?: string;
}

/** What a rule in shadow mode would have done. */
export interface ShadowFinding {
  rule_id: string;
  would: Verdict;
  message: string;
  span?: Span;
}

/** How much of the action was understood. */
export interface Coverage {
  level: 'full' | 'partial';
  /** What was not understood or which bound was hit, one word each (`bytes`, `depth`, ...). */
  limits: string[];
}

/**
 * The answer. Three of them, so that a caller who looks at `allowed` alone fails closed:
 * allow = allowed; approval = not allowed and requires_approval; deny = neither.
 */
export interface PolicyDecision {
  allowed: boolean;
  /** One sentence for a person. */
  reason: string;
  requires_approval: boolean;
  /** One of {@link REASON_CODES}. */
  reason_code: string;
  /** `<semver>+<12 hex digits of the content hash>`. */
  policy_version: string;
  rule_ids: string[];
  findings: Finding[];
  effects: Effect[];
  coverage: Coverage;
  /**
   * Of the hosts that the context asks for in its `allowlist`, those that the policy lets it reach; none when it is
   * empty. Absent when the context asks for none.
   */
  network_allowlist?: string[];
  /** What would be allowed instead. */
  suggestion?: string;
  /** Who may approve, where the rules that ask name somebody. */
  approvers?: string[];
  /** What rules in shadow mode would have done; they decide nothing. */
  shadow?: ShadowFinding[];
}
