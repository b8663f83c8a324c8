import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino } from 'pino';
import type { Logger as PinoLogger } from 'pino';
import { WITHHELD, serializeError } from './serialize-error.ts';

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

/**
 * Redacts a line of JSON and keeps it one line of JSON. In JSON a line feed, a quote and a
 * backslash are escaped, which would hide a secret that holds one: where the line has an escape,
 * its strings are redacted one by one first.
 */
function redactLine(line: string, redact: (text: string) => string): string {
  const text = line.trimEnd();
  const unescaped = text.includes('\\')
    ? JSON.stringify(redactStrings(JSON.parse(text), redact))
    : text;
  const clean = redact(unescaped);
  if (clean !== unescaped && !isJsonLine(clean)) {
    // The redactor took a quote or a brace: what is left is safe to show, but only as text.
    const { level, time, name } = JSON.parse(text) as Record<string, unknown>;
    return `${JSON.stringify({ level, time, name, msg: 'redacted line', line: clean })}\n`;
  }
  return `${clean}\n`;
}

function redactStrings(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((item) => redactStrings(item, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [redact(name), redactStrings(member, redact)]),
  );
}

function isJsonLine(text: string): boolean {
  if (text.includes('\n')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
