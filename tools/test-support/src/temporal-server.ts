import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { executable } from './executable.ts';
import { freePort } from './free-port.ts';

/** How a test wants its Temporal server. */
export interface TemporalOptions {
  /** Further arguments of `temporal server start-dev`: `['--search-attribute', 'Kind=Keyword']`. */
  readonly args?: readonly string[];
}

/** A real Temporal server for a test. */
export interface TemporalServer {
  /** `host:port` of the frontend; the namespace is `default`. */
  readonly address: string;
  /** SIGKILL. Does nothing to a server that `TEMPORAL_ADDRESS` named. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the data it had. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

const fetched = fileURLToPath(new URL('../../../.ae/temporal/bin/temporal', import.meta.url));

/**
 * The server at `TEMPORAL_ADDRESS` where that is set; else a file-backed dev server of its own, from
 * the binary that `AE_TEMPORAL_BIN` names, on PATH, or fetched by `npm start` and `npm test`.
 * @throws Error when there is no binary, or it is not ready within 30 s.
 */
export async function startTemporal(options: TemporalOptions = {}): Promise<TemporalServer> {
  const given = process.env['TEMPORAL_ADDRESS'];
  if (given !== undefined && given !== '') {
    const nothing = (): Promise<void> => Promise.resolve();
    return { address: given, kill: nothing, restart: nothing, stop: nothing };
  }
  const binary = temporalBinary();
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const directory = await mkdtemp(join(tmpdir(), 'ae-temporal-'));
  let running: { child: ChildProcess; exited: Promise<unknown> } | undefined;

  async function start(): Promise<void> {
    const child = spawn(
      binary,
      [
        ...['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(port)],
        ...['--db-filename', join(directory, 'temporal.db'), '--log-level', 'error'],
        ...(options.args ?? []),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let log = '';
    child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (log = (log + text).slice(-4000)));
    const exited = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
    running = { child, exited };
    const deadline = Date.now() + 30_000;
    while (!(await answers(binary, address))) {
      if (child.exitCode !== null || child.signalCode !== null || Date.now() > deadline) {
        await end('SIGKILL');
        throw new Error(`${binary} server start-dev is not ready:\n${log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  async function end(signal: NodeJS.Signals): Promise<void> {
    running?.child.kill(signal);
    await running?.exited;
    running = undefined;
  }
  async function stop(): Promise<void> {
    await end('SIGTERM');
    await rm(directory, { recursive: true, force: true });
  }

  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    address,
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM');
      await start();
    },
    stop,
  };
}

/**
 * The `temporal` CLI: what `AE_TEMPORAL_BIN` names, on PATH, or fetched under .ae/.
 * @throws Error when there is none.
 */
export function temporalBinary(): string {
  const named = process.env['AE_TEMPORAL_BIN'];
  const found = executable([...(named === undefined ? [] : [named]), 'temporal', fetched]);
  if (found === undefined) {
    throw new Error('No Temporal dev server: run `npm test` once, which fetches it under .ae/.');
  }
  return found;
}

/** Whether the frontend knows its namespace: before that a worker's first calls would fail. */
async function answers(binary: string, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(
      binary,
      ['operator', 'namespace', 'describe', 'default', '--address', address],
      { timeout: 5000 },
      (error) => resolve(error === null),
    );
  });
}
