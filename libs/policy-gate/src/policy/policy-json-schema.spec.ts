import { readFileSync } from 'node:fs';

import { policyJsonSchema } from './policy-json-schema.ts';

/** `node --conditions=@ae/source src/cli/main.ts schema > policy.schema.json` makes it again. */
it('the schema in the package is the schema of the code', () => {
  const committed: unknown = JSON.parse(
    readFileSync(new URL('../../policy.schema.json', import.meta.url), 'utf8'),
  );
  expect(committed).toEqual(JSON.parse(JSON.stringify(policyJsonSchema())));
});

it('knows every field of a policy and refuses others', () => {
  const schema = policyJsonSchema() as {
    additionalProperties: boolean;
    required?: string[];
    properties: Record<string, unknown>;
  };
  expect(schema.additionalProperties).toBe(false);
  expect(schema.required).toBeUndefined();
  expect(Object.keys(schema.properties)).toEqual([
    'version',
    'preset',
    'mode',
    'actions',
    'network',
    'on_unresolved',
    'on_partial',
    'on_approval',
    'rules',
  ]);
});
