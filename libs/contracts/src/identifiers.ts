import { z } from 'zod';

/** Longest identifier that a caller may choose, in UTF-16 units. */
export const MAX_IDENTIFIER_LENGTH = 256;

/**
 * An identifier chosen by a caller: 1 to 256 characters, none of them a control character or half
 * of a surrogate pair. A leading `}` would break the hash tag of a Redis Cluster key
 * (`budget:{<run_id>}`) and is refused.
 */
function callerChosenId(name: string) {
  return z
    .string()
    .min(1)
    .max(MAX_IDENTIFIER_LENGTH)
    .refine((id) => !id.startsWith('}'), { error: `${name} must not start with "}"` })
    .refine((id) => id !== '.' && id !== '..', {
      error: `${name} must not be "." or "..", which no URL can address`,
    })
    .refine((id) => id.isWellFormed() && !/\p{Cc}/u.test(id), {
      error: `${name} must not contain control characters or lone surrogates`,
    });
}

export const runIdSchema = callerChosenId('run_id').meta({
  description: 'Names one run of agents and its budget. 1 to 256 characters, no leading "}".',
  example: 'run-2026-11-25-001',
});

export const holdIdSchema = callerChosenId('hold_id').meta({
  description: 'Names one hold of a run. The same id with the same amount replays.',
  example: 'build',
});

export const idempotencyKeySchema = callerChosenId('idempotency_key').meta({
  description: 'A second request with the same key is answered as the first and charges nothing.',
  example: 'invoice-17',
});

/** An identifier that the control plane made: a UUID with a prefix that tells what it names. */
export const decisionIdSchema = z
  .string()
  .regex(/^dec_[0-9a-f-]{36}$/)
  .meta({ example: 'dec_0198c5a4-6f5e-7c3a-9d3e-0123456789ab' });

export const approvalIdSchema = z
  .string()
  .regex(/^apr_[0-9a-f]{32}$/)
  .meta({ example: 'apr_0123456789abcdef0123456789abcdef' });
