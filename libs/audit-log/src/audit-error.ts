/**
 * What went wrong, stable for programs:
 * - `invalid_entry`: the entry handed to `append` breaks a rule; the message names the field.
 * - `invalid_query`: the query handed to `list` (or a tenant id) breaks a rule.
 * - `store_unavailable`: the store did not confirm in time, or the log is closed. After a failed
 *   `append` it is unknown whether the record was written: refuse the action.
 * - `corrupt_record`: what is stored is not a record of this log, or does not fit its head. Run
 *   `verify` and keep the store as it is for an investigation.
 */
export type AuditErrorCode =
  'invalid_entry' | 'invalid_query' | 'store_unavailable' | 'corrupt_record';

/** The only error that this library throws. */
export class AuditError extends Error {
  readonly code: AuditErrorCode;

  constructor(code: AuditErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'AuditError';
    this.code = code;
  }
}
