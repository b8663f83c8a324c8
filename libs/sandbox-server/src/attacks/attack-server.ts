/** A server to attack: a process of its own, with secrets laid out for its guests to find. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BackendKind } from './attack.ts';
import { GuestSession } from './guest-session.ts';

const EXTENSION = extname(fileURLToPath(import.meta.url));
const CLI = fileURLToPath(new URL(`../cli${EXTENSION}`, import.meta.url));
/** From source, packages of the workspace are found by their sources too. */
const NODE_OPTIONS =
  EXTENSION === '.ts' ? ['--disable-warning=ExperimentalWarning', '--conditions=@ae/source'] : [];
const MAX_DIAGNOSTIC_CHARS = 4096;
/** How often one file is left open in the server, at as many descriptors. */
const LEAKED_DESCRIPTORS = 20;
const STOP_TIMEOUT_MS = 20_000;

/** Small, so that a sandbox is soon at its limits. */
const LIMITS = { memoryMb: 192, diskMb: 64, maxOutputMb: 1, processes: 256, openFiles: 1024 };

export interface AttackServerOptions {
  readonly backend: 'auto' | BackendKind;
  /** Variables of the server; it gets no others of this process. */
  readonly env: NodeJS.ProcessEnv;
  /** User id to run as; only root can choose. */
  readonly uid?: number;
}

export interface AttackServer {
  readonly url: string;
  readonly pid: number;
  readonly backend: BackendKind;
  readonly apiKey: string;
  readonly options: AttackServerOptions;
  readonly limits: Readonly<typeof LIMITS>;
  /** Script of the server, on the host. */
  readonly script: string;
  /** In the server's environment, in {@link secretFile}, and in its inherited descriptors. */
  readonly secret: string;
  readonly secretFile: string;
  /** Folder on the host that holds the secret file and nothing else. */
  readonly folder: string;
  create(): Promise<GuestSession>;
  /** Resolves with the exit code; null when a signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

function command({ backend, uid }: AttackServerOptions): string[] {
  const server = [
    process.execPath,
    ...NODE_OPTIONS,
    CLI,
    '--host=127.0.0.1',
    '--port=0',
    `--backend=${backend}`,
    `--memory-mb=${LIMITS.memoryMb}`,
    `--disk-mb=${LIMITS.diskMb}`,
    `--max-output-mb=${LIMITS.maxOutputMb}`,
  ];
  if (uid === undefined) return server;
  const user = String(uid);
  return ['setpriv', '--reuid', user, '--regid', user, '--clear-groups', '--', ...server];
}

/** Waits for the line that says where it listens. */
function ready(child: ChildProcess): Promise<{ listening: string; backend: BackendKind }> {
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    said = (said + chunk).slice(-MAX_DIAGNOSTIC_CHARS);
  });
  let line = '';
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`the server did not start: ${said.trim()}`)));
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      if (line.includes('\n')) return;
      line += chunk;
      if (!line.includes('\n')) return;
      resolve(JSON.parse(line) as { listening: string; backend: BackendKind });
    });
  });
}

/** @throws Error with what the server said when it does not start */
export async function startAttackServer(options: AttackServerOptions): Promise<AttackServer> {
  const apiKey = `e2b_${randomBytes(20).toString('hex')}`;
  const secret = `host-secret-${randomBytes(8).toString('hex')}`;
  const folder = mkdtempSync(join(tmpdir(), 'ae-host-'));
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, secret, { mode: 0o644 });
  const leaked = openSync(secretFile, 'r');
  const [program = '', ...args] = command(options);
  const child = spawn(program, args, {
    env: { ...options.env, AE_SANDBOX_API_KEY: apiKey, HOST_SECRET: secret },
    stdio: ['ignore', 'pipe', 'pipe', ...Array<number>(LEAKED_DESCRIPTORS).fill(leaked)],
  });
  closeSync(leaked);
  const exited = once(child, 'exit') as Promise<[number | null]>;
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  exited.then(removeFolder, removeFolder);
  const { listening: url, backend } = await ready(child);
  return {
    url,
    pid: Number(child.pid),
    backend,
    apiKey,
    options,
    limits: LIMITS,
    script: CLI,
    secret,
    secretFile,
    folder,
    create: () => GuestSession.create(url, apiKey),
    end: async (signal) => {
      child.kill(signal);
      const insist = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      const [code] = await exited;
      clearTimeout(insist);
      return code;
    },
  };
}
