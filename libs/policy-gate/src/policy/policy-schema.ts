import { isAllowlistEntry } from '@ae/network-rules';
import { z } from 'zod';

import { ACTIONS } from '../actions.ts';
import { EFFECT_KINDS, TARGET_CLASSES } from '../effects/effect.ts';
import { PRESET_NAMES } from './preset-names.ts';

const action = z.enum(ACTIONS as [string, ...string[]]);
const oneOrMore = <T extends z.ZodType>(schema: T) => z.union([schema, z.array(schema).min(1)]);
const text = z.string().min(1).max(2000);
const texts = oneOrMore(text).optional();

const actionSwitch = z.strictObject({
  /** Off means denied, whoever asks. */
  enabled: z.boolean().optional(),
  /** True: every such action waits for a person. */
  approval: z.boolean().optional(),
});

/**
 * Every condition that is named must hold; within one condition any of its values may. In a text
 * `*` stands for any run of characters.
 */
const conditions = z.strictObject({
  // Of an effect.
  /** Kind of effect, as in the `effects` of a decision. */
  kind: oneOrMore(z.enum(EFFECT_KINDS as [string, ...string[]])).optional(),
  operation: texts,
  target_class: oneOrMore(z.enum(TARGET_CLASSES as [string, ...string[]])).optional(),
  target: texts,
  irreversible: z.boolean().optional(),
  /** Rule of the built-in knowledge, e.g. `git.reset-hard`. */
  rule_id: texts,
  // Of a command.
  /** The words a command is run with, one space between them: `terraform apply*`. */
  command: texts,
  // Of the context.
  environment: texts,
  tool: texts,
  method: texts,
  language: texts,
  dialect: texts,
  /** `user_id`, `tenant_id` and any of the `roles` of the principal. */
  user: texts,
  tenant: texts,
  role: texts,
  /** `name` and `tier` of the agent. */
  agent: texts,
  agent_tier: texts,
});

const example = z.union([text, z.record(z.string(), z.unknown())]);

const rule = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9._-]{0,63}$/, 'starts with a letter; a-z, 0-9, dot, dash'),
  action: oneOrMore(action).optional(),
  effect: z.enum(['deny', 'approve', 'allow']),
  when: conditions,
  reason: text,
  suggestion: text.optional(),
  approvers: z.array(text).optional(),
  /** `shadow` reports what the rule would do and decides nothing. */
  mode: z.enum(['enforce', 'shadow']).default('enforce'),
  /** Commands (or contexts) that the rule must and must not apply to; checked when loading. */
  examples: z
    .strictObject({ match: z.array(example).default([]), pass: z.array(example).default([]) })
    .default({ match: [], pass: [] }),
});

const allowlistEntry = z
  .string()
  .refine(isAllowlistEntry, 'is no host; write `api.example.com`, `*.example.com` or `*`');

export const policySchema = z.strictObject({
  version: z
    .string()
    .regex(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/, 'is no semantic version such as 1.0.0')
    .default('1.0.0'),
  /** What holds where this policy says nothing itself. */
  preset: z.enum(PRESET_NAMES).default('standard'),
  /**
   * Which effects go unasked: all that nothing is against (`full`), changes inside the workspace
   * and reads (`edit`), reads (`plan`), or only what an allow rule names (`listed`).
   */
  mode: z.enum(['full', 'edit', 'plan', 'listed']).optional(),
  actions: z.partialRecord(action, actionSwitch).default({}),
  network: z
    .strictObject({
      /** Empty: no restriction by list. */
      allowlist: z.array(allowlistEntry).optional(),
      /** Lets loopback, private and link-local addresses be reached; metadata services never. */
      allow_private: z.boolean().optional(),
    })
    .default({}),
  /** What happens to an action whose command or delete target cannot be understood. */
  on_unresolved: z.enum(['approve', 'deny']).optional(),
  /** What happens to an action of which some part was not followed, harmless as it looks. */
  on_partial: z.enum(['allow', 'approve', 'deny']).optional(),
  /** `deny` where nobody is there to approve. */
  on_approval: z.enum(['ask', 'deny']).optional(),
  rules: z.array(rule).max(1000).default([]),
});

/** A policy as it is written: everything is optional, nothing unknown is accepted. */
export type PolicyInput = z.input<typeof policySchema>;
/** A policy as it was read, before its preset is laid under it. */
export type WrittenPolicy = z.output<typeof policySchema>;
export type PolicyRule = WrittenPolicy['rules'][number];
export type Conditions = PolicyRule['when'];
export type PresetName = WrittenPolicy['preset'];
export type PolicyMode = NonNullable<WrittenPolicy['mode']>;

/** A policy as it is used: the preset's answers where it gave none itself. */
export interface Policy {
  version: string;
  preset: PresetName;
  mode: PolicyMode;
  actions: WrittenPolicy['actions'];
  network: { allowlist: string[]; allow_private: boolean };
  on_unresolved: 'approve' | 'deny';
  on_partial: 'allow' | 'approve' | 'deny';
  on_approval: 'ask' | 'deny';
  rules: PolicyRule[];
}
