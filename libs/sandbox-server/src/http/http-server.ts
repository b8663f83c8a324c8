import { createServer, type Server } from 'node:http';
import type { SandboxRegistry } from '../lifecycle/sandbox-registry.ts';
import { HTTP_BOUNDS, type HttpBounds } from './http-bounds.ts';
import { requestListener } from './request-listener.ts';

/** Serves both the REST interface and the agents of the sandboxes. */
export function createHttpServer(
  registry: SandboxRegistry,
  apiKey: string | undefined,
  bounds: HttpBounds = HTTP_BOUNDS,
): Server {
  const server = createServer(
    {
      headersTimeout: bounds.headMs,
      // Commands and uploads last as long as they last; each body has a bound of its own.
      requestTimeout: 0,
      connectionsCheckingInterval: bounds.headMs / 2,
    },
    requestListener(registry, apiKey, bounds),
  );
  server.maxConnections = bounds.connections;
  return server;
}
