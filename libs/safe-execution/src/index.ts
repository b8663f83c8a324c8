export { DEFAULT_USD_PER_SECOND, sandboxTimeCost } from './cost-model.ts';
export type { CostModel } from './cost-model.ts';
export {
  ApprovalRequiredError,
  BudgetExceededError,
  ExecutionCancelledError,
  PolicyDeniedError,
  SafeExecutionError,
  SandboxFailedError,
} from './errors.ts';
export type { SafeExecutionErrorCode } from './errors.ts';
export type {
  BudgetPort,
  CommandOptions,
  CommandResult,
  ExecutionPorts,
  OutcomePort,
  PolicyPort,
  RedactionStream,
  RedactorPort,
  SandboxCreateOptions,
  SandboxPort,
  SandboxSession,
} from './ports.ts';
export type { OutputListener, OutputStream } from './redacted-output.ts';
export { executionContext, executionMetadata, safeExecute } from './safe-execute.ts';
export type {
  Attempt,
  GuardedCommand,
  SafeExecution,
  SafeExecutionOptions,
  SafeExecutionRequest,
} from './safe-execute.ts';
