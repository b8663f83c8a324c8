import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { detectIsolation } from './isolation/detect-isolation.ts';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('./cli.ts', import.meta.url));

interface Failure {
  error: string;
  message: string;
  remedy?: string;
}

async function failure(args: string[], env: NodeJS.ProcessEnv): Promise<Failure> {
  try {
    await run(process.execPath, ['--disable-warning=ExperimentalWarning', CLI, ...args], { env });
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    expect(code).toBe(1);
    return JSON.parse(stderr) as Failure;
  }
  throw new Error('the command did not fail');
}

describe('ae-sandbox-server', () => {
  const env = { PATH: process.env['PATH'] };

  it('refuses to start where nothing can isolate, and names what helps', async () => {
    const { error, message, remedy } = await failure(['--port=0'], { PATH: '/nonexistent' });
    expect(error).toBe('isolation_unavailable');
    expect(message).toContain('cannot isolate');
    expect(remedy).toBeTruthy();
  });

  it('takes no other backend than the one that was asked for', async () => {
    const path = { PATH: '/nonexistent' };
    for (const backend of ['bubblewrap', 'docker']) {
      const { error } = await failure(['--port=0', `--backend=${backend}`], path);
      expect(error).toBe('isolation_unavailable');
    }
  });

  it.each([
    [['--port=x'], {}, 'invalid_option'],
    [[], { AE_SANDBOX_PORT: '-1' }, 'invalid_option'],
    [['--host=0.0.0.0'], {}, 'api_key_required'],
    [['--backend=none'], {}, 'invalid_option'],
    [['--nonsense'], {}, 'failed'],
  ])('refuses %j with %j', async (args, variables, code) => {
    expect((await failure(args, { ...env, ...variables })).error).toBe(code);
  });

  it('names a port that is in use', async () => {
    if ((await detectIsolation()).backend === 'none') {
      console.info('a port in use: not run, nothing can isolate here');
      expect((await failure(['--port=0'], env)).error).toBe('isolation_unavailable');
      return;
    }
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    try {
      expect((await failure([`--port=${port}`], env)).error).toBe('port_in_use');
    } finally {
      other.close();
    }
  });

  it('logs lines of JSON, and lives on when nobody reads them', async () => {
    if ((await detectIsolation()).backend === 'none') {
      console.info('the log: not run, nothing can isolate here');
      return;
    }
    const command = ['--disable-warning=ExperimentalWarning', CLI, '--port=0'];
    const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = once(child, 'exit');
    try {
      const [said] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      const { listening } = JSON.parse(said) as { listening: string };
      const create = async (): Promise<number> => {
        const headers = { 'X-API-Key': 'any' };
        return (await fetch(`${listening}/sandboxes`, { method: 'POST', headers })).status;
      };
      const logged = once(createInterface({ input: child.stderr }), 'line');
      expect(await create()).toBe(201);
      expect(JSON.parse(((await logged) as [string])[0])).toMatchObject({
        level: 'info',
        message: 'created',
      });
      child.stderr.destroy();
      for (let calls = 0; calls < 3; calls += 1) expect(await create()).toBe(201);
    } finally {
      child.kill('SIGTERM');
    }
    expect(await exited).toEqual([0, null]);
  });

  it('explains itself', async () => {
    const { stdout } = await run(process.execPath, [CLI, '--help'], { env });
    for (const word of ['--port', 'AE_SANDBOX_ROOT', 'AE_SANDBOX_API_KEY']) {
      expect(stdout).toContain(word);
    }
  });
});
