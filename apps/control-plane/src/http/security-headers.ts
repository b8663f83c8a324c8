import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';

/**
 * The headers that every answer carries: names and values in turn, as `writeHead` takes them. They are always the same,
 * so helmet makes them once.
 */
export const SECURITY_HEADERS: readonly string[] = headersOf(
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
      },
    },
    // TLS ends at the balancer, which knows whether the host is served by HTTPS alone.
    strictTransportSecurity: false,
  }),
);

/** For an answer whose head is not written at once. */
export function setSecurityHeaders(response: ServerResponse): void {
  for (let at = 0; at < SECURITY_HEADERS.length; at += 2) {
    response.setHeader(SECURITY_HEADERS[at] ?? '', SECURITY_HEADERS[at + 1] ?? '');
  }
}

function headersOf(middleware: ReturnType<typeof helmet>): string[] {
  const headers: string[] = [];
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request);
  response.setHeader = (name, value) => {
    headers.push(name, String(value));
    return response;
  };
  middleware(request, response, (error?: unknown) => {
    if (error instanceof Error) throw error;
  });
  return headers;
}
