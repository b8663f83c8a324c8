#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { formatLine } from './logs/log-line.ts';
import { startSandboxServer } from './sandbox-server.ts';
import { SandboxServerError } from './sandbox-server-error.ts';
import type { SandboxServerOptions } from './server-settings.ts';

interface Setting {
  readonly option: keyof SandboxServerOptions;
  readonly variable: string;
  readonly help: string;
  readonly numeric?: true;
}

/** By flag; a flag wins over the variable. What they hold is checked when the server starts. */
const SETTINGS: Readonly<Record<string, Setting>> = {
  host: { option: 'host', variable: 'AE_SANDBOX_HOST', help: 'address to listen on (127.0.0.1)' },
  port: {
    option: 'port',
    variable: 'AE_SANDBOX_PORT',
    help: 'port to listen on, 0 for a free one (13000)',
    numeric: true,
  },
  root: { option: 'root', variable: 'AE_SANDBOX_ROOT', help: "folder for the server's own files" },
  backend: {
    option: 'backend',
    variable: 'AE_SANDBOX_BACKEND',
    help: 'auto, bubblewrap or docker (auto)',
  },
  'docker-image': {
    option: 'dockerImage',
    variable: 'AE_SANDBOX_DOCKER_IMAGE',
    help: 'image of the docker backend (node:24-slim)',
  },
  'max-sandboxes': {
    option: 'maxSandboxes',
    variable: 'AE_SANDBOX_MAX',
    help: 'sandboxes at once (50)',
    numeric: true,
  },
  'memory-mb': {
    option: 'memoryMb',
    variable: 'AE_SANDBOX_MEMORY_MB',
    help: 'MiB of memory of a sandbox (512)',
    numeric: true,
  },
  'disk-mb': {
    option: 'diskMb',
    variable: 'AE_SANDBOX_DISK_MB',
    help: 'MiB of files of a sandbox (1024)',
    numeric: true,
  },
  cpus: {
    option: 'cpus',
    variable: 'AE_SANDBOX_CPUS',
    help: "processors' worth of time of a sandbox (2)",
    numeric: true,
  },
  templates: {
    option: 'templates',
    variable: 'AE_SANDBOX_TEMPLATES',
    help: 'JSON file of templates',
  },
  'total-memory-mb': {
    option: 'totalMemoryMb',
    variable: 'AE_SANDBOX_TOTAL_MEMORY_MB',
    help: 'MiB of memory promised to all sandboxes (no limit)',
    numeric: true,
  },
  'total-cpus': {
    option: 'totalCpus',
    variable: 'AE_SANDBOX_TOTAL_CPUS',
    help: 'processors promised to all running sandboxes (no limit)',
    numeric: true,
  },
  'total-processes': {
    option: 'totalProcesses',
    variable: 'AE_SANDBOX_TOTAL_PROCESSES',
    help: "processes promised to all sandboxes (half of the machine's)",
    numeric: true,
  },
  'memory-reserve-mb': {
    option: 'memoryReserveMb',
    variable: 'AE_SANDBOX_MEMORY_RESERVE_MB',
    help: 'MiB that a new sandbox must leave free (a tenth, at most 2048)',
    numeric: true,
  },
  'stop-grace-ms': {
    option: 'stopGraceMs',
    variable: 'AE_SANDBOX_STOP_GRACE_MS',
    help: 'milliseconds for running commands at the end (0)',
    numeric: true,
  },
  'max-output-mb': {
    option: 'maxOutputMb',
    variable: 'AE_SANDBOX_MAX_OUTPUT_MB',
    help: 'MiB of output of a command (64)',
    numeric: true,
  },
};

/** Not a flag: arguments can be read by every user of the machine. */
const API_KEY_VARIABLE = 'AE_SANDBOX_API_KEY';
const DEFAULT_PORT = 13_000;

function help(): string {
  const rows = Object.entries(SETTINGS).map(
    ([flag, { variable, help: text }]) => `  --${flag.padEnd(17)} ${variable.padEnd(28)} ${text}`,
  );
  return [
    'Usage: ae-sandbox-server [options]',
    '       ae-sandbox-server doctor [--json] [--backend auto|bubblewrap|docker]',
    '',
    `Serves E2B's sandbox protocol on this machine. Prints {"listening": url} when it is ready,`,
    'and a line of JSON on standard error for all that happens to a sandbox.',
    '',
    ...rows,
    `  ${' '.repeat(19)} ${API_KEY_VARIABLE.padEnd(28)} key that callers must send`,
    '',
  ].join('\n');
}

function optionsFrom(args: string[], env: NodeJS.ProcessEnv): SandboxServerOptions | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean' as const },
      ...Object.fromEntries(
        Object.keys(SETTINGS).map((flag) => [flag, { type: 'string' as const }]),
      ),
    },
  });
  if (values.help === true) return 'help';
  const given = Object.entries(SETTINGS).flatMap(([flag, { option, variable, numeric }]) => {
    const text = (values as Record<string, string | boolean | undefined>)[flag] ?? env[variable];
    return text === undefined ? [] : [[option, numeric === true ? Number(text) : text] as const];
  });
  const apiKey = env[API_KEY_VARIABLE];
  return {
    port: DEFAULT_PORT,
    ...Object.fromEntries(given),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}

async function main(): Promise<void> {
  if (process.argv[2] === 'doctor') {
    const { doctor } = await import('./doctor/doctor.ts');
    process.exitCode = await doctor(process.argv.slice(3), process.env);
    return;
  }
  const options = optionsFrom(process.argv.slice(2), process.env);
  if (options === 'help') {
    process.stdout.write(help());
    return;
  }
  process.stderr.on('error', () => {
    // Nobody reads the log any more; that is no reason to end.
  });
  const server = await startSandboxServer({
    ...options,
    onLog: (line) => process.stderr.write(`${formatLine(line)}\n`),
  });
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
  process.stdout.write(`${JSON.stringify({ listening: server.url, backend: server.backend })}\n`);
}

main().catch((error: unknown) => {
  const message = error instanceof Error ? error.message : String(error);
  const known =
    error instanceof SandboxServerError
      ? { error: error.code, message, remedy: error.remedy }
      : { error: 'failed', message };
  process.stderr.write(`${JSON.stringify(known)}\n`);
  process.exitCode = 1;
});
