import type { CheckRequest } from '@ae/contracts';
import {
  ApprovalRequiredError,
  ExecutionCancelledError,
  executionContext,
  safeExecute,
} from '@ae/safe-execution';
import type { CostModel, ExecutionPorts, SafeExecutionRequest } from '@ae/safe-execution';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { ApprovalDemand } from '../failure-types.ts';
import { FAILURE_TYPES } from '../failure-types.ts';
import type { ProgressReporter } from '../reports/progress-reporter.ts';
import { activityFailure } from './activity-failure.ts';
import type { SafeExecuteCodeInput, SafeExecuteCodeOutput } from './activity-types.ts';
import { cutOutput } from './cut-output.ts';
import type { ExecutionAttempt } from './execution-attempt.ts';

export interface ExecutionDependencies {
  ports: ExecutionPorts;
  cost: CostModel;
  artifacts: ArtifactStore;
}

/**
 * One guarded execution within an attempt.
 * @param share how many executions share the activity's answer, and its room
 * @throws ApplicationFailure with a type of `FAILURE_TYPES`, or CancelledFailure
 */
export async function executeGuarded(
  input: SafeExecuteCodeInput,
  attempt: ExecutionAttempt,
  reporter: ProgressReporter,
  { ports, cost, artifacts }: ExecutionDependencies,
  share = 1,
): Promise<SafeExecuteCodeOutput> {
  const request = requestOf(input);
  const redactor = ports.createRedactor();
  let asked: CheckRequest | undefined;
  try {
    const execution = await safeExecute(
      request,
      {
        ...ports,
        sandbox: attempt.sandboxes(ports.sandbox),
        policy: {
          check: (check) => {
            asked = check;
            return ports.policy.check(check);
          },
        },
      },
      {
        signal: attempt.signal,
        attempt: attempt.number,
        cost,
        onSteps: (steps) => {
          reporter.steps(steps);
        },
        onOutput: (stream, text) => {
          reporter.output(stream, text);
        },
      },
    );
    const results = Object.entries(execution.commands);
    const finished = Object.values(execution.commands).every(
      ({ exitCode, timedOut }) => exitCode === 0 && !timedOut,
    );
    const collected =
      input.collect !== undefined && finished
        ? {
            digest: await artifacts.put(execution.collected),
            files: Object.keys(execution.collected).length,
          }
        : undefined;
    return {
      commands: Object.fromEntries(
        results.map(([name, result]) => [name, cutOutput(result, results.length * share)]),
      ),
      cost: execution.cost,
      ...(collected ? { artifact: collected } : {}),
    };
  } catch (error) {
    if (error instanceof ApprovalRequiredError) {
      throw approvalFailure(error, input, asked?.context ?? {});
    }
    if (error instanceof ExecutionCancelledError) throw new CancelledFailure(error.message);
    const failure = activityFailure(error, (text) => redactor.redact(text));
    if (isFinal(failure) && !attempt.number.last) {
      // The hold was kept for an attempt that will not come.
      await ports.budget
        .release({ run_id: request.runId, hold_id: request.executionId })
        .catch(() => undefined);
    }
    throw failure;
  }
}

function isFinal(failure: Error): boolean {
  return failure instanceof ApplicationFailure && failure.type === FAILURE_TYPES.invalidInput;
}

function requestOf(input: SafeExecuteCodeInput): SafeExecutionRequest {
  return {
    runId: input.run_id,
    executionId: input.execution,
    agent: input.agent,
    commands: input.commands.map(({ name, command, timeout_seconds, approval_id }) => ({
      name,
      command,
      timeoutSeconds: timeout_seconds,
      approvalId: approval_id,
    })),
    files: input.files,
    envs: input.envs,
    cwd: input.cwd,
    networkAllowlist: input.network_allowlist,
    estimate: input.estimate,
    collect: input.collect,
  };
}

/** Says what exactly has to be approved; or, when it was, that the control plane does not know yet. */
function approvalFailure(
  error: ApprovalRequiredError,
  input: SafeExecuteCodeInput,
  context: NonNullable<CheckRequest['context']>,
): ApplicationFailure {
  const held = input.commands.find(({ command }) => command === context.command);
  if (!held || held.approval_id !== undefined) {
    return ApplicationFailure.retryable(error.message, FAILURE_TYPES.approvalNotConfirmed);
  }
  const demand: ApprovalDemand = {
    step: held.name,
    action: 'execute_code',
    context: executionContext(held.command, {
      cwd: input.cwd,
      networkAllowlist: input.network_allowlist,
    }),
    reason: error.message,
  };
  return ApplicationFailure.nonRetryable(error.message, FAILURE_TYPES.approvalRequired, demand);
}
