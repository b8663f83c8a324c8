import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';
import { WITHHELD, redactLine } from './redact-line.ts';
import { serializeError } from './serialize-error.ts';

export type Logger = PinoLogger;

/** Where lines go; each ends with a line feed. */
export interface LogDestination {
  write(line: string): void;
}

export interface LoggerOptions {
  /** Which program speaks: the `name` of every line. */
  name: string;
  /** `trace`, `debug`, `info` (the default), `warn`, `error`, `fatal` or `silent`. */
  level?: string;
  /** Removes the secrets of a text. */
  redact: (text: string) => string;
  /** Standard output when not given. */
  destination?: LogDestination;
}

/**
 * A pino logger that writes JSON lines: `level` (a word), `time` (RFC 3339), `name`, `msg`, and
 * `trace_id` and `span_id` while a span is active. Every line goes through `redact` as it is
 * written, after everything else was put into it: messages, objects, bindings of child loggers and
 * errors (under `err` or `error`) alike. Logging never throws: a line that cannot be made, redacted
 * or written is replaced by one that says so, or dropped when that fails too.
 */
export function createLogger(options: LoggerOptions): Logger {
  const { name, level = 'info', redact, destination = pino.destination(1) } = options;
  const write = (line: string): void => {
    try {
      destination.write(line);
    } catch {
      // There is nowhere left to say it.
    }
  };
  const writeInstead = (msg: string): void => {
    const time = new Date().toISOString();
    write(`${JSON.stringify({ level: 'error', time, name, msg })}\n`);
  };
  const asIs = (text: string) => text;
  const errorSerializer = (error: unknown) => serializeError(error, asIs);

  return pino(
    {
      level,
      base: { name },
      messageKey: 'msg',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorSerializer, error: errorSerializer },
      mixin: activeSpan,
      hooks: {
        logMethod(args, method) {
          try {
            method.apply(this, args);
          } catch {
            writeInstead('log line dropped: it could not be made into text');
          }
        },
      },
    },
    {
      write(line: string) {
        let clean: string;
        try {
          clean = redactLine(line, redact);
        } catch {
          writeInstead(`log line ${WITHHELD}`);
          return;
        }
        write(clean);
      },
    },
  );
}

function activeSpan(): { trace_id?: string; span_id?: string } {
  const span = trace.getActiveSpan()?.spanContext();
  return span !== undefined && isSpanContextValid(span)
    ? { trace_id: span.traceId, span_id: span.spanId }
    : {};
}
