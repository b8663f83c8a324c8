/**
 * - `isolation_unavailable`: this machine cannot isolate; `remedy` is the command that fixes it.
 * - `invalid_option`: an option or environment variable is out of range.
 * - `api_key_required`: the server would listen beyond loopback without a key.
 * - `port_in_use`: another process listens on the port.
 * - `launch_failed`: a sandbox did not start; the message carries what the backend said.
 * - `pause_failed`: a sandbox could not be frozen, and runs on, or could not be thawed.
 */
export type SandboxServerErrorCode =
  | 'isolation_unavailable'
  | 'invalid_option'
  | 'api_key_required'
  | 'port_in_use'
  | 'launch_failed'
  | 'pause_failed';

/** Every error this package throws; tell them apart by `code`. */
export class SandboxServerError extends Error {
  readonly code: SandboxServerErrorCode;
  /** The one command that makes it work, where there is one. */
  readonly remedy: string | undefined;

  constructor(code: SandboxServerErrorCode, message: string, remedy?: string) {
    super(remedy === undefined ? message : `${message} To fix it: ${remedy}`);
    this.name = 'SandboxServerError';
    this.code = code;
    this.remedy = remedy;
  }
}
