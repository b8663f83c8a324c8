/**
 * The error codes of the Connect protocol that the agent answers with.
 * Source: https://connectrpc.com/docs/protocol#error-codes
 */
const HTTP_STATUS = {
  invalid_argument: 400,
  failed_precondition: 400,
  permission_denied: 403,
  not_found: 404,
  already_exists: 409,
  resource_exhausted: 429,
  internal: 500,
  unimplemented: 501,
} as const;

export type ProtocolCode = keyof typeof HTTP_STATUS;

/** A refusal in the words of the protocol; becomes a JSON body or an end-of-stream frame. */
export class ProtocolError extends Error {
  readonly code: ProtocolCode;
  /** HTTP status, for the calls that are plain HTTP; 507 tells a full disk apart. */
  readonly status: number;

  constructor(code: ProtocolCode, message: string, status: number = HTTP_STATUS[code]) {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
    this.status = status;
  }
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** What a failed file-system call on `path` means in the protocol. */
export function fileError(error: unknown, path: string): ProtocolError {
  if (error instanceof ProtocolError) return error;
  switch (errnoOf(error)) {
    case 'ENOENT':
      return new ProtocolError('not_found', `path '${path}' does not exist`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ProtocolError('permission_denied', `path '${path}' cannot be accessed`);
    case 'ENOTDIR':
      return new ProtocolError('invalid_argument', `path '${path}' is not a directory`);
    case 'EISDIR':
      return new ProtocolError('invalid_argument', `path '${path}' is a directory`);
    case 'ENXIO':
      return new ProtocolError('invalid_argument', `path '${path}' is not a regular file`);
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return new ProtocolError('invalid_argument', `path '${path}' cannot be resolved`);
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new ProtocolError('resource_exhausted', `no space left for '${path}'`, 507);
    case 'E2BIG':
      return new ProtocolError('invalid_argument', 'the arguments and variables are too long');
    case 'ETXTBSY':
      return new ProtocolError('failed_precondition', `path '${path}' is being executed`);
    case 'Z_BUF_ERROR':
    case 'Z_DATA_ERROR':
      return new ProtocolError('invalid_argument', 'the body is not whole gzip data');
    case undefined:
    default:
      return new ProtocolError('internal', error instanceof Error ? error.message : String(error));
  }
}
