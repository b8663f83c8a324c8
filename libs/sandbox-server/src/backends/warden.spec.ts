/** What is left of a server that is killed: nothing, after ten seconds at the latest. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Sandbox } from 'e2b';
import { sandboxImage } from '@ae/test-support';
import { probeIsolation } from '../isolation/detect-isolation.ts';
import type { SandboxServerOptions } from '../server-settings.ts';
import { SERVER_LABEL } from './docker-arguments.ts';
import { childrenOf, treeOf } from './process-children.ts';

const API_KEY = ['warden', 'key'].join('-');
const WITHIN_MS = 10_000;
const SERVER = new URL('../sandbox-server.ts', import.meta.url).href;

interface Case {
  readonly name: string;
  readonly options: SandboxServerOptions;
}

const cases: Case[] = [];
if ((await probeIsolation('bubblewrap')).backend !== 'none') {
  cases.push({ name: 'bubblewrap', options: { backend: 'bubblewrap' } });
  cases.push({
    name: 'bubblewrap without control groups',
    options: { backend: 'bubblewrap', controlGroups: false },
  });
} else console.info('the warden on bubblewrap: not run, it does not work here');
if ((await probeIsolation('docker')).backend !== 'none') {
  cases.push({ name: 'docker', options: { backend: 'docker', dockerImage: sandboxImage() } });
} else console.info('the warden on Docker: not run, no engine answers');

interface Server {
  readonly url: string;
  readonly pid: number;
  readonly child: ChildProcess;
}

const started: Server[] = [];

/** A server in a process of its own, which is to be killed. */
async function startServer(options: SandboxServerOptions): Promise<Server> {
  const script = `
    const { startSandboxServer } = await import(${JSON.stringify(SERVER)});
    const server = await startSandboxServer(${JSON.stringify({ ...options, apiKey: API_KEY })});
    console.log(server.url);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const server = { url: url.trim(), pid: Number(child.pid), child };
  started.push(server);
  return server;
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; Date.now() < end;) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return condition();
}

function wardenOf(pid: number): number | undefined {
  return childrenOf(pid).find((child) => {
    try {
      return readFileSync(`/proc/${child}/cmdline`, 'latin1').includes('warden-main');
    } catch {
      // It ended between the two looks.
      return false;
    }
  });
}

function containersOf(pid: number): string[] {
  const label = `{{.Label "${SERVER_LABEL}"}}`;
  const filter = `label=${SERVER_LABEL}`;
  const { stdout } = spawnSync('docker', ['ps', '--all', '--filter', filter, '--format', label], {
    encoding: 'utf8',
  });
  return stdout.split('\n').filter((owner) => owner.startsWith(`${pid}-`));
}

function groupsOf(pid: number): string[] {
  const { stdout } = spawnSync('find', ['/sys/fs/cgroup', '-name', `ae-sandbox-${pid}-*`], {
    encoding: 'utf8',
  });
  return stdout.split('\n').filter((path) => path !== '' && existsSync(path));
}

(cases.length === 0 ? describe.skip : describe).each(cases)(
  'of a server on $name',
  ({ options }) => {
    let root: string;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'ae-warden-'));
    });
    afterEach(() => {
      // Where a test has failed its server lives on.
      for (const { child } of started.splice(0)) child.kill('SIGKILL');
      rmSync(root, { recursive: true, force: true });
    });

    const create = ({ url }: Server): Promise<Sandbox> =>
      Sandbox.create({ apiKey: API_KEY, apiUrl: url, sandboxUrl: url });

    /** One that runs, one that is paused, and one whose agent no longer does what it is told. */
    async function populate(server: Server): Promise<void> {
      const [runs, paused, hostile] = await Promise.all([1, 2, 3].map(() => create(server)));
      await runs!.commands.run('setsid sleep 4801 & sleep 4802', { background: true });
      await paused!.commands.run('setsid sleep 4803 & sleep 4804', { background: true });
      await paused!.pause();
      await hostile!.commands
        .run('setsid sleep 4805 & kill -STOP $PPID; sleep 4806', {
          background: true,
          requestTimeoutMs: 1_000,
        })
        .catch(() => undefined);
    }

    async function expectNothingLeft(server: Server, processes: readonly number[]): Promise<void> {
      const guests = (): unknown => ({
        processes: processes.filter(isAlive),
        containers: options.backend === 'docker' ? containersOf(server.pid) : [],
      });
      const files = (): string[] => [
        ...groupsOf(server.pid),
        ...readdirSync(root).filter((name) => name.includes(`kit-${server.pid}-`)),
      ];
      const none = { processes: [], containers: [] };
      await until(() => isDeepStrictEqual(guests(), none), WITHIN_MS);
      expect(guests()).toEqual(none);
      // A group goes once the machine's init has reaped its last process.
      await until(() => files().length === 0, 6 * WITHIN_MS);
      expect(files()).toEqual([]);
    }

    it('ends all when it is killed', async () => {
      const server = await startServer({ ...options, root });
      await populate(server);
      const processes = treeOf(server.pid);
      expect(processes.length).toBeGreaterThan(4);
      expect(wardenOf(server.pid)).toBeDefined();
      server.child.kill('SIGKILL');
      await expectNothingLeft(server, processes);
    }, 120_000);

    it('ends also what was just being started', async () => {
      const server = await startServer({ ...options, root });
      const creating = Promise.allSettled([1, 2, 3].map(() => create(server)));
      await until(() => treeOf(server.pid).length > 3, 10_000);
      const processes = treeOf(server.pid);
      server.child.kill('SIGKILL');
      await creating;
      await expectNothingLeft(server, processes);
    }, 120_000);

    // The same whatever the guests are.
    if (options === cases[0]?.options) {
      it('does so also after another took its place', async () => {
        const server = await startServer({ ...options, root });
        await create(server).then((sandbox) => sandbox.pause());
        const first = wardenOf(server.pid)!;
        process.kill(first, 'SIGTERM');
        process.kill(first, 'SIGKILL');
        await until(() => ![undefined, first].includes(wardenOf(server.pid)), 10_000);
        const processes = treeOf(server.pid);
        server.child.kill('SIGKILL');
        await expectNothingLeft(server, processes);
      }, 120_000);
    }
  },
);
