/** A server with one sandbox, for the specs that drive the agent of a real guest. */
import { CommandExitError, Sandbox } from 'e2b';
import { detectIsolation } from '../isolation/detect-isolation.ts';
import { startSandboxServer, type SandboxServer } from '../sandbox-server.ts';
import type { SandboxServerOptions } from '../server-settings.ts';

const API_KEY = ['agent', 'key'].join('-');

const isolation = await detectIsolation();

/** `describe`, or `describe.skip` with a line that says why where no guest can be started. */
export function describeGuest(name: string, tests: () => void): void {
  if (isolation.backend === 'none') console.warn(`${name}: not run, ${isolation.reason ?? ''}`);
  (isolation.backend === 'none' ? describe.skip : describe)(name, tests);
}

export interface TestGuest {
  readonly server: SandboxServer;
  readonly sandbox: Sandbox;
  /** A command, whatever it exits with. */
  run(
    command: string,
    timeoutMs?: number,
  ): Promise<{ stdout: string; stderr: string; exitCode: number }>;
  /** A request to the agent as its own SDK would send it. */
  request(path: string, init?: RequestInit): Promise<Response>;
  /** A unary call of the protocol: its answer, or its error with `code`. */
  call(path: string, message: object): Promise<Record<string, unknown>>;
}

export async function startGuest(options: SandboxServerOptions = {}): Promise<TestGuest> {
  const server = await startSandboxServer({ apiKey: API_KEY, ...options });
  const sandbox = await Sandbox.create({
    apiKey: API_KEY,
    apiUrl: server.url,
    sandboxUrl: server.url,
  });
  const token = (sandbox as unknown as { envdAccessToken: string }).envdAccessToken;
  const request: TestGuest['request'] = (path, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('E2b-Sandbox-Id', sandbox.sandboxId);
    headers.set('X-Access-Token', token);
    return fetch(`${server.url}${path}`, { ...init, headers });
  };
  return {
    server,
    sandbox,
    async run(command, timeoutMs = 60_000) {
      try {
        return await sandbox.commands.run(command, { timeoutMs });
      } catch (error) {
        if (error instanceof CommandExitError) return error;
        throw error;
      }
    },
    request,
    async call(path, message) {
      const answer = await request(path, {
        method: 'POST',
        body: JSON.stringify(message),
        headers: { 'content-type': 'application/json' },
      });
      return (await answer.json()) as Record<string, unknown>;
    },
  };
}

/** Resolves once `condition` holds; the bound is for a machine that is busy with other work. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 20_000; !(await condition());) {
    if (Date.now() > end) throw new Error('it did not come to pass');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
