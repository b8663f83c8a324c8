import { constants, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GuestChannel } from '../backends/guest-channel.ts';
import { answerRefusal } from './answer.ts';

/** What the agent needs of a request; all else stays outside. */
const FORWARDED_REQUEST_HEADERS = [
  'accept',
  'accept-encoding',
  'authorization',
  'connect-protocol-version',
  'connect-timeout-ms',
  'content-encoding',
  'content-type',
  'keepalive-ping-interval',
  'x-access-token',
] as const;

/**
 * What a guest may say in a response's head. A guest can take over its agent, and the caller
 * runs outside the sandbox: a `location` would send the caller, with its token, wherever the
 * guest likes, a `set-cookie` would stay.
 */
const FORWARDED_RESPONSE_HEADERS = ['content-type', 'content-encoding', 'content-length'] as const;

/** The head to hand on, or undefined when the guest's answer is none that the protocol has. */
export function guestAnswerHead(
  status: number | undefined,
  headers: IncomingHttpHeaders,
): { status: number; headers: OutgoingHttpHeaders } | undefined {
  if (status === undefined || !Number.isInteger(status)) return undefined;
  if (!((status >= 200 && status < 300) || (status >= 400 && status < 600))) return undefined;
  const kept = FORWARDED_RESPONSE_HEADERS.flatMap((name) =>
    headers[name] === undefined ? [] : [[name, headers[name]] as const],
  );
  return { status, headers: Object.fromEntries(kept) };
}

function requestHead(request: IncomingMessage): OutgoingHttpHeaders {
  const metadata = Object.keys(request.headers).filter((name) => name.startsWith('x-metadata-'));
  const kept = [...FORWARDED_REQUEST_HEADERS, ...metadata].flatMap((name) =>
    request.headers[name] === undefined ? [] : [[name, request.headers[name]] as const],
  );
  return {
    ':method': request.method ?? 'GET',
    ':path': request.url ?? '/',
    ...Object.fromEntries(kept),
  };
}

/** Hands one request to the guest's agent and its answer back, both as streams. */
export function serveGuest(
  channel: GuestChannel,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const stream = channel.request(requestHead(request));
  stream.once('response', (headers) => {
    const head = guestAnswerHead(headers[':status'], headers);
    if (head === undefined) {
      stream.close(constants.NGHTTP2_CANCEL);
      answerRefusal(response, 502, 'the sandbox gave an answer that is not of its protocol');
      return;
    }
    response.writeHead(head.status, head.headers);
    response.flushHeaders();
    // A guest that is killed ends its streams too; only a whole answer may look like one.
    stream.pipe(response, { end: false });
    stream.once('end', () => {
      if (channel.isOpen && !stream.aborted && stream.rstCode === 0) response.end();
      else response.destroy();
    });
  });
  stream.on('error', () => {
    // 'close' follows and ends the response.
  });
  stream.once('close', () => {
    if (!response.headersSent) answerRefusal(response, 502, 'the sandbox is gone');
    else if (!response.writableEnded) response.destroy();
  });
  response.once('close', () => {
    // Unlike `close`, which ends the body first, so that half an upload would look whole.
    if (!stream.closed) stream.destroy(new Error('the caller is gone'));
  });
  request.pipe(stream);
}
