/**
 * `node --import @ae/telemetry/register main.js`: patches express, ioredis, http and fetch before
 * the program loads them, so that they make spans. `startTelemetry` sends these; until then, and
 * without an OTLP endpoint in the environment, nothing is loaded and nothing is patched.
 */
import { register } from 'node:module';
import { keepInstrumentations } from './instrumentations.ts';
import { otlpSignals } from './otlp-environment.ts';

const { traces, metrics } = otlpSignals(process.env);
if (traces || metrics) {
  // The hook that OpenTelemetry supports for ES modules. Its successor, `registerHooks`, is not
  // blessed there yet.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
  const [{ ExpressInstrumentation }, { HttpInstrumentation }, { IORedisInstrumentation }, undici] =
    await Promise.all([
      import('@opentelemetry/instrumentation-express'),
      import('@opentelemetry/instrumentation-http'),
      import('@opentelemetry/instrumentation-ioredis'),
      import('@opentelemetry/instrumentation-undici'),
    ]);
  keepInstrumentations([
    new HttpInstrumentation(),
    new ExpressInstrumentation(),
    // Values of a store do not belong into a trace: the name of the command is enough.
    new IORedisInstrumentation({
      requireParentSpan: true,
      dbStatementSerializer: (command) => command,
    }),
    new undici.UndiciInstrumentation({ requireParentforSpans: true }),
  ]);
}
