/** What the server answers to callers that do not keep to the protocol: typed, and it lives on. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Sandbox } from 'e2b';
import { detectIsolation } from '../isolation/detect-isolation.ts';
import { startSandboxServer, type SandboxServer } from '../sandbox-server.ts';

const API_KEY = ['protocol', 'key'].join('-');
const isolation = await detectIsolation();
if (isolation.backend === 'none') console.warn(`protocol: not run, ${isolation.reason ?? ''}`);

(isolation.backend === 'none' ? describe.skip : describe)('the protocol', () => {
  let server: SandboxServer;
  let sandbox: Sandbox;
  let token: string;

  beforeAll(async () => {
    server = await startSandboxServer({ apiKey: API_KEY, maxSandboxes: 4 });
    sandbox = await Sandbox.create({
      apiKey: API_KEY,
      apiUrl: server.url,
      sandboxUrl: server.url,
    });
    token = (sandbox as unknown as { envdAccessToken: string }).envdAccessToken;
  });

  afterEach(async () => {
    expect((await fetch(`${server.url}/health`)).status).toBe(204);
    expect((await sandbox.commands.run('echo alive')).stdout).toBe('alive\n');
  });

  afterAll(async () => {
    await server.stop();
  });

  async function control(
    method: string,
    path: string,
    body?: string,
    headers: Record<string, string> = { 'X-API-Key': API_KEY },
  ): Promise<{ status: number; body: { code?: unknown; message?: unknown } }> {
    const answer = await fetch(`${server.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      body: (text === '' ? {} : JSON.parse(text)) as { code?: unknown; message?: unknown },
    };
  }

  function guest(
    path: string,
    init: {
      method?: string;
      body?: string | Uint8Array<ArrayBuffer>;
      headers?: Record<string, string>;
    } = {},
  ): Promise<Response> {
    return fetch(`${server.url}${path}`, {
      ...init,
      headers: { 'E2b-Sandbox-Id': sandbox.sandboxId, 'X-Access-Token': token, ...init.headers },
    });
  }

  describe('of the REST interface', () => {
    it.each([
      ['no key', {}],
      ['an empty key', { 'X-API-Key': '' }],
      ['a wrong key', { 'X-API-Key': `${API_KEY}x` }],
    ])('refuses %s', async (_name, headers) => {
      for (const [method, path] of [
        ['POST', '/v2/sandboxes'],
        ['GET', '/v2/sandboxes'],
        ['DELETE', `/sandboxes/${sandbox.sandboxId}`],
      ] as const) {
        const { status, body } = await control(method, path, undefined, headers);
        expect(status).toBe(401);
        expect(body).toMatchObject({ code: 401, message: expect.any(String) as string });
      }
    });

    it.each([
      ['not JSON', '{'],
      ['a list', '[]'],
      ['a number', '1'],
      ['null', 'null'],
      ['a wrong template type', '{"templateID": 1}'],
      ['an unknown template', '{"templateID": "nope"}'],
      ['metadata that is no object', '{"metadata": []}'],
      ['metadata of numbers', '{"metadata": {"a": 1}}'],
      ['variables with = in the name', '{"envVars": {"a=b": "c"}}'],
      ['variables with NUL', '{"envVars": {"a": "\\u0000"}}'],
      ['a negative timeout', '{"timeout": -1}'],
      ['an endless timeout', '{"timeout": 1e309}'],
      ['a timeout of words', '{"timeout": "1"}'],
      ['secure that is no boolean', '{"secure": 1}'],
      ['network that is no object', '{"network": 1}'],
      ['autoPause that is no boolean', '{"autoPause": "yes"}'],
      ['autoResume that says nothing', '{"autoResume": {}, "autoPause": true}'],
      ['internet access by a word', '{"allow_internet_access": "yes"}'],
    ])('refuses to create from %s', async (_name, body) => {
      const answer = await control('POST', '/v2/sandboxes', body);
      expect(answer).toMatchObject({ status: 400, body: { code: 400 } });
    });

    it.each([
      ['an allowlist', '{"network": {"allowOut": ["example.com"]}}'],
      ['an egress proxy', '{"network": {"egressProxy": {"address": "x:1"}}}'],
      ['volumes', '{"volumeMounts": [{"name": "v", "path": "/v"}]}'],
      ['a pause without the memory', '{"autoPause": true, "autoPauseMemory": false}'],
    ])('says that it does not support %s', async (_name, body) => {
      const answer = await control('POST', '/v2/sandboxes', body);
      expect(answer).toMatchObject({ status: 501, body: { code: 501 } });
    });

    it.each([
      ['POST', '/sandboxes/x/snapshots'],
      ['GET', '/templates'],
      ['PUT', '/v2/sandboxes'],
      ['GET', '/'],
    ])(
      'answers %s %s with 501, which no SDK takes for a sandbox that is gone',
      async (method, path) => {
        expect((await control(method, path)).status).toBe(501);
      },
    );

    it.each([
      ['GET', '/sandboxes/nope', undefined],
      ['DELETE', '/sandboxes/nope', undefined],
      ['POST', '/sandboxes/nope/timeout', '{"timeout": 1}'],
      ['POST', '/v2/sandboxes/nope/connect', '{}'],
      ['POST', '/sandboxes/nope/pause', '{}'],
      ['POST', '/sandboxes/nope/resume', '{}'],
      ['GET', '/sandboxes/nope/metrics', undefined],
      ['GET', '/v2/sandboxes/nope/logs', undefined],
      ['GET', '/templates/aliases/nope', undefined],
    ])('answers %s %s with 404', async (method, path, body) => {
      expect(await control(method, path, body)).toMatchObject({ status: 404, body: { code: 404 } });
    });

    it('refuses 10 MB of JSON', async () => {
      const body = JSON.stringify({ metadata: { a: 'x'.repeat(10_000_000) } });
      const answer = await control('POST', '/v2/sandboxes', body).catch(() => ({ status: 413 }));
      expect(answer.status).toBe(413);
    });

    it.each([
      'limit=-1',
      'limit=x',
      'nextToken=-1',
      'nextToken=MTox',
      'order=newest',
      'state=asleep',
      'startedAfter=never',
      'metadata=%25E0%25A4%25A',
    ])('refuses to list by %s', async (query) => {
      expect((await control('GET', `/v2/sandboxes?${query}`)).status).toBe(400);
    });

    it('pages, filters and orders a list', async () => {
      const create = (name: string): Promise<Sandbox> =>
        Sandbox.create({
          apiKey: API_KEY,
          apiUrl: server.url,
          sandboxUrl: server.url,
          metadata: { name },
        });
      const [first, second] = [await create('first'), await create('second')];
      const ids = async (query: string): Promise<{ ids: string[]; next: string | null }> => {
        const answer = await fetch(`${server.url}/v2/sandboxes?${query}`, {
          headers: { 'X-API-Key': API_KEY },
        });
        const rows = (await answer.json()) as { sandboxID: string }[];
        return { ids: rows.map((row) => row.sandboxID), next: answer.headers.get('x-next-token') };
      };
      const newestFirst = [second.sandboxId, first.sandboxId, sandbox.sandboxId];
      expect(await ids('')).toEqual({ ids: newestFirst, next: null });
      expect((await ids('order=asc')).ids).toEqual(newestFirst.toReversed());
      const page = await ids('limit=2');
      expect(page.ids).toEqual(newestFirst.slice(0, 2));
      expect(await ids(`limit=2&nextToken=${String(page.next)}`)).toEqual({
        ids: newestFirst.slice(2),
        next: null,
      });
      expect((await ids('metadata=name%3Dfirst')).ids).toEqual([first.sandboxId]);
      expect((await ids('state=paused')).ids).toEqual([]);
      expect((await ids('template=other')).ids).toEqual([]);
      expect((await ids('startedAfter=2999-01-01T00:00:00Z')).ids).toEqual([]);
      await Promise.all([first.kill(), second.kill()]);
    });

    it('refuses a sandbox over the limit and takes it once there is room', async () => {
      const extra = await Promise.all(
        [1, 2, 3].map(() => control('POST', '/v2/sandboxes', '{"timeout": 60}')),
      );
      expect(extra.map(({ status }) => status)).toEqual([201, 201, 201]);
      expect(await control('POST', '/v2/sandboxes', '{}')).toMatchObject({ status: 503 });
      const { sandboxID } = extra[0]!.body as { sandboxID: string };
      expect((await control('DELETE', `/sandboxes/${sandboxID}`)).status).toBe(204);
      const again = await control('POST', '/sandboxes', '{}');
      expect(again.status).toBe(201);
      const rest = [...extra.slice(1), again].map(({ body }) => body as { sandboxID: string });
      await Promise.all(rest.map((one) => control('DELETE', `/sandboxes/${one.sandboxID}`)));
    });

    it('kills a sandbox that its caller did not wait for', async () => {
      const abort = new AbortController();
      const creation = fetch(`${server.url}/v2/sandboxes`, {
        method: 'POST',
        headers: { 'X-API-Key': API_KEY },
        body: '{}',
        signal: abort.signal,
      });
      setTimeout(() => abort.abort(), 20);
      await expect(creation).rejects.toThrow();
      for (let attempt = 0; attempt < 100; attempt += 1) {
        const { body } = await control('GET', '/v2/sandboxes');
        if ((body as unknown as unknown[]).length === 1 && attempt > 30) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      throw new Error('the sandbox was left');
    });
  });

  describe('of a sandbox', () => {
    it('is refused without its token, and the start call to everyone', async () => {
      for (const wrong of ['', 'x', `${token}x`]) {
        const answer = await guest('/files?path=/etc/passwd', {
          headers: { 'X-Access-Token': wrong },
        });
        expect(answer.status).toBe(401);
      }
      expect((await guest('/init', { method: 'POST', body: '{}' })).status).toBe(501);
      expect((await guest('//init', { method: 'POST', body: '{}' })).status).not.toBe(204);
    });

    it('is 502 for an unknown id and 501 for another port', async () => {
      expect((await guest('/health', { headers: { 'E2b-Sandbox-Id': 'nope' } })).status).toBe(502);
      expect((await guest('/health', { headers: { 'E2b-Sandbox-Port': '8080' } })).status).toBe(
        501,
      );
      expect((await guest('/health')).status).toBe(204);
    });

    it.each([
      ['no path', '/files'],
      ['an empty path', '/files?path='],
      ['NUL', '/files?path=a%00b'],
      ['a folder', '/files?path=/tmp'],
      ['a device', '/files?path=/dev/zero'],
      ['a name that is too long', `/files?path=${'x'.repeat(5000)}`],
    ])('refuses to read or write %s', async (_name, path) => {
      expect((await guest(path)).status).toBe(400);
      const write = await guest(path, {
        method: 'POST',
        body: 'x',
        headers: { 'content-type': 'application/octet-stream' },
      });
      expect(write.status).toBe(400);
      expect(await write.json()).toMatchObject({
        code: 400,
        message: expect.any(String) as string,
      });
    });

    it('resolves .. within the guest, however often', async () => {
      await sandbox.files.write('/tmp/up.txt', 'up');
      const read = await guest(`/files?path=${'../'.repeat(20)}tmp/up.txt`);
      expect(await read.text()).toBe('up');
      const target = await guest('/x/../../../files?path=/tmp/up.txt');
      expect(await target.text()).toBe('up');
    });

    it('refuses a body that is neither octets nor a form, and a form that is none', async () => {
      for (const type of ['text/plain', 'multipart/form-data', 'multipart/form-data; boundary=x']) {
        const answer = await guest('/files?path=f', {
          method: 'POST',
          body: 'nonsense',
          headers: { 'content-type': type },
        });
        expect(answer.status).toBe(400);
      }
    });

    it.each([
      ['no frame', ''],
      ['half a header', '\0\0'],
      ['a length that lies', '\0\0\0\0\xff{}'],
      ['a compressed frame', '\x01\0\0\0\x02{}'],
      ['no JSON', '\0\0\0\0\x02{{'],
    ])('refuses to start a process from %s', async (_name, body) => {
      const answer = await guest('/process.Process/Start', {
        method: 'POST',
        body: Uint8Array.from(Buffer.from(body, 'latin1')),
        headers: { 'content-type': 'application/connect+json' },
      });
      expect(answer.headers.get('content-type')).toBe('application/connect+json');
      expect(await answer.text()).toMatch(/"error":\{"code":"(?:invalid_argument|unimplemented)"/);
    });

    it.each([
      ['/process.Process/SendSignal', '{"process": {"pid": 999999}, "signal": 9}', 'not_found'],
      ['/process.Process/SendInput', '{"process": {"pid": -1}}', 'invalid_argument'],
      ['/process.Process/SendSignal', '[]', 'invalid_argument'],
      ['/filesystem.Filesystem/Stat', '{"path": 1}', 'invalid_argument'],
      ['/filesystem.Filesystem/Stat', '{}', 'invalid_argument'],
      ['/filesystem.Filesystem/Stat', '{"path": "nowhere"}', 'not_found'],
      ['/filesystem.Filesystem/MakeDir', '{"path": "/etc/passwd"}', 'invalid_argument'],
      ['/filesystem.Filesystem/MakeDir', '{"path": "/tmp"}', 'already_exists'],
      ['/filesystem.Filesystem/CreateWatcher', '{"path": "nowhere"}', 'not_found'],
      ['/process.Process/StreamInput', '{}', 'unimplemented'],
      ['/process.Process/Update', '{"process": {"pid": 999999}}', 'not_found'],
      ['/process.Process/Update', '{}', 'invalid_argument'],
      ['/nonsense', '{}', 'unimplemented'],
    ])('answers %s %s with %s', async (path, body, code) => {
      const answer = await guest(path, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await answer.json()).toMatchObject({ code, message: expect.any(String) as string });
    });

    it.each(['/nonsense', '/process.Process/StreamInput', '/files?path=/tmp', '/files?path=/0/f'])(
      'refuses %s of a caller that does not end its body',
      async (path) => {
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(100_000)),
        });
        const answer = await fetch(`${server.url}${path}`, {
          method: 'POST',
          body,
          duplex: 'half',
          headers: {
            'E2b-Sandbox-Id': sandbox.sandboxId,
            'X-Access-Token': token,
            'content-type': 'application/octet-stream',
          },
        });
        expect([400, 403, 501]).toContain(answer.status);
        expect(await answer.json()).toMatchObject({ message: expect.any(String) as string });
      },
    );

    it('survives callers that break off', async () => {
      const { port } = server;
      const head = (length: number): string =>
        [
          `POST /files?path=half HTTP/1.1`,
          'host: x',
          `e2b-sandbox-id: ${sandbox.sandboxId}`,
          `x-access-token: ${token}`,
          'content-type: application/octet-stream',
          `content-length: ${length}`,
          '',
          'part',
        ].join('\r\n');
      for (const text of [
        head(1000),
        'GET',
        '\0\x01\x02\r\n\r\n',
        'POST / HTTP/1.1\r\nhost: x\r\n',
      ]) {
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        socket.write(text);
        await new Promise((resolve) => setTimeout(resolve, 20));
        socket.destroy();
      }
    });
  });

  describe('of E2B`s SDK', () => {
    it('reaches a process by input, signal, list and a second connection', async () => {
      const handle = await sandbox.commands.run('cat; echo bye', { background: true, stdin: true });
      expect((await sandbox.commands.list()).map(({ pid }) => pid)).toContain(handle.pid);
      let seen = '';
      const second = await sandbox.commands.connect(handle.pid, {
        onStdout: (text) => {
          seen += text;
        },
      });
      await sandbox.commands.sendStdin(handle.pid, 'hello\n');
      await sandbox.commands.closeStdin(handle.pid);
      expect((await handle.wait()).stdout).toBe('hello\nbye\n');
      await second.wait();
      expect(seen).toBe('hello\nbye\n');
      expect(await sandbox.commands.kill(handle.pid)).toBe(false);
    });

    it('handles files one by one and many at once', async () => {
      await sandbox.files.write([
        { path: 'many/a.txt', data: 'A' },
        { path: 'many/b.txt', data: 'B' },
      ]);
      expect(await sandbox.files.read('many/a.txt')).toBe('A');
      await sandbox.files.write('many/zip.txt', 'zipped', { gzip: true });
      expect(await sandbox.files.read('many/zip.txt', { gzip: true })).toBe('zipped');
      await sandbox.files.rename('many/a.txt', 'many/new/c.txt');
      expect(await sandbox.files.exists('many/a.txt')).toBe(false);
      expect(await sandbox.files.getInfo('many/new/c.txt')).toMatchObject({
        name: 'c.txt',
        type: 'file',
        size: 1,
        permissions: '-rw-r--r--',
      });
      expect(await sandbox.files.makeDir('many')).toBe(false);
      expect(await sandbox.files.makeDir('made/deep')).toBe(true);
      await sandbox.files.remove('many');
      expect(await sandbox.files.exists('many')).toBe(false);
    });

    it('is told what is not supported', async () => {
      await expect(sandbox.pause({ keepMemory: false })).rejects.toThrow('501');
    });

    it('knows its sandbox', async () => {
      const info = await sandbox.getInfo();
      expect(info).toMatchObject({ templateId: 'base', state: 'running', memoryMB: 512 });
      await sandbox.setTimeout(60_000);
      const later = await sandbox.getInfo();
      expect(later.endAt.getTime()).toBeLessThan(info.endAt.getTime());
      expect(await sandbox.isRunning()).toBe(true);
    });
  });
});
