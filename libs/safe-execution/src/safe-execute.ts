import type {
  Agent,
  CommitReceipt,
  ExecutionResult,
  OutcomeRequest,
  PolicyDecision,
  RunStep,
} from '@ae/contracts';
import type { CostModel } from './cost-model.ts';
import { sandboxTimeCost } from './cost-model.ts';
import {
  ApprovalRequiredError,
  BudgetExceededError,
  ExecutionCancelledError,
  PolicyDeniedError,
  SandboxFailedError,
} from './errors.ts';
import type { CommandResult, ExecutionPorts, RedactorPort, SandboxSession } from './ports.ts';
import { RedactedOutput } from './redacted-output.ts';
import type { OutputListener } from './redacted-output.ts';
import { SandboxMeter } from './sandbox-meter.ts';
import { StepRecorder } from './step-recorder.ts';

/** A value shorter than this would mask ordinary text; @ae/redactor refuses it too. */
const MIN_SECRET_LENGTH = 6;
/** Time that creating and uploading may take, in seconds: part of the estimate. */
const SETUP_SECONDS = 10;
/** How long a hold and a sandbox outlive the commands' own limits, in seconds. */
const GRACE_SECONDS = 300;
const MAX_HOLD_SECONDS = 604_800;
const MAX_COLLECT_DEPTH = 32;
const MAX_COLLECT_BYTES = 64 * 1024 * 1024;

/** The metadata by which a retry finds the sandboxes of its earlier attempts. */
export function executionMetadata(
  request: Pick<SafeExecutionRequest, 'runId' | 'executionId'>,
): Record<string, string> {
  return { ae_run_id: request.runId, ae_execution_id: request.executionId };
}

export interface GuardedCommand {
  /** Names the step: `execute`, `install`, `test`, ... */
  name: string;
  command: string;
  timeoutSeconds: number;
  /** A granted approval of exactly this command. */
  approvalId?: string | undefined;
}

export interface SafeExecutionRequest {
  runId: string;
  /** Unique in its run, the same for every attempt: names the hold and the sandbox. */
  executionId: string;
  agent?: Agent | undefined;
  /** Run in order in one sandbox; the first that exits non-zero or times out ends the list. */
  commands: readonly GuardedCommand[];
  files?: Readonly<Record<string, string>> | undefined;
  /** Every value of 6 characters or more is masked in the output. */
  envs?: Readonly<Record<string, string>> | undefined;
  cwd?: string | undefined;
  networkAllowlist?: readonly string[] | undefined;
  /** USD to hold. By default the price of all timeouts, which are held as sandbox seconds in any case. */
  estimate?: number | undefined;
  /** A folder of the sandbox whose files are returned when every command exited with zero. */
  collect?: string | undefined;
}

/** One of the attempts that share an execution's id, its hold and its charge. */
export interface Attempt {
  /** From 1. A later attempt first destroys what an earlier one left behind. */
  number: number;
  /** Whether a failure of the sandbox is final. Until then the hold is kept for the next attempt. */
  last: boolean;
}

export interface SafeExecutionOptions {
  signal?: AbortSignal | undefined;
  cost?: CostModel | undefined;
  /** Which attempt this is. By default the first and last. */
  attempt?: Attempt | undefined;
  onSteps?: ((steps: readonly RunStep[]) => void) | undefined;
  onOutput?: OutputListener | undefined;
}

export interface SafeExecution {
  /** By the name of the command, in the order they ran; a command that did not run is absent. */
  commands: Record<string, ExecutionResult>;
  steps: readonly RunStep[];
  /** USD that were charged. */
  cost: number;
  budgetRemaining: number;
  /** Files of `collect`, by their path relative to it. */
  collected: Record<string, Uint8Array>;
}

/**
 * The guarded path of one execution:
 * policy -> hold -> create -> upload -> execute (streamed) -> redact -> commit -> destroy.
 *
 * Nothing is held before every command is allowed, nothing runs before the hold. Once a sandbox was
 * asked for, its time is charged and it is destroyed whatever happens. Output is redacted before
 * any listener or result sees it. Beside money an execution is one step, and its sandbox seconds.
 *
 * @throws PolicyDeniedError, ApprovalRequiredError, BudgetExceededError: nothing ran.
 * @throws ExecutionCancelledError, SandboxFailedError: what ran was charged and destroyed.
 * @throws whatever a port throws when the part behind it is down: nothing ran, or it was charged.
 */
export async function safeExecute(
  request: SafeExecutionRequest,
  ports: ExecutionPorts,
  options: SafeExecutionOptions = {},
): Promise<SafeExecution> {
  const recorder = new StepRecorder(options.onSteps);
  const cost = options.cost ?? sandboxTimeCost();
  const meter = new SandboxMeter(cost);

  const decisions = await recorder.run('policy', () => decide(request, ports));
  // Before the hold: a secret that cannot be masked stops the execution with nothing held.
  const work = new GuardedSandbox(request, ports, options, recorder, meter, decisions);
  await recorder.run('hold', () => hold(request, ports, cost));
  let failure: unknown;
  try {
    await work.run();
  } catch (error) {
    failure = error;
  }
  return work.settle(failure);
}

async function decide(
  request: SafeExecutionRequest,
  ports: ExecutionPorts,
): Promise<PolicyDecision[]> {
  const decisions: PolicyDecision[] = [];
  for (const { command, approvalId } of request.commands) {
    const decision = await ports.policy.check({
      action: 'execute_code',
      context: executionContext(command, request),
      run_id: request.runId,
      ...(request.agent ? { agent: request.agent } : {}),
      ...(approvalId ? { approval_id: approvalId } : {}),
    });
    if (!decision.allowed) {
      throw decision.requires_approval
        ? new ApprovalRequiredError(decision)
        : new PolicyDeniedError(decision);
    }
    decisions.push(decision);
  }
  return decisions;
}

/** The context of `execute_code` for a command: what the policy sees and an approval is bound to. */
export function executionContext(
  command: string,
  request: Pick<SafeExecutionRequest, 'cwd' | 'networkAllowlist'>,
): { command: string; cwd?: string; allowlist?: string[] } {
  return {
    command,
    ...(request.cwd ? { cwd: request.cwd } : {}),
    ...(request.networkAllowlist ? { allowlist: [...request.networkAllowlist] } : {}),
  };
}

async function hold(
  request: SafeExecutionRequest,
  ports: ExecutionPorts,
  cost: CostModel,
): Promise<void> {
  const seconds = totalSeconds(request);
  const sandbox_seconds = seconds + SETUP_SECONDS;
  try {
    await ports.budget.reserve({
      run_id: request.runId,
      hold_id: request.executionId,
      amount: request.estimate ?? cost.sandboxTime(sandbox_seconds * 1000),
      units: { steps: 1, sandbox_seconds },
      ttl_seconds: Math.min(seconds + GRACE_SECONDS, MAX_HOLD_SECONDS),
    });
  } catch (error) {
    if (codeOf(error) === 'budget_exceeded') {
      throw new BudgetExceededError(
        error instanceof Error ? error.message : 'the estimate does not fit the budget',
        { cause: error },
      );
    }
    throw error;
  }
}

function totalSeconds(request: SafeExecutionRequest): number {
  return request.commands.reduce((sum, { timeoutSeconds }) => sum + timeoutSeconds, 0);
}

/** The part of the path between the hold and its commit. */
class GuardedSandbox {
  readonly #request: SafeExecutionRequest;
  readonly #ports: ExecutionPorts;
  readonly #options: SafeExecutionOptions;
  readonly #recorder: StepRecorder;
  readonly #meter: SandboxMeter;
  readonly #decisions: readonly PolicyDecision[];
  readonly #redactor: RedactorPort;
  readonly #results: Record<string, ExecutionResult> = {};
  readonly #outcomes: OutcomeRequest[] = [];
  #collected: Record<string, Uint8Array> = {};
  #session: SandboxSession | undefined;
  #createFailed = false;
  readonly #attempt: Attempt;

  constructor(
    request: SafeExecutionRequest,
    ports: ExecutionPorts,
    options: SafeExecutionOptions,
    recorder: StepRecorder,
    meter: SandboxMeter,
    decisions: readonly PolicyDecision[],
  ) {
    this.#request = request;
    this.#ports = ports;
    this.#options = options;
    this.#recorder = recorder;
    this.#meter = meter;
    this.#decisions = decisions;
    this.#attempt = options.attempt ?? { number: 1, last: true };
    this.#redactor = ports.createRedactor();
    for (const value of Object.values(request.envs ?? {})) {
      if (value.length >= MIN_SECRET_LENGTH) this.#redactor.registerSecret(value, { kind: 'env' });
    }
  }

  async run(): Promise<void> {
    this.#options.signal?.throwIfAborted();
    const session = await this.#step('create', () => this.#create());
    const { files } = this.#request;
    if (files && Object.keys(files).length > 0) {
      await this.#step('upload', () => session.uploadFiles(files));
    }
    let allSucceeded = true;
    for (const [index, command] of this.#request.commands.entries()) {
      const result = await this.#execute(session, command, this.#decisions[index]);
      allSucceeded = result.exitCode === 0 && !result.timedOut;
      if (!allSucceeded) break;
    }
    const { collect } = this.#request;
    if (collect !== undefined && allSucceeded) {
      this.#collected = await this.#step('collect', () => collectFiles(session, collect));
    }
  }

  /** Commits or releases, destroys, records; then answers, or throws what stopped the work. */
  async settle(failure: unknown): Promise<SafeExecution> {
    let receipt: Pick<CommitReceipt, 'charged' | 'remaining'>;
    try {
      receipt = await this.#recorder.run('commit', () => this.#charge(failure));
    } finally {
      await this.#destroy();
    }
    await this.#recordOutcomes(failure);
    if (failure !== undefined) throw this.#explain(failure);
    for (const result of Object.values(this.#results)) {
      result.budgetRemaining = receipt.remaining;
    }
    return {
      commands: this.#results,
      steps: this.#recorder.steps,
      cost: receipt.charged,
      budgetRemaining: receipt.remaining,
      collected: this.#collected,
    };
  }

  async #create(): Promise<SandboxSession> {
    const request = this.#request;
    const networkAllowlist = this.#networkAllowlist();
    if (this.#attempt.number > 1) await this.#destroyOrphans();
    this.#meter.start();
    this.#createFailed = true;
    this.#session = await this.#ports.sandbox.create({
      timeoutMs: (totalSeconds(request) + GRACE_SECONDS) * 1000,
      metadata: executionMetadata(request),
      ...(request.envs ? { envs: { ...request.envs } } : {}),
      ...(networkAllowlist.length > 0 ? { networkAllowlist } : {}),
      ...(this.#options.signal ? { signal: this.#options.signal } : {}),
    });
    this.#createFailed = false;
    return this.#session;
  }

  /** The hosts that were asked for and that every decision lets the sandbox reach; one that says nothing lets none. */
  #networkAllowlist(): string[] {
    const [first = [], ...others] = this.#decisions.map(
      ({ network_allowlist = [] }) => network_allowlist,
    );
    return first.filter((entry) => others.every((list) => list.includes(entry)));
  }

  async #execute(
    session: SandboxSession,
    command: GuardedCommand,
    decision: PolicyDecision | undefined,
  ): Promise<ExecutionResult> {
    const output = new RedactedOutput(this.#redactor, this.#options.onOutput);
    const startedAt = performance.now();
    let stepCost = 0;
    let outcome: OutcomeRequest['status'] = 'failed';
    try {
      const result: CommandResult = await this.#recorder.run(
        command.name,
        () =>
          session.execute(command.command, {
            timeoutMs: command.timeoutSeconds * 1000,
            onStdout: (chunk) => output.write('stdout', chunk),
            onStderr: (chunk) => output.write('stderr', chunk),
            ...(this.#request.cwd ? { cwd: this.#request.cwd } : {}),
            ...(this.#options.signal ? { signal: this.#options.signal } : {}),
          }),
        () => (stepCost = this.#meter.sinceLast()),
      );
      const text = await this.#recorder.run('redact', () => Promise.resolve(output.end()));
      outcome = result.timedOut ? 'timed_out' : result.exitCode === 0 ? 'succeeded' : 'failed';
      return (this.#results[command.name] = {
        ...text,
        exitCode: result.exitCode,
        timedOut: result.timedOut,
        ...(result.truncated ? { truncated: true } : {}),
        cost: stepCost,
      });
    } catch (error) {
      output.end();
      if (this.#options.signal?.aborted) outcome = 'cancelled';
      throw error;
    } finally {
      if (decision) {
        this.#outcomes.push({
          decision_id: decision.decision_id,
          status: outcome,
          cost: stepCost,
          secrets_redacted: output.counts(),
          duration_seconds: (performance.now() - startedAt) / 1000,
        });
      }
    }
  }

  /**
   * Charges the sandbox time to the hold, or gives the hold back when there was no sandbox. When
   * another attempt follows, the hold is kept for it and this attempt is charged beside it.
   */
  async #charge(failure: unknown): Promise<Pick<CommitReceipt, 'charged' | 'remaining'>> {
    const { runId: run_id, executionId } = this.#request;
    const { budget } = this.#ports;
    const keepHold = failure !== undefined && !this.#attempt.last && !this.#options.signal?.aborted;
    if (this.#session === undefined) {
      if (keepHold) return { charged: 0, remaining: 0 };
      const { remaining } = await budget.release({ run_id, hold_id: executionId });
      return { charged: 0, remaining };
    }
    const hold_id = keepHold
      ? `${executionId}/attempt-${String(this.#attempt.number)}`
      : executionId;
    try {
      const { attributed: amount, seconds: sandbox_seconds } = this.#meter;
      // The attempts are one step together, which the hold stands for until the last of them.
      const units = { ...(!keepHold && { steps: 1 }), sandbox_seconds };
      return await budget.commit({ run_id, hold_id, amount, units });
    } catch (error) {
      // An earlier attempt committed and its answer was lost: what it charged stands.
      const charged = chargedBefore(error);
      if (charged === undefined) throw error;
      return charged;
    }
  }

  /**
   * Also what a `create` made whose answer was lost. A sandbox that cannot be destroyed now ends by
   * its own timeout; the step says that it failed.
   */
  async #destroy(): Promise<void> {
    const session = this.#session;
    if (!session && !this.#createFailed) return;
    await this.#recorder
      .run('destroy', () => (session ? session.destroy() : this.#destroyOrphans()))
      .catch(() => undefined);
  }

  async #destroyOrphans(): Promise<void> {
    const { sandbox } = this.#ports;
    const orphans = await sandbox.list({ metadata: executionMetadata(this.#request) });
    for (const { id } of orphans) await sandbox.destroy(id);
  }

  async #recordOutcomes(failure: unknown): Promise<void> {
    const recorded = new Set(this.#outcomes.map(({ decision_id }) => decision_id));
    for (const { decision_id } of this.#decisions) {
      if (recorded.has(decision_id) || failure === undefined) continue;
      const status = this.#options.signal?.aborted ? 'cancelled' : 'failed';
      this.#outcomes.push({ decision_id, status });
    }
    for (const outcome of this.#outcomes) await this.#ports.outcomes.record(outcome);
  }

  #step<T>(name: string, work: () => Promise<T>): Promise<T> {
    return this.#recorder.run(name, work, () => this.#meter.sinceLast());
  }

  #explain(failure: unknown): unknown {
    if (this.#options.signal?.aborted) {
      return new ExecutionCancelledError('the execution was cancelled', { cause: failure });
    }
    const code = codeOf(failure);
    if (code?.endsWith('_unavailable')) return failure;
    const reason = failure instanceof Error ? failure.message : String(failure);
    return new SandboxFailedError(`the sandbox failed: ${this.#redactor.redact(reason)}`, {
      cause: failure,
    });
  }
}

async function collectFiles(
  session: SandboxSession,
  directory: string,
): Promise<Record<string, Uint8Array>> {
  const entries = await session.listFiles(directory, MAX_COLLECT_DEPTH);
  const files = entries.filter(({ type }) => type === 'file');
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (size > MAX_COLLECT_BYTES) {
    throw new SandboxFailedError(
      `${directory} holds ${String(size)} bytes; at most ${String(MAX_COLLECT_BYTES)} are collected`,
    );
  }
  const root = rootOf(entries.map(({ path }) => path));
  const contents = await session.downloadFiles(files.map(({ path }) => path));
  return Object.fromEntries(
    Object.entries(contents).map(([path, content]) => [path.slice(root.length), content]),
  );
}

/** What lies directly in the listed folder has the fewest segments: its parent is that folder. */
function rootOf(paths: readonly string[]): string {
  const [shallowest = '/'] = paths.toSorted((a, b) => a.split('/').length - b.split('/').length);
  return shallowest.slice(0, shallowest.lastIndexOf('/') + 1);
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** What a refused commit says was charged before, if it was refused for that. */
function chargedBefore(error: unknown): Pick<CommitReceipt, 'charged' | 'remaining'> | undefined {
  if (codeOf(error) !== 'conflict' || typeof error !== 'object' || error === null) return undefined;
  if (!('charged' in error) || typeof error.charged !== 'number') return undefined;
  const remaining =
    'remaining' in error && typeof error.remaining === 'number' ? error.remaining : 0;
  return { charged: error.charged, remaining };
}
