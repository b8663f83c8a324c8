/** The kinds of action that are told apart; the same words as in the API. */
const ACTIONS = [
  'execute_code',
  'deploy',
  'create_billing',
  'delete_files',
  'network_access',
  'write_files',
  'read_files',
  'query_database',
  'call_tool',
] as const;

export const METRIC_DECISIONS = ['allow', 'deny', 'approval_required'] as const;
export type MetricDecision = (typeof METRIC_DECISIONS)[number];

/**
 * How a sandbox execution ended: `succeeded` (exit code 0), `failed` (another one), `timed_out`,
 * `cancelled`, or `error` (the sandbox itself failed).
 */
export const SANDBOX_OUTCOMES = ['succeeded', 'failed', 'timed_out', 'cancelled', 'error'] as const;
export type SandboxOutcome = (typeof SANDBOX_OUTCOMES)[number];

/** Per cent of a limit at which an alert is due. */
export const METRIC_THRESHOLDS = ['50', '80', '100'] as const;
export type MetricThreshold = (typeof METRIC_THRESHOLDS)[number];

/**
 * What a label may hold: one of `values`, or, where the words belong to another library, any
 * lower-case word until `limit` different ones were seen. Everything else is `other`.
 */
export type LabelRule = { values: readonly string[] } | { limit: number };

export interface MetricDefinition {
  type: 'counter' | 'histogram' | 'gauge';
  description: string;
  /** UCUM, as OpenTelemetry wants it; the name carries Prometheus' suffix already. */
  unit: string;
  labels: Readonly<Record<string, LabelRule>>;
}

/**
 * Every metric of AE Safety. No label tells a run, a user, a tenant or a command: the number of
 * time series stays bounded whatever the callers send.
 */
export const METRICS = {
  policy_checks_total: {
    type: 'counter',
    description: 'Actions that were checked against policy.',
    unit: '{check}',
    labels: { action: { values: ACTIONS }, decision: { values: METRIC_DECISIONS } },
  },
  policy_violations_total: {
    type: 'counter',
    description: 'Actions that policy denied.',
    unit: '{violation}',
    labels: { action: { values: ACTIONS }, reason_code: { limit: 64 } },
  },
  budget_exceeded_total: {
    type: 'counter',
    description: 'Requests that the budget of their run refused, and charges beyond it.',
    unit: '{request}',
    labels: {},
  },
  budget_threshold_total: {
    type: 'counter',
    description: 'Budgets that reached a part of their limit, by per cent.',
    unit: '{budget}',
    labels: { threshold: { values: METRIC_THRESHOLDS } },
  },
  sandbox_executions_total: {
    type: 'counter',
    description: 'Executions in a sandbox that ended, by outcome.',
    unit: '{execution}',
    labels: { outcome: { values: SANDBOX_OUTCOMES } },
  },
  sandbox_execution_duration_seconds: {
    type: 'histogram',
    description: 'Time from the start of a command in a sandbox to its end.',
    unit: 's',
    labels: { outcome: { values: SANDBOX_OUTCOMES } },
  },
  budget_spent_dollars: {
    type: 'gauge',
    description: 'USD spent by all runs whose budgets are kept.',
    unit: '{USD}',
    labels: {},
  },
  budget_remaining_dollars: {
    type: 'gauge',
    description: 'USD that all runs whose budgets are kept may still spend.',
    unit: '{USD}',
    labels: {},
  },
  secrets_redacted_total: {
    type: 'counter',
    description: 'Secrets that were removed from text, by kind.',
    unit: '{secret}',
    labels: { kind: { limit: 512 } },
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof METRICS;
