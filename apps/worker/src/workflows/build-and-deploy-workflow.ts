import type { BuildAndDeployWorkflowInput, RunStep } from '@ae/contracts';
import { checkDeploy, deployDirectory, executingActivities } from './activities.ts';
import { ApprovalDesk } from './approval-desk.ts';
import { reportEnding } from './report-ending.ts';
import type { RunEnding } from './run-ending.ts';

/**
 * Install, test and build as commands of one guarded sandbox; then, approved, a deployment of
 * exactly what was built. What the policy would never let deploy is not built.
 */
export async function buildAndDeployWorkflow(
  workflowInput: BuildAndDeployWorkflowInput,
): Promise<RunEnding> {
  const { run_id, agent, input } = workflowInput;
  const { target } = input;
  const desk = new ApprovalDesk(run_id, agent, input.approval_timeout_seconds);
  const commands = (['install', 'test', 'build'] as const).flatMap((name) => {
    const command = input[name];
    return command === undefined ? [] : [{ name, command, timeout_seconds: input.timeout_seconds }];
  });
  const { safeExecuteCode } = executingActivities(input.timeout_seconds * commands.length);

  return reportEnding(run_id, async (kept) => {
    await checkDeploy({ run_id, agent, target });
    const built = await desk.tryWith((approvals) =>
      safeExecuteCode({
        run_id,
        agent,
        execution: 'build',
        commands: commands.map((command) => ({
          ...command,
          approval_id: approvals[command.name],
        })),
        files: input.files,
        envs: input.envs,
        collect: input.artifact_directory,
      }),
    );
    const result = { commands: built.commands, cost: built.cost };
    const { artifact } = built;
    if (!artifact) return { status: 'failed', result };

    kept.result = result;
    const step: RunStep = { name: 'deploy', status: 'failed', started_at: now() };
    try {
      const deployment = await desk.tryWith((approvals) => {
        kept.steps = [step];
        step.started_at = now();
        const approval_id = approvals[step.name];
        return deployDirectory({ run_id, agent, target, artifact, approval_id });
      });
      step.status = 'succeeded';
      return { status: 'succeeded', result: { ...result, deployment }, steps: [step] };
    } finally {
      step.ended_at = now();
    }
  });
}

function now(): string {
  return new Date().toISOString();
}
