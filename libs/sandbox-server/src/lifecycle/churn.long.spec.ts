/** Many sandboxes, one after another and at once: nothing of them may stay. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Sandbox } from 'e2b';
import { childrenOf } from '../backends/process-children.ts';
import { detectIsolation } from '../isolation/detect-isolation.ts';
import { startSandboxServer, type SandboxServer } from '../sandbox-server.ts';

/** AE_CHURN_CYCLES=2000 is the soak before a release; each test run does what fits its time. */
const CYCLES = Number(process.env['AE_CHURN_CYCLES'] ?? 200);
const AT_ONCE = 50;
const MIB = 1024 * 1024;

const isolation = await detectIsolation();
if (isolation.backend === 'none') console.warn(`churn: not run, ${isolation.reason ?? ''}`);

/** Groups of single guests: those of the server itself stay until it ends. */
function groupsLeft(): string[] {
  const found = spawnSync('find', ['/sys/fs/cgroup', '-name', `ae-sandbox-${process.pid}-*`], {
    encoding: 'utf8',
  }).stdout.split('\n');
  return found
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name),
    );
}

/** Mounts but for Docker's, and folders of this server: other tests run containers and servers. */
function mountsAndFiles(): { mounts: string[]; files: string[] } {
  const mounts = existsSync('/proc/self/mountinfo')
    ? readFileSync('/proc/self/mountinfo', 'latin1')
        .split('\n')
        .map((row) => row.split(' ')[4] ?? '')
        .filter((point) => !point.includes('/docker'))
    : [];
  const own = `ae-sandbox-kit-${process.pid}-`;
  return { mounts, files: readdirSync(tmpdir()).filter((name) => name.startsWith(own)) };
}

/** Without TCP connections: the SDK, in this process too, keeps as many as it likes for reuse. */
function openDescriptors(): number {
  if (!existsSync('/proc/self/fd')) return 0;
  const connections = new Set(
    ['tcp', 'tcp6'].flatMap((table) =>
      readFileSync(`/proc/self/net/${table}`, 'latin1')
        .split('\n')
        .map((row) => `socket:[${row.trim().split(/\s+/)[9] ?? ''}]`),
    ),
  );
  return readdirSync('/proc/self/fd').filter((name) => {
    try {
      return !connections.has(readlinkSync(`/proc/self/fd/${name}`));
    } catch {
      // It was the listing's own.
      return false;
    }
  }).length;
}

/**
 * Bytes in use in V8's heap once its garbage is collected, and bytes resident outside of it. What
 * V8 keeps beyond its use is its own choice: it grows for some 500 sandboxes and then stays.
 */
function memoryInUse(): { heap: number; native: number } {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, heapTotal, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, native: rss - heapTotal };
}

(isolation.backend === 'none' ? describe.skip : describe)('many sandboxes', () => {
  let server: SandboxServer;
  beforeAll(async () => {
    server = await startSandboxServer();
  });
  afterAll(async () => {
    await server.stop();
  });

  async function cycle(): Promise<void> {
    const sandbox = await Sandbox.create({
      apiKey: 'churn',
      apiUrl: server.url,
      sandboxUrl: server.url,
    });
    await sandbox.files.write('f', 'x');
    expect((await sandbox.commands.run('setsid sleep 600 >/dev/null 2>&1 & cat f')).stdout).toBe(
      'x',
    );
    expect(await sandbox.kill()).toBe(true);
  }

  it('leave no process, group or descriptor, and no growing memory', async () => {
    const round = (): Promise<unknown> => Promise.all(Array.from({ length: AT_ONCE }, cycle));
    // The SDK opens its connections, which it keeps for reuse.
    for (let warm = 0; warm < 3; warm += 1) await round();
    const before = {
      // The server's warden.
      children: childrenOf(process.pid),
      descriptors: openDescriptors(),
      memory: memoryInUse(),
      ...mountsAndFiles(),
    };
    const began = performance.now();
    for (let done = 0; done < CYCLES; done += AT_ONCE) {
      await round();
    }
    expect(before.children).toHaveLength(1);
    expect(childrenOf(process.pid)).toEqual(before.children);
    expect(groupsLeft()).toEqual([]);
    expect(openDescriptors()).toBeLessThanOrEqual(before.descriptors);
    const after = { ...mountsAndFiles(), memory: memoryInUse() };
    expect(after.mounts).toEqual(before.mounts);
    expect(before.files).toHaveLength(1);
    expect(after.files).toEqual(before.files);
    const heap = (after.memory.heap - before.memory.heap) / MIB;
    const native = (after.memory.native - before.memory.native) / MIB;
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    process.stderr.write(
      `${CYCLES} sandboxes, ${AT_ONCE} at once, in ${seconds} s: ${heap.toFixed(1)} MiB more in the heap, ${native.toFixed(1)} MiB more outside\n`,
    );
    expect(heap).toBeLessThan(16);
    expect(native).toBeLessThan(150);
  }, 1_800_000);
});
