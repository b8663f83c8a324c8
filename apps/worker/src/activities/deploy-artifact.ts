import type { ActionContext, PolicyDecision } from '@ae/contracts';
import type { ExecutionPorts, PolicyPort } from '@ae/safe-execution';
import { ApplicationFailure } from '@temporalio/common';
import type { DirectoryTarget } from '../deployments/directory-target.ts';
import type { ApprovalDemand } from '../failure-types.ts';
import { FAILURE_TYPES } from '../failure-types.ts';
import type { DeployDirectoryInput, DeployInput, Deployment } from './activity-types.ts';

/** The step that an approval of a deployment holds up. */
const STEP = 'deploy';

/** What the policy sees of a deployment; with the digest, what an approval is bound to. */
function deployContext({ target }: DeployInput, digest?: string): ActionContext {
  return {
    environment: 'production',
    paths: [target.name],
    ...(digest === undefined ? {} : { content: digest }),
  };
}

function check(
  policy: PolicyPort,
  input: DeployInput,
  context: ActionContext,
  approvalId?: string,
): Promise<PolicyDecision> {
  return policy.check({
    action: 'deploy',
    context,
    run_id: input.run_id,
    ...(input.agent ? { agent: input.agent } : {}),
    ...(approvalId === undefined ? {} : { approval_id: approvalId }),
  });
}

function denied(decision: PolicyDecision): ApplicationFailure {
  return ApplicationFailure.nonRetryable(decision.reason, FAILURE_TYPES.policyDenied);
}

/** Refuses before anything is built what the policy would refuse in the end. */
export async function assertMayDeploy(policy: PolicyPort, input: DeployInput): Promise<void> {
  const decision = await check(policy, input, deployContext(input));
  if (!decision.allowed && !decision.requires_approval) throw denied(decision);
}

/**
 * Acts only when the control plane allows exactly this artefact at exactly this target, and records
 * what came of it.
 */
export async function deployArtifact(
  { policy, outcomes }: Pick<ExecutionPorts, 'policy' | 'outcomes'>,
  target: DirectoryTarget,
  input: DeployDirectoryInput,
): Promise<Deployment> {
  const context = deployContext(input, input.artifact.digest);
  const decision = await check(policy, input, context, input.approval_id);
  if (!decision.allowed) {
    if (!decision.requires_approval) throw denied(decision);
    if (input.approval_id !== undefined) {
      throw ApplicationFailure.retryable(decision.reason, FAILURE_TYPES.approvalNotConfirmed);
    }
    const demand: ApprovalDemand = {
      step: STEP,
      action: 'deploy',
      context,
      reason: decision.reason,
    };
    throw ApplicationFailure.nonRetryable(decision.reason, FAILURE_TYPES.approvalRequired, demand);
  }
  const { decision_id } = decision;
  try {
    const deployment = await target.deploy(input.target.name, input.artifact.digest);
    await outcomes.record({ decision_id, status: 'succeeded' });
    return deployment;
  } catch (error) {
    await outcomes.record({ decision_id, status: 'failed' }).catch(() => undefined);
    throw error;
  }
}
