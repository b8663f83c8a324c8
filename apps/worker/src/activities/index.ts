import type { Problem } from '@ae/contracts';
import { PROBLEM_STATUS } from '@ae/contracts';
import type { ApprovalClient, RunClient } from '@ae/safety-client';
import type { Logger } from '@ae/telemetry';
import { Context } from '@temporalio/activity';
import type { DirectoryTarget } from '../deployments/directory-target.ts';
import { ProgressReporter } from '../reports/progress-reporter.ts';
import { activityFailure } from './activity-failure.ts';
import type {
  ApprovalState,
  DeployDirectoryInput,
  DeployInput,
  Deployment,
  RequestApprovalInput,
  RunReport,
  SafeExecuteBatchInput,
  SafeExecuteBatchOutput,
  SafeExecuteCodeInput,
  SafeExecuteCodeOutput,
} from './activity-types.ts';
import { assertMayDeploy, deployArtifact } from './deploy-artifact.ts';
import { ExecutionAttempt } from './execution-attempt.ts';
import { executeBatch } from './safe-execute-batch.ts';
import { executeGuarded } from './safe-execute-code.ts';
import type { ExecutionDependencies } from './safe-execute-code.ts';

const MAX_REASON_LENGTH = 1000;

/** Everything that activities reach the world through. */
export interface ActivityDependencies extends ExecutionDependencies {
  runs: Pick<RunClient, 'reportProgress'>;
  approvals: Pick<ApprovalClient, 'create'>;
  deployments: DirectoryTarget;
  logger: Pick<Logger, 'warn'>;
}

export interface Activities {
  safeExecuteCode(input: SafeExecuteCodeInput): Promise<SafeExecuteCodeOutput>;
  safeExecuteBatch(input: SafeExecuteBatchInput): Promise<SafeExecuteBatchOutput>;
  /** Fails with `PolicyDenied` when the policy would refuse any deployment to this target. */
  checkDeploy(input: DeployInput): Promise<void>;
  /** Deploys what was built when the control plane confirms that it may; else `ApprovalRequired`. */
  deployDirectory(input: DeployDirectoryInput): Promise<Deployment>;
  /** Asks a person; the same request again answers how the approval stands. */
  requestApproval(input: RequestApprovalInput): Promise<ApprovalState>;
  /** Tells the control plane what became of a run. */
  reportRun(report: RunReport): Promise<void>;
}

export function createActivities(dependencies: ActivityDependencies): Activities {
  const { approvals, deployments, logger, ports, runs } = dependencies;
  const redact = (text: string): string => ports.createRedactor().redact(text);

  /** Lends an executing activity its attempt and its reporter, and ends both with it. */
  async function executing<T>(
    runId: string,
    work: (attempt: ExecutionAttempt, reporter: ProgressReporter) => Promise<T>,
  ): Promise<T> {
    const context = Context.current();
    using attempt = new ExecutionAttempt(context);
    const reporter = new ProgressReporter(
      (progress) => runs.reportProgress(runId, progress),
      (error) => {
        logger.warn({ err: error, run_id: runId }, 'progress of a run could not be told');
      },
    );
    try {
      return await work(attempt, reporter);
    } finally {
      await reporter.close();
    }
  }

  /** Runs what makes no sandbox, and turns its errors into failures that history may keep. */
  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw activityFailure(error, redact);
    }
  }

  return {
    safeExecuteCode: (input) =>
      executing(input.run_id, (attempt, reporter) =>
        executeGuarded(input, attempt, reporter, dependencies),
      ),

    safeExecuteBatch: (input) =>
      executing(input.run_id, (attempt, reporter) =>
        executeBatch(
          input,
          attempt,
          reporter,
          dependencies,
          Context.current().info.heartbeatDetails,
        ),
      ),

    checkDeploy: (input) => guarded(() => assertMayDeploy(ports.policy, input)),

    deployDirectory: (input) => guarded(() => deployArtifact(ports, deployments, input)),

    requestApproval: ({ run_id, agent, demand, expires_in_seconds }) =>
      guarded(async () => {
        const { step, action, context, reason } = demand;
        return approvals.create({
          run_id,
          step,
          action,
          context,
          reason: reason.slice(0, MAX_REASON_LENGTH),
          expires_in_seconds,
          ...(agent ? { agent } : {}),
        });
      }),

    reportRun: ({ run_id, error, ...progress }) =>
      guarded(() =>
        runs.reportProgress(run_id, { ...progress, ...(error ? { error: problemOf(error) } : {}) }),
      ),
  };
}

function problemOf({ code, detail }: NonNullable<RunReport['error']>): Problem {
  return {
    type: `urn:ae:problem:${code}`,
    title: code.replaceAll('_', ' '),
    status: PROBLEM_STATUS[code],
    code,
    detail,
  };
}
