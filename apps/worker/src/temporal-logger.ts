import type { Logger } from '@ae/telemetry';
import { DefaultLogger } from '@temporalio/worker';
import type { LogEntry, Logger as TemporalLogger } from '@temporalio/worker';

const LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const;

/** What Temporal's SDK says, in this program's log. */
export function temporalLogger(logger: Logger): TemporalLogger {
  return new DefaultLogger('DEBUG', ({ level, message, meta }: LogEntry) => {
    logger[LEVELS[level]](meta ?? {}, message);
  });
}
