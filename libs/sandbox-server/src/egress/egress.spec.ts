/** The way out of real guests, through E2B's SDK: what programs in them reach, and what not. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { CommandExitError, Sandbox } from 'e2b';
import type { ServerEvent } from '../events/server-event.ts';
import { detectIsolation } from '../isolation/detect-isolation.ts';
import { startSandboxServer, type SandboxServer } from '../sandbox-server.ts';
import { selfSigned } from '../testing/self-signed.ts';
import { classifyAddress } from './resolve-address.ts';

const API_KEY = ['egress', 'key'].join('-');
const LOOPBACK = '127.0.0.1';
const ALL = ['0.0.0.0/0'];

const isolation = await detectIsolation();
if (isolation.backend === 'none') console.warn(`egress: not run, ${isolation.reason ?? ''}`);

(isolation.backend === 'none' ? describe.skip : describe)('a sandbox with an allowlist', () => {
  let server: SandboxServer;
  let sandbox: Sandbox;
  let plain: number;
  let secure: number;
  const origins: Server[] = [];
  const certificate = selfSigned(['allowed.test', 'other.test']);

  async function portOf(origin: Server): Promise<number> {
    origins.push(origin);
    origin.listen(0, LOOPBACK);
    await once(origin, 'listening');
    return (origin.address() as AddressInfo).port;
  }

  function create(allowOut?: string[]): Promise<Sandbox> {
    return Sandbox.create({
      apiKey: API_KEY,
      apiUrl: server.url,
      sandboxUrl: server.url,
      ...(allowOut === undefined ? {} : { network: { allowOut, denyOut: ALL } }),
    });
  }

  async function run(
    command: string,
    where = sandbox,
  ): Promise<{ stdout: string; stderr: string; exitCode: number }> {
    try {
      return await where.commands.run(command);
    } catch (error) {
      if (error instanceof CommandExitError) return error;
      throw error;
    }
  }

  async function control(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${server.url}${path}`, {
      method,
      headers: { 'X-API-Key': API_KEY },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async function eventsOf(query: string): Promise<ServerEvent[]> {
    const answer = await control('GET', `/events?${query}`);
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { events: ServerEvent[] }).events;
  }

  /** Programs that speak through proxies, where the guest has them. */
  async function has(program: string): Promise<boolean> {
    const { exitCode } = await run(`command -v ${program} && ${program} --version`);
    if (exitCode !== 0) console.warn(`egress of ${program}: not run, guests here have none`);
    return exitCode === 0;
  }

  beforeAll(async () => {
    const answer = (host: string | undefined): string => `hello ${String(host)}`;
    plain = await portOf(
      createHttpServer((request, response) => {
        if (request.url === '/away') {
          response.writeHead(302, { location: `http://other.test:${plain}/` }).end();
        } else if (request.url === '/big') response.end('x'.repeat(8 << 20));
        else if (request.method === 'POST') {
          let bytes = 0;
          request.on('data', (chunk: Buffer) => (bytes += chunk.length));
          request.on('end', () => response.end(String(bytes)));
        } else response.end(answer(request.headers.host));
      }),
    );
    secure = await portOf(
      createHttpsServer(certificate, (request, response) =>
        response.end(answer(request.headers.host)),
      ),
    );
    server = await startSandboxServer({
      apiKey: API_KEY,
      maxSandboxes: 6,
      egress: {
        lookup: async (name) => (name.endsWith('.test') ? [LOOPBACK] : []),
        addressClass: (address) => (address === LOOPBACK ? 'public' : classifyAddress(address)),
        ports: [plain, secure],
      },
    });
    sandbox = await create(['allowed.test']);
    await sandbox.files.write('/home/user/ca.pem', certificate.cert);
  }, 60_000);

  afterAll(async () => {
    await server.stop();
    for (const origin of origins) origin.close();
  }, 60_000);

  it('lets curl out to what is listed, and nowhere else', async () => {
    if (!(await has('curl'))) return;
    const curl = (rest: string): ReturnType<typeof run> =>
      run(`curl --silent --show-error --fail --cacert ca.pem ${rest}`);
    expect((await curl(`http://allowed.test:${plain}/`)).stdout).toBe(
      `hello allowed.test:${plain}`,
    );
    expect((await curl(`-p http://allowed.test:${plain}/`)).stdout).toMatch(/^hello /);
    expect((await curl(`https://allowed.test:${secure}/`)).stdout).toBe(
      `hello allowed.test:${secure}`,
    );
    for (const refused of [
      `http://other.test:${plain}/`,
      `https://other.test:${secure}/`,
      `--location http://allowed.test:${plain}/away`,
      `http://127.0.0.1:${plain}/ --noproxy ''`,
      `https://127.0.0.1:${secure}/ --noproxy '' --insecure`,
      `http://169.254.169.254/ --noproxy ''`,
      `http://[::1]:${plain}/ --noproxy ''`,
      `http://allowed.test:22/`,
      `--header 'Host: other.test' http://allowed.test:${plain}/`,
      `--insecure --connect-to other.test:${secure}:allowed.test:${secure} https://other.test:${secure}/`,
      `--noproxy '*' http://allowed.test:${plain}/`,
      `--noproxy '*' http://127.0.0.1:${plain}/`,
    ]) {
      expect([refused, (await curl(refused)).exitCode === 0]).toEqual([refused, false]);
    }
  });

  it('lets node`s fetch out to what is listed, and nowhere else', async () => {
    const fetched = (url: string): ReturnType<typeof run> =>
      run(
        `NODE_EXTRA_CA_CERTS=ca.pem node -e 'fetch("${url}").then(async (r) => console.log(r.status, await r.text()), () => process.exit(9))'`,
      );
    expect((await fetched(`http://allowed.test:${plain}/`)).stdout).toBe(
      `200 hello allowed.test:${plain}\n`,
    );
    expect((await fetched(`https://allowed.test:${secure}/`)).stdout).toBe(
      `200 hello allowed.test:${secure}\n`,
    );
    expect((await fetched(`https://other.test:${secure}/`)).exitCode).toBe(9);
    expect((await fetched(`http://other.test:${plain}/`)).stdout).not.toContain('hello');
  });

  it('lets python out, where there is one', async () => {
    if (!(await has('python3'))) return;
    const opened = (url: string): ReturnType<typeof run> =>
      run(
        `python3 -c 'import ssl, urllib.request as u; print(u.urlopen("${url}", context=ssl.create_default_context(cafile="ca.pem")).read().decode())'`,
      );
    expect((await opened(`http://allowed.test:${plain}/`)).stdout).toMatch(/^hello /);
    expect((await opened(`https://allowed.test:${secure}/`)).stdout).toMatch(/^hello /);
    expect((await opened(`https://other.test:${secure}/`)).exitCode).not.toBe(0);
  });

  it('carries bodies whole, and many connections at once', async () => {
    const script = `
      const http = require('http');
      const ask = (method, path, body) => new Promise((resolve, reject) => {
        const request = http.request('http://allowed.test:${plain}' + path, { method, agent: new http.Agent({ proxyEnv: process.env }) }, async (response) => {
          let bytes = 0, text = '';
          for await (const chunk of response) { bytes += chunk.length; if (bytes < 100) text += chunk; }
          resolve(method === 'POST' ? text : bytes);
        });
        request.on('error', reject).end(body);
      });
      (async () => {
        console.log(await ask('GET', '/big'), await ask('POST', '/', Buffer.alloc(8 << 20)));
        const all = await Promise.all(Array.from({ length: 500 }, () => ask('GET', '/')));
        console.log(all.length, new Set(all).size);
      })();`;
    await sandbox.files.write('/home/user/many.js', script);
    expect(await run('node many.js')).toMatchObject({
      stdout: `${8 << 20} ${8 << 20}\n500 1\n`,
    });
  });

  it('tells of each connection', async () => {
    const own = await create(['allowed.test']);
    await run(`node -e 'fetch("http://allowed.test:${plain}/").then((r) => r.text())'`, own);
    await run(`node -e 'fetch("https://other.test:${secure}/").catch(() => 0)'`, own);
    const events = await eventsOf(`sandbox_id=${own.sandboxId}`);
    expect(events).toMatchObject([
      { type: 'created' },
      { type: 'egress_allowed', host: 'allowed.test', port: plain, rule: 'allowlist' },
      {
        type: 'egress_refused',
        host: 'other.test',
        port: secure,
        method: 'CONNECT',
        rule: 'not_in_allowlist',
      },
    ]);
    await own.kill();
    const [ended, ...others] = await eventsOf(
      `sandbox_id=${own.sandboxId}&after=${events.at(-1)?.seq ?? 0}`,
    );
    expect([ended?.type, others]).toEqual(['ended', []]);
    expect(await eventsOf('limit=1')).toHaveLength(1);
    expect((await control('GET', '/events?after=-1')).status).toBe(400);
    expect((await fetch(`${server.url}/events`)).status).toBe(401);
  });

  it('gets another list, whole, and its info says so', async () => {
    const own = await create(['allowed.test']);
    const reach = async (host: string): Promise<boolean> =>
      (
        await run(
          `node -e 'fetch("http://${host}:${plain}/").then((r) => process.exit(r.ok ? 0 : 1))'`,
          own,
        )
      ).exitCode === 0;
    await own.updateNetwork({ allowOut: ['other.test'], denyOut: ALL });
    expect([await reach('allowed.test'), await reach('other.test')]).toEqual([false, true]);
    const info = (await (await control('GET', `/sandboxes/${own.sandboxId}`)).json()) as object;
    expect(info).toMatchObject({ network: { allowOut: ['other.test'], denyOut: ALL } });
    const path = `/sandboxes/${own.sandboxId}/network`;
    for (const [body, status] of [
      [{ allowOut: ['allowed.test'] }, 501],
      [{ allowOut: ['10.0.0.0/8'], denyOut: ALL }, 501],
      [{ allowOut: ['a b'], denyOut: ALL }, 400],
      [{ allow_internet_access: true }, 501],
      [{ rules: {} }, 501],
    ] as const) {
      expect((await control('PUT', path, body)).status).toBe(status);
      expect(await reach('other.test')).toBe(true);
    }
    expect((await control('PUT', path, {})).status).toBe(204);
    expect(await reach('other.test')).toBe(false);
    expect((await control('PUT', '/sandboxes/ix/network', {})).status).toBe(404);
    await own.kill();
  });

  it('has no way out when it was created without one', async () => {
    const closed = await create();
    const seen = async (where: Sandbox): Promise<string[]> => {
      const { stdout } = await run(
        `env | grep -ic proxy; cat /proc/net/tcp | wc -l; readlink /proc/$PPID/fd/3 /proc/$PPID/fd/5 | grep -c socket:; (exec 3<>/dev/tcp/127.0.0.1/3128) 2>/dev/null && echo open || echo closed`,
        where,
      );
      return stdout.trim().split('\n');
    };
    expect(await seen(closed)).toEqual(['0', '1', '1', 'closed']);
    expect((await seen(sandbox)).slice(2)).toEqual(['2', 'open']);
    const path = `/sandboxes/${closed.sandboxId}/network`;
    expect((await control('PUT', path, { allowOut: ['allowed.test'], denyOut: ALL })).status).toBe(
      501,
    );
    expect((await control('PUT', path, { denyOut: ALL })).status).toBe(204);
    expect(await seen(closed)).toEqual(['0', '1', '1', 'closed']);
    await closed.kill();
  });

  it('cannot be talked past the proxy by one that takes its place', async () => {
    // As much as a guest that has taken over its agent can do: speak HTTP/2 on the way out itself.
    const own = await create(['allowed.test']);
    const { stdout } = await run(
      `node -e '
        const s = require("net").connect(3128, "127.0.0.1");
        let all = "";
        s.on("data", (d) => (all += d)).on("close", () => console.log(all.split("\\r\\n")[0]));
        s.end("CONNECT other.test:${secure} HTTP/1.1\\r\\nHost: allowed.test:${secure}\\r\\n\\r\\n");'`,
      own,
    );
    expect(stdout).toBe('HTTP/1.1 403 Forbidden\n');
    await own.kill();
  });
});
