import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporalBinary } from '@ae/test-support';

const script = fileURLToPath(new URL('../start.mjs', import.meta.url));

/** A real `npm start` for a test, with its state in a folder of the test. */
export interface Launcher {
  readonly process: ChildProcess;
  output(): string;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  /** Ends when `text` has been printed; fails when the launcher ends before. */
  printed(text: string): Promise<void>;
}

/** What the launcher wrote for other tools. */
export interface WrittenConnection {
  readonly url: string;
  readonly api_key: string;
  readonly temporal_address: string;
  readonly sandbox_url: string;
}

export function startLauncher(state: string, ...args: string[]): Launcher {
  const child = spawn(process.execPath, [script, ...args], {
    env: {
      ...process.env,
      AE_STATE_DIR: state,
      AE_TEMPORAL_BIN: temporalBinary(),
      NODE_OPTIONS: '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const changed = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const look of changed) look();
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    process: child,
    output: () => output,
    ended,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (output.includes(text)) resolve();
        };
        changed.add(look);
        look();
        void ended.then(() => reject(new Error(`The launcher ended before "${text}":\n${output}`)));
      }),
  };
}

export function readConnection(state: string): WrittenConnection {
  return JSON.parse(readFileSync(join(state, 'connection.json'), 'utf8')) as WrittenConnection;
}

/** Whether anything listens at an address: `http://host:port` or `host:port`. */
export async function listens(address: string): Promise<boolean> {
  const { hostname, port } = new URL(address.includes('://') ? address : `tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
