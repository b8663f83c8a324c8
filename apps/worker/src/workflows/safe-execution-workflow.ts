import type { SafeExecutionWorkflowInput } from '@ae/contracts';
import { executingActivities } from './activities.ts';
import { ApprovalDesk } from './approval-desk.ts';
import { reportEnding } from './report-ending.ts';
import type { RunEnding } from './run-ending.ts';

const STEP = 'execute';
/** How long a command waits for a person, in seconds: a day. */
const APPROVAL_SECONDS = 86_400;

/** One guarded command, made durable. */
export async function safeExecutionWorkflow(
  workflowInput: SafeExecutionWorkflowInput,
): Promise<RunEnding> {
  const { run_id, agent, input } = workflowInput;
  const desk = new ApprovalDesk(run_id, agent, APPROVAL_SECONDS);
  const { safeExecuteCode } = executingActivities(input.timeout_seconds);
  const { command, timeout_seconds, ...environment } = input;

  return reportEnding(run_id, async () => {
    const output = await desk.tryWith((approvals) =>
      safeExecuteCode({
        run_id,
        agent,
        execution: STEP,
        commands: [{ name: STEP, command, timeout_seconds, approval_id: approvals[STEP] }],
        ...environment,
      }),
    );
    const result = output.commands[STEP];
    if (!result) throw new TypeError('an execution that succeeded has a result');
    return { status: 'succeeded', result: { ...result, cost: output.cost } };
  });
}
