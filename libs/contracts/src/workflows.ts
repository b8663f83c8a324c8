import type { Agent } from './actions.ts';
import type { ApprovalDecisionRequest } from './approvals.ts';
import type { ExecutionInput } from './executions.ts';
import type { BuildAndDeployInput } from './runs.ts';

/** What the control plane and the worker agree on about Temporal. */
export const TASK_QUEUE = 'ae-safety';

export const WORKFLOW_TYPES = {
  execute: 'safeExecutionWorkflow',
  build_and_deploy: 'buildAndDeployWorkflow',
} as const;

/** One workflow a run: a second start of the same run finds the first. */
export function workflowIdOf(runId: string): string {
  return `ae-run:${runId}`;
}

export interface SafeExecutionWorkflowInput {
  run_id: string;
  agent?: Agent | undefined;
  input: ExecutionInput;
}

export interface BuildAndDeployWorkflowInput {
  run_id: string;
  agent?: Agent | undefined;
  input: BuildAndDeployInput;
}

/** Name of the update by which a person's decision reaches the workflow that waits for it. */
export const DECIDE_UPDATE = 'decide';

export interface DecideUpdate {
  approval_id: string;
  decision: ApprovalDecisionRequest['decision'];
  reason: string;
  decided_by: string;
}
