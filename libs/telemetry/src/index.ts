export { createLogger } from './logger.ts';
export type { LogDestination, Logger, LoggerOptions } from './logger.ts';
export { METRICS, METRIC_DECISIONS, SANDBOX_OUTCOMES } from './metric-catalogue.ts';
export type {
  LabelRule,
  MetricDecision,
  MetricDefinition,
  MetricName,
  SandboxOutcome,
} from './metric-catalogue.ts';
export { createMetrics } from './metrics.ts';
export type { BudgetTotals, Metrics } from './metrics.ts';
export { redactingErrorHandler } from './redacting-error-handler.ts';
export type { ErrorResponse, RedactingErrorHandlerOptions } from './redacting-error-handler.ts';
export { redactionHook } from './redact-line.ts';
export { serializeError } from './serialize-error.ts';
export type { SerializedError } from './serialize-error.ts';
export { startTelemetry } from './telemetry.ts';
export type { Telemetry, TelemetryOptions } from './telemetry.ts';
