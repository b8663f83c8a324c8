import { STATUS_CODES } from 'node:http';
import { WITHHELD } from './redact-line.ts';
import { readMember, serializeError } from './serialize-error.ts';
import type { SerializedError } from './serialize-error.ts';

/** What the handler needs of a response; Express's and Node's own fit. */
export interface ErrorResponse {
  readonly headersSent: boolean;
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

export interface RedactingErrorHandlerOptions {
  /** Removes the secrets of a text. */
  redact: (text: string) => string;
  /** Gets each error, redacted, with its stack and the status that was answered. */
  log?: (error: SerializedError, status: number) => void;
}

/**
 * An error handler for Express 4 and 5, to be used last: it answers `application/problem+json` (RFC 9457). The status
 * is `status` or `statusCode` of the error where that is 400 to 599, else 500. Of a 4xx the redacted message and the
 * `code` are shown; of a 5xx nothing is, and never a stack. When the answer has begun, the error is left to Express.
 */
export function redactingErrorHandler(
  options: RedactingErrorHandlerOptions,
): (
  error: unknown,
  request: unknown,
  response: ErrorResponse,
  next: (error?: unknown) => void,
) => void {
  const { redact, log } = options;
  // Express tells an error handler by its four parameters.
  return (error, _request, response, next) => {
    const status = statusOf(error);
    const serialized = serializeError(error, redact);
    try {
      log?.(serialized, status);
    } catch {
      // The caller's log is no reason to leave a request without an answer.
    }
    if (response.headersSent) {
      next(error);
      return;
    }
    const isShown = status < 500 && serialized.message !== WITHHELD;
    response.statusCode = status;
    response.setHeader('Content-Type', 'application/problem+json');
    response.end(
      JSON.stringify({
        type: 'about:blank',
        title: STATUS_CODES[status] ?? 'Error',
        status,
        detail: isShown ? serialized.message : 'the request failed here; see the log',
        ...(isShown && serialized.code !== undefined && { code: serialized.code }),
      }),
    );
  };
}

function statusOf(error: unknown): number {
  if (typeof error !== 'object' || error === null) return 500;
  for (const name of ['status', 'statusCode']) {
    const status = readMember(error, name);
    if (Number.isInteger(status) && (status as number) >= 400 && (status as number) <= 599)
      return status as number;
  }
  return 500;
}
