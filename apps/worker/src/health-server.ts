import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The part that keeps the worker from working; undefined when it works. */
export type ReadinessProbe = () => Promise<string | undefined>;

/** `/healthz` and `/readyz` on loopback. */
export class HealthServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @throws when the port is taken */
  static async start(port: number, unready: ReadinessProbe): Promise<HealthServer> {
    const server = createServer((request, response) => {
      if (request.url === '/healthz') answer(response, 200, { status: 'ok' });
      else if (request.url !== '/readyz') answer(response, 404, { status: 'not_found' });
      else {
        unready().then(
          (part) =>
            part === undefined
              ? answer(response, 200, { status: 'ok' })
              : answer(response, 503, { status: 'unavailable', part }),
          () => answer(response, 503, { status: 'unavailable', part: 'worker' }),
        );
      }
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', resolve);
    });
    return new HealthServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
