import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { reportRun } from './activities.ts';
import type { RunEnding } from './run-ending.ts';
import { endingOf } from './run-ending.ts';

/**
 * Does the work of a run and tells the control plane how it ended, whatever happened; also when the
 * run was cancelled. Then the workflow ends as cancelled, in every other case as completed.
 * @param work gets a place for what is to be reported even when the rest of it fails
 */
export async function reportEnding(
  runId: string,
  work: (kept: Pick<RunEnding, 'result' | 'steps'>) => Promise<RunEnding>,
): Promise<RunEnding> {
  const kept: Pick<RunEnding, 'result' | 'steps'> = {};
  let ending: RunEnding;
  let cancellation: Error | undefined;
  try {
    ending = await work(kept);
  } catch (error) {
    const known = endingOf(error);
    if (!known) throw error;
    ending = { ...kept, ...known };
    if (isCancellation(error) && error instanceof Error) cancellation = error;
  }
  await CancellationScope.nonCancellable(() => reportRun({ run_id: runId, ...ending }));
  if (cancellation) throw cancellation;
  return ending;
}
