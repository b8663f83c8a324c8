import type { RunProgress } from '@ae/contracts';
import { BudgetExceededError, SafeExecutionError, safeExecute } from '@ae/safe-execution';
import type { CostModel, ExecutionPorts } from '@ae/safe-execution';
import { HttpProblem } from '../http/http-problem.ts';
import { toHttpProblem } from '../http/problem-handler.ts';
import type { EngineRun, EngineState, RunEngine } from './run-engine.ts';

/** At most this many executions at once; the rest wait in order. */
const MAX_CONCURRENT = 8;

export interface InlineRunEngineOptions {
  ports: ExecutionPorts;
  cost: CostModel;
  report: (runId: string, progress: RunProgress) => Promise<void>;
}

/**
 * Runs in this process, for machines without Temporal. A run does not survive a restart, so what
 * waits for a person is not taken.
 */
export class InlineRunEngine implements RunEngine {
  readonly name = 'inline';
  readonly durable = false;
  readonly #options: InlineRunEngineOptions;
  readonly #active = new Map<string, { controller: AbortController; ended: Promise<void> }>();
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(options: InlineRunEngineOptions) {
    this.#options = options;
  }

  start(run: EngineRun): Promise<void> {
    if (this.#active.has(run.run_id)) return Promise.resolve();
    const controller = new AbortController();
    const ended = this.#carryOut(run, controller.signal).finally(() => {
      this.#active.delete(run.run_id);
    });
    this.#active.set(run.run_id, { controller, ended });
    return Promise.resolve();
  }

  cancel(runId: string): Promise<void> {
    this.#active.get(runId)?.controller.abort();
    return Promise.resolve();
  }

  decide(): Promise<void> {
    return Promise.reject(
      new HttpProblem(
        'workflow_engine_unavailable',
        'approvals need Temporal: set TEMPORAL_ADDRESS',
        {
          part: 'workflow_engine',
        },
      ),
    );
  }

  state(runId: string): Promise<EngineState> {
    return Promise.resolve(this.#active.has(runId) ? 'running' : 'unknown');
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  /** Ends what runs: each command is stopped, charged, destroyed and reported. */
  async close(): Promise<void> {
    const active = [...this.#active.values()];
    for (const { controller } of active) controller.abort();
    await Promise.all(active.map(({ ended }) => ended));
  }

  async #carryOut(run: EngineRun, signal: AbortSignal): Promise<void> {
    const { report } = this.#options;
    await this.#slot();
    try {
      await report(run.run_id, await this.#execute(run, signal));
    } catch (error) {
      await report(run.run_id, {
        status: 'needs_attention',
        error: toHttpProblem(error).toProblem(),
      }).catch(() => undefined);
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }

  async #execute(run: EngineRun, signal: AbortSignal): Promise<RunProgress> {
    if (run.kind !== 'execute') {
      throw new HttpProblem('workflow_engine_unavailable', 'this kind of run needs Temporal');
    }
    const { report, ports, cost } = this.#options;
    // Progress is told in order; the last of it is awaited before the result is told.
    let told = report(run.run_id, { status: 'running' });
    const tell = (progress: RunProgress) => {
      // Progress that cannot be told fails nothing; the end is told by itself.
      told = told.then(() => report(run.run_id, progress)).catch(() => undefined);
    };
    try {
      const execution = await safeExecute(
        {
          runId: run.run_id,
          executionId: 'execute',
          agent: run.agent,
          commands: [
            {
              name: 'execute',
              command: run.input.command,
              timeoutSeconds: run.input.timeout_seconds,
            },
          ],
          files: run.input.files,
          envs: run.input.envs,
          cwd: run.input.cwd,
          networkAllowlist: run.input.network_allowlist,
          estimate: run.input.estimate,
        },
        ports,
        {
          signal,
          cost,
          onSteps: (steps) => tell({ steps: structuredClone([...steps]) }),
          onOutput: (stream, text) => tell({ output: [{ stream, text }] }),
        },
      );
      await told;
      const result = execution.commands['execute'];
      return {
        status: 'succeeded',
        ...(result ? { result: { ...result, cost: execution.cost } } : {}),
      };
    } catch (error) {
      await told;
      return { status: statusOf(error), error: toHttpProblem(error).toProblem() };
    }
  }

  async #slot(): Promise<void> {
    if (this.#running >= MAX_CONCURRENT) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#running++;
  }
}

function statusOf(error: unknown): RunProgress['status'] {
  if (error instanceof BudgetExceededError) return 'budget_exceeded';
  if (!(error instanceof SafeExecutionError)) return 'failed';
  switch (error.code) {
    case 'policy_denied':
    case 'approval_required':
      return 'denied';
    case 'cancelled':
      return 'cancelled';
    default:
      return 'needs_attention';
  }
}
