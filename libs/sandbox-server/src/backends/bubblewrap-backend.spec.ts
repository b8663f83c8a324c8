import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeIsolation } from '../isolation/detect-isolation.ts';
import type { Backend, GuestLimits } from './backend.ts';
import { createBubblewrapBackend } from './bubblewrap-backend.ts';
import { openControlGroups } from './control-groups.ts';
import { serverIdentity } from './server-identity.ts';

const LIMITS: GuestLimits = {
  processes: 64,
  memoryMb: 128,
  diskMb: 16,
  cpus: 1,
  openFiles: 64,
  fileMb: 16,
};
const CEILING = { memoryMb: 512, processes: 100 };

function groupsNamed(name: string): string[] {
  const { stdout } = spawnSync('find', ['/sys/fs/cgroup', '-name', name], { encoding: 'utf8' });
  return stdout.split('\n').filter((path) => path !== '');
}

const { version } = await probeIsolation('bubblewrap');
if (version === undefined) console.info('launches by bubblewrap: not run, it does not work here');

(version === undefined ? describe.skip : describe)('a launch that fails', () => {
  let root: string;
  let backend: Backend;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'ae-launch-'));
    // Else a server run by root would put its files elsewhere.
    chmodSync(root, 0o755);
    backend = createBubblewrapBackend({
      root,
      version: version ?? '',
      controlGroups: true,
      ceiling: CEILING,
    });
  });
  afterAll(async () => {
    await backend.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('says so by its code, and leaves no group', async () => {
    const id = `i${process.pid}fails`;
    const launch = (): Promise<unknown> =>
      // No processor time at all: no kernel takes that.
      backend.launch({ egress: false, id, limits: { ...LIMITS, cpus: 0 } });
    if (!backend.enforcement.cpu) {
      console.info('a group that the kernel refuses: not run, there are no groups here');
      return;
    }
    await expect(launch()).rejects.toMatchObject({ code: 'launch_failed' });
    expect(groupsNamed(id)).toEqual([]);
    const guest = await backend.launch({ egress: false, id, limits: LIMITS });
    expect(groupsNamed(id).length).toBeGreaterThan(0);
    await guest.kill();
    expect(groupsNamed(id)).toEqual([]);
  });

  it('says so also when the files of the server were taken away', async () => {
    rmSync(root, { recursive: true });
    await expect(backend.launch({ egress: false, id: 'i0', limits: LIMITS })).rejects.toMatchObject(
      {
        code: 'launch_failed',
      },
    );
    expect(groupsNamed('i0')).toEqual([]);
  });
});

describe('control groups', () => {
  it('of two servers in one process do not meet', () => {
    const [first, second] = [serverIdentity(), serverIdentity()].map((identity) =>
      openControlGroups(identity, CEILING),
    );
    if (first === undefined || second === undefined) {
      console.info('control groups: not run, none can be written here');
      expect(second).toBe(first);
      return;
    }
    const folders = new Set([...first.folders, ...second.folders]);
    expect(folders.size).toBe(first.folders.length + second.folders.length);
    first.close();
    second.close();
    expect(groupsNamed(`ae-sandbox-${process.pid}-*`)).toEqual([]);
  });
});
