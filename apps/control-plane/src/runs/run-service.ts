import { createHash, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { canonicalJson } from '@ae/audit-log';
import { BudgetError } from '@ae/budget-tracker';
import { isTerminal } from '@ae/contracts';
import type {
  BudgetStatus,
  NewEvent,
  ParsedCreateRunRequest,
  Problem,
  Run,
  RunPage,
  RunProgress,
  RunStep,
} from '@ae/contracts';
import { Redactor } from '@ae/redactor';
import type { BudgetService } from '../budgets/budget-service.ts';
import { HttpProblem } from '../http/http-problem.ts';
import type { ListQuery, RecordStore } from '../records/record-store.ts';
import type { EngineRun, RunEngine } from './run-engine.ts';
import type { RunRecord } from './run-record.ts';
import type { RunSettlements } from './run-settlements.ts';

const TITLE_LENGTH = 200;
/** The redactor refuses to mask shorter values: ordinary text would go with them. */
const MIN_SECRET_LENGTH = 6;
/** How often a waiting request looks by itself: another control plane may have written. */
const WAIT_POLL_MS = 1000;
/** A run that its engine does not know this long after its start was lost. */
const LOST_AFTER_MS = 60_000;

export interface RunServiceOptions {
  records: RecordStore<RunRecord>;
  budgets: BudgetService;
  settlements: RunSettlements;
  publish: (event: NewEvent) => Promise<void>;
  /** Throws when no sandbox can be had: a run that cannot be isolated does not start. */
  assertSandbox: () => Promise<void>;
  /** Called once a run ended. */
  onEnded: (runId: string) => Promise<void>;
}

/** Starts runs, keeps what becomes of them, and tells who waits. */
export class RunService {
  readonly #options: RunServiceOptions;
  readonly #changes = new EventEmitter().setMaxListeners(0);

  constructor(options: RunServiceOptions) {
    this.#options = options;
  }

  /**
   * Creates the budget, stores the run, hands it to the engine. The same request with the same
   * run_id again answers the run as it stands.
   */
  async start(request: ParsedCreateRunRequest, engine: RunEngine): Promise<Run> {
    if (request.kind === 'build_and_deploy' && !engine.durable) {
      throw new HttpProblem(
        'workflow_engine_unavailable',
        'this kind of run waits for an approval and needs Temporal: start one and set TEMPORAL_ADDRESS',
        { part: 'workflow_engine' },
      );
    }
    const run: EngineRun = { ...request, run_id: request.run_id ?? `run_${randomUUID()}` };
    const request_digest = createHash('sha256').update(canonicalJson(run)).digest('hex');
    const existing = await this.#options.records.get(run.run_id);
    if (existing) return this.#sameRun(existing, request_digest);

    await this.#options.assertSandbox();
    await engine.ping();
    const budget = await this.#createBudget(run);
    const now = new Date().toISOString();
    const record: RunRecord = {
      id: run.run_id,
      status: 'queued',
      request_digest,
      run: {
        run_id: run.run_id,
        kind: run.kind,
        title: this.#titleOf(run),
        status: 'queued',
        steps: [],
        budget,
        created_at: now,
        updated_at: now,
      },
    };
    if (!(await this.#options.records.insert(record))) {
      const winner = await this.#options.records.get(run.run_id);
      if (winner) return this.#sameRun(winner, request_digest);
    }
    try {
      await engine.start(run);
    } catch (error) {
      await this.#options.records.delete(run.run_id);
      throw error;
    }
    await this.#publish(record.run);
    return record.run;
  }

  /** The run, as soon as it ended or when `waitSeconds` are over. */
  async get(runId: string, waitSeconds: number, signal?: AbortSignal): Promise<Run> {
    const deadline = Date.now() + waitSeconds * 1000;
    for (;;) {
      const changed = this.#nextChange(runId, Math.min(WAIT_POLL_MS, deadline - Date.now()));
      const record = await this.#options.records.get(runId);
      if (!record) throw notFound(runId);
      if (isTerminal(record.run.status) || Date.now() >= deadline || signal?.aborted) {
        return this.#withBudget(record.run);
      }
      await changed;
    }
  }

  async list(query: ListQuery): Promise<RunPage> {
    const { records, next_cursor } = await this.#options.records.list(query);
    const runs = await Promise.all(records.map(({ run }) => this.#withBudget(run)));
    return { runs, ...(next_cursor === undefined ? {} : { next_cursor }) };
  }

  async cancel(runId: string, engine: RunEngine): Promise<Run> {
    const record = await this.#options.records.get(runId);
    if (!record) throw notFound(runId);
    if (!isTerminal(record.run.status)) await engine.cancel(runId);
    return this.get(runId, 0, AbortSignal.abort());
  }

  /** Takes what an engine tells of a run. A run that ended does not change any more. */
  async report(runId: string, progress: RunProgress): Promise<void> {
    const known = await this.#options.records.get(runId);
    if (!known) throw notFound(runId);
    if (isTerminal(known.run.status)) return;
    for (const { stream, text } of progress.output ?? []) {
      await this.#options.publish({ type: 'run.output', data: { run_id: runId, stream, text } });
    }
    const { status, steps, result, approval_id, error } = progress;
    if (!status && !steps && !result && !approval_id && !error) return;
    const budget = await this.#budgetOf(runId);
    let accepted: Run | undefined;
    const record = await this.#options.records.update(runId, (current) => {
      accepted = undefined;
      if (isTerminal(current.run.status)) return undefined;
      accepted = {
        ...current.run,
        ...(status ? { status } : {}),
        ...(result ? { result } : {}),
        ...(approval_id ? { approval_id } : {}),
        ...(error ? { error } : {}),
        ...(budget ? { budget } : {}),
        steps: mergeSteps(current.run.steps, steps ?? []),
        updated_at: new Date().toISOString(),
      };
      if (isTerminal(accepted.status)) endSteps(accepted);
      return { ...current, status: accepted.status, run: accepted };
    });
    if (!record) throw notFound(runId);
    if (accepted === undefined) return;
    await this.#publish(accepted);
    if (!isTerminal(accepted.status)) return;
    await this.#options.settlements.settle(runId);
    await this.#options.onEnded(runId);
  }

  /** Whether a run ended, or was never there. */
  async isOver(runId: string): Promise<boolean> {
    const record = await this.#options.records.get(runId);
    return !record || isTerminal(record.run.status);
  }

  /** Marks runs that their engine lost, so that none waits for ever, and settles what is due. */
  async reconcile(engine: RunEngine): Promise<void> {
    for (const status of ['queued', 'running', 'waiting_approval']) {
      let cursor: string | undefined;
      do {
        const page = await this.#options.records.list({ limit: 100, status, cursor });
        for (const { run } of page.records) await this.#reconcileRun(run, engine);
        cursor = page.next_cursor;
      } while (cursor !== undefined);
    }
    await this.#options.settlements.reconcile((runId) => this.isOver(runId));
  }

  async #createBudget({ run_id, limit, parent, limits }: EngineRun): Promise<BudgetStatus> {
    const budget = await this.#options.budgets.create({
      ...{ run_id, limit },
      ...(parent !== undefined && { parent }),
      ...(limits && { limits }),
    });
    if (parent !== undefined) await this.#options.settlements.expect(run_id);
    return budget;
  }

  async #reconcileRun(run: Run, engine: RunEngine): Promise<void> {
    if (Date.now() - Date.parse(run.updated_at) < LOST_AFTER_MS) return;
    if ((await engine.state(run.run_id)) === 'running') return;
    const error: Problem = new HttpProblem(
      'workflow_engine_unavailable',
      'the workflow engine ended this run without a result; look at its log and start it again',
      { part: 'workflow_engine' },
    ).toProblem();
    await this.report(run.run_id, { status: 'needs_attention', error });
  }

  async #sameRun(record: RunRecord, digest: string): Promise<Run> {
    if (record.request_digest === digest) return this.#withBudget(record.run);
    throw new HttpProblem(
      'conflict',
      `run ${record.id} exists with another request; choose another run_id`,
    );
  }

  async #withBudget(run: Run): Promise<Run> {
    return { ...run, budget: (await this.#budgetOf(run.run_id)) ?? run.budget };
  }

  /** The budget as it stands; undefined once it expired or was deleted. */
  async #budgetOf(runId: string): Promise<BudgetStatus | undefined> {
    try {
      return await this.#options.budgets.status(runId);
    } catch (error) {
      if (error instanceof BudgetError && error.code === 'budget_not_found') return undefined;
      throw error;
    }
  }

  async #publish(run: Run): Promise<void> {
    await this.#options.publish({ type: 'run.updated', data: run });
    this.#changes.emit(run.run_id);
  }

  #titleOf(run: EngineRun): string {
    const redactor = new Redactor();
    for (const value of Object.values(run.input.envs ?? {})) {
      if (value.length >= MIN_SECRET_LENGTH) redactor.registerSecret(value, { kind: 'env' });
    }
    const text = run.kind === 'execute' ? run.input.command : `deploy ${run.input.target.name}`;
    const line = redactor.redact(text).replaceAll(/\s+/g, ' ').trim();
    return line.length > TITLE_LENGTH ? `${line.slice(0, TITLE_LENGTH - 1)}…` : line;
  }

  #nextChange(runId: string, milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#changes.off(runId, done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(0, milliseconds));
      this.#changes.once(runId, done);
    });
  }
}

function mergeSteps(stored: readonly RunStep[], reported: readonly RunStep[]): RunStep[] {
  const keyOf = (step: RunStep) => `${step.started_at} ${step.name}`;
  const steps = new Map(stored.map((step) => [keyOf(step), step]));
  for (const step of reported) steps.set(keyOf(step), step);
  return [...steps.values()];
}

/** What still runs when a run ended was left behind by an attempt whose process died. */
function endSteps(run: Run): void {
  for (const step of run.steps) {
    if (step.status !== 'running') continue;
    step.status = 'failed';
    step.ended_at = run.updated_at;
  }
}

function notFound(runId: string): HttpProblem {
  return new HttpProblem('not_found', `there is no run ${runId}`);
}
