import { WITHHELD } from './redact-line.ts';

/** An error as plain data, every string of it redacted. */
export interface SerializedError {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: SerializedError;
}

const MAX_CAUSES = 4;

/**
 * Turns anything that was thrown into plain data for logs and for the `detail` of a problem. Reads
 * only `name`, `message`, `code`, `stack` and up to four `cause`s, and never throws; when `redact`
 * does, the text is withheld. A stack is for logs only, never for a response.
 */
export function serializeError(error: unknown, redact: (text: string) => string): SerializedError {
  const clean = (text: string): string => {
    try {
      return redact(text);
    } catch {
      return WITHHELD;
    }
  };
  return serialize(error, clean, MAX_CAUSES);
}

function serialize(
  error: unknown,
  clean: (text: string) => string,
  causesLeft: number,
): SerializedError {
  if (typeof error !== 'object' || error === null) {
    return { name: 'Error', message: clean(String(error)) };
  }
  const code = readMember(error, 'code');
  const stack = readMember(error, 'stack');
  const cause = readMember(error, 'cause');
  const name = readMember(error, 'name');
  const message = readMember(error, 'message');
  return {
    name: clean(typeof name === 'string' ? name : 'Error'),
    message: clean(
      typeof message === 'string' ? message : 'an object without a message was thrown',
    ),
    ...((typeof code === 'string' || typeof code === 'number') && { code: clean(String(code)) }),
    ...(typeof stack === 'string' && { stack: clean(stack) }),
    ...(cause !== undefined &&
      causesLeft > 0 && { cause: serialize(cause, clean, causesLeft - 1) }),
  };
}

/** A getter or a proxy may throw. */
export function readMember(object: object, name: string): unknown {
  try {
    return (object as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
