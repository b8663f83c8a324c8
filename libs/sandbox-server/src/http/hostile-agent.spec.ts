/** A guest can take over its agent. What it says then must not harm the server or its callers. */
import { randomBytes } from 'node:crypto';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { duplexPair, type Duplex } from 'node:stream';
import fc from 'fast-check';
import { SandboxServerError } from '../sandbox-server-error.ts';
import {
  exchange,
  http2Agent,
  startFakeServer,
  type FakeAgent,
  type FakeServer,
} from '../testing/fake-guest.ts';

/** What a caller would take for a second answer if it reached the wire behind the first. */
const SMUGGLED = 'hiHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nEVIL!';
const REQUEST_TIMEOUT_MS = 10_000;
/** Some scripts never answer, which is for the caller's patience, not for a test of the server. */
const HANG_UP_MS = 50;

interface Call {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined when the answer broke off. */
  readonly body: string | undefined;
}

async function call(server: FakeServer, id: string, token: string, path = '/x'): Promise<Call> {
  const answer = await fetch(`${server.url}${path}`, {
    headers: { 'e2b-sandbox-id': id, 'x-access-token': token },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const body = await answer.text().catch(() => undefined);
  return { status: answer.status, headers: answer.headers, body };
}

async function withServer<T>(
  agent: FakeAgent,
  use: (server: FakeServer, id: string, token: string) => Promise<T>,
  ...settings: Parameters<typeof startFakeServer> extends [unknown, ...infer Rest] ? Rest : never
): Promise<T> {
  const server = await startFakeServer(agent, ...settings);
  try {
    const { id, accessToken = '' } = await server.create();
    const seen = await use(server, id, accessToken);
    expect((await fetch(`${server.url}/health`)).status).toBe(204);
    return seen;
  } finally {
    await server.stop();
  }
}

describe('the answers of a hostile agent', () => {
  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    [
      'a length that is too small',
      (stream) => {
        stream.respond({ ':status': 200, 'content-length': '2' });
        stream.end(SMUGGLED);
      },
    ],
    [
      'a length that is too large',
      (stream) => {
        stream.respond({ ':status': 200, 'content-length': '200' });
        stream.end(SMUGGLED);
      },
    ],
    [
      'a length that is none',
      (stream) => {
        stream.respond({ ':status': 200, 'content-length': '-1' });
        stream.end(SMUGGLED);
      },
    ],
    [
      'a body where there is none',
      (stream) => {
        stream.respond({ ':status': 204 });
        stream.end(SMUGGLED);
      },
    ],
    [
      'a length where there is no body',
      (stream) => {
        stream.respond({ ':status': 204, 'content-length': '7' }, { endStream: true });
      },
    ],
    [
      'interim answers without end',
      (stream) => {
        for (let interim = 0; interim < 100; interim += 1) {
          stream.additionalHeaders({ ':status': 102, location: 'http://x' });
        }
        stream.respond({ ':status': 200 });
        stream.end('ok');
      },
    ],
    [
      'trailers',
      (stream) => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.once('wantTrailers', () => stream.sendTrailers({ 'set-cookie': 'a=b' }));
        stream.end('ok');
      },
    ],
  ])('with %s are not taken for a second answer', async (_name, answer) => {
    const wire = await withServer(http2Agent(answer), (server, id, token) =>
      exchange(
        server.port,
        `GET /x HTTP/1.1\r\nhost: x\r\ne2b-sandbox-id: ${id}\r\nx-access-token: ${token}\r\n\r\n`,
        300,
      ),
    );
    const [head = '', ...rest] = wire.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 (?:200|204|502) /);
    expect(head).not.toMatch(/location|set-cookie/i);
    const length = /content-length: (\d+)/i.exec(head)?.[1];
    const body = rest.join('\r\n\r\n');
    if (head.startsWith('HTTP/1.1 204')) expect([length, body]).toEqual([undefined, '']);
    else if (length !== undefined) expect(body.length).toBeLessThanOrEqual(Number(length));
    else expect(head).toMatch(/transfer-encoding: chunked/i);
    expect(body).not.toMatch(/set-cookie/);
  });

  it('are never pages of a browser, which could use the REST interface', async () => {
    const agent = http2Agent((stream) => {
      stream.respond({
        ':status': 200,
        'content-type': 'text/html',
        'content-security-policy': '',
      });
      stream.end('<script>fetch("/sandboxes")</script>');
    });
    const { headers } = await withServer(agent, call);
    expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('leave the server alive and the caller with one answer, whatever they are', async () => {
    const text = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('head' as const),
        status: fc.integer({ min: 100, max: 999 }),
        headers: fc.dictionary(
          fc.oneof(
            fc.constantFrom('content-length', 'content-type', 'location', 'transfer-encoding'),
            fc.stringMatching(/^[a-z][a-z-]{0,12}$/),
          ),
          fc.oneof(text, fc.nat().map(String)),
          { maxKeys: 4 },
        ),
      }),
      fc.record({ kind: fc.constant('data' as const), size: fc.nat(100_000) }),
      fc.record({ kind: fc.constantFrom('end' as const, 'destroy' as const, 'wait' as const) }),
      fc.record({ kind: fc.constant('reset' as const), code: fc.integer({ min: 1, max: 13 }) }),
      fc.record({ kind: fc.constantFrom('goaway' as const, 'ping' as const, 'push' as const) }),
    );
    let script: readonly Step[] = [];
    const server = await startFakeServer(
      http2Agent((stream) => {
        void play(stream, script);
      }),
      { maxSandboxes: 10_000 },
    );
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
          script = steps;
          const record = await server.create();
          const seen = await call(server, record.id, record.accessToken ?? '');
          expect(seen.status === 502 || (seen.status >= 200 && seen.status < 600)).toBe(true);
          for (const [name] of seen.headers) expect(ANSWER_HEADERS).toContain(name);
          await server.registry.kill(record.id);
        }),
        { numRuns: 80 },
      );
      expect((await fetch(`${server.url}/health`)).status).toBe(204);
      expect(server.registry.list()).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});

const ANSWER_HEADERS = [
  'connection',
  'content-encoding',
  'content-length',
  'content-security-policy',
  'content-type',
  'date',
  'keep-alive',
  'transfer-encoding',
  'x-content-type-options',
];

interface Step {
  readonly kind:
    'head' | 'data' | 'end' | 'destroy' | 'wait' | 'reset' | 'goaway' | 'ping' | 'push';
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly size?: number;
  readonly code?: number;
}

/** Does what the script says, as far as Node lets an agent do it; hangs up soon after its end. */
async function play(stream: ServerHttp2Stream, steps: readonly Step[]): Promise<void> {
  const { session } = stream;
  setTimeout(() => session?.destroy(), HANG_UP_MS).unref();
  for (const { kind, status = 200, headers = {}, size = 0, code = 0 } of steps) {
    if (stream.destroyed) return;
    try {
      switch (kind) {
        case 'head':
          if (status < 200) stream.additionalHeaders({ ...headers, ':status': status });
          else stream.respond({ ...headers, ':status': status });
          break;
        case 'data':
          // Data without a head, or a call that is closed after its end, make the agent's own Node
          // spin for ever; here that would be the server's process, too.
          if (!stream.headersSent) stream.respond({ ':status': 200 });
          stream.write(Buffer.alloc(size, 'x'));
          break;
        case 'end':
          if (!stream.headersSent) stream.respond({ ':status': 200 });
          stream.end();
          return;
        case 'destroy':
          stream.destroy();
          break;
        case 'wait':
          await new Promise((resolve) => setTimeout(resolve, 2));
          break;
        case 'reset':
          stream.close(code);
          break;
        case 'goaway':
          stream.session?.goaway(constants.NGHTTP2_NO_ERROR);
          break;
        case 'ping':
          stream.session?.ping(() => undefined);
          break;
        case 'push':
          stream.pushStream({ ':path': '/pushed' }, () => undefined);
          break;
      }
    } catch {
      // Node refuses what is no HTTP/2; the raw frames below are not so restrained.
    }
  }
}

describe('the bytes of a hostile agent', () => {
  const settingsFrame = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

  function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  }

  it('end in a typed error, whatever they are', async () => {
    let bytes: readonly Uint8Array[] = [];
    const server = await startFakeServer(
      (stream) => {
        stream.resume();
        for (const chunk of bytes) stream.write(chunk);
        stream.end();
      },
      { maxSandboxes: 10_000, launchTimeoutMs: 100 },
    );
    const anyFrame = fc
      .tuple(
        fc.nat(12),
        fc.nat(255),
        fc.constantFrom(0, 1, 2, 3, 0x7fffffff),
        fc.uint8Array({ maxLength: 64 }),
      )
      .map((parts) => frame(...parts));
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.boolean(),
          fc.array(fc.oneof(fc.uint8Array({ maxLength: 200 }), anyFrame), { maxLength: 10 }),
          async (isPolite, chunks) => {
            bytes = isPolite ? [settingsFrame, ...chunks] : chunks;
            const creation = server.create();
            const failure = await creation.then(
              ({ id }) => server.registry.kill(id),
              (error: unknown) => error,
            );
            if (failure !== true) {
              expect(failure).toBeInstanceOf(SandboxServerError);
              expect((failure as SandboxServerError).code).toBe('launch_failed');
            }
          },
        ),
        { numRuns: 25 },
      );
      expect((await fetch(`${server.url}/health`)).status).toBe(204);
      expect(server.registry.list()).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});

describe('a guest that leaves its channel', () => {
  async function endOf(agent: FakeAgent): Promise<string | undefined> {
    return withServer(agent, async (server, id, token) => {
      await call(server, id, token).catch(() => undefined);
      for (let tick = 0; tick < 500 && server.registry.get(id) !== undefined; tick += 1) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(server.registry.list()).toEqual([]);
      expect(server.ended).toEqual([id]);
      const event = server.events.after(0, 10, id).at(-1);
      return event?.type === 'ended' ? event.cause : undefined;
    });
  }

  it.each<[string, (stream: ServerHttp2Stream, channel: Duplex) => void]>([
    ['half closes it', (_stream, channel) => channel.end()],
    ['closes it', (_stream, channel) => channel.destroy()],
    ['says nonsense', (_stream, channel) => channel.write(randomBytes(100))],
    ['wants no further calls', (stream) => stream.session?.goaway(constants.NGHTTP2_NO_ERROR)],
  ])('and %s is ended, not listed until its timeout', async (_name, leave) => {
    const cause = await endOf((channel) => {
      http2Agent((stream) => leave(stream, channel))(channel);
    });
    expect(cause).toBe('exited');
  });
});

describe('an agent that lets no call begin', () => {
  it('holds neither the server nor a caller that leaves in the middle of an upload', async () => {
    const { promise: closed, resolve: close } = Promise.withResolvers<true>();
    const agent = http2Agent((stream) => {
      stream.respond({ ':status': 200 });
      stream.end();
      stream.session?.settings({ maxConcurrentStreams: 0 }, () => close(true));
    });
    await withServer(agent, async (server, id, token) => {
      await call(server, id, token);
      await closed;
      const leave = new AbortController();
      const uploads = [1, 10_000, 64_776, 65_536, 200_000].map((size) =>
        fetch(`${server.url}/files?path=a`, {
          method: 'POST',
          body: Buffer.alloc(size),
          headers: { 'e2b-sandbox-id': id, 'x-access-token': token },
          signal: leave.signal,
        }).catch(() => 'left'),
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect((await fetch(`${server.url}/health`)).status).toBe(204);
      leave.abort();
      expect(new Set(await Promise.all(uploads))).toEqual(new Set(['left']));
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
  });
});

describe('a silent agent', () => {
  /** Answers its start; then neither calls nor pings, as a stopped process. */
  const silent: FakeAgent = (channel) => {
    const [inner, outer] = duplexPair();
    http2Agent(() => {
      channel.unpipe(outer);
      outer.unpipe(channel);
    })(inner);
    channel.pipe(outer).pipe(channel);
  };

  it('is not well, and that is told in time', async () => {
    const agent = http2Agent(() => undefined);
    const seen = await withServer(
      agent,
      (server, id, token) => call(server, id, token, '/health'),
      {},
      { healthMs: 100 },
    );
    expect(seen.status).toBe(502);
  });

  it('is not well either when it is asked with a body that it does not take', async () => {
    await withServer(
      silent,
      async (server, id) => {
        const answer = await fetch(`${server.url}/health`, {
          method: 'POST',
          body: Buffer.alloc(200_000),
          headers: { 'e2b-sandbox-id': id },
        });
        expect(answer.status).toBe(502);
      },
      {},
      { healthMs: 100 },
    );
  });

  it('is ended, unless it is frozen', async () => {
    await withServer(
      silent,
      async (server, id) => {
        const record = server.registry.get(id);
        if (record === undefined) throw new Error('the sandbox is not there');
        record.state = 'paused';
        // To the agent itself: nobody else reaches one that is paused.
        void record.channel.call('GET', '/anything').catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        expect(server.registry.get(id)).toBe(record);
        record.state = 'running';
        for (let tick = 0; tick < 1_000 && server.registry.get(id) !== undefined; tick += 1) {
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        expect(server.events.after(0, 10, id).at(-1)).toMatchObject({
          type: 'ended',
          cause: 'unresponsive',
        });
      },
      { agentTimeoutMs: 300 },
    );
  });

  it('lives while it answers', async () => {
    await withServer(
      http2Agent((stream) => stream.respond({ ':status': 204 }, { endStream: true })),
      async (server, id, token) => {
        await new Promise((resolve) => setTimeout(resolve, 1_500));
        expect((await call(server, id, token)).status).toBe(204);
      },
      { agentTimeoutMs: 600 },
    );
  });
});

describe('what an agent is told', () => {
  it('is neither the token, nor a signature, nor the key', async () => {
    const told: string[] = [];
    const agent = http2Agent(
      (stream, headers) => {
        told.push(JSON.stringify(headers));
        stream.respond({ ':status': 200 });
        stream.end('ok');
      },
      (init) => told.push(init),
    );
    await withServer(agent, async (server, id, token) => {
      const { url } = server;
      const headers = { 'e2b-sandbox-id': id, 'x-access-token': token };
      await fetch(`${url}/files?path=a`, {
        headers: {
          ...headers,
          'X-API-Key': 'fake',
          Authorization: 'Bearer secret',
          Cookie: 'a=secret',
          'X-Metadata-Owner': 'me',
        },
      });
      await fetch(`${url}/files?path=a&signature=secret&signature_expiration=1`, { headers });
      const all = told.join('\n');
      expect(all).toContain('"maxOutputBytes"');
      expect(all).toContain('"x-metadata-owner":"me"');
      expect(all).toContain('"/files?path=a"');
      for (const secret of [token, 'secret', 'fake', 'signature'])
        expect(all).not.toContain(secret);
    });
  });
});
