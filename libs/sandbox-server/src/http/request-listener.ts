import type { IncomingMessage, ServerResponse } from 'node:http';
import { NoCapacityError } from '../lifecycle/no-capacity-error.ts';
import type { SandboxRegistry } from '../lifecycle/sandbox-registry.ts';
import { SandboxServerError } from '../sandbox-server-error.ts';
import { answerJson, answerRefusal, header, Refusal } from './answer.ts';
import { boundBody } from './bound-body.ts';
import { serveControl } from './control-routes.ts';
import { authorise, findSandbox } from './find-sandbox.ts';
import { serveGuest } from './guest-proxy.ts';
import type { HttpBounds } from './http-bounds.ts';
import { sameSecret } from './secret.ts';

/** What this server can do that not every E2B-compatible one can: @ae/sandbox asks. */
const CAPABILITIES = ['network-allowlist', 'pause'] as const;

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
  bounds: HttpBounds,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = URL.parse(request.url ?? '/', 'http://server');
  if (url === null) throw new Refusal(400, 'the request target is not a URL');
  const record = findSandbox(registry, request, url);
  if (record !== undefined) {
    // The server's own call to the agent; nobody else may make it.
    if (url.pathname === '/init') throw new Refusal(501, 'this call is not supported');
    const isHealth = url.pathname === '/health';
    if (!isHealth) authorise(request, url, record);
    if (record.state === 'paused') {
      // As at E2B: the SDK reads 502 as a sandbox that does not run. To ask whether it does is no
      // reason to wake it.
      if (!record.autoResume || isHealth) {
        throw new Refusal(502, `sandbox '${record.id}' is paused`);
      }
      await registry.resume(record.id);
    }
    // From here on the body is read: nothing may be awaited between this and the next line.
    boundBody(request, response, { idleMs: bounds.uploadIdleMs });
    serveGuest(record.channel, request, response, url, isHealth ? bounds.healthMs : undefined);
    return;
  }
  boundBody(request, response, { totalMs: bounds.bodyMs });
  if (request.method === 'GET' && url.pathname === '/health') {
    response.setHeader('x-ae-capabilities', CAPABILITIES.join());
    answerJson(response, 204);
    return;
  }
  authenticate(request, apiKey);
  await serveControl(registry, request, response, url);
}

export function requestListener(
  registry: SandboxRegistry,
  apiKey: string | undefined,
  bounds: HttpBounds,
) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    request.on('error', () => {
      // The caller went away; the response's 'close' cleans up.
    });
    serve(registry, apiKey, bounds, request, response).catch((error: unknown) => {
      if (error instanceof Refusal) {
        answerRefusal(response, error.status, error.message, error.code);
      } else if (error instanceof NoCapacityError) {
        if (!response.headersSent) response.setHeader('retry-after', error.retryAfterS);
        answerRefusal(response, 503, error.message);
      } else if (error instanceof SandboxServerError) {
        answerRefusal(response, 500, error.message);
      } else {
        answerRefusal(response, 500, 'internal error');
      }
    });
  };
}
