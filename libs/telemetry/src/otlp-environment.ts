/** Which signals have an OTLP endpoint. */
export interface OtlpSignals {
  traces: boolean;
  metrics: boolean;
}

/**
 * Reads the standard variables of OpenTelemetry
 * (https://opentelemetry.io/docs/specs/otel/protocol/exporter/): a signal is exported when
 * `OTEL_EXPORTER_OTLP_ENDPOINT` or its own `OTEL_EXPORTER_OTLP_{TRACES,METRICS}_ENDPOINT` is set
 * and `OTEL_SDK_DISABLED` is not `true`. Without one nothing is exported, not even to the default
 * address of the specification.
 */
export function otlpSignals(env: Readonly<Record<string, string | undefined>>): OtlpSignals {
  const disabled = env['OTEL_SDK_DISABLED']?.trim().toLowerCase() === 'true';
  const has = (signal: string) =>
    !disabled &&
    Boolean(
      env['OTEL_EXPORTER_OTLP_ENDPOINT']?.trim() ||
      env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]?.trim(),
    );
  return { traces: has('TRACES'), metrics: has('METRICS') };
}
