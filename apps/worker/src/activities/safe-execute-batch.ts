import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { z } from 'zod';
import { FAILURE_TYPES } from '../failure-types.ts';
import type { ProgressReporter } from '../reports/progress-reporter.ts';
import type {
  BatchItem,
  SafeExecuteBatchInput,
  SafeExecuteBatchOutput,
  SafeExecuteCodeOutput,
} from './activity-types.ts';
import type { ExecutionAttempt } from './execution-attempt.ts';
import { executeGuarded } from './safe-execute-code.ts';
import type { ExecutionDependencies } from './safe-execute-code.ts';

const DEFAULT_CONCURRENCY = 4;
const MAX_EXECUTIONS = 100;

/** What an attempt tells the next one: the items that ended, by the digest of their record. */
const checkpointSchema = z.record(z.string(), z.string());

/**
 * Many executions on one budget, a bounded number at once. What is done is kept, also by a later
 * attempt; once one does not fit the budget, no further one starts.
 */
export async function executeBatch(
  input: SafeExecuteBatchInput,
  attempt: ExecutionAttempt,
  reporter: ProgressReporter,
  dependencies: ExecutionDependencies,
  previous: unknown,
): Promise<SafeExecuteBatchOutput> {
  assertBatch(input);
  const { artifacts } = dependencies;
  const checkpoint = checkpointSchema.safeParse(previous).data ?? {};
  const items = new Map<string, BatchItem>();
  for (const [name, digest] of Object.entries(checkpoint)) {
    items.set(name, JSON.parse((await artifacts.content(digest)).toString()) as BatchItem);
  }

  let budgetIsOver = [...items.values()].some(({ status }) => status === 'budget_exceeded');
  let passing: ApplicationFailure | undefined;
  const waiting = input.executions.filter(({ execution }) => !items.has(execution));

  async function work(): Promise<void> {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      attempt.signal.throwIfAborted();
      if (budgetIsOver) {
        items.set(next.execution, { status: 'skipped', reason: 'the budget is used up' });
        continue;
      }
      const item = await itemOf(() =>
        executeGuarded(
          { ...next, run_id: input.run_id, agent: input.agent },
          attempt,
          reporter,
          dependencies,
          input.executions.length,
        ),
      );
      if (item instanceof ApplicationFailure) {
        passing = item;
        items.set(next.execution, { status: 'failed', reason: item.message });
        continue;
      }
      items.set(next.execution, item);
      budgetIsOver ||= item.status === 'budget_exceeded';
      checkpoint[next.execution] = await artifacts.putContent(Buffer.from(JSON.stringify(item)));
      attempt.progress(checkpoint);
    }
  }
  await Promise.all(Array.from({ length: input.concurrency ?? DEFAULT_CONCURRENCY }, () => work()));
  if (passing && !attempt.number.last) throw passing;

  const executions = Object.fromEntries(
    input.executions.map(({ execution }) => [
      execution,
      items.get(execution) ?? { status: 'skipped' },
    ]),
  ) satisfies Record<string, BatchItem>;
  const micros = [...items.values()].map(({ output }) => Math.round((output?.cost ?? 0) * 1e6));
  return { executions, cost: micros.reduce((sum, cost) => sum + cost, 0) / 1e6 };
}

/** The final state of one execution, or the failure that another attempt may not meet. */
async function itemOf(
  execute: () => Promise<SafeExecuteCodeOutput>,
): Promise<BatchItem | ApplicationFailure> {
  try {
    return { status: 'succeeded', output: await execute() };
  } catch (error) {
    if (error instanceof CancelledFailure || !(error instanceof ApplicationFailure)) throw error;
    switch (error.type) {
      case FAILURE_TYPES.policyDenied:
      case FAILURE_TYPES.approvalRequired:
        return { status: 'denied', reason: error.message };
      case FAILURE_TYPES.budgetExceeded:
        return { status: 'budget_exceeded', reason: error.message };
      case FAILURE_TYPES.invalidInput:
        return { status: 'failed', reason: error.message };
      default:
        return error;
    }
  }
}

function assertBatch({ executions, concurrency }: SafeExecuteBatchInput): void {
  const names = new Set(executions.map(({ execution }) => execution));
  if (names.size !== executions.length || names.size > MAX_EXECUTIONS) {
    throw ApplicationFailure.nonRetryable(
      `a batch takes at most ${MAX_EXECUTIONS} executions, each with a name of its own`,
      FAILURE_TYPES.invalidInput,
    );
  }
  if (concurrency !== undefined && !(Number.isSafeInteger(concurrency) && concurrency > 0)) {
    throw ApplicationFailure.nonRetryable(
      'the concurrency of a batch is a whole number above zero',
      FAILURE_TYPES.invalidInput,
    );
  }
}
