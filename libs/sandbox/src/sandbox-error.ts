/**
 * - `sandbox_not_found`: there is no such sandbox, or no longer.
 * - `sandbox_unavailable`: the server does not answer; nothing is known about the sandbox.
 * - `sandbox_create_failed`: the server answered that it could not start one.
 * - `sandbox_capacity`: the server is full; try again later.
 * - `sandbox_timeout`: the sandbox reached the end of its life while a call was under way.
 * - `execution_aborted`: the caller's signal ended the call.
 * - `invalid_path`: a path is empty, holds a NUL byte or leads out of the home.
 * - `file_not_found`, `file_too_large`: about a file in the sandbox.
 * - `disk_full`: the sandbox has no space left for the file.
 * - `invalid_argument`: the provider refuses what was asked, e.g. a `cwd` that does not exist.
 * - `unsupported_by_provider`: this provider cannot do what was asked.
 * - `unauthenticated`: the API key is missing or wrong.
 * - `sandbox_failed`: the provider answered with an error that none of these describes.
 */
export type SandboxErrorCode =
  | 'sandbox_not_found'
  | 'sandbox_unavailable'
  | 'sandbox_create_failed'
  | 'sandbox_capacity'
  | 'sandbox_timeout'
  | 'execution_aborted'
  | 'invalid_path'
  | 'file_not_found'
  | 'file_too_large'
  | 'disk_full'
  | 'invalid_argument'
  | 'unsupported_by_provider'
  | 'unauthenticated'
  | 'sandbox_failed';

/** Every error this package throws is one of these; tell them apart by class or by `code`. */
export class SandboxError extends Error {
  readonly code: SandboxErrorCode;

  constructor(code: SandboxErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The sandbox does not exist, or was destroyed or timed out before the call. Create another. */
export class SandboxNotFound extends SandboxError {
  constructor(message: string, options?: ErrorOptions) {
    super('sandbox_not_found', message, options);
  }
}

/** The provider does not answer. Check that the server runs and that the address is right. */
export class SandboxUnavailable extends SandboxError {
  constructor(message: string, options?: ErrorOptions) {
    super('sandbox_unavailable', message, options);
  }
}

/** The provider runs as many sandboxes as it can. Wait, or destroy one. */
export class SandboxCapacity extends SandboxError {
  constructor(message: string, options?: ErrorOptions) {
    super('sandbox_capacity', message, options);
  }
}

/** The sandbox ended during the call. Give it more time with `timeoutMs` or `setTimeout`. */
export class SandboxTimeout extends SandboxError {
  constructor(message: string, options?: ErrorOptions) {
    super('sandbox_timeout', message, options);
  }
}

/** The caller's AbortSignal fired; the command was killed. */
export class ExecutionAborted extends SandboxError {
  constructor(message: string, options?: ErrorOptions) {
    super('execution_aborted', message, options);
  }
}

/** A path that must not be used; nothing was sent to the sandbox. */
export class InvalidPath extends SandboxError {
  constructor(message: string) {
    super('invalid_path', message);
  }
}

/** The provider lacks what was asked for; see `SandboxClient.capabilities()`. */
export class UnsupportedByProvider extends SandboxError {
  constructor(message: string, options?: ErrorOptions) {
    super('unsupported_by_provider', message, options);
  }
}
