import type { Instrumentation } from '@opentelemetry/instrumentation';

let registered: Instrumentation[] = [];

/** The instrumentations of this process; empty unless `@ae/telemetry/register` was loaded. */
export function registeredInstrumentations(): Instrumentation[] {
  return registered;
}

/** Keeps them until `startTelemetry` gives them somewhere to send their spans. */
export function keepInstrumentations(instrumentations: Instrumentation[]): void {
  registered = instrumentations;
}
