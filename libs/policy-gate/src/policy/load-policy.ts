import { createHash } from 'node:crypto';

import { ACTIONS } from '../actions.ts';
import type { Action } from '../actions.ts';
import { PolicyError } from './policy-error.ts';
import type { Policy, WrittenPolicy } from './policy-schema.ts';
import { policySchema } from './policy-schema.ts';
import type { PolicySource } from './policy-source.ts';
import { toIssues } from './policy-source.ts';
import { PRESETS } from './presets.ts';

/** What an action needs when the policy does not say. */
export interface ActionRequirement {
  enabled: boolean;
  approval: boolean;
}

const DEFAULT_ACTIONS: Readonly<Record<Action, ActionRequirement>> = {
  execute_code: { enabled: true, approval: false },
  deploy: { enabled: false, approval: true },
  create_billing: { enabled: false, approval: true },
  delete_files: { enabled: true, approval: true },
  network_access: { enabled: true, approval: false },
  write_files: { enabled: true, approval: false },
  read_files: { enabled: true, approval: false },
  query_database: { enabled: true, approval: false },
  call_tool: { enabled: true, approval: false },
};

/** The switches of every action: the policy's over its preset's over the defaults. */
export function resolveActions(policy: Policy): ReadonlyMap<string, ActionRequirement> {
  const preset = PRESETS[policy.preset].actions;
  return new Map(
    ACTIONS.map((action) => {
      const defaults = DEFAULT_ACTIONS[action];
      const enabled = policy.actions[action]?.enabled ?? preset[action]?.enabled;
      const approval = policy.actions[action]?.approval ?? preset[action]?.approval;
      return [
        action,
        { enabled: enabled ?? defaults.enabled, approval: approval ?? defaults.approval },
      ] as const;
    }),
  );
}

/** Checks a policy given as a value; throws {@link PolicyError}, with places where it has a source. */
export function parsePolicy(value: unknown, source?: PolicySource): WrittenPolicy {
  const result = policySchema.safeParse(value);
  if (!result.success) {
    throw new PolicyError(result.error.issues.flatMap((issue) => toIssues(issue, source)));
  }
  const seen = new Set<string>();
  for (const [index, { id }] of result.data.rules.entries()) {
    if (seen.has(id)) {
      throw new PolicyError([{ path: `rules.${index}.id`, message: `"${id}" is used twice` }]);
    }
    seen.add(id);
  }
  return result.data;
}

/** Lays the preset under what was written. */
export function resolvePolicy(written: WrittenPolicy): Policy {
  const preset = PRESETS[written.preset];
  return {
    version: written.version,
    preset: written.preset,
    mode: written.mode ?? preset.mode,
    actions: written.actions,
    network: {
      allowlist: written.network.allowlist ?? preset.network.allowlist,
      allow_private: written.network.allow_private ?? preset.network.allow_private,
    },
    on_unresolved: written.on_unresolved ?? preset.on_unresolved,
    on_partial: written.on_partial ?? preset.on_partial,
    on_approval: written.on_approval ?? preset.on_approval,
    rules: written.rules,
  };
}

/** `<semver>+<content hash>`: two policies with the same meaning have the same version. */
export function policyVersion(policy: Policy): string {
  const hash = createHash('sha256').update(canonical(policy)).digest('hex').slice(0, 12);
  return `${policy.version}+${hash}`;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}
