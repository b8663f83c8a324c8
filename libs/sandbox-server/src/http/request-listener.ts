import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { NoCapacityError } from '../lifecycle/no-capacity-error.ts';
import type { SandboxRegistry } from '../lifecycle/sandbox-registry.ts';
import { SandboxServerError } from '../sandbox-server-error.ts';
import { answerJson, answerRefusal, Refusal } from './answer.ts';
import { serveControl } from './control-routes.ts';
import { serveGuest } from './guest-proxy.ts';

/** The port on which E2B's sandboxes run their agent; no other port of a guest is exposed. */
const ENVD_PORT = '49983';

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

/**
 * Without a configured key any key will do, but one must be sent: a web page cannot add the
 * header to a request to this machine without asking first, and we never say yes.
 */
function authenticate(request: IncomingMessage, apiKey: string | undefined): void {
  const given = header(request, 'x-api-key');
  if (given === undefined || given === '') {
    throw new Refusal(401, 'the X-API-Key header is missing');
  }
  if (apiKey !== undefined && !sameSecret(given, apiKey)) {
    throw new Refusal(401, 'the API key is wrong');
  }
}

async function serve(
  registry: SandboxRegistry,
  apiKey: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = URL.parse(request.url ?? '/', 'http://server');
  if (url === null) throw new Refusal(400, 'the request target is not a URL');
  const sandboxId = header(request, 'e2b-sandbox-id');
  if (sandboxId !== undefined) {
    const port = header(request, 'e2b-sandbox-port') ?? ENVD_PORT;
    if (port !== ENVD_PORT) throw new Refusal(501, 'ports of a sandbox are not exposed');
    const record = registry.get(sandboxId);
    if (record === undefined || !record.channel.isOpen) {
      throw new Refusal(502, `sandbox '${sandboxId}' was not found`);
    }
    // The server's own call to the agent; nobody else may make it.
    if (url.pathname === '/init') throw new Refusal(501, 'this call is not supported');
    if (record.state === 'paused') {
      // As at E2B: the SDK reads 502 as a sandbox that does not run. To ask whether it does is no
      // reason to wake it.
      if (!record.autoResume || url.pathname === '/health') {
        throw new Refusal(502, `sandbox '${sandboxId}' is paused`);
      }
      await registry.resume(sandboxId);
    }
    serveGuest(record.channel, request, response);
    return;
  }
  if (request.method === 'GET' && url.pathname === '/health') {
    answerJson(response, 204);
    return;
  }
  authenticate(request, apiKey);
  await serveControl(registry, request, response, url);
}

export function requestListener(registry: SandboxRegistry, apiKey: string | undefined) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    request.on('error', () => {
      // The caller went away; the response's 'close' cleans up.
    });
    serve(registry, apiKey, request, response).catch((error: unknown) => {
      if (error instanceof Refusal) answerRefusal(response, error.status, error.message);
      else if (error instanceof NoCapacityError) {
        if (!response.headersSent) response.setHeader('retry-after', error.retryAfterS);
        answerRefusal(response, 503, error.message);
      } else if (error instanceof SandboxServerError) answerRefusal(response, 500, error.message);
      else answerRefusal(response, 500, 'internal error');
    });
  };
}
