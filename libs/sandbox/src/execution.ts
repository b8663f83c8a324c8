import { CommandExitError, type CommandHandle, type Sandbox as E2bSandbox } from 'e2b';
import { OutputCapture } from './output-capture.ts';
import { fromProvider } from './provider-error.ts';
import { ExecutionAborted, SandboxNotFound, SandboxTimeout } from './sandbox-error.ts';

export interface ExecuteOptions {
  /** Milliseconds the command may run; then it is killed. Default 60 000. */
  timeoutMs?: number;
  /** Working directory; default the home. */
  cwd?: string;
  /** Environment variables, beside those of the sandbox. */
  envs?: Record<string, string>;
  /**
   * Called with each piece of output as it comes; pieces never cut a character. When one throws,
   * the command is killed and `execute` throws the same.
   */
  onStdout?: (chunk: string) => void;
  onStderr?: (chunk: string) => void;
  /** Kills the command and rejects with `ExecutionAborted`. */
  signal?: AbortSignal;
  /** Bytes of stdout and stderr together that are kept and handed on. Default 10 MiB. */
  maxOutputBytes?: number;
}

export interface ExecuteResult {
  stdout: string;
  stderr: string;
  /** As a shell counts: 128 + the signal for a command that a signal ended, 124 for a timeout. */
  exitCode: number;
  timedOut: boolean;
  durationMs: number;
  /** True when output was dropped because it was over `maxOutputBytes`. */
  truncated: boolean;
}

const MIB = 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_OUTPUT_BYTES = 10 * MIB;
/** setTimeout's longest delay. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/** As timeout(1). */
const TIMED_OUT = 124;
/** The provider kills the command by itself this much later, should we be unable to. */
const PROVIDER_GRACE_MS = 10_000;
/** How long a killed command's end is waited for. */
const KILL_GRACE_MS = 5_000;
/** The SDK keeps all output of a command in memory: one that floods is killed here. */
const FLOOD_BYTES = 128 * MIB;

/** Providers answer -1 for a command that a signal ended, with the signal's name in words. */
function shellExitCode(exitCode: number, reason: string | undefined): number {
  if (exitCode >= 0) return exitCode;
  if (reason?.includes('killed') === true) return 137;
  return reason?.includes('terminated') === true ? 143 : 255;
}

/** Carries what a caller's listener threw past the translation of the provider's errors. */
class ListenerFailure extends Error {
  constructor(cause: unknown) {
    super('a listener failed', { cause });
  }
}

/** @throws RangeError */
export function checkPositive(name: string, value: number): void {
  if (!(value > 0)) throw new RangeError(`${name} must be a positive number, got ${value}`);
}

/** Kills a command and waits for its end, but not for ever: a guest can stop its own agent. */
async function endKilled(handle: CommandHandle): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, KILL_GRACE_MS);
  });
  const end = handle
    .kill()
    .catch(() => false)
    .then(() => handle.wait())
    .then(
      () => undefined,
      () => undefined,
    );
  await Promise.race([end, patience]);
  clearTimeout(timer);
  await handle.disconnect();
}

/** Runs one command to its end, its timeout or its abort. */
export async function execute(
  sandbox: E2bSandbox,
  command: string,
  options: ExecuteOptions,
): Promise<ExecuteResult> {
  const { signal } = options;
  const timeoutMs = Math.min(options.timeoutMs ?? DEFAULT_TIMEOUT_MS, LONGEST_TIMEOUT_MS);
  checkPositive('timeoutMs', timeoutMs);
  const maxOutputBytes = options.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES;
  checkPositive('maxOutputBytes', maxOutputBytes);
  if (signal?.aborted === true) throw new ExecutionAborted('The execution was aborted.');

  const startedAt = performance.now();
  const output = new OutputCapture(maxOutputBytes);
  let killed: 'timeout' | 'abort' | 'flood' | 'listener' | undefined;
  let listenerError: unknown;
  let announceKill = (): void => undefined;
  const killing = new Promise<void>((resolve) => {
    announceKill = resolve;
  });
  const kill = (why: NonNullable<typeof killed>): void => {
    killed ??= why;
    announceKill();
  };
  const receive =
    (stream: 'stdout' | 'stderr', listener?: (chunk: string) => void) => (piece: string) => {
      const kept = output.add(stream, piece);
      try {
        if (kept !== '' && killed !== 'listener') listener?.(kept);
      } catch (error) {
        listenerError = error;
        kill('listener');
      }
      if (output.received > FLOOD_BYTES) kill('flood');
    };

  const onAbort = (): void => kill('abort');
  signal?.addEventListener('abort', onAbort, { once: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    const handle = await sandbox.commands.run(command, {
      background: true,
      timeoutMs: Math.min(timeoutMs + PROVIDER_GRACE_MS, LONGEST_TIMEOUT_MS),
      onStdout: receive('stdout', options.onStdout),
      onStderr: receive('stderr', options.onStderr),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.envs === undefined ? {} : { envs: options.envs }),
    });
    const remaining = Math.max(0, timeoutMs - (performance.now() - startedAt));
    timer = setTimeout(() => kill('timeout'), remaining);
    const ended = handle.wait().then(
      // Also of a command that ended well: that its output was cut.
      ({ exitCode, error }) => ({ exitCode, reason: error }),
      (error: unknown) => {
        if (error instanceof CommandExitError) {
          return { exitCode: error.exitCode, reason: error.error };
        }
        const failure = fromProvider(error);
        if (!(failure instanceof SandboxNotFound)) throw failure;
        throw new SandboxTimeout('The sandbox ended while the command ran.', { cause: error });
      },
    );
    // Handled below, or of no interest once the command is being killed.
    ended.catch(() => undefined);
    const end = await Promise.race([ended, killing]);
    if (end === undefined) await endKilled(handle);
    if (killed === 'abort') throw new ExecutionAborted('The execution was aborted.');
    if (killed === 'listener') throw new ListenerFailure(listenerError);
    return {
      stdout: output.text('stdout'),
      stderr: output.text('stderr'),
      exitCode:
        end === undefined
          ? killed === 'timeout'
            ? TIMED_OUT
            : 137
          : shellExitCode(end.exitCode, end.reason),
      timedOut: end === undefined && killed === 'timeout',
      durationMs: performance.now() - startedAt,
      truncated: output.truncated || end?.reason === 'output limit exceeded',
    };
  } catch (error) {
    if (error instanceof ListenerFailure) throw error.cause;
    throw fromProvider(error);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
}
