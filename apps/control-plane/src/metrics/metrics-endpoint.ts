import { createMetrics } from '@ae/telemetry';
import type { Metrics } from '@ae/telemetry';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import type { RequestHandler } from 'express';

export interface MetricsEndpoint {
  metrics: Metrics;
  /** `GET /metrics` in the Prometheus text format. */
  handler: RequestHandler;
}

/** The metric catalogue behind a scrape endpoint of this process. */
export function createMetricsEndpoint(): MetricsEndpoint {
  const exporter = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
    withoutTargetInfo: true,
  });
  const provider = new MeterProvider({ readers: [exporter] });
  const metrics = createMetrics(provider.getMeter('@ae/control-plane'));
  return {
    metrics,
    handler: (request, response) => exporter.getMetricsRequestHandler(request, response),
  };
}
