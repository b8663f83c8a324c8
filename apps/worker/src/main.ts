import { Redactor } from '@ae/redactor';
import { createLogger, startTelemetry } from '@ae/telemetry';
import { Runtime } from '@temporalio/worker';
import { readConfig } from './config.ts';
import type { WorkerConfig } from './config.ts';
import { SafetyWorker } from './safety-worker.ts';
import { temporalLogger } from './temporal-logger.ts';

function configOrExit(): WorkerConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}

const config = configOrExit();
const redactor = new Redactor();
const logger = createLogger({
  name: 'worker',
  level: config.logLevel,
  redact: (text) => redactor.redact(text),
});
const telemetry = startTelemetry({ serviceName: 'ae-worker' });
// Its own handling of signals would skip the health server and telemetry.
Runtime.install({ logger: temporalLogger(logger), shutdownSignals: [] });

const worker = new SafetyWorker(config, logger);
const stop = (): void => worker.stop();
process.once('SIGTERM', stop).once('SIGINT', stop);
if (config.exitOnStdinClose) process.stdin.once('end', stop).once('error', stop).resume();

try {
  await worker.run();
} catch (error) {
  logger.fatal({ err: error }, 'the worker cannot go on');
  process.exitCode = 1;
} finally {
  await telemetry.shutdown();
  if (config.exitOnStdinClose) process.stdin.destroy();
}
