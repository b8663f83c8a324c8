import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Ward, WardenOrder, WardenReport } from './ward.ts';

const SOURCE = import.meta.url.endsWith('.ts') ? './warden-main.ts' : './warden-main.js';
const RESTART_MS = 500;
const CLOSE_PATIENCE_MS = 15_000;

/**
 * The server's end of its warden: a process of its own that outlives the server for as long as it
 * takes to end every guest and to remove what they and the server leave, also when the server was
 * killed with SIGKILL, a guest was paused, or its agent does what it likes. It also holds the
 * memory of guests where the kernel cannot, away from the server's event loop.
 */
export class Warden {
  readonly #wards = new Map<string, Ward>();
  readonly #onExceeded = new Map<string, () => void>();
  #child: ChildProcess;
  #closing = false;

  constructor() {
    this.#child = this.#start();
  }

  /** @param onExceeded told when the guest was ended because it held too much memory */
  add(key: string, ward: Ward, onExceeded?: () => void): void {
    this.#wards.set(key, ward);
    if (onExceeded !== undefined) this.#onExceeded.set(key, onExceeded);
    this.#tell({ key, ward });
  }

  remove(key: string): void {
    this.#wards.delete(key);
    this.#onExceeded.delete(key);
    this.#tell({ key });
  }

  /** The warden ends and removes what it still has, and goes. Resolves when it has gone. */
  async close(): Promise<void> {
    this.#closing = true;
    const child = this.#child;
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.ref();
    child.stdin?.end();
    const insist = setTimeout(() => child.kill('SIGKILL'), CLOSE_PATIENCE_MS);
    await gone;
    clearTimeout(insist);
  }

  #tell(order: WardenOrder): void {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
  }

  #start(): ChildProcess {
    const { PATH, HOME } = process.env;
    const docker = Object.entries(process.env).filter(([name]) => name.startsWith('DOCKER_'));
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        '--max-old-space-size=64',
        fileURLToPath(new URL(SOURCE, import.meta.url)),
      ],
      {
        // A session of its own: what is sent to the server's group is not for its warden.
        detached: true,
        cwd: '/',
        env: { PATH, HOME, ...Object.fromEntries(docker) },
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    child.stdin.on('error', () => {
      // It has gone; 'exit' follows and another one is started.
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { exceeded } = JSON.parse(line) as WardenReport;
      this.#onExceeded.get(exceeded)?.();
    });
    child.on('error', () => {
      // It could not be started: like an end.
      this.#restart();
    });
    child.on('exit', () => this.#restart());
    child.unref();
    (child.stdin as unknown as { unref(): void }).unref();
    (child.stdout as unknown as { unref(): void }).unref();
    return child;
  }

  #restart(): void {
    if (this.#closing) return;
    setTimeout(() => {
      if (this.#closing) return;
      this.#child = this.#start();
      for (const [key, ward] of this.#wards) this.#tell({ key, ward });
    }, RESTART_MS).unref();
  }
}
