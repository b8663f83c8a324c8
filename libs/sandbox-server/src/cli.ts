#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { startSandboxServer } from './sandbox-server.ts';
import { SandboxServerError } from './sandbox-server-error.ts';
import type { SandboxServerOptions } from './server-settings.ts';

const DEFAULT_PORT = '13000';

const HELP = `Usage: ae-sandbox-server [options]

Serves E2B's sandbox protocol on this machine. Prints {"listening": url} when it is ready.

  --host <address>    AE_SANDBOX_HOST      address to listen on (127.0.0.1)
  --port <number>     AE_SANDBOX_PORT      port to listen on, 0 for a free one (${DEFAULT_PORT})
  --root <folder>     AE_SANDBOX_ROOT      folder for the server's own files
  --backend <name>    AE_SANDBOX_BACKEND   auto, bubblewrap or docker (auto)
  --max <number>      AE_SANDBOX_MAX       sandboxes at once (50)
                      AE_SANDBOX_API_KEY   key that callers must send
  --help
`;

function optionsFrom(args: string[], env: NodeJS.ProcessEnv): SandboxServerOptions | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      host: { type: 'string' },
      port: { type: 'string' },
      root: { type: 'string' },
      backend: { type: 'string' },
      max: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return 'help';
  const host = values.host ?? env['AE_SANDBOX_HOST'];
  const root = values.root ?? env['AE_SANDBOX_ROOT'];
  const backend = values.backend ?? env['AE_SANDBOX_BACKEND'];
  const max = values.max ?? env['AE_SANDBOX_MAX'];
  const apiKey = env['AE_SANDBOX_API_KEY'];
  return {
    port: Number(values.port ?? env['AE_SANDBOX_PORT'] ?? DEFAULT_PORT),
    ...(host === undefined ? {} : { host }),
    ...(root === undefined ? {} : { root }),
    // Anything else than the three names is refused when the settings are checked.
    ...(backend === undefined ? {} : { backend: backend as 'auto' }),
    ...(max === undefined ? {} : { maxSandboxes: Number(max) }),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

async function main(): Promise<void> {
  const options = optionsFrom(process.argv.slice(2), process.env);
  if (options === 'help') {
    process.stdout.write(HELP);
    return;
  }
  const server = await startSandboxServer(options);
  const end = (): void => {
    server.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  process.stdout.write(`${JSON.stringify({ listening: server.url })}\n`);
}

main().catch((error: unknown) => {
  const known = error instanceof SandboxServerError;
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `${JSON.stringify({ error: known ? error.code : 'failed', message, ...(known && error.remedy !== undefined ? { remedy: error.remedy } : {}) })}\n`,
  );
  process.exitCode = 1;
});
