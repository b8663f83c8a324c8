export { ApprovalClient } from './approval-client.ts';
export { BudgetClient } from './budget-client.ts';
export type { SafetyClientOptions } from './connection.ts';
export { PolicyClient } from './policy-client.ts';
export { RunClient } from './run-client.ts';
export { SafetyError } from './safety-error.ts';
export type { SafetyErrorCode } from './safety-error.ts';
