import {
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';

/**
 * Headers that mean one connection only, RFC 9110 section 7.6.1. Framing is decided anew on each
 * side; `expect` and `host` are ours to say.
 */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'expect',
]);

type Message = Pick<IncomingMessage, 'rawHeaders' | 'headers'>;

/** What goes on to the next connection, as names and values in turn. */
function endToEnd(message: Message, dropped: readonly string[]): string[] {
  const named = (message.headers.connection ?? '').split(',').map((name) => name.trim());
  const gone = new Set([...HOP_BY_HOP, ...named.map((name) => name.toLowerCase()), ...dropped]);
  const kept: string[] = [];
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = message.rawHeaders.slice(at, at + 2);
    if (!gone.has(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}

/** The head of a request as it leaves: one Host, one framing. */
export function requestHeaders(request: Message, host: string): string[] {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  const kept = endToEnd(request, ['host', 'content-length']);
  if (encoding !== undefined) kept.push('Transfer-Encoding', 'chunked');
  else if (length !== undefined) kept.push('Content-Length', length);
  return ['Host', host, ...kept, 'Connection', 'close'];
}

/**
 * Sends a request on over a connection of its own and hands the answer back.
 *
 * @param fail called when there is no answer to hand back
 */
export function forward(
  request: IncomingMessage,
  response: ServerResponse,
  upstream: Socket,
  target: { readonly host: string; readonly path: string },
  fail: () => void,
): void {
  let outgoing: ClientRequest;
  try {
    outgoing = httpRequest({
      createConnection: () => upstream,
      method: request.method,
      path: target.path,
      headers: requestHeaders(request, target.host),
      setHost: false,
    });
  } catch {
    // A byte that no request may hold.
    upstream.destroy();
    fail();
    return;
  }
  outgoing.once('response', (answer) => {
    try {
      response.writeHead(answer.statusCode ?? 502, endToEnd(answer, []));
    } catch {
      outgoing.destroy();
      fail();
      return;
    }
    answer.on('error', () => response.destroy());
    answer.pipe(response);
  });
  outgoing.on('error', () => {
    // 'close' follows.
  });
  outgoing.once('close', () => {
    upstream.destroy();
    if (!response.headersSent) fail();
    else if (!response.writableEnded) response.destroy();
  });
  response.once('close', () => outgoing.destroy());
  request.on('error', () => {
    // The response's 'close' ends the rest.
  });
  request.pipe(outgoing);
}
