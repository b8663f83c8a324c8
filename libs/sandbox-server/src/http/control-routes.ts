import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SandboxRegistry } from '../lifecycle/sandbox-registry.ts';
import { Refusal } from './answer.ts';
import type { Route } from './route.ts';
import { eventRoutes } from './routes/event-routes.ts';
import { logRoutes } from './routes/log-routes.ts';
import { metricsRoutes } from './routes/metrics-routes.ts';
import { networkRoutes } from './routes/network-routes.ts';
import { pauseRoutes } from './routes/pause-routes.ts';
import { sandboxRoutes } from './routes/sandbox-routes.ts';
import { templateRoutes } from './routes/template-routes.ts';

const ROUTES: readonly Route[] = [
  ...pauseRoutes,
  ...metricsRoutes,
  ...logRoutes,
  ...templateRoutes,
  ...networkRoutes,
  ...eventRoutes,
  ...sandboxRoutes,
];

/** Serves one request of E2B's REST interface. */
export async function serveControl(
  registry: SandboxRegistry,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  for (const { method, path, handler } of ROUTES) {
    const match = request.method === method ? path.exec(url.pathname) : null;
    if (match === null) continue;
    await handler({ registry, request, response, query: url.searchParams, id: match[1] ?? '' });
    return;
  }
  // Not 404: the SDK reads that as a sandbox that is gone.
  const call = `${request.method ?? ''} ${url.pathname}`;
  throw new Refusal(501, `${call} is not supported by this server`);
}
