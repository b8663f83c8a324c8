import { AuditError } from './audit-error.ts';
import type { AuditEntry } from './audit-log.ts';
import { canonicalJson } from './canonical-json.ts';

/** Largest context, in bytes of its canonical JSON in UTF-8. */
export const MAX_CONTEXT_BYTES = 65_536;

/** Longest identifier and name, in UTF-16 units. */
const MAX_TEXT = 256;
const MAX_EMAIL = 320;
const MAX_CHAIN = 32;

/** An entry that keeps the rules: its fields without the context, and the context's JSON apart. */
export interface CheckedEntry {
  fields: Omit<AuditEntry, 'context'>;
  /** Canonical JSON. */
  context: string | undefined;
}

type Rule = (value: unknown) => string | undefined;

const text =
  (max: number): Rule =>
  (value) =>
    typeof value !== 'string' || value.length === 0 || value.length > max
      ? `must be a string of 1 to ${max} characters`
      : value.isWellFormed()
        ? undefined
        : 'must not contain lone surrogates';

/** An identifier that becomes part of a key: a leading `}` would break a Redis hash tag. */
const identifier: Rule = (value) =>
  text(MAX_TEXT)(value) ??
  (/^\}|\p{Cc}/u.test(value as string)
    ? 'must not start with "}" or contain control characters'
    : undefined);

const oneOf =
  (...values: string[]): Rule =>
  (value) =>
    values.includes(value as string) ? undefined : `must be one of ${values.join(', ')}`;

const digest: Rule = (value) =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
    ? undefined
    : 'must be 64 lower-case hex digits';

const cost: Rule = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? undefined
    : 'must be a finite number of USD, not negative';

const chain: Rule = (value) => {
  if (!Array.isArray(value) || value.length > MAX_CHAIN) {
    return `must be a list of at most ${MAX_CHAIN} names`;
  }
  return Array.from(value).some((name) => text(MAX_TEXT)(name) !== undefined)
    ? `must hold strings of 1 to ${MAX_TEXT} characters`
    : undefined;
};

const members =
  (rules: Record<string, Rule>, required: readonly string[]): Rule =>
  (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return 'must be an object';
    }
    const fault = firstFault(value, rules, required);
    return fault && `has a bad member: ${fault}`;
  };

const ENTRY_RULES: Record<keyof Omit<AuditEntry, 'context'>, Rule> = {
  kind: oneOf('decision', 'outcome'),
  tenant_id: identifier,
  principal: members({ user_id: text(MAX_TEXT), email: text(MAX_EMAIL) }, ['user_id']),
  agent: members({ name: text(MAX_TEXT), tier: text(MAX_TEXT), chain }, []),
  action: text(MAX_TEXT),
  tool: text(MAX_TEXT),
  run_id: identifier,
  decision_id: identifier,
  decision: oneOf('allow', 'deny', 'approval_required'),
  reason_code: text(MAX_TEXT),
  policy_version: text(MAX_TEXT),
  arguments_digest: digest,
  outcome: text(MAX_TEXT),
  cost,
  trace_id: text(MAX_TEXT),
};
const ENTRY_REQUIRED = ['kind', 'tenant_id', 'principal', 'action', 'decision_id'];

/** The first rule that `object` breaks, as `<name> <what it must be>`. Unknown names are refused. */
function firstFault(
  object: object,
  rules: Record<string, Rule>,
  required: readonly string[],
): string | undefined {
  const values = object as Record<string, unknown>;
  for (const name of required) {
    if (values[name] === undefined) return `${name} is missing`;
  }
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (value === undefined) continue;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) return `${JSON.stringify(name.slice(0, 64))} is not a known field`;
    const fault = rule(value);
    if (fault !== undefined) return `${name} ${fault}`;
  }
  return undefined;
}

/**
 * Checks an entry and takes a copy of it, so that later changes by the caller cannot reach the log.
 *
 * @throws {@link AuditError} `invalid_entry`; its message never repeats a value.
 */
export function checkEntry(entry: AuditEntry): CheckedEntry {
  if (typeof (entry as unknown) !== 'object' || (entry as unknown) === null) {
    throw new AuditError('invalid_entry', 'an audit entry must be an object');
  }
  const { context, ...fields } = entry;
  const fault = firstFault(fields, ENTRY_RULES, ENTRY_REQUIRED);
  if (fault !== undefined) throw new AuditError('invalid_entry', `audit entry: ${fault}`);
  return {
    fields: JSON.parse(JSON.stringify(fields)) as Omit<AuditEntry, 'context'>,
    context: context === undefined ? undefined : checkContext(context),
  };
}

function checkContext(context: unknown): string {
  let json: string;
  try {
    json = canonicalJson(context);
  } catch (error) {
    throw new AuditError('invalid_entry', `audit entry: context must be JSON data`, {
      cause: error,
    });
  }
  if (Buffer.byteLength(json) > MAX_CONTEXT_BYTES) {
    throw new AuditError(
      'invalid_entry',
      `audit entry: context is larger than ${MAX_CONTEXT_BYTES} bytes; cut it before you record it`,
    );
  }
  return json;
}

/** @throws {@link AuditError} `invalid_query` */
export function checkTenantId(tenantId: unknown): asserts tenantId is string {
  const fault = identifier(tenantId);
  if (fault !== undefined) throw new AuditError('invalid_query', `tenant_id ${fault}`);
}

/** Most records in a page. */
const MAX_PAGE = 1000;

const QUERY_RULES: Record<string, Rule> = {
  tenant_id: identifier,
  limit: (value) =>
    Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MAX_PAGE
      ? undefined
      : `must be an integer from 1 to ${MAX_PAGE}`,
  cursor: text(64),
  kind: oneOf('decision', 'outcome'),
  action: text(MAX_TEXT),
  decision_id: identifier,
  run_id: identifier,
};

/** @throws {@link AuditError} `invalid_query` naming the field. */
export function checkQuery(query: object): void {
  const fault = members(QUERY_RULES, ['tenant_id'])(query);
  if (fault !== undefined) throw new AuditError('invalid_query', `audit query ${fault}`);
}
