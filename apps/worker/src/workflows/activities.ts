import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { EXECUTION_QUEUE } from '../execution-queue.ts';
import { NON_RETRYABLE_TYPES } from '../failure-types.ts';

/** Time for creating, uploading, collecting and cleaning up beside the commands, in seconds. */
const SETUP_SECONDS = 300;
const EXECUTION_ATTEMPTS = 6;

type ExecutingActivities = Pick<Activities, 'safeExecuteCode' | 'safeExecuteBatch'>;
type ReportingActivities = Pick<Activities, 'reportRun'>;
type ShortActivities = Omit<Activities, keyof ExecutingActivities | keyof ReportingActivities>;

/** Activities that run commands, for at most `seconds` of commands an attempt. */
export function executingActivities(seconds: number): ExecutingActivities {
  return proxyActivities<ExecutingActivities>({
    taskQueue: EXECUTION_QUEUE,
    startToCloseTimeout: (seconds + SETUP_SECONDS) * 1000,
    heartbeatTimeout: '10 seconds',
    // The workflow goes on when the command is stopped, charged and cleaned up.
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    retry: {
      initialInterval: '1 second',
      backoffCoefficient: 2,
      maximumInterval: '30 seconds',
      maximumAttempts: EXECUTION_ATTEMPTS,
      nonRetryableErrorTypes: NON_RETRYABLE_TYPES,
    },
  });
}

export const { checkDeploy, deployDirectory, requestApproval } = proxyActivities<ShortActivities>({
  startToCloseTimeout: '2 minutes',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: {
    initialInterval: '500 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    maximumAttempts: 10,
    nonRetryableErrorTypes: NON_RETRYABLE_TYPES,
  },
});

/** Tried until it arrives: what became of a run is never lost. */
export const { reportRun } = proxyActivities<ReportingActivities>({
  // A worker that dies while it reports keeps its run waiting for this long.
  startToCloseTimeout: '20 seconds',
  retry: {
    initialInterval: '500 milliseconds',
    backoffCoefficient: 2,
    maximumInterval: '30 seconds',
    nonRetryableErrorTypes: NON_RETRYABLE_TYPES,
  },
});
