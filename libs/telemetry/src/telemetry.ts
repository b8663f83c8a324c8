import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type * as resources from '@opentelemetry/resources';
import type * as sdkNode from '@opentelemetry/sdk-node';
import { registeredInstrumentations } from './instrumentations.ts';
import { otlpSignals } from './otlp-environment.ts';

/** How long `shutdown` waits for the last spans and metrics to be sent, in milliseconds. */
const SHUTDOWN_TIMEOUT = 5000;

export interface TelemetryOptions {
  /** `service.name`; `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` win over it. */
  serviceName: string;
  serviceVersion?: string;
}

export interface Telemetry {
  /** Sends what is waiting, for at most five seconds. Never rejects; a second call does nothing. */
  shutdown(): Promise<void>;
}

let running: Telemetry | undefined;

/**
 * Starts the OpenTelemetry SDK with exporters from the standard `OTEL_*` variables, for the signals
 * that have an OTLP endpoint. Without one the SDK is not even loaded. Logs are not exported: they
 * are written to standard output, through the redactor. A second call before `shutdown` answers
 * with the telemetry that runs.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  running ??= start(options);
  return running;
}

function start({ serviceName, serviceVersion }: TelemetryOptions): Telemetry {
  const signals = otlpSignals(process.env);
  let flush = (): Promise<unknown> => Promise.resolve();
  if (signals.traces || signals.metrics) {
    // Loaded only here (200 modules, half a second), and synchronously: the program's first
    // request must find it started.
    const load = createRequire(import.meta.url);
    const { NodeSDK } = load('@opentelemetry/sdk-node') as typeof sdkNode;
    const { resourceFromAttributes } = load('@opentelemetry/resources') as typeof resources;
    const sdk = new NodeSDK({
      resource: resourceFromAttributes({
        'service.name': serviceName,
        ...(serviceVersion !== undefined && { 'service.version': serviceVersion }),
      }),
      instrumentations: registeredInstrumentations(),
      logRecordProcessors: [],
      // An empty list is none; left out it is what the environment says.
      ...(!signals.traces && { spanProcessors: [] }),
      ...(!signals.metrics && { metricReaders: [] }),
    });
    sdk.start();
    flush = () => sdk.shutdown();
  }
  let stopped: Promise<void> | undefined;
  const telemetry: Telemetry = {
    shutdown() {
      stopped ??= flushWithin(flush).finally(() => {
        if (running === telemetry) running = undefined;
      });
      return stopped;
    },
  };
  return telemetry;
}

async function flushWithin(flush: () => Promise<unknown>): Promise<void> {
  const timeout = new AbortController();
  // An endpoint that is away must not keep the program from ending, nor fail it.
  await Promise.race([
    flush().catch(() => undefined),
    sleep(SHUTDOWN_TIMEOUT, undefined, { signal: timeout.signal }).catch(() => undefined),
  ]);
  timeout.abort();
}
