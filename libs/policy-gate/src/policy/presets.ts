import type { Policy, PolicyRule, PresetName } from './policy-schema.ts';

/** What a preset says: the answers of a policy, and rules that tighten the built-in knowledge. */
export interface Preset extends Omit<Policy, 'version' | 'preset' | 'rules'> {
  /** Applied to the built-in effects first, so that an allow rule of the policy can answer them. */
  rules: readonly PolicyRule[];
}

const STANDARD: Preset = {
  mode: 'full',
  actions: {},
  network: { allowlist: [], allow_private: false },
  on_unresolved: 'approve',
  on_partial: 'allow',
  on_approval: 'ask',
  rules: [],
};

function rule(
  id: string,
  effect: PolicyRule['effect'],
  when: PolicyRule['when'],
  reason: string,
): PolicyRule {
  return { id, effect, when, reason, mode: 'enforce', examples: { match: [], pass: [] } };
}

const OUTSIDE = ['home_content', 'outside', 'unknown'];

const STRICT: Preset = {
  ...STANDARD,
  on_partial: 'approve',
  rules: [
    rule(
      'strict.outside-workspace',
      'approve',
      { kind: ['write', 'delete', 'permission'], target_class: OUTSIDE },
      'changes files outside the workspace',
    ),
    rule(
      'strict.vcs-metadata',
      'approve',
      { kind: ['write', 'delete'], target_class: 'vcs_metadata' },
      "changes the repository's own data",
    ),
    rule('strict.raw-socket', 'approve', { rule_id: 'network.listen' }, 'listens on the network'),
  ],
};

const PARANOID: Preset = {
  ...STRICT,
  mode: 'edit',
  actions: {
    network_access: { approval: true },
    query_database: { approval: true },
    call_tool: { approval: true },
  },
  on_unresolved: 'deny',
  on_partial: 'deny',
  rules: [
    ...STRICT.rules,
    rule('paranoid.network', 'approve', { kind: 'network' }, 'reaches the network'),
    rule('paranoid.credentials', 'deny', { kind: 'credential_read' }, 'reads credentials'),
    rule('paranoid.persistence', 'deny', { kind: 'persistence' }, 'changes what runs by itself'),
  ],
};

/** An unattended job in a checkout that is thrown away: nobody answers, and git undoes nothing. */
const CI: Preset = {
  ...STANDARD,
  on_unresolved: 'deny',
  on_approval: 'deny',
  rules: [
    rule(
      'ci.throw-away-checkout',
      'allow',
      { rule_id: ['git.reset-hard', 'git.clean*', 'git.checkout-*', 'git.restore*'] },
      'the checkout is thrown away after the job',
    ),
    rule(
      'ci.throw-away-workspace',
      'allow',
      { rule_id: ['files.delete-workspace', 'files.delete-source'] },
      'the workspace is thrown away after the job',
    ),
  ],
};

export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  standard: STANDARD,
  strict: STRICT,
  paranoid: PARANOID,
  ci: CI,
};
