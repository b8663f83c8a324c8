/** Unmodified SDKs of E2B's, from 1.13 to the newest, each against one server. */
import { Sandbox as Sandbox113 } from 'e2b-1-13';
import { Sandbox as Sandbox28 } from 'e2b-2-8';
import { Sandbox as Sandbox238 } from 'e2b-2-38';
import { Sandbox as Sandbox251 } from 'e2b';
import { detectIsolation } from './isolation/detect-isolation.ts';
import { startSandboxServer, type SandboxServer } from './sandbox-server.ts';

/** The older SDKs check its form. */
const API_KEY = `e2b_${'0123456789'.repeat(4)}`;
const DOMAIN = 'sandboxes.example';
const isolation = await detectIsolation();
if (isolation.backend === 'none') console.warn(`SDK versions: not run, ${isolation.reason ?? ''}`);

/** What is the same in all of them. */
interface AnySandbox {
  readonly sandboxId: string;
  isRunning(): Promise<boolean>;
  setTimeout(timeoutMs: number): Promise<void>;
  kill(): Promise<unknown>;
  readonly commands: {
    run(
      command: string,
      options?: { envs?: Record<string, string>; onStdout?: (text: string) => void },
    ): Promise<{ stdout: string; exitCode: number }>;
    run(
      command: string,
      options: { background: true; stdin?: boolean },
    ): Promise<{ pid: number; wait(): Promise<{ stdout: string }> }>;
    list(): Promise<{ pid: number }[]>;
    sendStdin(pid: number, data: string): Promise<void>;
    kill(pid: number): Promise<boolean>;
  };
  readonly files: {
    write(path: string, data: string): Promise<unknown>;
    read(path: string): Promise<string>;
    list(path: string): Promise<{ name: string }[]>;
    exists(path: string): Promise<boolean>;
    rename(from: string, to: string): Promise<unknown>;
    remove(path: string): Promise<void>;
  };
}

interface Options {
  readonly apiKey: string;
  readonly metadata?: Record<string, string>;
}

interface Sdk {
  readonly Sandbox: {
    create(options: Options): Promise<AnySandbox>;
    connect(id: string, options: Options): Promise<AnySandbox>;
    kill(id: string, options: Options): Promise<boolean>;
  };
  /** Ids of the running sandboxes with this metadata. */
  readonly list: (metadata: Record<string, string>) => Promise<string[]>;
}

interface Listed {
  readonly sandboxId: string;
}

interface Query extends Options {
  readonly query: { readonly metadata: Record<string, string> };
}

/** SDK 1 lists all at once. */
function withoutPages(
  Sandbox: Sdk['Sandbox'] & { list(query: Query): Promise<Listed[]> },
  options: Options,
): Sdk {
  return {
    Sandbox,
    list: async (metadata) => {
      const listed = await Sandbox.list({ ...options, query: { metadata } });
      return listed.map(({ sandboxId }) => sandboxId);
    },
  };
}

function withPages(
  Sandbox: Sdk['Sandbox'] & { list(query: Query): { nextItems(): Promise<Listed[]> } },
  options: Options,
): Sdk {
  return {
    Sandbox,
    list: async (metadata) => {
      const listed = await Sandbox.list({ ...options, query: { metadata } }).nextItems();
      return listed.map(({ sandboxId }) => sandboxId);
    },
  };
}

/**
 * SDK 1 calls `https://<port>-<id>.<domain>` and nothing else. In front of a server such names are
 * a matter of DNS and of a proxy for TLS; here of this one function.
 */
function proxyForDomain(real: typeof fetch, serverUrl: string): typeof fetch {
  return async (input, init) => {
    const call = new Request(input, init);
    const url = new URL(call.url);
    if (!url.hostname.endsWith(`.${DOMAIN}`)) return real(call);
    const headers = new Headers(call.headers);
    headers.set('host', url.host);
    return real(new URL(url.pathname + url.search, serverUrl), {
      method: call.method,
      headers,
      signal: call.signal,
      ...(call.body === null ? {} : { body: await call.arrayBuffer() }),
    });
  };
}

(isolation.backend === 'none' ? describe.skip : describe)('E2B`s SDK', () => {
  const realFetch = globalThis.fetch;
  let server: SandboxServer;

  beforeAll(async () => {
    server = await startSandboxServer({ apiKey: API_KEY, maxSandboxes: 4 });
    globalThis.fetch = proxyForDomain(realFetch, server.url);
  });

  afterAll(async () => {
    globalThis.fetch = realFetch;
    await server.stop();
  });

  const byDomain = (): Options => ({ apiKey: API_KEY, domain: DOMAIN }) as Options;
  const byUrl = (): Options =>
    ({ apiKey: API_KEY, apiUrl: server.url, sandboxUrl: server.url }) as Options;

  it.each<[string, () => Options, (options: Options) => Sdk]>([
    ['1.13.2', byDomain, (options) => withoutPages(Sandbox113, options)],
    ['2.8.4', byUrl, (options) => withPages(Sandbox28, options)],
    ['2.38.3', byUrl, (options) => withPages(Sandbox238, options)],
    ['2.51.0', byUrl, (options) => withPages(Sandbox251, options)],
  ])('%s creates, runs, transfers files, lists and kills', async (version, optionsOf, sdkOf) => {
    const options = optionsOf();
    const { Sandbox, list } = sdkOf(options);
    const metadata = { version, note: 'ü & = %' };
    const sandbox = await Sandbox.create({ ...options, metadata });
    const { commands, files, sandboxId } = sandbox;
    expect(await sandbox.isRunning()).toBe(true);

    let streamed = '';
    const done = await commands.run('echo $A; echo more', {
      envs: { A: version },
      onStdout: (text) => {
        streamed += text;
      },
    });
    expect(done).toMatchObject({ stdout: `${version}\nmore\n`, exitCode: 0 });
    expect(streamed).toBe(done.stdout);
    await expect(commands.run('exit 3')).rejects.toMatchObject({ exitCode: 3 });
    const background = await commands.run('read line; echo "got $line"', {
      background: true,
      stdin: true,
    });
    expect((await commands.list()).map(({ pid }) => pid)).toContain(background.pid);
    await commands.sendStdin(background.pid, 'it\n');
    expect((await background.wait()).stdout).toBe('got it\n');
    expect(await commands.kill(background.pid)).toBe(false);

    const text = `line of ${version} ü\n`.repeat(1_000);
    await files.write('folder/a.txt', text);
    expect(await files.read('folder/a.txt')).toBe(text);
    await files.rename('folder/a.txt', 'folder/b.txt');
    expect((await files.list('folder')).map(({ name }) => name)).toEqual(['b.txt']);
    expect(await files.exists('folder/a.txt')).toBe(false);
    await files.remove('folder');
    await expect(files.read('folder/b.txt')).rejects.toThrow('does not exist');

    expect(await list(metadata)).toEqual([sandboxId]);
    expect(await list({ version: 'another' })).toEqual([]);
    const again = await Sandbox.connect(sandboxId, options);
    expect((await again.commands.run('echo connected')).stdout).toBe('connected\n');
    await sandbox.setTimeout(60_000);
    await sandbox.kill();
    expect(await sandbox.isRunning()).toBe(false);
    expect(await Sandbox.kill(sandboxId, options)).toBe(false);
  });
});
