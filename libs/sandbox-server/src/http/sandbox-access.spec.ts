/** How the callers of a sandbox name it, and what lets them in: id, host, token, signature. */
import { request } from 'node:http';
import { getSignature, Sandbox } from 'e2b';
import fc from 'fast-check';
import { detectIsolation } from '../isolation/detect-isolation.ts';
import type { ServerEvent } from '../events/server-event.ts';
import { startSandboxServer, type SandboxServer } from '../sandbox-server.ts';
import { fileSignature, type SignedFile } from './signature.ts';

const API_KEY = ['access', 'key'].join('-');
const isolation = await detectIsolation();
if (isolation.backend === 'none') console.warn(`access: not run, ${isolation.reason ?? ''}`);

describe('a signature', () => {
  it('is the one of E2B`s SDK', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('read', 'write'),
        fc.option(fc.string(), { nil: undefined }),
        fc.option(fc.integer({ min: -1_000, max: 1_000_000 }), { nil: undefined }),
        fc.string({ minLength: 1 }),
        async (path, operation, user, lifeSeconds, token) => {
          const theirs = await getSignature({
            path,
            operation,
            user,
            ...(lifeSeconds === undefined ? {} : { expirationInSeconds: lifeSeconds }),
            envdAccessToken: token,
          });
          const expiration = theirs.expiration === null ? undefined : String(theirs.expiration);
          const ours = fileSignature({ path, operation, user: user ?? '', expiration }, token);
          expect(ours).toBe(theirs.signature);
        },
      ),
    );
  });
});

(isolation.backend === 'none' ? describe.skip : describe)('access to a sandbox', () => {
  const events: ServerEvent[] = [];
  let server: SandboxServer;
  let sandbox: Sandbox;
  let other: Sandbox;
  let token: string;

  const tokenOf = (of: Sandbox): string =>
    (of as unknown as { envdAccessToken: string }).envdAccessToken;

  beforeAll(async () => {
    server = await startSandboxServer({
      apiKey: API_KEY,
      maxSandboxes: 4,
      agentTimeoutMs: 3_000,
      onEvent: (event) => events.push(event),
    });
    const options = { apiKey: API_KEY, apiUrl: server.url, sandboxUrl: server.url };
    [sandbox, other] = await Promise.all([Sandbox.create(options), Sandbox.create(options)]);
    token = tokenOf(sandbox);
    await Promise.all([
      sandbox.files.write('hello.txt', 'hello world'),
      other.files.write('hello.txt', 'of another'),
    ]);
  });

  afterAll(async () => {
    await server.stop();
  });

  interface Answer {
    readonly status: number;
    readonly text: string;
  }

  /** Over node:http, which lets a test name the host. */
  function get(path: string, headers: Record<string, string>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const call = request(`${server.url}${path}`, { headers, agent: false }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
        response.once('error', reject);
      });
      call.once('error', reject);
      call.end();
    });
  }

  const FILE = '/files?path=hello.txt';

  it('by the token alone reaches the sandbox of that token (SDK 2.7 to 2.13)', async () => {
    expect(await get(FILE, { 'X-Access-Token': token })).toEqual({
      status: 200,
      text: 'hello world',
    });
    expect((await get(FILE, { 'X-Access-Token': tokenOf(other) })).text).toBe('of another');
    expect((await get('/health', { 'X-Access-Token': token })).status).toBe(204);
    for (const wrong of [`${token}x`, token.slice(1), '', 'x']) {
      // Never the server's own health: a sandbox that is gone must not look alive.
      expect((await get(FILE, { 'X-Access-Token': wrong })).status).toBe(502);
      expect((await get('/health', { 'X-Access-Token': wrong })).status).toBe(502);
    }
  });

  it('by the host`s name reaches the sandbox of that name (SDK 1 to 2.6)', async () => {
    const host = `49983-${sandbox.sandboxId}.sandboxes.example`;
    const read = (headers: Record<string, string>): Promise<Answer> => get(FILE, headers);
    expect((await read({ host, 'X-Access-Token': token })).text).toBe('hello world');
    expect((await read({ host: host.toUpperCase(), 'X-Access-Token': token })).status).toBe(200);
    expect((await read({ host: `${host}:443`, 'X-Access-Token': token })).status).toBe(200);
    expect((await read({ host, 'X-Access-Token': tokenOf(other) })).status).toBe(401);
    expect((await read({ host })).status).toBe(401);
    const port = `8080-${sandbox.sandboxId}.sandboxes.example`;
    expect((await read({ host: port, 'X-Access-Token': token })).status).toBe(501);
    const unknown = `49983-i${'0'.repeat(20)}.sandboxes.example`;
    expect((await read({ host: unknown, 'X-Access-Token': token })).status).toBe(502);
    expect((await get('/health', { host: unknown })).status).toBe(502);
  });

  it('by the id needs the token of that sandbox', async () => {
    const id = { 'E2b-Sandbox-Id': sandbox.sandboxId };
    expect((await get(FILE, { ...id, 'X-Access-Token': token })).status).toBe(200);
    const refused = await get(FILE, { ...id, 'X-Access-Token': tokenOf(other) });
    expect(refused.status).toBe(401);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 401 });
    const call = await get('/process.Process/List', id);
    expect(call.status).toBe(401);
    expect(JSON.parse(call.text)).toMatchObject({ code: 'unauthenticated' });
  });

  describe('by a signed URL', () => {
    const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3600;

    it('reads and writes the one path, as the SDK signs it', async () => {
      const read = await sandbox.downloadUrl('hello.txt', { useSignatureExpiration: 3600 });
      const answer = await fetch(read);
      expect(await answer.text()).toBe('hello world');
      expect(answer.headers.get('content-security-policy')).toContain('sandbox');
      const lasting = await sandbox.downloadUrl('hello.txt');
      expect(await (await fetch(lasting)).text()).toBe('hello world');
      const asRoot = await sandbox.downloadUrl('hello.txt', { user: 'root' });
      expect(await (await fetch(asRoot)).text()).toBe('hello world');

      const form = new FormData();
      form.append('file', new Blob(['sent']), 'any');
      const write = await sandbox.uploadUrl('a folder/ü+%.txt', { useSignatureExpiration: 3600 });
      const written = await fetch(write, { method: 'POST', body: form });
      expect(written.status).toBe(200);
      expect(await sandbox.files.read('a folder/ü+%.txt')).toBe('sent');

      // As a form on a web page sends what was typed.
      const field = new FormData();
      field.append('file', 'typed');
      const typed = await fetch(await sandbox.uploadUrl('typed.txt'), {
        method: 'POST',
        body: field,
      });
      expect(await typed.json()).toEqual([
        { name: 'typed.txt', path: '/home/user/typed.txt', type: 'file' },
      ]);
      expect(await sandbox.files.read('typed.txt')).toBe('typed');
    });

    it('is over when its time is', async () => {
      const url = await sandbox.downloadUrl('hello.txt', { useSignatureExpiration: -10 });
      const answer = await fetch(url);
      expect(answer.status).toBe(401);
      expect(await answer.json()).toEqual({ code: 401, message: 'signature is already expired' });
    });

    it('is good for nothing but what was signed', async () => {
      const expiration = String(inAnHour());
      const signed = (file: Partial<SignedFile>, secret = token): string =>
        fileSignature(
          { path: 'hello.txt', operation: 'read', user: '', expiration, ...file },
          secret,
        );
      const status = async (signature: string, changes: Record<string, string> = {}) => {
        const query = new URLSearchParams({
          path: 'hello.txt',
          signature,
          signature_expiration: expiration,
          ...changes,
        });
        return (await fetch(`${server.url}/files?${query.toString()}`)).status;
      };
      expect(await status(signed({}))).toBe(200);
      for (const [signature, changes] of [
        [signed({}), { path: './hello.txt' }],
        [signed({}), { path: '/home/user/hello.txt' }],
        [signed({}), { username: 'root' }],
        [signed({}), { signature_expiration: String(inAnHour() + 1) }],
        [signed({ operation: 'write' }), {}],
        [signed({}, 'guess'), {}],
        [signed({}, ''), {}],
        [signed({}).slice(0, -1), {}],
        [`${signed({})}=`, {}],
        ['', {}],
        [signed({ expiration: 'never' }), { signature_expiration: 'never' }],
      ] as [string, Record<string, string>][]) {
        expect([changes, await status(signature, changes)]).toEqual([changes, 401]);
      }
      const write = await fetch(
        `${server.url}/files?path=hello.txt&signature=${encodeURIComponent(signed({ expiration: undefined }))}`,
        { method: 'POST', body: 'x', headers: { 'content-type': 'application/octet-stream' } },
      );
      expect(write.status).toBe(401);
      for (const path of ['/process.Process/List', '/health/../init', '/sandboxes']) {
        const query = `path=hello.txt&signature=${encodeURIComponent(signed({ expiration: undefined }))}`;
        expect((await fetch(`${server.url}${path}?${query}`)).status).toBe(401);
      }
    });

    it('does not open another sandbox, nor give way to a wrong token', async () => {
      const url = await sandbox.downloadUrl('hello.txt');
      const { search } = new URL(url);
      const named = await get(`/files${search}`, { 'E2b-Sandbox-Id': other.sandboxId });
      expect(named.status).toBe(401);
      const id = { 'E2b-Sandbox-Id': sandbox.sandboxId };
      expect((await get(`/files${search}`, id)).text).toBe('hello world');
      expect((await get(`/files${search}`, { ...id, 'X-Access-Token': 'x' })).status).toBe(401);
    });
  });

  it('tells once who asked for the internet that there is none', async () => {
    const create = async (body: unknown): Promise<string> => {
      const answer = await fetch(`${server.url}/sandboxes`, {
        method: 'POST',
        headers: { 'X-API-Key': API_KEY },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(201);
      return ((await answer.json()) as { sandboxID: string }).sandboxID;
    };
    const info = async (id: string): Promise<unknown> =>
      (await fetch(`${server.url}/sandboxes/${id}`, { headers: { 'X-API-Key': API_KEY } })).json();
    for (const [asked, told] of [
      [true, 1],
      [false, 0],
      [null, 0],
      [undefined, 0],
    ] as const) {
      const id = await create({ allow_internet_access: asked });
      expect(await info(id)).toMatchObject({ allowInternetAccess: false });
      await fetch(`${server.url}/sandboxes/${id}`, {
        method: 'DELETE',
        headers: { 'X-API-Key': API_KEY },
      });
      const own = events.filter(({ sandbox_id }) => sandbox_id === id);
      expect(own.filter(({ type }) => type === 'network_default_applied')).toHaveLength(told);
    }
  });

  it('to a sandbox that stopped its own agent fails in time, and the sandbox is ended', async () => {
    // All processes of the guest but its init and the shell itself.
    void other.commands.run('kill -STOP -1').catch(() => undefined);
    const id = { 'E2b-Sandbox-Id': other.sandboxId, 'X-Access-Token': tokenOf(other) };
    const health = async (): Promise<number> => (await get('/health', id)).status;
    while ((await health()) !== 502) {
      // It has not stopped yet.
    }
    const ended = (): ServerEvent | undefined =>
      events.find(({ sandbox_id, type }) => sandbox_id === other.sandboxId && type === 'ended');
    while (ended() === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(ended()).toMatchObject({ cause: 'unresponsive' });
    expect(await sandbox.isRunning()).toBe(true);
  });
});
