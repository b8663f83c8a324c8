/** A server whose guests are the test's own: what a guest says, and when, is up to the test. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { connect, createServer as createListener, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Backend } from '../backends/backend.ts';
import { EventLog } from '../events/event-log.ts';
import { createRequest } from '../http/create-body.ts';
import { HTTP_BOUNDS, type HttpBounds } from '../http/http-bounds.ts';
import { createHttpServer } from '../http/http-server.ts';
import type { SandboxRecord } from '../lifecycle/sandbox-record.ts';
import { SandboxRegistry } from '../lifecycle/sandbox-registry.ts';
import { serverSettings, type SandboxServerOptions } from '../server-settings.ts';
import { openTemplateCatalog } from '../templates/template-catalog.ts';

/** Takes the guest's end of the stream to the server. */
export type FakeAgent = (stream: Duplex) => void;

export interface FakeServer {
  readonly port: number;
  readonly url: string;
  readonly registry: SandboxRegistry;
  readonly events: EventLog;
  create(): Promise<SandboxRecord>;
  /** Sandboxes that were killed, or ended of themselves. */
  readonly ended: readonly string[];
  stop(): Promise<void>;
}

/** Sockets rather than a pair of streams: HTTP/2 reads those by another way. */
async function socketPair(): Promise<[Socket, Socket]> {
  const listener = createListener({ allowHalfOpen: true });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const near = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [far] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  return [near, far];
}

function fakeBackend(agent: FakeAgent, ended: string[]): Backend {
  return {
    kind: 'bubblewrap',
    enforcement: {
      memory: 'watch',
      cpu: false,
      processes: true,
      kernelMemory: false,
      freeze: 'signal',
    },
    missingPrograms: () => Promise.resolve([]),
    launch: async ({ id }) => {
      const [near, far] = await socketPair();
      const exit = Promise.withResolvers<string>();
      far.on('error', () => {
        // The server hung up; what matters is what it says to its callers.
      });
      agent(far);
      return {
        stream: near,
        egress: undefined,
        exited: exit.promise,
        freeze: () => Promise.resolve(),
        thaw: () => Promise.resolve(),
        usage: () => Promise.resolve({}),
        kill: () => {
          ended.push(id);
          near.destroy();
          far.destroy();
          exit.resolve('killed');
          return Promise.resolve();
        },
      };
    },
    close: () => Promise.resolve(),
  };
}

export async function startFakeServer(
  agent: FakeAgent,
  { apiKey = 'fake', ...options }: SandboxServerOptions & { apiKey?: string } = {},
  bounds: Partial<HttpBounds> = {},
): Promise<FakeServer> {
  const ended: string[] = [];
  const events = new EventLog();
  const backend = fakeBackend(agent, ended);
  const templates = await openTemplateCatalog(backend, []);
  const settings = { ...serverSettings({ apiKey, ...options }), templates };
  const registry = new SandboxRegistry(backend, settings, events, () => undefined);
  const server = createHttpServer(registry, apiKey, { ...HTTP_BOUNDS, ...bounds });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    registry,
    events,
    create: () => registry.create(createRequest({ timeout: 600 }, templates)),
    ended,
    stop: async () => {
      await registry.stop();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

/** An agent that starts as it should, with the message `told`, and answers calls by `answer`. */
export function http2Agent(
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
  told: (init: string) => void = () => undefined,
): FakeAgent {
  return (channel) => {
    const server = createServer();
    server.on('sessionError', () => {
      // A broken session is what some of these tests are after.
    });
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {
        // The caller left, or the server did not like what it got.
      });
      if (headers[':path'] === '/init') {
        stream.setEncoding('utf8').on('data', told);
        stream.respond({ ':status': 204 }, { endStream: true });
      } else {
        answer(stream, headers);
      }
    });
    server.emit('connection', channel);
  };
}

/**
 * Sends bytes to a server and reads until it closes the connection, or until nothing more has
 * come for `quietMs`. It may close its own end as soon as all is sent.
 */
export function exchange(
  port: number,
  bytes: string,
  quietMs: number,
  { halfClose = false } = {},
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let seen = '';
    socket.setEncoding('latin1');
    socket.setTimeout(quietMs, () => socket.destroy());
    socket.on('data', (text: string) => {
      seen += text;
    });
    socket.on('error', () => {
      // A connection that is reset is closed, too.
    });
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(seen));
    socket.write(bytes);
    if (halfClose) socket.end();
  });
}
