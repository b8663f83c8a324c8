import {
  AuthenticationError,
  FileNotFoundError,
  InvalidArgumentError,
  NotEnoughSpaceError,
  RateLimitError,
  SandboxNotFoundError,
  ServiceBusyError,
  TimeoutError,
} from 'e2b';
import {
  SandboxCapacity,
  SandboxError,
  SandboxNotFound,
  SandboxUnavailable,
  UnsupportedByProvider,
  type SandboxErrorCode,
} from './sandbox-error.ts';

/** What an error means when nothing in it tells more. */
export type Fallback = Extract<SandboxErrorCode, 'sandbox_create_failed' | 'sandbox_failed'>;

const CONNECTION_CODES =
  /^(?:ECONN\w+|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|ETIMEDOUT|UND_ERR_\w+)$/;

interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly cause?: unknown;
}

/** By shape, since errors of the platform may come from another realm. */
function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'name' in value && 'message' in value;
}

function* causes(error: unknown): Generator<Failure> {
  for (let at = error, depth = 0; isFailure(at) && depth < 8; at = at.cause, depth += 1) {
    yield at;
  }
}

function isConnectionFailure(error: unknown): boolean {
  for (const cause of causes(error)) {
    if (typeof cause.code === 'string' && CONNECTION_CODES.test(cause.code)) return true;
    if (cause.name === 'TimeoutError' && !(cause instanceof TimeoutError)) return true;
    // The SDK turns some failures of the transport into errors without a cause.
    if (/\bfetch failed\b|\bterminated\b|other side closed/.test(cause.message)) return true;
  }
  return false;
}

function isAbsentFeature(error: Error & { statusCode?: number }): boolean {
  const { statusCode } = error;
  return statusCode === 501 || /^12: |\[unimplemented\]/.test(error.message);
}

/** The error of this package for one that the SDK threw. */
export function fromProvider(error: unknown, fallback: Fallback = 'sandbox_failed'): SandboxError {
  if (error instanceof SandboxError) return error;
  const cause = { cause: error };
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof FileNotFoundError) return new SandboxError('file_not_found', message, cause);
  if (error instanceof SandboxNotFoundError) {
    return new SandboxNotFound(message, cause);
  }
  if (error instanceof NotEnoughSpaceError) return new SandboxError('disk_full', message, cause);
  if (error instanceof InvalidArgumentError) {
    return new SandboxError('invalid_argument', message, cause);
  }
  if (error instanceof AuthenticationError) {
    return new SandboxError('unauthenticated', message, cause);
  }
  if (error instanceof RateLimitError || error instanceof ServiceBusyError) {
    return new SandboxCapacity(message, cause);
  }
  // The SDK's other timeouts say that the sandbox is no more.
  if (error instanceof TimeoutError) {
    return /requestTimeoutMs/.test(message)
      ? new SandboxUnavailable(message, cause)
      : new SandboxNotFound(message, cause);
  }
  if (isConnectionFailure(error)) {
    return new SandboxUnavailable(
      `The sandbox provider does not answer (${message}). Check that it runs and its address.`,
      cause,
    );
  }
  if (error instanceof Error && isAbsentFeature(error)) {
    return new UnsupportedByProvider(message, cause);
  }
  return new SandboxError(fallback, message, cause);
}
