/**
 * The contract of the client, on real providers: @ae/sandbox-server as its own process, and
 * E2B's cloud when AE_TEST_E2B_API_KEY is set.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  ExecutionAborted,
  InvalidPath,
  SandboxCapacity,
  SandboxClient,
  SandboxError,
  SandboxNotFound,
  SandboxTimeout,
  SandboxUnavailable,
  UnsupportedByProvider,
  type Sandbox,
  type SandboxErrorCode,
} from './index.ts';

const CLI = fileURLToPath(new URL('../../sandbox-server/src/cli.ts', import.meta.url));
const API_KEY = ['test', 'key'].join('-');

interface Provider {
  readonly name: string;
  start(): Promise<{ client: SandboxClient; stop: () => Promise<void> }>;
}

async function startServer(
  env: NodeJS.ProcessEnv = {},
): Promise<{ url: string; process: ChildProcess }> {
  const server = spawn(process.execPath, [CLI, '--port', '0'], {
    env: { PATH: process.env['PATH'], AE_SANDBOX_API_KEY: API_KEY, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  server.stdout.setEncoding('utf8');
  const url = await new Promise<string>((resolve, reject) => {
    server.stdout.once('data', (line: string) => {
      resolve((JSON.parse(line) as { listening: string }).listening);
    });
    server.once('exit', () => reject(new Error(`the sandbox server did not start: ${said}`)));
  });
  return { url, process: server };
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null) return;
  server.kill('SIGTERM');
  await once(server, 'exit');
}

const local: Provider = {
  name: '@ae/sandbox-server',
  start: async () => {
    const server = await startServer();
    return {
      client: new SandboxClient({ apiKey: API_KEY, apiUrl: server.url }),
      stop: () => stopServer(server.process),
    };
  },
};

const cloudKey = process.env['AE_TEST_E2B_API_KEY'];
const providers: Provider[] = [local];
if (cloudKey === undefined) {
  console.info('E2B cloud: not run, AE_TEST_E2B_API_KEY is not set');
} else {
  providers.push({
    name: 'E2B cloud',
    start: () =>
      Promise.resolve({
        client: new SandboxClient({ apiKey: cloudKey }),
        stop: () => Promise.resolve(),
      }),
  });
}

async function rejection(act: Promise<unknown>): Promise<SandboxError> {
  try {
    await act;
  } catch (error) {
    expect(error).toBeInstanceOf(SandboxError);
    return error as SandboxError;
  }
  throw new Error('expected a rejection');
}

async function expectCode(act: Promise<unknown>, code: SandboxErrorCode): Promise<void> {
  expect(await rejection(act)).toMatchObject({ code });
}

describe.each(providers)('SandboxClient on $name', (provider) => {
  let client: SandboxClient;
  let sandbox: Sandbox;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const started = await provider.start();
    ({ client, stop } = started);
    sandbox = await client.create({
      timeoutMs: 120_000,
      envs: { OF_SANDBOX: 'yes' },
      metadata: { suite: 'contract', odd: 'a=b&c d/ü' },
    });
  }, 60_000);

  afterAll(async () => {
    await sandbox.destroy();
    await stop();
  }, 30_000);

  describe('execute', () => {
    it('runs a login shell in the home and separates the streams', async () => {
      const result = await sandbox.execute('pwd; echo err >&2; shopt -q login_shell && echo login');
      expect(result).toMatchObject({
        stdout: '/home/user\nlogin\n',
        stderr: 'err\n',
        exitCode: 0,
        timedOut: false,
        truncated: false,
      });
      expect(result.durationMs).toBeGreaterThan(0);
    });

    it('answers a non-zero exit as a result', async () => {
      expect(await sandbox.execute('exit 3')).toMatchObject({ exitCode: 3, timedOut: false });
      expect((await sandbox.execute('no-such-command')).exitCode).toBe(127);
      expect((await sandbox.execute('kill -KILL $$')).exitCode).toBe(137);
    });

    it('takes cwd and environment', async () => {
      const result = await sandbox.execute('echo $PWD $OF_SANDBOX $OF_COMMAND', {
        cwd: '/tmp',
        envs: { OF_COMMAND: 'two words' },
      });
      expect(result.stdout).toBe('/tmp yes two words\n');
    });

    it('streams output while the command runs', async () => {
      const chunks: string[] = [];
      const firstChunk = new Promise<void>((resolve) => {
        void sandbox
          .execute('echo first; while [ ! -e go ]; do sleep 0.05; done; echo last', {
            onStdout: (chunk) => {
              chunks.push(chunk);
              resolve();
            },
          })
          .then((result) => chunks.push(`end:${result.stdout}`));
      });
      await firstChunk;
      expect(chunks).toEqual(['first\n']);
      await sandbox.uploadFiles({ go: '' });
      await sandbox.execute('while pgrep -f "[e] go" >/dev/null; do sleep 0.05; done; sleep 0.2');
      expect(chunks.at(-1)).toBe('end:first\nlast\n');
    });

    it('never cuts a character, wherever the pieces end', async () => {
      const chunks: string[] = [];
      const result = await sandbox.execute(
        `printf '\\342'; sleep 0.1; printf '\\202'; sleep 0.1; printf '\\254\\360\\237'; sleep 0.1; printf '\\230\\200'`,
        { onStdout: (chunk) => chunks.push(chunk) },
      );
      expect(result.stdout).toBe('€😀');
      expect(chunks.join('')).toBe('€😀');
    });

    it('keeps the output that came before a timeout', async () => {
      const result = await sandbox.execute('echo before; sleep 60; echo after', { timeoutMs: 500 });
      expect(result).toMatchObject({
        stdout: 'before\n',
        exitCode: 124,
        timedOut: true,
        truncated: false,
      });
    });

    it('kills what the command started when its time is over', async () => {
      await sandbox.execute('setsid sleep 4711 & sleep 4712 & wait', { timeoutMs: 500 });
      const { stdout } = await sandbox.execute('pgrep -f "sleep 471[12]" | wc -l');
      expect(stdout.trim()).toBe('0');
    });

    it('bug: a guest that stopped its own agent outlived its time by a minute', async () => {
      const other = await client.create({ timeoutMs: 120_000 });
      const command = 'kill -STOP $(pgrep -f agent) $PPID; sleep 90';
      const result = await other.execute(command, { timeoutMs: 500 });
      expect(result).toMatchObject({ timedOut: true, exitCode: 124 });
      await other.destroy();
    }, 30_000);

    it('ends although a child keeps the output open', async () => {
      const result = await sandbox.execute('sleep 30 & echo started');
      expect(result).toMatchObject({ stdout: 'started\n', exitCode: 0, timedOut: false });
    });

    it('hands on a large output whole, also to a listener that is slow', async () => {
      let heard = 0;
      const result = await sandbox.execute('seq 1000000', {
        onStdout: (chunk) => {
          heard += chunk.length;
          const until = performance.now() + 1;
          while (performance.now() < until);
        },
      });
      expect(result).toMatchObject({ exitCode: 0, truncated: false });
      expect(heard).toBe(6_888_896);
      expect(result.stdout).toHaveLength(6_888_896);
      expect(result.stdout.endsWith('\n1000000\n')).toBe(true);
    });

    it('refuses a command with a NUL byte', async () => {
      await expectCode(sandbox.execute('echo a\0b'), 'invalid_argument');
    });

    it('keeps at most maxOutputBytes and says so', async () => {
      let heard = '';
      const result = await sandbox.execute('for i in $(seq 1000); do echo 0123456789ä; done', {
        maxOutputBytes: 1000,
        onStdout: (chunk) => (heard += chunk),
      });
      expect(result).toMatchObject({ exitCode: 0, truncated: true });
      expect(Buffer.byteLength(result.stdout)).toBeLessThanOrEqual(1000);
      expect(Buffer.byteLength(result.stdout)).toBeGreaterThan(990);
      expect(result.stdout).not.toContain('\uFFFD');
      expect(heard).toBe(result.stdout);
    });

    it('kills the command and rejects when the signal fires', async () => {
      const abort = new AbortController();
      const execution = sandbox.execute('echo up; sleep 4713', {
        signal: abort.signal,
        onStdout: () => abort.abort(),
      });
      expect(await rejection(execution)).toBeInstanceOf(ExecutionAborted);
      const { stdout } = await sandbox.execute('pgrep -f "sleep 471[3]" | wc -l');
      expect(stdout.trim()).toBe('0');
      const late = sandbox.execute('true', { signal: AbortSignal.abort() });
      expect(await rejection(late)).toBeInstanceOf(ExecutionAborted);
    });

    it('kills the command and throws what a listener throws', async () => {
      const failure = new Error('of the listener');
      const execution = sandbox.execute('echo up; sleep 4714', {
        onStdout: () => {
          throw failure;
        },
      });
      await expect(execution).rejects.toBe(failure);
      const { stdout } = await sandbox.execute('pgrep -f "sleep 471[4]" | wc -l');
      expect(stdout.trim()).toBe('0');
    });

    it('names a working directory that does not exist', async () => {
      await expectCode(sandbox.execute('true', { cwd: '/nowhere' }), 'invalid_argument');
    });

    it.each([0, -1, NaN])('refuses a timeout of %p', async (timeoutMs) => {
      await expect(sandbox.execute('true', { timeoutMs })).rejects.toThrow(RangeError);
    });

    it('runs several commands at once', async () => {
      const results = await Promise.all(
        Array.from({ length: 10 }, (_, index) => sandbox.execute(`echo ${index}`)),
      );
      expect(results.map(({ stdout }) => stdout.trim())).toEqual(
        Array.from({ length: 10 }, (_, index) => String(index)),
      );
    });
  });

  describe('files', () => {
    it('brings bytes there and back unchanged', async () => {
      const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) % 256);
      const files = {
        'a/b/c.bin': bytes,
        'empty.txt': '',
        '/home/user/absolute.txt': 'absolute',
        'odd %22 "name"\n€.txt': 'odd',
        './x/../plain.txt': 'plain',
      };
      await sandbox.uploadFiles(files);
      const back = await sandbox.downloadFiles(Object.keys(files));
      expect(Object.keys(back)).toHaveLength(5);
      expect(Buffer.compare(back['a/b/c.bin']!, bytes)).toBe(0);
      expect(back['empty.txt']).toHaveLength(0);
      expect(Buffer.from(back['/home/user/absolute.txt']!).toString()).toBe('absolute');
      expect(Buffer.from(back['odd %22 "name"\n€.txt']!).toString()).toBe('odd');
      expect((await sandbox.execute('cat plain.txt')).stdout).toBe('plain');
    });

    it('overwrites a file and leaves nothing of the old one', async () => {
      await sandbox.uploadFiles({ 'over.txt': 'a long first text' });
      await sandbox.uploadFiles({ 'over.txt': 'short' });
      expect((await sandbox.execute('cat over.txt')).stdout).toBe('short');
    });

    it('lists a folder as deep as asked', async () => {
      await sandbox.uploadFiles({ 'tree/one.txt': '1', 'tree/sub/two.txt': '22' });
      const flat = await sandbox.listFiles('tree');
      expect(flat.map(({ path, type }) => [path, type])).toEqual([
        ['/home/user/tree/one.txt', 'file'],
        ['/home/user/tree/sub', 'dir'],
      ]);
      const deep = await sandbox.listFiles('tree', 2);
      expect(deep.find(({ path }) => path.endsWith('two.txt'))).toMatchObject({ size: 2 });
    });

    it.each([
      '',
      '.',
      'folder/',
      '..',
      '../x',
      'a/../../x',
      '/etc/passwd',
      '/home/user2/x',
      '/home/user/../x',
      'a\0b',
    ])('refuses the path %j and writes nothing', async (path) => {
      const before = await sandbox.listFiles('.', 3);
      const upload = sandbox.uploadFiles({ 'beside.txt': 'x', [path]: 'x' });
      expect(await rejection(upload)).toBeInstanceOf(InvalidPath);
      expect(await rejection(sandbox.downloadFiles([path]))).toBeInstanceOf(InvalidPath);
      expect(await sandbox.listFiles('.', 3)).toEqual(before);
    });

    it('names a file that is not there', async () => {
      await expectCode(sandbox.downloadFiles(['nowhere.txt']), 'file_not_found');
      await expectCode(sandbox.listFiles('nowhere'), 'file_not_found');
    });
  });

  describe('life', () => {
    it('is found again by its metadata and connected to', async () => {
      const found = await client.list({ metadata: { suite: 'contract', odd: 'a=b&c d/ü' } });
      expect(found.map(({ id }) => id)).toEqual([sandbox.id]);
      expect(found[0]).toMatchObject({ template: 'base', startedAt: expect.any(Date) as Date });
      expect(found[0]!.endAt.getTime()).toBeGreaterThan(found[0]!.startedAt.getTime());
      expect(await client.list({ metadata: { suite: 'another' } })).toEqual([]);
      const same = await client.connect(sandbox.id);
      await same.uploadFiles({ 'shared.txt': 'seen' });
      expect((await sandbox.execute('cat shared.txt')).stdout).toBe('seen');
    });

    it('is gone after destroy, which may be repeated', async () => {
      const short = await client.create({ timeoutMs: 60_000 });
      expect(await client.destroy(short.id)).toBe(true);
      expect(await client.destroy(short.id)).toBe(false);
      await short.destroy();
      expect(await rejection(client.connect(short.id))).toBeInstanceOf(SandboxNotFound);
      expect(await rejection(short.execute('true'))).toBeInstanceOf(SandboxNotFound);
      expect(await rejection(short.uploadFiles({ a: 'a' }))).toBeInstanceOf(SandboxNotFound);
      expect(await rejection(short.downloadFiles(['a']))).toBeInstanceOf(SandboxNotFound);
      expect(await rejection(short.listFiles('.'))).toBeInstanceOf(SandboxNotFound);
      expect(await rejection(short.setTimeout(1000))).toBeInstanceOf(SandboxNotFound);
    });

    it.each(['', '..', 'a/b', '../v2/sandboxes', 'x'.repeat(200)])(
      'knows no sandbox of the id %j',
      async (id) => {
        expect(await client.destroy(id)).toBe(false);
        expect(await rejection(client.connect(id))).toBeInstanceOf(SandboxNotFound);
      },
    );

    it('ends with its block', async () => {
      let id: string;
      {
        await using scoped = await client.create({ timeoutMs: 60_000 });
        id = scoped.id;
        expect((await scoped.execute('echo in')).stdout).toBe('in\n');
      }
      expect(await client.destroy(id)).toBe(false);
    });

    it('goes on after a pause when it is connected to', async () => {
      if (!(await client.capabilities()).pause) return;
      await using paused = await client.create({ timeoutMs: 60_000 });
      await paused.execute('(while sleep 0.05; do date +%s%N > beat; done) > /dev/null 2>&1 &');
      await paused.pause();
      const resumed = await client.connect(paused.id);
      const beat = async (): Promise<string> => (await resumed.execute('cat beat')).stdout;
      const before = await beat();
      while ((await beat()) === before) await sleep(50);
    });

    it('ends when its time is over, and the command in it with SandboxTimeout', async () => {
      const brief = await client.create({ timeoutMs: 60_000 });
      const execution = brief.execute('sleep 60');
      await brief.setTimeout(1000);
      expect(await rejection(execution)).toBeInstanceOf(SandboxTimeout);
      expect(await client.destroy(brief.id)).toBe(false);
    });

    it('answers a ping', async () => {
      await expect(client.ping()).resolves.toBeUndefined();
    });

    it('does not create when the signal has fired', async () => {
      const creation = client.create({ signal: AbortSignal.abort() });
      expect(await rejection(creation)).toBeInstanceOf(ExecutionAborted);
    });
  });
});

describe('a lease', () => {
  const leaseMs = 2000;
  let server: Awaited<ReturnType<typeof startServer>>;
  let client: SandboxClient;

  beforeAll(async () => {
    server = await startServer();
    client = new SandboxClient({ apiKey: API_KEY, apiUrl: server.url, leaseMs });
  }, 60_000);
  afterAll(() => stopServer(server.process));

  const ids = async (): Promise<string[]> => (await client.list()).map(({ id }) => id);
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await sleep(100);
  }

  /** Creates a sandbox in a process of its own, which is killed then. */
  async function createAndDie(): Promise<string> {
    const { href } = new URL('./index.ts', import.meta.url);
    const settings = JSON.stringify({ apiKey: API_KEY, apiUrl: server.url, leaseMs });
    const script = `
      import { SandboxClient } from ${JSON.stringify(href)};
      const { id } = await new SandboxClient(${settings}).create({ timeoutMs: 600_000 });
      console.log(id);
      setInterval(() => undefined, 1000);`;
    const args = ['--conditions=@ae/source', '--input-type=module', '--eval', script];
    const creator = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [id] = (await once(creator.stdout.setEncoding('utf8'), 'data')) as [string];
    creator.kill('SIGKILL');
    return id.trim();
  }

  it('ends a sandbox soon after its creator was killed, and keeps one whose creator lives', async () => {
    const kept = await client.create({ timeoutMs: 600_000 });
    const orphan = await createAndDie();
    const killedAt = performance.now();
    expect(await ids()).toContain(orphan);
    await until(async () => !(await ids()).includes(orphan));
    expect(performance.now() - killedAt).toBeLessThan(10_000);
    await until(() => Promise.resolve(performance.now() - killedAt > 2 * leaseMs));
    expect((await kept.execute('echo here')).stdout).toBe('here\n');
    await kept.destroy();
  }, 60_000);

  it('regression: is over when the sandbox is paused, which lives its own time then', async () => {
    const paused = await client.create({ timeoutMs: 600_000, metadata: { of: 'a pause' } });
    await paused.pause();
    const found = await client.list({ metadata: { of: 'a pause' } });
    expect(found).toMatchObject([{ id: paused.id, state: 'paused' }]);
    const resumed = await client.connect(paused.id);
    await sleep(2 * leaseMs);
    expect((await resumed.execute('echo here')).stdout).toBe('here\n');
    await resumed.destroy();
  }, 60_000);

  it('regression: tells that the server cut the output of a command that ended well', async () => {
    const small = await startServer({ AE_SANDBOX_MAX_OUTPUT_MB: '1' });
    try {
      const own = new SandboxClient({ apiKey: API_KEY, apiUrl: small.url });
      await using sandbox = await own.create();
      const cut = await sandbox.execute('head -c 3000000 /dev/zero | tr "\\0" a');
      expect(cut).toMatchObject({ exitCode: 0, truncated: true });
      expect((await sandbox.execute('echo whole')).truncated).toBe(false);
    } finally {
      await stopServer(small.process);
    }
  }, 60_000);

  it.each([0, -5, NaN])('a life of %p ms is refused', async (timeoutMs) => {
    await expect(client.create({ timeoutMs })).rejects.toThrow(RangeError);
  });

  it('outlives no sandbox, and prolongs none', async () => {
    const brief = await client.create({ timeoutMs: 3000 });
    const moved = await client.create({ timeoutMs: 600_000 });
    await moved.setTimeout(1000);
    await until(async () => !(await ids()).some((id) => [brief.id, moved.id].includes(id)));
    expect(await rejection(moved.execute('true'))).toBeInstanceOf(SandboxNotFound);
  }, 60_000);

  it.each([0, -1, 1999, NaN])('of %p ms is refused', (length) => {
    expect(() => new SandboxClient({ apiKey: API_KEY, leaseMs: length })).toThrow(RangeError);
  });
});

describe('SandboxClient on @ae/sandbox-server alone', () => {
  it('holds a sandbox to its allowlist, and gives none without one a network', async () => {
    const server = await startServer();
    try {
      const client = new SandboxClient({ apiKey: API_KEY, apiUrl: server.url });
      expect(await client.capabilities()).toMatchObject({ networkAllowlist: true });
      const proxy = 'echo "$HTTPS_PROXY"';
      const other = `
        const [host, port] = process.env.HTTPS_PROXY.replace('http://', '').split(':');
        require('node:http')
          .request({ host, port, method: 'CONNECT', path: 'other.example:443' })
          .on('connect', ({ statusCode }) => console.log(statusCode))
          .end();`;
      await using listed = await client.create({ networkAllowlist: ['listed.example'] });
      await listed.uploadFiles({ 'other.cjs': other });
      expect((await listed.execute(proxy)).stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\n$/);
      // Refused before anything is looked up.
      expect((await listed.execute('node other.cjs')).stdout).toBe('403\n');
      await using closed = await client.create({ networkAllowlist: [] });
      expect((await closed.execute(proxy)).stdout).toBe('\n');
      await expectCode(client.create({ template: 'unknown' }), 'sandbox_create_failed');
    } finally {
      await stopServer(server.process);
    }
  }, 60_000);

  it('asks no server for an allowlist that does not tell that it holds one', async () => {
    const asked: string[] = [];
    const other = createHttpServer((request, response) => {
      asked.push(`${String(request.method)} ${String(request.url)}`);
      response.writeHead(204).end();
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      const client = new SandboxClient({ apiKey: API_KEY, apiUrl: `http://127.0.0.1:${port}` });
      const creation = client.create({ networkAllowlist: ['example.com'] });
      expect(await rejection(creation)).toBeInstanceOf(UnsupportedByProvider);
      expect(await client.capabilities()).toEqual({ networkAllowlist: false, pause: false });
      expect(asked).toEqual(['GET /health']);
    } finally {
      other.close();
    }
  });

  it('names a wrong key, a full server and a server that is down', async () => {
    const server = await startServer({ AE_SANDBOX_MAX: '1' });
    const client = new SandboxClient({ apiKey: API_KEY, apiUrl: server.url });
    const stranger = new SandboxClient({ apiKey: 'wrong', apiUrl: server.url });
    await expectCode(stranger.create(), 'unauthenticated');
    await expectCode(stranger.ping(), 'unauthenticated');
    const sandbox = await client.create();
    expect(await rejection(client.create())).toBeInstanceOf(SandboxCapacity);
    await stopServer(server.process);
    expect(server.process.exitCode).toBe(0);
    for (const act of [
      () => client.ping(),
      () => client.create(),
      () => client.list(),
      () => client.connect(sandbox.id),
      () => client.destroy(sandbox.id),
      () => sandbox.execute('true'),
      () => sandbox.uploadFiles({ a: 'a' }),
      () => sandbox.downloadFiles(['a']),
      () => sandbox.listFiles('.'),
      () => sandbox.destroy(),
    ]) {
      expect(await rejection(act())).toBeInstanceOf(SandboxUnavailable);
    }
  }, 30_000);

  it('gives up on a server that does not answer', async () => {
    const sockets = new Set<Socket>();
    const silent = createServer((socket) => sockets.add(socket));
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    try {
      const client = new SandboxClient({
        apiKey: API_KEY,
        apiUrl: `http://127.0.0.1:${port}`,
        requestTimeoutMs: 300,
      });
      expect(await rejection(client.create())).toBeInstanceOf(SandboxUnavailable);
      expect(await rejection(client.ping())).toBeInstanceOf(SandboxUnavailable);
    } finally {
      sockets.forEach((socket) => socket.destroy());
      silent.close();
    }
  });
});
