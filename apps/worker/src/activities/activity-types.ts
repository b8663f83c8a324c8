import type {
  Agent,
  Approval,
  BuildAndDeployInput,
  ExecutionResult,
  ProblemCode,
  RunProgress,
  RunStatus,
} from '@ae/contracts';
import type { ApprovalDemand } from '../failure-types.ts';

export interface GuardedCommandInput {
  name: string;
  command: string;
  timeout_seconds: number;
  approval_id?: string | undefined;
}

export interface SafeExecuteCodeInput {
  run_id: string;
  agent?: Agent | undefined;
  /** Unique in its run, at most 200 characters: its hold and its sandbox are found by it. */
  execution: string;
  commands: GuardedCommandInput[];
  files?: Record<string, string> | undefined;
  envs?: Record<string, string> | undefined;
  cwd?: string | undefined;
  network_allowlist?: string[] | undefined;
  /** USD to hold. By default the price of all timeouts. */
  estimate?: number | undefined;
  /** Folder whose files become an artefact when every command exited with zero. */
  collect?: string | undefined;
}

/** An artefact in the store: what travels through history instead of the files. */
export interface ArtifactReference {
  /** SHA-256 of the manifest, in hexadecimal. */
  digest: string;
  files: number;
}

export interface SafeExecuteCodeOutput {
  /** By the name of the command; one that did not run is absent. */
  commands: Record<string, ExecutionResult>;
  /** USD charged. */
  cost: number;
  artifact?: ArtifactReference;
}

export interface SafeExecuteBatchInput {
  run_id: string;
  agent?: Agent | undefined;
  /** Each with a name of its own. At most 100. */
  executions: Omit<SafeExecuteCodeInput, 'run_id' | 'agent' | 'collect'>[];
  /** How many run at once. 4 by default. */
  concurrency?: number | undefined;
}

export interface BatchItem {
  status: 'succeeded' | 'denied' | 'budget_exceeded' | 'failed' | 'skipped';
  output?: SafeExecuteCodeOutput;
  /** Why it did not succeed. */
  reason?: string;
}

export interface SafeExecuteBatchOutput {
  /** By the name of the execution, every one of them. */
  executions: Record<string, BatchItem>;
  /** USD charged together. */
  cost: number;
}

export interface RequestApprovalInput {
  run_id: string;
  agent?: Agent | undefined;
  demand: ApprovalDemand;
  expires_in_seconds: number;
}

export type ApprovalState = Pick<
  Approval,
  'approval_id' | 'status' | 'expires_at' | 'decided_by' | 'decision_reason'
>;

export interface RunReport extends Omit<RunProgress, 'output' | 'error'> {
  run_id: string;
  status: RunStatus;
  error?: { code: ProblemCode; detail: string };
}

export interface DeployInput {
  run_id: string;
  agent?: Agent | undefined;
  target: BuildAndDeployInput['target'];
}

export interface DeployDirectoryInput extends DeployInput {
  artifact: ArtifactReference;
  approval_id?: string | undefined;
}

export interface Deployment {
  target: string;
  files: number;
  version: string;
}
