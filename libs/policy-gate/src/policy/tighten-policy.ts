import { coversEntry } from '@ae/network-rules';

import { resolveActions } from './load-policy.ts';
import { PolicyError } from './policy-error.ts';
import type { PolicyIssue } from './policy-error.ts';
import type { Policy, PolicyMode, WrittenPolicy } from './policy-schema.ts';

/** Each later answer is as strict as the ones before it, or stricter. */
const UNRESOLVED = ['approve', 'deny'] as const;
const PARTIAL = ['allow', 'approve', 'deny'] as const;
const APPROVAL = ['ask', 'deny'] as const;

/** The modes that a mode may be narrowed to. */
const NARROWER: Readonly<Record<PolicyMode, readonly PolicyMode[]>> = {
  full: ['full', 'edit', 'plan', 'listed'],
  edit: ['edit', 'plan'],
  plan: ['plan'],
  listed: ['listed'],
};

/**
 * A base policy narrowed by the file of a workspace. What would loosen it (an allow rule, an action
 * switched on, a host outside the base's list, a milder answer) is refused: a repository must not
 * open what its operator closed. Throws {@link PolicyError} whose paths are those of the workspace.
 */
export function tightenPolicy(base: Policy, workspace: WrittenPolicy): Policy {
  const issues: PolicyIssue[] = [];
  const refuse = (path: string, message: string): void => {
    issues.push({ path, message: `${message}; a workspace may only tighten the base policy` });
  };
  const stricter = <T extends string>(
    path: string,
    order: readonly T[],
    before: T,
    after: T | undefined,
  ): T => {
    if (after === undefined) return before;
    if (order.indexOf(after) < order.indexOf(before)) {
      refuse(path, `is milder than the base's "${before}"`);
    }
    return after;
  };
  if (workspace.preset !== 'standard') refuse('preset', 'is for the base policy');
  const mode = workspace.mode ?? base.mode;
  if (!NARROWER[base.mode].includes(mode)) {
    refuse('mode', `lets more through than the base's "${base.mode}"`);
  }
  const ids = new Set(base.rules.map(({ id }) => id));
  for (const [index, rule] of workspace.rules.entries()) {
    if (rule.effect === 'allow') refuse(`rules.${index}.effect`, 'allows something');
    if (ids.has(rule.id)) refuse(`rules.${index}.id`, `"${rule.id}" is a rule of the base`);
  }
  const merged: Policy = {
    ...base,
    mode,
    actions: tightenActions(base, workspace, refuse),
    network: tightenNetwork(base, workspace, refuse),
    on_unresolved: stricter(
      'on_unresolved',
      UNRESOLVED,
      base.on_unresolved,
      workspace.on_unresolved,
    ),
    on_partial: stricter('on_partial', PARTIAL, base.on_partial, workspace.on_partial),
    on_approval: stricter('on_approval', APPROVAL, base.on_approval, workspace.on_approval),
    rules: [...base.rules, ...workspace.rules],
  };
  if (issues.length > 0) throw new PolicyError(issues);
  return merged;
}

type Refuse = (path: string, message: string) => void;

function tightenActions(base: Policy, workspace: WrittenPolicy, refuse: Refuse): Policy['actions'] {
  const before = resolveActions(base);
  const merged = { ...base.actions };
  for (const [action, given] of Object.entries(workspace.actions)) {
    if (given === undefined) continue;
    const { enabled, approval } = before.get(action) ?? { enabled: false, approval: true };
    if (given.enabled === true && !enabled) {
      refuse(`actions.${action}.enabled`, 'switches an action on');
    }
    if (given.approval === false && approval) {
      refuse(`actions.${action}.approval`, 'drops an approval');
    }
    merged[action] = { ...merged[action], ...given };
  }
  return merged;
}

function tightenNetwork(base: Policy, workspace: WrittenPolicy, refuse: Refuse): Policy['network'] {
  const { allowlist, allow_private: allowPrivate } = workspace.network;
  if (allowPrivate === true && !base.network.allow_private) {
    refuse('network.allow_private', 'opens private addresses');
  }
  if (allowlist?.length === 0 && base.network.allowlist.length > 0) {
    refuse('network.allowlist', 'is empty, which restricts nothing');
  }
  for (const [index, entry] of (allowlist ?? []).entries()) {
    if (base.network.allowlist.length > 0 && !coversEntry(base.network.allowlist, entry)) {
      refuse(`network.allowlist.${index}`, `"${entry}" is not within the base's list`);
    }
  }
  return {
    allowlist: allowlist ?? base.network.allowlist,
    allow_private: allowPrivate ?? base.network.allow_private,
  };
}
