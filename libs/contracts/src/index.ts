export { ACTIONS, AGENT_TIERS, actionContextSchema, actionSchema, agentSchema } from './actions.ts';
export type { Action, ActionContext, Agent } from './actions.ts';
export {
  APPROVAL_STATUSES,
  approvalDecisionRequestSchema,
  approvalPageSchema,
  approvalSchema,
  createApprovalRequestSchema,
} from './approvals.ts';
export type {
  Approval,
  ApprovalDecisionRequest,
  ApprovalPage,
  CreateApprovalRequest,
} from './approvals.ts';
export { auditPageSchema, auditRecordSchema, auditVerificationSchema } from './audit.ts';
export type { AuditRecord } from './audit.ts';
export {
  BUDGET_REASONS,
  LIMITS,
  budgetHoldsSchema,
  budgetPageSchema,
  budgetRequestSchema,
  budgetStatusSchema,
  canSpendRequestSchema,
  canSpendSchema,
  commitReceiptSchema,
  commitRequestSchema,
  createBudgetRequestSchema,
  holdReceiptSchema,
  quantitiesSchema,
  releaseRequestSchema,
  reserveRequestSchema,
  spendReceiptSchema,
  spendRequestSchema,
  unitLimitsSchema,
} from './budgets.ts';
export type {
  BudgetHolds,
  BudgetPage,
  BudgetReason,
  BudgetRequest,
  BudgetStatus,
  CanSpend,
  CanSpendRequest,
  CommitReceipt,
  CommitRequest,
  CreateBudgetRequest,
  HoldReceipt,
  Limit,
  Quantities,
  ReleaseRequest,
  ReserveRequest,
  SpendReceipt,
  SpendRequest,
  Threshold,
  UnitLimits,
} from './budgets.ts';
export {
  OUTCOMES,
  checkRequestSchema,
  findingSchema,
  outcomeRequestSchema,
  policyDecisionSchema,
} from './decisions.ts';
export type { CheckRequest, Finding, OutcomeRequest, PolicyDecision } from './decisions.ts';
export { eventSchema } from './events.ts';
export type { Event, EventType, NewEvent } from './events.ts';
export {
  DEFAULT_TIMEOUT_SECONDS,
  MAX_ENVS_BYTES,
  MAX_ENV_LENGTH,
  MAX_FILES_BYTES,
  MAX_TIMEOUT_SECONDS,
  executionInputSchema,
  executionResultSchema,
} from './executions.ts';
export type { ExecutionInput, ExecutionResult } from './executions.ts';
export {
  MAX_IDENTIFIER_LENGTH,
  approvalIdSchema,
  decisionIdSchema,
  holdIdSchema,
  idempotencyKeySchema,
  runIdSchema,
} from './identifiers.ts';
export { MAX_USD, isMicroPrecise, positiveUsdSchema, usdSchema } from './money.ts';
export { PROBLEM_CODES, PROBLEM_STATUS, problemSchema } from './problems.ts';
export type { Problem, ProblemCode } from './problems.ts';
export {
  RUN_KINDS,
  RUN_STATUSES,
  STEP_STATUSES,
  buildAndDeployInputSchema,
  buildAndDeployResultSchema,
  createRunRequestSchema,
  deployNameSchema,
  isTerminal,
  runPageSchema,
  runProgressSchema,
  runResultSchema,
  runSchema,
  runStatusSchema,
  runStepSchema,
} from './runs.ts';
export type {
  BuildAndDeployInput,
  BuildAndDeployResult,
  CreateRunRequest,
  ParsedCreateRunRequest,
  Run,
  RunPage,
  RunProgress,
  RunResult,
  RunStatus,
  RunStep,
} from './runs.ts';
export { DECIDE_UPDATE, TASK_QUEUE, WORKFLOW_TYPES, workflowIdOf } from './workflows.ts';
export type {
  BuildAndDeployWorkflowInput,
  DecideUpdate,
  SafeExecutionWorkflowInput,
} from './workflows.ts';
