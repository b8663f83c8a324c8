import type { Sandbox as E2bSandbox } from 'e2b';
import { checkPositive, execute, type ExecuteOptions, type ExecuteResult } from './execution.ts';
import { downloadFiles, uploadFiles } from './file-transfer.ts';
import { resolveInHome } from './guest-path.ts';
import { fromProvider } from './provider-error.ts';
import { SandboxNotFound } from './sandbox-error.ts';
import type { SandboxLease } from './sandbox-lease.ts';

export interface ListedFile {
  path: string;
  type: 'file' | 'dir' | 'symlink';
  /** Bytes. */
  size: number;
}

/**
 * One isolated machine. Destroy it when done: `await using sandbox = await client.create()`, or
 * `destroy` in a `finally`. Every method throws a `SandboxError`.
 */
export class Sandbox implements AsyncDisposable {
  readonly #sandbox: E2bSandbox;
  readonly #lease: SandboxLease | undefined;

  /** Made by `SandboxClient.create` and `connect`. */
  constructor(sandbox: E2bSandbox, lease?: SandboxLease) {
    this.#sandbox = sandbox;
    this.#lease = lease;
  }

  get id(): string {
    return this.#sandbox.sandboxId;
  }

  /**
   * Writes files, making folders as needed. Relative paths start at /home/user.
   *
   * @throws InvalidPath for an empty path, `..` out of the home, an absolute path outside of it
   *   or a NUL byte; then nothing was written
   */
  async uploadFiles(files: Readonly<Record<string, string | Uint8Array>>): Promise<void> {
    await uploadFiles(this.#sandbox, files);
  }

  /**
   * Runs `command` in a login shell (`/bin/bash -l -c`) and waits for its end. A non-zero exit
   * is a result, not an error; so is a timeout, with the output that came until then.
   *
   * @throws ExecutionAborted, SandboxNotFound, SandboxTimeout, SandboxUnavailable
   */
  async execute(command: string, options: ExecuteOptions = {}): Promise<ExecuteResult> {
    return execute(this.#sandbox, command, options);
  }

  /**
   * Reads files of the home, each up to 100 MiB, by the paths as given.
   *
   * @throws InvalidPath, SandboxError `file_not_found` or `file_too_large`
   */
  async downloadFiles(paths: readonly string[]): Promise<Record<string, Uint8Array>> {
    return downloadFiles(this.#sandbox, paths);
  }

  /** What is in a folder of the home, `depth` levels deep (default 1). */
  async listFiles(path: string, depth = 1): Promise<ListedFile[]> {
    const folder = resolveInHome(path);
    try {
      const entries = await this.#sandbox.files.list(folder, { depth });
      return entries.map((entry) => ({
        path: entry.path,
        type: entry.type ?? 'file',
        size: entry.size,
      }));
    } catch (error) {
      throw fromProvider(error);
    }
  }

  /** Lets the sandbox live `ms` milliseconds from now. @throws RangeError unless it is positive */
  async setTimeout(ms: number): Promise<void> {
    checkPositive('ms', ms);
    try {
      await (this.#lease?.extend(ms) ?? this.#sandbox.setTimeout(ms));
    } catch (error) {
      throw fromProvider(error);
    }
  }

  /**
   * Freezes all that runs in it; `SandboxClient.connect` lets it go on. Its time stands still
   * meanwhile. Its lease is over: it waits for whoever connects, and lives its own time then.
   *
   * @throws UnsupportedByProvider, SandboxNotFound
   */
  async pause(): Promise<void> {
    try {
      await this.#lease?.release();
      await this.#sandbox.pause();
    } catch (error) {
      throw fromProvider(error);
    }
  }

  /** Ends the sandbox and all that runs in it. One that is gone already is no error. */
  async destroy(): Promise<void> {
    this.#lease?.end();
    try {
      await this.#sandbox.kill();
    } catch (error) {
      const failure = fromProvider(error);
      if (!(failure instanceof SandboxNotFound)) throw failure;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.destroy();
  }
}
