import { DECIDE_UPDATE, TASK_QUEUE, WORKFLOW_TYPES, workflowIdOf } from '@ae/contracts';
import type { DecideUpdate } from '@ae/contracts';
import {
  Client,
  Connection,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { OpenTelemetryWorkflowClientInterceptor } from '@temporalio/interceptors-opentelemetry-v2';
import { HttpProblem } from '../http/http-problem.ts';
import type { EngineRun, EngineState, RunEngine } from './run-engine.ts';

/** How long Temporal may take for one call, in milliseconds. */
const DEADLINE_MS = 5000;
/** A ping that succeeded is believed for this long. */
const PING_VALID_MS = 1000;

export interface TemporalRunEngineOptions {
  address: string;
  namespace: string;
}

/** Runs as Temporal workflows: one workflow a run, its id made from the run's. */
export class TemporalRunEngine implements RunEngine {
  readonly name = 'temporal';
  readonly durable = true;
  readonly #connection: Connection;
  readonly #client: Client;
  #pingedAt = 0;

  constructor({ address, namespace }: TemporalRunEngineOptions) {
    this.#connection = Connection.lazy({ address });
    this.#client = new Client({
      connection: this.#connection,
      namespace,
      interceptors: { workflow: [new OpenTelemetryWorkflowClientInterceptor()] },
    });
  }

  async start(run: EngineRun): Promise<void> {
    const { run_id, kind, agent, input } = run;
    try {
      await this.#call(() =>
        this.#client.workflow.start(WORKFLOW_TYPES[kind], {
          taskQueue: TASK_QUEUE,
          workflowId: workflowIdOf(run_id),
          workflowIdReusePolicy: 'REJECT_DUPLICATE',
          args: [{ run_id, agent, input }],
        }),
      );
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
  }

  async cancel(runId: string): Promise<void> {
    try {
      await this.#call(() => this.#handle(runId).cancel());
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  }

  async decide(runId: string, decision: DecideUpdate): Promise<void> {
    try {
      await this.#call(() =>
        this.#handle(runId).executeUpdate(DECIDE_UPDATE, {
          args: [decision],
          updateId: decision.approval_id,
        }),
      );
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowNotFoundError) {
        throw new HttpProblem('conflict', 'the run does not wait for this decision any more', {
          cause: error,
        });
      }
      throw error;
    }
  }

  async state(runId: string): Promise<EngineState> {
    try {
      const { status } = await this.#call(() => this.#handle(runId).describe());
      return status.name === 'RUNNING' ? 'running' : 'ended';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return 'unknown';
      throw error;
    }
  }

  async ping(): Promise<void> {
    if (Date.now() - this.#pingedAt < PING_VALID_MS) return;
    await this.#call(() => this.#connection.workflowService.getSystemInfo({}));
    this.#pingedAt = Date.now();
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  #handle(runId: string) {
    return this.#client.workflow.getHandle(workflowIdOf(runId));
  }

  /** Bounds a call and tells "Temporal is not there" from "Temporal says no". */
  async #call<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await this.#connection.withDeadline(Date.now() + DEADLINE_MS, work);
    } catch (error) {
      if (
        error instanceof WorkflowExecutionAlreadyStartedError ||
        error instanceof WorkflowNotFoundError ||
        error instanceof WorkflowUpdateFailedError
      ) {
        throw error;
      }
      throw new HttpProblem(
        'workflow_engine_unavailable',
        'Temporal does not answer; start it or correct TEMPORAL_ADDRESS, then try again',
        { part: 'workflow_engine', cause: error },
      );
    }
  }
}
