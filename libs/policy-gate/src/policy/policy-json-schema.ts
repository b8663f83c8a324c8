import { z } from 'zod';

import { policySchema } from './policy-schema.ts';

/** The JSON Schema (draft 2020-12) of a policy as it is written, for editors. */
export function policyJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(policySchema, { io: 'input', target: 'draft-2020-12' }),
    title: 'Policy of @ae/policy-gate',
  };
}
