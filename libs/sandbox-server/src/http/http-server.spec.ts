import { exchange, http2Agent, startFakeServer, type FakeServer } from '../testing/fake-guest.ts';

describe('the bounds of a connection', () => {
  const bounds = { connections: 4, headMs: 200, bodyMs: 200, uploadIdleMs: 200 };
  const quietMs = 10_000;
  let server: FakeServer;

  beforeAll(async () => {
    // Answers no call, and takes no body.
    server = await startFakeServer(
      http2Agent(() => undefined),
      {},
      bounds,
    );
  });

  afterEach(async () => {
    expect((await fetch(`${server.url}/health`)).status).toBe(204);
  });

  afterAll(() => server.stop());

  it.each([
    ['a body of the REST interface', 'POST /sandboxes HTTP/1.1\r\nx-api-key: fake\r\n', 408],
    ['a body that nobody waits for', 'POST /volumes HTTP/1.1\r\nx-api-key: fake\r\n', 501],
    ['a body of a stranger', 'POST /sandboxes HTTP/1.1\r\n', 401],
  ])('are held when %s never ends', async (_name, head, status) => {
    const wire = await exchange(
      server.port,
      `${head}host: x\r\ncontent-length: 100\r\n\r\n{`,
      quietMs,
    );
    expect(wire).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(wire.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it('are held when an upload goes quiet', async () => {
    const { id, accessToken } = await server.create();
    const head = `POST /files?path=a HTTP/1.1\r\nhost: x\r\ne2b-sandbox-id: ${id}\r\nx-access-token: ${accessToken ?? ''}\r\n`;
    const wire = await exchange(server.port, `${head}content-length: 100\r\n\r\n{`, quietMs);
    expect(wire).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('take a caller that closes its own end for gone', async () => {
    const { id } = await server.create();
    const head = `GET /health HTTP/1.1\r\nhost: x\r\ne2b-sandbox-id: ${id}\r\n\r\n`;
    expect(await exchange(server.port, head, quietMs, { halfClose: true })).toBe('');
  });

  it('are held when a head never ends', async () => {
    expect(await exchange(server.port, 'GET / HTTP/1.1\r\nhost: x\r\n', quietMs)).toMatch(
      /^HTTP\/1\.1 408 /,
    );
  });

  it('are held for all callers together', async () => {
    const head =
      'POST /sandboxes HTTP/1.1\r\nhost: x\r\nx-api-key: fake\r\ncontent-length: 9\r\n\r\n';
    const wires = await Promise.all(
      Array.from({ length: 8 }, () => exchange(server.port, head, quietMs)),
    );
    expect(wires.filter((wire) => wire === '').length).toBeGreaterThanOrEqual(4);
    expect(wires.filter((wire) => wire.startsWith('HTTP/1.1 408')).length).toBeGreaterThan(0);
  });
});
