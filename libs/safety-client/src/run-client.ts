import type { CreateRunRequest, Run, RunPage, RunProgress, RunStatus } from '@ae/contracts';
import { runPageSchema, runSchema } from '@ae/contracts';
import type { SafetyClientOptions } from './connection.ts';
import { Connection } from './connection.ts';

/** Starts and follows runs. */
export class RunClient {
  readonly #connection: Connection;

  constructor(options: SafetyClientOptions) {
    this.#connection = new Connection(options);
  }

  /** Repeated after a lost answer only when the request names its `run_id`. */
  start(request: CreateRunRequest): Promise<Run> {
    return this.#connection.request({
      method: 'POST',
      path: ['runs'],
      body: request,
      answer: runSchema,
      repeatable: request.run_id !== undefined,
    });
  }

  /** With `waitSeconds` (1 to 60) the answer is held back until the run ends or the time is over. */
  get(runId: string, options: { waitSeconds?: number } = {}): Promise<Run> {
    return this.#connection.request({
      method: 'GET',
      path: ['runs', runId],
      query: { wait: options.waitSeconds },
      answer: runSchema,
      repeatable: true,
      waitSeconds: options.waitSeconds,
    });
  }

  list(query: { limit?: number; cursor?: string; status?: RunStatus } = {}): Promise<RunPage> {
    return this.#connection.request({
      method: 'GET',
      path: ['runs'],
      query: { limit: query.limit, cursor: query.cursor, status: query.status },
      answer: runPageSchema,
      repeatable: true,
    });
  }

  cancel(runId: string): Promise<Run> {
    return this.#connection.request({
      method: 'POST',
      path: ['runs', runId, 'cancel'],
      answer: runSchema,
      repeatable: true,
    });
  }

  /**
   * For the worker. Steps replace the stored ones of the same name; a terminal status is final.
   * Output in a repeated report may be shown twice.
   */
  async reportProgress(runId: string, progress: RunProgress): Promise<void> {
    await this.#connection.request({
      method: 'POST',
      path: ['runs', runId, 'progress'],
      body: progress,
      repeatable: true,
    });
  }
}
