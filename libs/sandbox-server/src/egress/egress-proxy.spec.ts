/**
 * The proxy and the guest's end of it in one process, with raw clients: what a guest may try. All
 * names lead to origins on this machine's loopback, which an injected rule calls public.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { connect as connectSession, constants } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { duplexPair, type Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as connectTls, createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { matchesAllowlist, normalizeHost } from '@ae/network-rules';
import fc from 'fast-check';
import { startEgressBridge } from '../agent/egress-bridge.ts';
import type { EgressEvent } from '../events/server-event.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { egressEnvironment, EgressProxy, type EgressOptions } from './egress-proxy.ts';
import { classifyAddress } from './resolve-address.ts';

const LOOPBACK = '127.0.0.1';

interface Origin {
  readonly port: number;
  readonly server: Server;
}

async function listening(server: Server): Promise<Origin> {
  server.listen(0, LOOPBACK);
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** Answers what it was asked, and where it was told to send a client. */
function echo(): HttpServer {
  return createHttpServer((request, response) => {
    void text(request).then(
      (body) => {
        const { method, url, headers, rawHeaders } = request;
        const location = new URL(url ?? '/', 'http://origin').searchParams.get('to');
        if (location !== null) response.writeHead(302, { location, 'keep-alive': 'x', te: 'x' });
        response.end(JSON.stringify({ method, url, headers, rawHeaders, body }));
      },
      () => response.destroy(),
    );
  });
}

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly rawHeaders: string[];
  readonly body: string;
}

interface Way {
  readonly proxy: EgressProxy;
  readonly port: number;
  readonly events: EgressEvent[];
  readonly lookedUp: string[];
  readonly guest: Duplex;
}

describe('the egress proxy', () => {
  let plain: Origin;
  let secure: Origin;
  let ssh: Origin;
  let tlsOptions: TlsOptions;
  const servers: Server[] = [];
  const proxies: EgressProxy[] = [];
  const dialled: Socket[] = [];
  const answers: Record<string, readonly string[]> = {
    'rebinding.test': [LOOPBACK, '10.0.0.1'],
    'inside.test': ['10.0.0.1'],
    'metadata.test': ['169.254.169.254'],
    'mapped.test': ['::ffff:10.0.0.1'],
    'nowhere.test': [],
  };

  async function origin(server: Server): Promise<Origin> {
    servers.push(server);
    server.on('connection', (socket) => dialled.push(socket));
    return listening(server);
  }

  beforeAll(async () => {
    tlsOptions = selfSigned(['allowed.test', '*.allowed.test', 'other.test']);
    plain = await origin(echo());
    secure = await origin(
      createTlsServer(tlsOptions, (socket) => {
        socket.on('error', () => undefined);
        socket.end(`hello ${String(socket.servername)}`);
      }),
    );
    ssh = await origin(createServer((socket) => socket.end('SSH-2.0-origin\r\n')));
  });

  afterEach(() => {
    proxies.splice(0).forEach((proxy) => proxy.close());
  });

  afterAll(() => {
    for (const socket of dialled) socket.destroy();
    for (const server of servers) server.close();
  });

  function environment(lookedUp: string[], options: EgressOptions): EgressOptions {
    return {
      ports: [plain.port, secure.port, ssh.port],
      // Loopback alone may be dialled by a test, so loopback alone is public here.
      addressClass: (address) => (address === LOOPBACK ? 'public' : classifyAddress(address)),
      lookup: async (name) => {
        lookedUp.push(name);
        return answers[name] ?? [LOOPBACK];
      },
      ...options,
    };
  }

  async function open(entries: readonly string[], options: EgressOptions = {}): Promise<Way> {
    const events: EgressEvent[] = [];
    const lookedUp: string[] = [];
    const proxy = new EgressProxy(
      entries,
      egressEnvironment(environment(lookedUp, options)),
      (event) => events.push(event),
    );
    proxies.push(proxy);
    const [host, guest] = duplexPair();
    const ready = proxy.serve(host);
    const port = await startEgressBridge(guest, 0);
    await ready;
    return { proxy, port, events, lookedUp, guest };
  }

  /** Sends `request` to the proxy and answers all that comes back until it closes. */
  async function raw(way: Way, request: string | Buffer, half = false): Promise<string> {
    const socket = connect({ port: way.port, host: LOOPBACK, allowHalfOpen: true });
    socket.on('error', () => undefined);
    const answer = text(socket).catch(() => '');
    if (half) socket.end(request);
    else socket.write(request);
    const said = await answer;
    socket.destroy();
    return said;
  }

  function get(way: Way, url: string, headers = ''): Promise<string> {
    const host = /^\w+:\/\/([^/?#]*)/.exec(url)?.[1] ?? '';
    return raw(way, `GET ${url} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${headers}\r\n`);
  }

  /** Zero when the connection was cut. */
  function statusOf(answer: string): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
  }

  function seenBy(answer: string): Seen {
    return JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? '') as Seen;
  }

  /** A tunnel to `authority`, open for whatever goes through it. */
  async function tunnel(way: Way, authority: string): Promise<Socket> {
    const socket = connect({ port: way.port, host: LOOPBACK });
    socket.on('error', () => undefined);
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`);
    const [head] = (await once(socket, 'data')) as [Buffer];
    expect(head.toString()).toMatch(/^HTTP\/1\.1 200 /);
    return socket;
  }

  /** What a TLS client with that server name hears; empty when the tunnel is cut. */
  async function secured(way: Way, authority: string, servername: string): Promise<string> {
    const socket = await tunnel(way, authority);
    const client = connectTls({ socket, servername, rejectUnauthorized: false });
    client.on('error', () => undefined);
    return text(client).catch(() => '');
  }

  function rules(way: Way): string[] {
    return way.events.map(({ rule }) => rule);
  }

  describe('of plain HTTP', () => {
    it('hands a request on and its answer back', async () => {
      const way = await open(['allowed.test']);
      const answer = await get(way, `http://ALLOWED.test.:${plain.port}/a?b=c`, 'X-Mine: 1\r\n');
      expect(statusOf(answer)).toBe(200);
      expect(seenBy(answer)).toMatchObject({
        method: 'GET',
        url: '/a?b=c',
        headers: { host: `allowed.test:${plain.port}`, 'x-mine': '1', connection: 'close' },
      });
      expect(way.events).toEqual([
        {
          type: 'egress_allowed',
          host: 'ALLOWED.test.',
          port: plain.port,
          method: 'GET',
          rule: 'allowlist',
        },
      ]);
      expect(way.lookedUp).toEqual(['allowed.test']);
    });

    it('keeps the headers of one connection to it', async () => {
      const way = await open(['allowed.test']);
      const answer = await get(
        way,
        `http://allowed.test:${plain.port}/`,
        'Connection: x-secret\r\nX-Secret: 1\r\nProxy-Authorization: Basic eDp4\r\nTE: trailers\r\n' +
          'Upgrade: websocket\r\nProxy-Connection: keep-alive\r\nKeep-Alive: 5\r\nX-Kept: 1\r\n',
      );
      expect(Object.keys(seenBy(answer).headers).sort()).toEqual(['connection', 'host', 'x-kept']);
    });

    it('checks where a redirect leads when the client goes there', async () => {
      const way = await open(['allowed.test']);
      const target = `http://other.test:${plain.port}/`;
      const answer = await get(way, `http://allowed.test:${plain.port}/?to=${target}`);
      expect(statusOf(answer)).toBe(302);
      expect(answer).toContain(`location: ${target}`);
      expect(answer).not.toMatch(/^(?:keep-alive|te):/im);
      expect(statusOf(await get(way, target))).toBe(403);
      expect(rules(way)).toEqual(['allowlist', 'not_in_allowlist']);
      expect(way.lookedUp).toEqual(['allowed.test']);
    });

    it.each<[string, (port: number) => string, number, string]>([
      ['another host', (port) => `http://other.test:${port}/`, 403, 'not_in_allowlist'],
      ['a look-alike', (port) => `http://allowed.test.evil.test:${port}/`, 403, 'not_in_allowlist'],
      ['an address', (port) => `http://93.184.216.34:${port}/`, 403, 'not_in_allowlist'],
      ['loopback', (port) => `http://127.0.0.1:${port}/`, 403, 'blocked_address'],
      ['loopback as one number', (port) => `http://2130706433:${port}/`, 403, 'blocked_address'],
      ['loopback in octal', (port) => `http://0177.0.0.1:${port}/`, 403, 'blocked_address'],
      ['loopback by name', (port) => `http://localhost:${port}/`, 403, 'blocked_address'],
      ['loopback of IPv6', (port) => `http://[::1]:${port}/`, 403, 'blocked_address'],
      ['mapped loopback', (port) => `http://[::ffff:7f00:1]:${port}/`, 403, 'blocked_address'],
      [
        'translated loopback',
        (port) => `http://[64:ff9b::7f00:1]:${port}/`,
        403,
        'blocked_address',
      ],
      ['metadata', (port) => `http://169.254.169.254:${port}/`, 403, 'blocked_address'],
      [
        'metadata by name',
        (port) => `http://metadata.google.internal:${port}/`,
        403,
        'blocked_address',
      ],
      ['another port', () => 'http://allowed.test:22/', 403, 'port_not_allowed'],
      ['a name that leads inside', (port) => `http://inside.test:${port}/`, 403, 'blocked_address'],
      [
        'one that leads to metadata',
        (port) => `http://metadata.test:${port}/`,
        403,
        'blocked_address',
      ],
      ['one to a mapped address', (port) => `http://mapped.test:${port}/`, 403, 'blocked_address'],
      [
        'one that leads in and out',
        (port) => `http://rebinding.test:${port}/`,
        403,
        'blocked_address',
      ],
      ['one that leads nowhere', (port) => `http://nowhere.test:${port}/`, 502, 'unresolvable'],
      ['no host', (port) => `http://a..b:${port}/`, 400, 'invalid_host'],
      ['a user', (port) => `http://allowed.test@other.test:${port}/`, 400, 'invalid_request'],
      [
        'a user that looks like a host',
        (port) => `http://allowed.test:${port}@other.test/`,
        400,
        'invalid_request',
      ],
      [
        'a backslash',
        (port) => `http://other.test\\@allowed.test:${port}/`,
        400,
        'invalid_request',
      ],
      ['a fragment', (port) => `http://allowed.test:${port}/#x`, 400, 'invalid_request'],
      ['https in plain', (port) => `https://allowed.test:${port}/`, 400, 'invalid_request'],
      ['another scheme', (port) => `ftp://allowed.test:${port}/`, 400, 'invalid_request'],
      ['no target', () => '/', 400, 'invalid_request'],
      ['a star', () => '*', 400, 'invalid_request'],
    ])('refuses %s', async (_name, url, status, rule) => {
      const list = [
        'allowed.test',
        'inside.test',
        'metadata.test',
        'mapped.test',
        'rebinding.test',
        'nowhere.test',
        'localhost',
        '127.0.0.1',
      ];
      const way = await open(list);
      const before = dialled.length;
      expect(statusOf(await get(way, url(plain.port)))).toBe(status);
      expect(rules(way)).toEqual([rule]);
      expect(dialled.length).toBe(before);
    });

    it('refuses a Host header that is not the target, or is there twice', async () => {
      const way = await open(['allowed.test', 'also.test']);
      const url = `http://allowed.test:${plain.port}/`;
      for (const hosts of [
        'Host: also.test',
        `Host: also.test:${plain.port}`,
        'Host: allowed.test',
        `Host: other.test:${plain.port}`,
        `Host: allowed.test:${plain.port}\r\nHost: also.test:${plain.port}`,
        `Host: allowed.test:${plain.port}\r\nhOsT: allowed.test:${plain.port}`,
        `Host: allowed.test:${plain.port}@other.test`,
        'Host: ',
      ]) {
        const answer = await raw(
          way,
          `GET ${url} HTTP/1.1\r\n${hosts}\r\nConnection: close\r\n\r\n`,
        );
        expect([hosts, statusOf(answer)]).toEqual([hosts, 403]);
      }
      expect(new Set(rules(way))).toEqual(new Set(['name_mismatch']));
      expect(statusOf(await raw(way, `GET ${url} HTTP/1.1\r\nConnection: close\r\n\r\n`))).toBe(
        400,
      );
    });

    it.each(['TRACE', 'PROPFIND', 'MKCOL', 'LINK', 'PURGE'])(
      'refuses the method %s',
      async (method) => {
        const way = await open(['allowed.test']);
        const host = `allowed.test:${plain.port}`;
        const answer = await raw(
          way,
          `${method} http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
        );
        expect(statusOf(answer)).toBe(405);
        expect(rules(way)).toEqual(['method_not_allowed']);
      },
    );

    it.each<[string, string]>([
      ['two lengths', 'Content-Length: 3\r\nContent-Length: 30\r\n\r\nabc'],
      ['a length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
      ['an unknown coding', 'Transfer-Encoding: x, chunked, x\r\n\r\n0\r\n\r\n'],
      ['a spaced name', 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n'],
      ['a bare line feed', 'X: y\nTransfer-Encoding: chunked\r\n\r\n'],
      ['a negative length', 'Content-Length: -1\r\n\r\n'],
      ['a bad chunk', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n'],
      ['a NUL', 'X: \0\r\n\r\n'],
      ['a long head', `X: ${'y'.repeat(9000)}\r\n\r\n`],
    ])('refuses a request with %s', async (_name, rest) => {
      const way = await open(['allowed.test']);
      const host = `allowed.test:${plain.port}`;
      const answer = await raw(
        way,
        `POST http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n${rest}`,
        true,
      );
      expect([400, 0]).toContain(statusOf(answer));
      expect(rules(way)).toContain('invalid_request');
    });

    it('frames a body anew, so that it cannot hold a request', async () => {
      const way = await open(['allowed.test']);
      const host = `allowed.test:${plain.port}`;
      const hidden = `GET http://other.test/ HTTP/1.1\r\nHost: other.test\r\n\r\n`;
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await raw(
          way,
          `${method} http://${host}/ HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n` +
            `Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
        );
        expect(seenBy(answer)).toMatchObject({ method, body: hidden });
      }
    });

    it('judges each request of a connection, in order', async () => {
      const way = await open(['allowed.test']);
      const host = `allowed.test:${plain.port}`;
      const request = (target: string, last = ''): string =>
        `GET http://${target}/${last} HTTP/1.1\r\nHost: ${target}\r\n${last === '' ? '' : 'Connection: close\r\n'}\r\n`;
      const answer = await raw(
        way,
        request(host) + request(host) + request(`other.test:${plain.port}`) + request(host, 'x'),
      );
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([
        'HTTP/1.1 200',
        'HTTP/1.1 200',
        'HTTP/1.1 403',
      ]);
      expect(rules(way)).toEqual(['allowlist', 'allowlist', 'not_in_allowlist']);
    });

    it('holds one connection for many requests that are sent ahead', async () => {
      let most = 0;
      let now = 0;
      const slow = await origin(
        createHttpServer((_request, response) => {
          most = Math.max(most, (now += 1));
          setImmediate(() => {
            now -= 1;
            response.end('x');
          });
        }),
      );
      const way = await open(['allowed.test'], { ports: [slow.port] });
      const host = `allowed.test:${slow.port}`;
      const one = `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n`;
      const answer = await raw(way, `${one}\r\n`.repeat(20) + `${one}Connection: close\r\n\r\n`);
      expect(answer.match(/HTTP\/1\.1 200/g)).toHaveLength(21);
      expect(most).toBe(1);
      expect(await raw(way, `${one}\r\n`.repeat(200))).not.toMatch(/(?:HTTP\/1\.1 200.*){34}/s);
    });

    it('says 502 when no one answers', async () => {
      const closed = await origin(createServer());
      closed.server.close();
      const way = await open(['allowed.test'], { ports: [closed.port] });
      expect(statusOf(await get(way, `http://allowed.test:${closed.port}/`))).toBe(502);
      expect(rules(way)).toEqual([]);
    });

    it.each([
      ['nothing', ''],
      ['no HTTP', 'SSH-2.0-origin\r\n'],
      ['half an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc'],
      ['a split', 'HTTP/1.1 200 OK\r\nX: a\r\n\r\n\r\nHTTP/1.1 200 OK\r\n\r\n'],
      [
        'a switch',
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc',
      ],
    ])('lives on when an origin answers with %s', async (_name, answer) => {
      const odd = await origin(
        createServer((socket) => {
          socket.on('error', () => undefined);
          socket.once('data', () => socket.end(answer));
        }),
      );
      const way = await open(['allowed.test'], { ports: [odd.port, plain.port] });
      const said = await get(way, `http://allowed.test:${odd.port}/`);
      expect(said).not.toContain('101');
      expect(statusOf(await get(way, `http://allowed.test:${plain.port}/`))).toBe(200);
    });
  });

  describe('of tunnels', () => {
    it('carries TLS to the host that it was opened for', async () => {
      const way = await open(['*.allowed.test']);
      const authority = `a.allowed.test:${secure.port}`;
      expect(await secured(way, authority, 'a.allowed.test')).toBe('hello a.allowed.test');
      expect(await secured(way, authority, 'A.ALLOWED.test')).toMatch(/^hello /);
      expect(way.events[0]).toEqual({
        type: 'egress_allowed',
        host: 'a.allowed.test',
        port: secure.port,
        method: 'CONNECT',
        rule: 'allowlist',
      });
    });

    it.each(['other.test', 'allowed.test.other.test', ''])(
      'cuts one whose hello names %j',
      async (servername) => {
        const way = await open(['allowed.test', 'other.test']);
        const reached = dialled.length;
        expect(await secured(way, `allowed.test:${secure.port}`, servername)).toBe('');
        expect(rules(way)).toEqual(['name_mismatch']);
        // It was connected, and heard nothing.
        expect(dialled.slice(reached).map(({ bytesRead }) => bytesRead)).toEqual([0]);
      },
    );

    /** A server that asks every client for another hello: it likes no curve that is tried first. */
    async function retrying(): Promise<Origin> {
      return origin(
        createTlsServer({ ...tlsOptions, ecdhCurve: 'P-521', minVersion: 'TLSv1.3' }, (socket) => {
          socket.on('error', () => undefined);
          socket.end(`hello ${String(socket.servername)}`);
        }),
      );
    }

    it('carries a second hello that names the same host', async () => {
      const server = await retrying();
      const way = await open(['allowed.test'], { ports: [server.port] });
      expect(await secured(way, `allowed.test:${server.port}`, 'allowed.test')).toBe(
        'hello allowed.test',
      );
      expect(rules(way)).toEqual(['allowlist']);
    });

    it('cuts at a second hello that names another', async () => {
      const server = await retrying();
      const way = await open(['allowed.test'], { ports: [server.port] });
      const socket = await tunnel(way, `allowed.test:${server.port}`);
      const [near, far] = duplexPair();
      // The second hello is the first with another name of the same length.
      let hellos = 0;
      far.on('data', (chunk: Buffer) => {
        hellos += 1;
        const forged = Buffer.from(
          chunk.toString('latin1').replace('allowed.test', 'allowes.test'),
          'latin1',
        );
        socket.write(hellos === 1 ? chunk : forged);
      });
      socket.on('data', (chunk: Buffer) => far.write(chunk));
      socket.once('close', () => far.end());
      const client = connectTls({
        socket: near,
        servername: 'allowed.test',
        rejectUnauthorized: false,
      });
      client.on('error', () => undefined);
      await once(socket, 'close');
      expect(hellos).toBe(2);
      expect(rules(way)).toEqual(['allowlist', 'name_mismatch']);
      client.destroy();
    });

    it('sends nothing behind the first hello before the server has answered', async () => {
      const received: Buffer[] = [];
      let heard: () => void;
      let wanted = Infinity;
      const helloArrived = new Promise<void>((resolve) => (heard = resolve));
      let answer: (() => void) | undefined;
      const holding = await origin(
        createServer((socket) => {
          socket.on('error', () => undefined);
          socket.on('data', (chunk) => {
            received.push(chunk);
            if (Buffer.concat(received).length >= wanted) heard();
          });
          answer = () => socket.end('\x15\x03\x03\x00\x02\x02\x28');
        }),
      );
      const way = await open(['allowed.test'], { ports: [holding.port, plain.port] });
      const socket = await tunnel(way, `allowed.test:${holding.port}`);
      const [near, far] = duplexPair();
      connectTls({ socket: near, servername: 'allowed.test' }).on('error', () => undefined);
      const [hello] = (await once(far, 'data')) as [Buffer];
      wanted = hello.length;
      socket.write(Buffer.concat([hello, hello]));
      const ended = once(socket, 'close');
      await helloArrived;
      // What went out with it would have arrived before this answer.
      await get(way, `http://allowed.test:${plain.port}/`);
      expect(Buffer.concat(received).length).toBe(hello.length);
      answer?.();
      await ended;
    });

    it.each([
      ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
      ['SMTP', 'EHLO guest\r\n'],
      ['Redis', '*1\r\n$4\r\nPING\r\n'],
      ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
      ['noise', randomBytes(64).fill(0x80, 0, 1)],
      ['half a hello', '\x16\x03\x01\x02\x00\x01'],
      ['application data', '\x17\x03\x03\x00\x01x'],
    ])('carries no %s', async (_name, bytes) => {
      const way = await open(['allowed.test']);
      const socket = await tunnel(way, `allowed.test:${ssh.port}`);
      const reached = dialled.length;
      const answer = text(socket).catch(() => '');
      socket.end(bytes);
      expect(await answer).not.toContain('origin');
      expect(dialled.slice(reached - 1).every(({ bytesRead }) => bytesRead === 0)).toBe(true);
      expect(rules(way)).not.toContain('allowlist');
    });

    it('reads plain HTTP in a tunnel like any other', async () => {
      const way = await open(['allowed.test', 'also.test']);
      const authority = `allowed.test:${plain.port}`;
      const inside = async (request: string): Promise<string> => {
        const socket = await tunnel(way, authority);
        socket.write(request);
        const said = await text(socket).catch(() => '');
        return said;
      };
      const close = 'Connection: close\r\n\r\n';
      const good = await inside(`GET /a HTTP/1.1\r\nHost: ${authority}\r\n${close}`);
      expect(seenBy(good)).toMatchObject({ url: '/a', headers: { host: authority } });
      for (const request of [
        `GET /a HTTP/1.1\r\nHost: also.test:${plain.port}\r\n${close}`,
        `GET http://${authority}/a HTTP/1.1\r\nHost: ${authority}\r\n${close}`,
        `CONNECT also.test:${secure.port} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`,
        `TRACE / HTTP/1.1\r\nHost: ${authority}\r\n${close}`,
      ]) {
        expect(statusOf(await inside(request))).toBeGreaterThanOrEqual(400);
      }
      expect(rules(way)).toEqual([
        'allowlist',
        'name_mismatch',
        'invalid_request',
        'invalid_request',
        'method_not_allowed',
      ]);
    });

    it('is not opened on a connection that waits for an answer', async () => {
      const silent = await origin(createServer((socket) => socket.on('error', () => undefined)));
      const way = await open(['allowed.test'], { ports: [silent.port] });
      const host = `allowed.test:${silent.port}`;
      const answer = await raw(
        way,
        `GET http://${host}/ HTTP/1.1\r\nHost: ${host}\r\n\r\nCONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
      );
      expect(answer).toBe('');
      expect(rules(way)).toContain('invalid_request');
    });

    it('tells nothing of a guest that leaves before its hello', async () => {
      const way = await open(['allowed.test']);
      const socket = await tunnel(way, `allowed.test:${secure.port}`);
      const upstream = once(dialled.at(-1)!, 'close');
      socket.end('\x16\x03\x01\x02\x00\x01');
      await upstream;
      expect(way.events).toEqual([]);
    });

    it.each([
      'allowed.test',
      'allowed.test:',
      'allowed.test:0',
      'allowed.test:99999',
      'http://allowed.test:443',
      'user@allowed.test:443',
      'allowed.test:443:443',
    ])('refuses CONNECT %s', async (authority) => {
      const way = await open(['allowed.test']);
      const answer = await raw(way, `CONNECT ${authority} HTTP/1.1\r\nHost: x\r\n\r\n`, true);
      expect([400, 0]).toContain(statusOf(answer));
      expect(rules(way)).toEqual(['invalid_request']);
    });

    it('answers as the policy would, whatever the host and the list', async () => {
      const way = await open([], { lookup: async () => [] });
      const host = fc.oneof(
        fc.constantFrom(
          'a.test',
          'A.TEST.',
          'b.a.test',
          'xa.test',
          '%61.test',
          '127.1',
          '1572395042',
        ),
        fc.domain(),
        fc.ipV4Extended(),
        fc.ipV6().map((address) => `[${address}]`),
      );
      const entry = fc.oneof(
        fc.constantFrom('a.test', '*.a.test', '*', '93.184.216.34'),
        fc.domain(),
      );
      await fc.assert(
        fc.asyncProperty(host, fc.array(entry, { maxLength: 3 }), async (name, entries) => {
          way.proxy.allow(entries);
          way.events.length = 0;
          // An address would be dialled; a port that is not allowed tells as much.
          const port = normalizeHost(name)?.kind === 'ip' ? 1 : plain.port;
          await raw(way, `CONNECT ${name}:${port} HTTP/1.1\r\n\r\n`, true);
          const isPublic = normalizeHost(name)?.addressClass === 'public';
          const isAllowed = isPublic && matchesAllowlist(name, entries);
          const passed = port === 1 ? 'port_not_allowed' : 'unresolvable';
          expect(rules(way)[0] === passed).toBe(isAllowed);
        }),
        { numRuns: 150 },
      );
    });
  });

  describe('bounds', () => {
    it('the connections at once; the rest wait', async () => {
      let most = 0;
      let now = 0;
      const counting = await origin(
        createHttpServer((_request, response) => {
          most = Math.max(most, (now += 1));
          setTimeout(() => {
            now -= 1;
            response.end('x');
          }, 20);
        }),
      );
      const way = await open(['allowed.test'], { ports: [counting.port], limits: { streams: 8 } });
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => get(way, `http://allowed.test:${counting.port}/`)),
      );
      expect(answers.map(statusOf)).toEqual(Array(100).fill(200));
      expect(most).toBeLessThanOrEqual(8);
    });

    it('the requests in a time; the rest wait', async () => {
      const way = await open(['allowed.test'], { limits: { burst: 2, perSecond: 20 } });
      const began = performance.now();
      const ask = (): Promise<string> => get(way, `http://other.test:${plain.port}/`);
      const answers = await Promise.all(Array.from({ length: 6 }, ask));
      expect(answers.map(statusOf)).toEqual(Array(6).fill(403));
      // Six connections and six requests, of which two are free.
      expect(performance.now() - began).toBeGreaterThan(450);
    });

    it('the silence on one', async () => {
      const way = await open(['allowed.test'], { limits: { idleMs: 100 } });
      expect(await raw(way, '')).toBe('');
      const silent = await origin(createServer((socket) => socket.on('error', () => undefined)));
      const other = await open(['allowed.test'], { ports: [silent.port], limits: { idleMs: 100 } });
      expect(await get(other, `http://allowed.test:${silent.port}/`)).toBe('');
    });

    it('the bytes of a sandbox', async () => {
      const way = await open(['allowed.test'], { limits: { totalBytes: 100_000 } });
      const url = `http://allowed.test:${plain.port}/`;
      const host = `allowed.test:${plain.port}`;
      const body = 'x'.repeat(200_000);
      const answer = await raw(
        way,
        `POST ${url} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      expect(answer).not.toContain(body);
      expect(statusOf(await get(way, url))).toBe(0);
      expect(statusOf(await get(way, url))).toBe(0);
    });

    it('the events, and never those of refusals by those of the rest', async () => {
      const way = await open(['allowed.test']);
      const host = `allowed.test:${plain.port}`;
      const ask = (target: string): Promise<string> => get(way, `http://${target}/`);
      for (let at = 0; at < 210; at += 30) {
        await Promise.all(Array.from({ length: 30 }, () => ask(host)));
      }
      await ask('other.test');
      const allowed = way.events.filter(({ type }) => type === 'egress_allowed').length;
      expect(allowed).toBeGreaterThanOrEqual(200);
      expect(rules(way).at(-1)).toBe('not_in_allowlist');
    });
  });

  it('ends what a new list does not allow', async () => {
    const silent = await origin(createServer((socket) => socket.on('error', () => undefined)));
    const way = await open(['allowed.test', 'also.test'], { ports: [silent.port, plain.port] });
    const cut = await tunnel(way, `allowed.test:${silent.port}`);
    const kept = await tunnel(way, `also.test:${silent.port}`);
    const closed = once(cut, 'close');
    way.proxy.allow(['also.test']);
    await closed;
    expect(kept.destroyed).toBe(false);
    kept.destroy();
    expect(statusOf(await get(way, `http://allowed.test:${plain.port}/`))).toBe(403);
    way.proxy.allow([]);
    expect(statusOf(await get(way, `http://also.test:${plain.port}/`))).toBe(403);
  });

  it('does not connect for a list that changed meanwhile', async () => {
    let answer: ((addresses: string[]) => void) | undefined;
    let tell: () => void;
    const asked = new Promise<void>((resolve) => (tell = resolve));
    const lookup = (): Promise<string[]> =>
      new Promise((resolve) => {
        answer = resolve;
        tell();
      });
    const way = await open(['slow.test'], { lookup });
    const said = get(way, `http://slow.test:${plain.port}/`);
    await asked;
    way.proxy.allow([]);
    answer?.([LOOPBACK]);
    expect(statusOf(await said)).toBe(403);
  });

  it('is done with when it is closed', async () => {
    const silent = await origin(createServer((socket) => socket.on('error', () => undefined)));
    const way = await open(['allowed.test'], { ports: [silent.port] });
    const reached = dialled.length;
    const socket = await tunnel(way, `allowed.test:${silent.port}`);
    const upstream = dialled[reached]!;
    const ends = Promise.all([once(socket, 'close'), once(upstream, 'close')]);
    way.proxy.close();
    await ends;
  });

  it('lives on when the guest`s end speaks nonsense', async () => {
    const events: EgressEvent[] = [];
    for (const bytes of [
      randomBytes(1000),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.alloc(4000)]),
      'GET / HTTP/1.1\r\n\r\n',
    ]) {
      const proxy = new EgressProxy(['*'], egressEnvironment(), (event) => events.push(event));
      const [host, guest] = duplexPair();
      guest.on('error', () => undefined).resume();
      void proxy.serve(host);
      guest.write(bytes);
      guest.end();
      await new Promise((resolve) => setImmediate(resolve));
      proxy.close();
    }
    expect(events).toEqual([]);
  });

  it('outlives more connections that programs break off than a session may by default', async () => {
    const way = await open(['allowed.test']);
    const breakOff = async (): Promise<void> => {
      const socket = connect({ port: way.port, host: LOOPBACK });
      socket.on('error', () => undefined);
      socket.write('CONNECT allowed.test', () => socket.resetAndDestroy());
      await once(socket, 'close');
    };
    for (let round = 0; round < 24; round += 1) {
      await Promise.all(Array.from({ length: 50 }, breakOff));
    }
    expect(statusOf(await get(way, `http://allowed.test:${plain.port}/`))).toBe(200);
  });

  it('lives on when streams are opened and dropped at once', async () => {
    const proxy = new EgressProxy(['*'], egressEnvironment(), () => undefined);
    proxies.push(proxy);
    const [host, guest] = duplexPair();
    void proxy.serve(host);
    const session = connectSession('http://server', { createConnection: () => guest });
    session.on('error', () => undefined);
    for (let round = 0; round < 200; round += 1) {
      if (session.destroyed || session.closed) break;
      const stream = session.request({ ':method': 'POST', ':path': '/' });
      stream.on('error', () => undefined);
      stream.write('CONNECT x:443 HTTP/1.1\r\n');
      if (round % 2 === 0) stream.close(constants.NGHTTP2_CANCEL);
      if (round % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    session.destroy();
    await new Promise((resolve) => setImmediate(resolve));
  });
});
