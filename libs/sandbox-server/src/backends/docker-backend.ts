import { execFile, spawn, type ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { SandboxServerError } from '../sandbox-server-error.ts';
import type { Backend, Guest, LaunchOptions } from './backend.ts';
import { dockerEgressArguments, dockerRunArguments, SERVER_LABEL } from './docker-arguments.ts';
import { isRunning, prepareGuestKit } from './guest-kit.ts';

const run = promisify(execFile);
const MAX_DIAGNOSTIC_CHARS = 4096;
/** How long the engine may take to say that a container is gone. */
const REMOVE_TIMEOUT_MS = 20_000;

/** Both streams over one socket: Node's HTTP/2 does not bear the sudden end of a joined pair. */
const ENTRY_SCRIPT = 'exec docker "$@" <&3 >&3 3>&-';

/** The same for a second program, which can only start when its container runs. */
const EGRESS_SCRIPT = `
name=$1; shift
for i in $(seq 100); do
  [ "$(docker inspect --format '{{.State.Running}}' "$name" 2>&1)" = true ] && break
  sleep 0.1
done
${ENTRY_SCRIPT}`;

async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', args, { timeout: REMOVE_TIMEOUT_MS });
  return stdout;
}

/** Containers of servers that are no more. */
async function removeLeftovers(): Promise<void> {
  const listing = await docker(
    'ps',
    '--all',
    '--filter',
    `label=${SERVER_LABEL}`,
    '--format',
    `{{.ID}} {{.Label "${SERVER_LABEL}"}}`,
  );
  const orphans = listing
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([id, pid]) => id !== undefined && id !== '' && !isRunning(Number(pid)))
    .map(([id]) => id ?? '');
  if (orphans.length > 0) await docker('rm', '--force', ...orphans);
}

export interface DockerOptions {
  readonly root: string | undefined;
  /** Image with Node on its PATH and with /bin/bash. */
  readonly image: string;
}

/**
 * Guests as hardened containers: no network, read-only, no capabilities, no new privileges, the
 * engine's system-call filter, memory, process and processor limits.
 *
 * @throws SandboxServerError `isolation_unavailable` when the image is missing and cannot be had
 */
export async function createDockerBackend(options: DockerOptions): Promise<Backend> {
  try {
    await docker('image', 'inspect', options.image);
  } catch {
    const pull = `docker pull ${options.image}`;
    throw new SandboxServerError(
      'isolation_unavailable',
      `The Docker engine does not have the image ${options.image}.`,
      pull,
    );
  }
  await removeLeftovers();
  const kit = prepareGuestKit(options.root, { memoryIsCounted: true, needsNode: false });

  async function launch({ id, limits, egress }: LaunchOptions): Promise<Guest> {
    const name = `ae-sandbox-${id}`;
    const args = dockerRunArguments(kit, options.image, name, limits);
    const child = spawn('/bin/sh', ['-c', ENTRY_SCRIPT, 'entry', ...args], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    let diagnostics = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      diagnostics = (diagnostics + chunk).slice(-MAX_DIAGNOSTIC_CHARS);
    });
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code) => resolve(`exit ${String(code)} ${diagnostics}`.trim()));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) =>
        reject(new SandboxServerError('launch_failed', `cannot start docker: ${error.message}`)),
      );
    });
    let bridge: ChildProcess | undefined;
    if (egress) {
      const bridgeArgs = ['-c', EGRESS_SCRIPT, 'entry', name, ...dockerEgressArguments(name)];
      bridge = spawn('/bin/sh', bridgeArgs, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
      bridge.on('error', () => {
        // The guest does not become ready, and the launch fails.
      });
      void exited.then(() => bridge?.kill('SIGKILL'));
    }
    return {
      stream: child.stdio[3] as unknown as Duplex,
      egress: bridge?.stdio[3] as unknown as Duplex | undefined,
      exited,
      kill: async () => {
        // `rm` also takes a container that is still being created; one that is gone is no error.
        await docker('rm', '--force', name).catch(() => undefined);
        const insist = setTimeout(() => child.kill('SIGKILL'), REMOVE_TIMEOUT_MS);
        await exited;
        clearTimeout(insist);
      },
    };
  }

  return {
    kind: 'docker',
    launch,
    close: () => {
      kit.remove();
      return Promise.resolve();
    },
  };
}
