import { Redactor } from '@ae/redactor';
import { createLogger, startTelemetry } from '@ae/telemetry';
import { ConfigError, readConfig } from './config.ts';
import { startControlPlane } from './control-plane.ts';

// What is stored is for this user alone, wherever the data folder lies.
process.umask(0o077);

const redactor = new Redactor();
const logger = createLogger({
  name: 'control-plane',
  level: process.env['AE_LOG_LEVEL'] ?? 'info',
  redact: (text) => redactor.redact(text),
});

try {
  const config = readConfig(process.env);
  redactor.registerSecret(config.AE_ADMIN_KEY, { kind: 'ae_api_key' });
  redactor.registerSecret(config.AE_WORKER_KEY, { kind: 'ae_api_key' });
  const telemetry = startTelemetry({ serviceName: 'ae-control-plane' });
  const controlPlane = await startControlPlane(config, logger);
  logger.info({ url: controlPlane.url }, 'listening');

  let stopping: Promise<void> | undefined;
  const stop = (reason: string) => {
    stopping ??= (async () => {
      logger.info({ reason }, 'stopping');
      await controlPlane.stop();
      await telemetry.shutdown();
      process.exit(0);
    })();
  };
  process.once('SIGTERM', () => stop('SIGTERM'));
  process.once('SIGINT', () => stop('SIGINT'));
  if (config.AE_EXIT_ON_STDIN_CLOSE) {
    process.stdin.once('end', () => stop('the launcher is gone')).resume();
  }
} catch (error) {
  logger.fatal({ err: error }, error instanceof ConfigError ? error.message : 'could not start');
  process.exit(1);
}
