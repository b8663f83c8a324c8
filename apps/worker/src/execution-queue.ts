/**
 * Where activities that run commands wait for their turn, apart from the short ones: reports and
 * approvals never stand behind a command that takes an hour.
 */
export const EXECUTION_QUEUE = 'ae-safety-executions';
