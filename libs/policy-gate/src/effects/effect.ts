/** What a command does to the world, one thing at a time. */
export type EffectKind =
  | 'delete'
  | 'write'
  | 'read'
  | 'permission'
  | 'exec'
  | 'network'
  | 'database'
  | 'vcs'
  | 'container'
  | 'kubernetes'
  | 'iac'
  | 'cloud'
  | 'package'
  | 'service'
  | 'user'
  | 'persistence'
  | 'credential_read'
  | 'defence_evasion'
  | 'self_protection'
  | 'flow'
  | 'unresolved'
  | 'limit';

export const EFFECT_KINDS: readonly EffectKind[] = [
  'delete',
  'write',
  'read',
  'permission',
  'exec',
  'network',
  'database',
  'vcs',
  'container',
  'kubernetes',
  'iac',
  'cloud',
  'package',
  'service',
  'user',
  'persistence',
  'credential_read',
  'defence_evasion',
  'self_protection',
  'flow',
  'unresolved',
  'limit',
];

/** Where an effect lands, after the path was resolved and normalised. */
export type TargetClass =
  | 'root'
  | 'system'
  | 'home'
  | 'home_content'
  | 'workspace'
  | 'workspace_root'
  | 'artefact'
  | 'tmp'
  | 'device'
  | 'secret'
  | 'vcs_metadata'
  | 'persistence'
  | 'policy'
  | 'outside'
  | 'unknown';

export const TARGET_CLASSES: readonly TargetClass[] = [
  'root',
  'system',
  'home',
  'home_content',
  'workspace',
  'workspace_root',
  'artefact',
  'tmp',
  'device',
  'secret',
  'vcs_metadata',
  'persistence',
  'policy',
  'outside',
  'unknown',
];

export type Verdict = 'allow' | 'approve' | 'deny';

/** Half-open range of UTF-16 code units in the text that was checked. */
export interface Span {
  start: number;
  end: number;
}

export interface Effect {
  kind: EffectKind;
  /** The verb inside the kind, e.g. `recursive`, `force_push`, `drop`. */
  operation: string;
  target?: string;
  target_class?: TargetClass;
  /** True where nothing in the same system brings the old state back. */
  irreversible: boolean;
  /** The knowledge or rule that judged this effect. */
  rule_id: string;
  /** What the built-in knowledge says; a policy rule may tighten or, for `approve`, relax it. */
  verdict: Verdict;
  message: string;
  suggestion?: string;
  span?: Span;
}
