import {
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from 'node:http2';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GuestChannel } from '../backends/guest-channel.ts';
import { answerRefusal } from './answer.ts';
import { withoutSignature } from './signature.ts';

/** What the agent needs of a request; all else stays outside, the caller's token first of all. */
const FORWARDED_REQUEST_HEADERS = new Set([
  'accept',
  'accept-encoding',
  'connect-protocol-version',
  'connect-timeout-ms',
  'content-encoding',
  'content-type',
  'keepalive-ping-interval',
]);

/** Metadata of an uploaded file: one header a key. */
const FILE_METADATA_HEADER = /^x-metadata-/;

/**
 * What a guest may say in a response's head. A guest can take over its agent, and the caller
 * runs outside the sandbox: a `location` would send the caller, with its token, wherever the
 * guest likes, a `set-cookie` would stay.
 */
const FORWARDED_RESPONSE_HEADERS = ['content-type', 'content-encoding', 'content-length'] as const;

/**
 * A browser that follows a signed URL takes what the guest sends for a page of this server, whose
 * scripts could use the REST interface. So it is never a page.
 */
const NEVER_A_PAGE: OutgoingHttpHeaders = {
  'content-security-policy': "sandbox; default-src 'none'",
  'x-content-type-options': 'nosniff',
};

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
  return { status, headers: { ...Object.fromEntries(kept), ...NEVER_A_PAGE } };
}

function requestHead(request: IncomingMessage, url: URL): OutgoingHttpHeaders {
  const kept = Object.entries(request.headers).filter(
    ([name]) => FORWARDED_REQUEST_HEADERS.has(name) || FILE_METADATA_HEADER.test(name),
  );
  return {
    ...Object.fromEntries(kept),
    ':method': request.method ?? 'GET',
    ':path': withoutSignature(url),
  };
}

/**
 * Hands one request to the guest's agent and its answer back, both as streams.
 *
 * @param answerWithinMs milliseconds until the answer must begin; undefined for no limit
 */
export function serveGuest(
  channel: GuestChannel,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  answerWithinMs: number | undefined,
): void {
  let stream: ClientHttp2Stream;
  try {
    stream = channel.request(requestHead(request, url));
  } catch {
    // The session ended, or the guest took so many streams that there is no number left.
    answerRefusal(response, 502, 'the sandbox is gone');
    return;
  }
  const patience =
    answerWithinMs === undefined ? undefined : setTimeout(() => stream.destroy(), answerWithinMs);
  stream.once('response', (headers) => {
    clearTimeout(patience);
    const head = guestAnswerHead(headers[':status'], headers);
    if (head === undefined) {
      stream.destroy();
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
    clearTimeout(patience);
    if (!response.headersSent) answerRefusal(response, 502, 'the sandbox is gone');
    else if (!response.writableEnded) response.destroy();
  });
  response.once('close', () => {
    // Unlike `close`, which ends the body first, so that half an upload would look whole.
    if (!stream.closed) stream.destroy(new Error('the caller is gone'));
  });
  request.pipe(stream);
}
