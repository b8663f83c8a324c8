/** Stable codes of {@link RedactorError}. */
export type RedactorErrorCode =
  | 'invalid_argument'
  | 'secret_too_short'
  | 'secret_too_long'
  | 'invalid_kind'
  | 'invalid_pattern'
  | 'unsupported_pattern'
  | 'pattern_without_literal'
  | 'stream_ended';

/** Thrown by the calls that configure a redactor. Redaction itself never throws. */
export class RedactorError extends Error {
  readonly code: RedactorErrorCode;

  constructor(code: RedactorErrorCode, message: string) {
    super(message);
    this.name = 'RedactorError';
    this.code = code;
  }
}
