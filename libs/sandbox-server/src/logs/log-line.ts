import type { ServerEvent } from '../events/server-event.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** By weight, lightest first. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** One line of the server's log. Tokens, keys, and what callers call metadata never are in it. */
export interface LogLine {
  /** ISO 8601. */
  readonly at: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Takes what is worth knowing to who runs the server. It never throws. */
export type Log = (
  level: LogLevel,
  message: string,
  fields: Readonly<Record<string, string>>,
) => void;

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const WARNINGS: readonly string[] = ['egress_refused'];
/** Told elsewhere in the line, or the caller's own. */
const NOT_FIELDS: readonly string[] = ['at', 'type', 'metadata'];

/** An event as a line of the log, without the metadata its caller gave the sandbox. */
export function eventLine(event: ServerEvent): LogLine {
  const fields = Object.entries(event).filter(([name]) => !NOT_FIELDS.includes(name));
  return {
    at: event.at,
    level: WARNINGS.includes(event.type) ? 'warn' : 'info',
    message: event.type,
    fields: Object.fromEntries(fields.map(([name, value]) => [name, String(value)])),
  };
}

/** As one line of JSON. */
export function formatLine({ at, level, message, fields }: LogLine): string {
  return JSON.stringify({ at, level, message, ...fields });
}
