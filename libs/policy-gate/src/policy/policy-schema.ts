import { z } from 'zod';

import { ACTIONS } from '../actions.ts';
import { EFFECT_KINDS, TARGET_CLASSES } from '../effects/effect.ts';
import { isAllowlistEntry } from '../network/allowlist.ts';

const action = z.enum(ACTIONS as [string, ...string[]]);
const oneOrMore = <T extends z.ZodType>(schema: T) => z.union([schema, z.array(schema).min(1)]);
const text = z.string().min(1).max(2000);

const actionSwitch = z.strictObject({
  /** Off means denied, whoever asks. */
  enabled: z.boolean().optional(),
  /** True: every such action waits for a person. */
  approval: z.boolean().optional(),
});

/** Every condition that is named must hold; within one condition any of its values may. */
const conditions = z.strictObject({
  /** Kind of effect, as in the `effects` of a decision. */
  kind: oneOrMore(z.enum(EFFECT_KINDS as [string, ...string[]])).optional(),
  operation: oneOrMore(text).optional(),
  target_class: oneOrMore(z.enum(TARGET_CLASSES as [string, ...string[]])).optional(),
  /** Target of the effect; `*` stands for any run of characters. */
  target: oneOrMore(text).optional(),
  irreversible: z.boolean().optional(),
  /** Rule of the built-in knowledge, e.g. `git.reset-hard`; `*` as in `target`. */
  rule_id: oneOrMore(text).optional(),
  environment: oneOrMore(text).optional(),
  tool: oneOrMore(text).optional(),
  method: oneOrMore(text).optional(),
  language: oneOrMore(text).optional(),
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
  /** `shadow` reports a finding and decides nothing. */
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
  actions: z.partialRecord(action, actionSwitch).default({}),
  network: z
    .strictObject({
      /** Empty: no restriction by list. */
      allowlist: z.array(allowlistEntry).default([]),
      /** Lets loopback, private and link-local addresses be reached; metadata services never. */
      allow_private: z.boolean().default(false),
    })
    .default({ allowlist: [], allow_private: false }),
  /** What happens to an action that cannot be understood; `deny` where nobody can approve. */
  on_unresolved: z.enum(['approve', 'deny']).default('approve'),
  rules: z.array(rule).max(1000).default([]),
});

/** A policy as it is written: everything is optional, nothing unknown is accepted. */
export type PolicyInput = z.input<typeof policySchema>;
/** A policy as it is used: defaults filled in. */
export type Policy = z.output<typeof policySchema>;
export type PolicyRule = Policy['rules'][number];
