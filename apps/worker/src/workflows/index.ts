export { buildAndDeployWorkflow } from './build-and-deploy-workflow.ts';
export { safeExecutionWorkflow } from './safe-execution-workflow.ts';
