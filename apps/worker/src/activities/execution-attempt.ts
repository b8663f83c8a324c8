import type {
  CommandOptions,
  SandboxCreateOptions,
  SandboxPort,
  SandboxSession,
} from '@ae/safe-execution';
import type { Context } from '@temporalio/activity';
import { CancelledFailure } from '@temporalio/common';

const HEARTBEAT_MS = 2000;
/** Cancellations of the attempt after which Temporal starts another one of the same activity. */
const HANDED_OVER = new Set(['WORKER_SHUTDOWN', 'TIMED_OUT', 'PAUSED', 'RESET']);

/**
 * One attempt of an activity that executes: heartbeats, and what the end of the attempt means.
 *
 * Cancelled by the workflow, it aborts `signal`. When the worker shuts down or Temporal gave the
 * attempt up, another attempt follows: then its sandbox is destroyed, which ends the execution as a
 * failure of the sandbox, so that the hold is kept for the next attempt.
 */
export class ExecutionAttempt implements Disposable {
  readonly #context: Context;
  readonly #abort = new AbortController();
  readonly #sessions = new Set<SandboxSession>();
  readonly #heartbeat: NodeJS.Timeout;
  #details: unknown;
  #handedOver = false;

  constructor(context: Context) {
    this.#context = context;
    this.#details = context.info.heartbeatDetails;
    this.#heartbeat = setInterval(() => this.progress(this.#details), HEARTBEAT_MS);
    context.cancellationSignal.addEventListener('abort', this.#onCancel, { once: true });
    if (context.cancellationSignal.aborted) this.#onCancel();
  }

  /** Aborted when the workflow cancelled the work. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** From 1, and whether a failure of it is final. */
  get number(): { number: number; last: boolean } {
    const { attempt, retryPolicy } = this.#context.info;
    return { number: attempt, last: attempt === (retryPolicy?.maximumAttempts ?? 1) };
  }

  /** Told with every heartbeat, and to the next attempt. */
  progress(details: unknown): void {
    this.#details = details;
    this.#context.heartbeat(details);
  }

  /** `sandboxes`, remembering what this attempt creates there. */
  sandboxes(sandboxes: SandboxPort): SandboxPort {
    return {
      list: (filter) => sandboxes.list(filter),
      destroy: (id) => sandboxes.destroy(id),
      create: async (options: SandboxCreateOptions) => {
        const session = await sandboxes.create(options);
        this.#sessions.add(session);
        if (this.#handedOver) await session.destroy();
        return this.#forgettable(session);
      },
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#heartbeat);
    this.#context.cancellationSignal.removeEventListener('abort', this.#onCancel);
  }

  #forgettable(session: SandboxSession): SandboxSession {
    return {
      id: session.id,
      uploadFiles: (files) => session.uploadFiles(files),
      execute: (command: string, options: CommandOptions) => session.execute(command, options),
      downloadFiles: (paths) => session.downloadFiles(paths),
      listFiles: (path, depth) => session.listFiles(path, depth),
      destroy: async () => {
        await session.destroy();
        this.#sessions.delete(session);
      },
    };
  }

  readonly #onCancel = (): void => {
    const reason: unknown = this.#context.cancellationSignal.reason;
    if (reason instanceof CancelledFailure && HANDED_OVER.has(reason.message)) {
      this.#handedOver = true;
      // What cannot be destroyed now is found and destroyed by the next attempt.
      for (const session of this.#sessions) session.destroy().catch(() => undefined);
    } else {
      this.#abort.abort(reason);
    }
  };
}
