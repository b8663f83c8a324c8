import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerRefusal } from './answer.ts';

/**
 * Answers 408 and closes the connection when the body of a request does not arrive within
 * `totalMs`, or when nothing of it arrives for `idleMs`; also when the answer was given without
 * waiting for the body, which would hold the connection all the same.
 */
export function boundBody(
  request: IncomingMessage,
  response: ServerResponse,
  bound: { readonly totalMs: number } | { readonly idleMs: number },
): void {
  const isIdle = 'idleMs' in bound;
  const timer = setTimeout(
    () => {
      if (request.complete) return;
      answerRefusal(response, 408, 'the body of the request did not arrive in time');
      // What was written is sent before the connection is closed.
      setImmediate(() => request.destroy());
    },
    isIdle ? bound.idleMs : bound.totalMs,
  );
  if (isIdle) request.on('data', () => timer.refresh());
  request.once('close', () => clearTimeout(timer));
}
