import { resourceFromAttributes } from '@opentelemetry/resources';
import { NoopSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry-v2';

/**
 * Carries the trace of the HTTP request that started a run through its workflow to its activities.
 * Activities' spans go where telemetry sends them; those made inside the workflow's isolate are not
 * exported.
 */
export function tracingPlugin(): OpenTelemetryPlugin {
  return new OpenTelemetryPlugin({
    resource: resourceFromAttributes({ 'service.name': 'ae-worker' }),
    spanProcessor: new NoopSpanProcessor(),
  });
}
