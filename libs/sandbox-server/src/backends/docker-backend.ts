import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { SandboxServerError } from '../sandbox-server-error.ts';
import { dockerSeccompProfile } from '../seccomp/docker-profile.ts';
import { guestArchitecture } from '../seccomp/syscalls.ts';
import type { Backend, Enforcement, Guest, LaunchOptions } from './backend.ts';
import { usageOfProcess } from './control-groups.ts';
import { dockerEgressArguments, dockerRunArguments, SERVER_LABEL } from './docker-arguments.ts';
import { fileSystemUse } from './file-systems.ts';
import { prepareGuestKit, type GuestKit } from './guest-kit.ts';
import { processStat } from './process-stat.ts';
import { isGone, serverIdentity } from './server-identity.ts';
import { Warden } from './warden.ts';

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

function reasonOf(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  return stderr?.trim() || (error instanceof Error ? error.message : String(error));
}

async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run('docker', args, { timeout: REMOVE_TIMEOUT_MS });
  return stdout;
}

/** Ends containers, also paused ones: the engine's freezer may hold what it is to kill. */
async function removeContainers(...ids: readonly string[]): Promise<void> {
  await Promise.all(ids.map((id) => docker('unpause', id).catch(() => undefined)));
  await docker('rm', '--force', ...ids);
}

/** Containers of servers that are no more. */
async function removeLeftovers(): Promise<void> {
  const format = `{{.ID}} {{.Label "${SERVER_LABEL}"}}`;
  const filter = `label=${SERVER_LABEL}`;
  const listing = await docker('ps', '--all', '--filter', filter, '--format', format);
  const orphans = listing
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, identity]) => identity !== undefined && isGone(identity))
    .map(([id]) => id ?? '');
  if (orphans.length > 0) await removeContainers(...orphans);
}

async function enforcementOfEngine(): Promise<Enforcement> {
  const info = await docker('info', '--format', '{{.MemoryLimit}} {{.CPUCfsQuota}} {{.PidsLimit}}');
  const [memory, cpu, processes] = info
    .trim()
    .split(' ')
    .map((text) => text === 'true');
  return {
    memory: memory === true ? 'group' : 'watch',
    cpu: cpu === true,
    processes: processes === true,
    kernelMemory: memory === true,
    freeze: 'group',
  };
}

/** The filter in a file, from where `docker run` hands it to the engine. */
function writeSeccompProfile(kit: GuestKit): string | undefined {
  const architecture = guestArchitecture(process.arch);
  if (architecture === undefined) return undefined;
  const path = join(kit.folder, 'seccomp.json');
  writeFileSync(path, JSON.stringify(dockerSeccompProfile(architecture)));
  return path;
}

export interface DockerOptions {
  readonly root: string | undefined;
  /** Image with Node on its PATH and with /bin/bash. */
  readonly image: string;
}

/** Looks for programs in an image, in a container that can do nothing else. */
async function programsMissingIn(image: string, programs: readonly string[]): Promise<string[]> {
  const script = 'for name do type "$name" > /dev/null 2>&1 || echo "$name"; done';
  const harmless = ['--rm', '--network', 'none', '--read-only', '--cap-drop', 'ALL'];
  const entry = ['--entrypoint', '/bin/bash', image, '-c', script, 'programs', ...programs];
  const said = await docker('run', ...harmless, ...entry);
  return said.split('\n').filter((name) => name !== '');
}

/**
 * Guests as hardened containers: no network, read-only, no capabilities, no new privileges, the
 * same system-call filter as on bubblewrap, memory, process and processor limits.
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
  const enforcement = await enforcementOfEngine();
  const identity = serverIdentity();
  const kit = prepareGuestKit(options.root, { identity, memoryIsCounted: true, needsNode: false });
  const seccomp = writeSeccompProfile(kit);
  const warden = new Warden();
  warden.add('kit', { kind: 'folder', path: kit.folder });
  warden.add('containers', { kind: 'containers', label: `${SERVER_LABEL}=${identity}` });

  async function launch({
    id,
    limits,
    egress,
    image = options.image,
  }: LaunchOptions): Promise<Guest> {
    const name = `ae-sandbox-${id}`;
    const container = { name, image, server: identity, seccomp };
    const args = dockerRunArguments(kit, container, limits);
    let child: ChildProcess;
    try {
      child = spawn('/bin/sh', ['-c', ENTRY_SCRIPT, 'entry', ...args], {
        stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new SandboxServerError('launch_failed', `The sandbox cannot be started: ${reason}`);
    }
    let diagnostics = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      diagnostics = (diagnostics + chunk).slice(-MAX_DIAGNOSTIC_CHARS);
    });
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code) => {
        warden.remove(id);
        resolve(`exit ${String(code)} ${diagnostics}`.trim());
      });
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
    const pid = Number(child.pid);
    const startTime = processStat(pid)?.startTime ?? '';
    warden.add(id, { kind: 'guest', pid, startTime, memoryMb: undefined });
    /** Id of the container's first process on this machine; the engine may be on another. */
    let firstProcess: number | undefined;
    const change = async (verb: 'pause' | 'unpause'): Promise<void> => {
      try {
        await docker(verb, name);
      } catch (error) {
        throw new SandboxServerError('pause_failed', `docker ${verb}: ${reasonOf(error)}`);
      }
    };
    return {
      stream: child.stdio[3] as unknown as Duplex,
      egress: bridge?.stdio[3] as unknown as Duplex | undefined,
      exited,
      freeze: () => change('pause'),
      thaw: () => change('unpause'),
      usage: async () => {
        if (process.platform !== 'linux') return {};
        firstProcess ??= Number(await docker('inspect', '--format', '{{.State.Pid}}', name));
        const disk = await fileSystemUse(firstProcess);
        return {
          ...usageOfProcess(firstProcess),
          ...(disk === undefined ? {} : { diskBytes: disk.bytes }),
        };
      },
      kill: async () => {
        // `rm` also takes a container that is still being created; one that is gone is no error.
        await removeContainers(name).catch(() => undefined);
        const insist = setTimeout(() => child.kill('SIGKILL'), REMOVE_TIMEOUT_MS);
        await exited;
        clearTimeout(insist);
      },
    };
  }

  return {
    kind: 'docker',
    enforcement,
    launch,
    missingPrograms: async (programs, image = options.image) =>
      programs.length === 0 ? [] : programsMissingIn(image, programs),
    close: async () => {
      kit.remove();
      await warden.close();
    },
  };
}
