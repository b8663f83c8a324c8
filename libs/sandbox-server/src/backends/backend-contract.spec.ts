/**
 * The contract of a backend, on each that works here. The Docker image is AE_TEST_SANDBOX_IMAGE,
 * or is made on the spot of this machine's own Node, shell and libraries.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CommandExitError, NotEnoughSpaceError, Sandbox, type SandboxOpts } from 'e2b';
import { probeIsolation } from '../isolation/detect-isolation.ts';
import { startSandboxServer, type SandboxServer } from '../sandbox-server.ts';

const API_KEY = ['contract', 'key'].join('-');
const LOOPBACK = '127.0.0.1';
const OWN_IMAGE = 'ae-test/sandbox:local';
const PROGRAMS =
  'bash sh cat ls echo sleep head tr id env mkdir ln mkfifo grep wc dd touch true seq rm hostname setsid';

function imageOfThisMachine(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ae-image-'));
  const copy = (from: string, to: string): void => {
    mkdirSync(dirname(join(folder, to)), { recursive: true });
    cpSync(realpathSync(from), join(folder, to));
  };
  const copyProgram = (path: string, to: string): void => {
    copy(path, to);
    const libraries = execFileSync('ldd', [path], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
    libraries.forEach((library) => copy(library, library));
  };
  try {
    copyProgram(process.execPath, '/usr/local/bin/node');
    for (const name of PROGRAMS.split(' ')) {
      const path = execFileSync('which', [name], { encoding: 'utf8' }).trim();
      copyProgram(path, `/bin/${name}`);
    }
    ['tmp', 'var/tmp', 'home/user', 'etc', 'opt/ae', 'proc', 'sys', 'dev'].forEach((name) =>
      mkdirSync(join(folder, name), { recursive: true }),
    );
    writeFileSync(join(folder, 'etc/passwd'), '');
    writeFileSync(join(folder, 'etc/group'), '');
    const build = `tar -C '${folder}' -c . | docker import --change 'ENV PATH=/usr/local/bin:/bin' - ${OWN_IMAGE}`;
    execFileSync('/bin/bash', ['-o', 'pipefail', '-c', build], { stdio: 'pipe' });
  } finally {
    rmSync(folder, { recursive: true });
  }
  return OWN_IMAGE;
}

interface Case {
  readonly kind: 'bubblewrap' | 'docker';
  readonly image?: string;
}

const cases: Case[] = [];
for (const kind of ['bubblewrap', 'docker'] as const) {
  const found = await probeIsolation(kind);
  if (found.backend === 'none') {
    console.info(
      `backend contract on ${kind}: not run, ${found.reason ?? 'it does not work here'}`,
    );
  } else if (kind === 'docker') {
    cases.push({ kind, image: process.env['AE_TEST_SANDBOX_IMAGE'] ?? imageOfThisMachine() });
  } else cases.push({ kind });
}

describe('backends', () => {
  it('are proved where there are any', () => {
    expect(new Set(cases.map(({ kind }) => kind)).size).toBe(cases.length);
  });
});

(cases.length === 0 ? describe.skip : describe).each(cases)(
  'a guest of $kind',
  ({ kind, image }) => {
    let server: SandboxServer;
    let sandbox: Sandbox;
    let origin: Server;
    let originPort: number;

    const create = (options: SandboxOpts = {}): Promise<Sandbox> =>
      Sandbox.create({ apiKey: API_KEY, apiUrl: server.url, sandboxUrl: server.url, ...options });

    async function run(command: string): Promise<{ stdout: string; exitCode: number }> {
      try {
        return await sandbox.commands.run(command);
      } catch (error) {
        if (error instanceof CommandExitError) return error;
        throw error;
      }
    }

    beforeAll(async () => {
      origin = createServer((_request, response) => response.end('reached')).listen(0, LOOPBACK);
      await once(origin, 'listening');
      originPort = (origin.address() as AddressInfo).port;
      server = await startSandboxServer({
        apiKey: API_KEY,
        backend: kind,
        diskMb: 32,
        memoryMb: 256,
        egress: {
          lookup: async () => [LOOPBACK],
          addressClass: (address) => (address === LOOPBACK ? 'public' : 'private'),
          ports: [originPort],
        },
        ...(image === undefined ? {} : { dockerImage: image }),
      });
      sandbox = await create();
    }, 60_000);

    afterAll(async () => {
      await server.stop();
      origin.close();
    }, 60_000);

    it('is of the backend that was asked for', () => {
      expect(server.backend).toBe(kind);
    });

    it('runs commands as an ordinary user in its home', async () => {
      expect(await run('echo $HOME $PWD $(id -u); exit 3')).toMatchObject({
        stdout: '/home/user /home/user 1000\n',
        exitCode: 3,
      });
      expect((await run('node -p process.version')).stdout).toMatch(/^v\d+/);
    });

    it('reads and writes its home and its temporary folders, and nothing else', async () => {
      await sandbox.files.write('deep/er/file', 'content');
      expect((await run('cat deep/er/file')).stdout).toBe('content');
      const { stdout } = await run(
        'for d in / /etc /usr /bin /opt/ae/agent /proc /sys /home /tmp /var/tmp /dev/shm /home/user; do touch $d/x 2>/dev/null && echo $d; done; true',
      );
      expect(stdout.trim().split('\n')).toEqual(['/tmp', '/var/tmp', '/dev/shm', '/home/user']);
    });

    it('has no capability, no new privileges, a filter and no network', async () => {
      const { stdout } = await run('cat /proc/self/status; cat /proc/net/dev | wc -l');
      for (const [, mask] of stdout.matchAll(/^Cap(?:Prm|Eff|Bnd|Amb):\s*(\w+)$/gm)) {
        expect(mask).toMatch(/^0+$/);
      }
      expect(stdout).toMatch(/^NoNewPrivs:\s*1$/m);
      expect(stdout).toMatch(/^Seccomp:\s*2$/m);
      expect(stdout.trim().split('\n').at(-1)).toBe('3');
    });

    it('reaches the hosts of its allowlist as soon as it is there, and no other', async () => {
      const open = await create({ network: { allowOut: ['a.test'], denyOut: ['0.0.0.0/0'] } });
      const { stdout } = await open.commands.run(
        `node -e 'for (const host of ["a.test", "b.test"]) fetch("http://" + host + ":${originPort}").then((r) => r.text()).catch(() => 0).then((text) => console.log(host, text === "reached"))'; cat /proc/net/dev | wc -l`,
      );
      expect(stdout.trim().split('\n').sort()).toEqual(['3', 'a.test true', 'b.test false']);
      expect(await open.kill()).toBe(true);
    });

    it('cannot open core_pattern for writing', async () => {
      const { stdout } = await run(
        `node -e 'try { require("fs").openSync("/proc/sys/kernel/core_pattern", "r+"); console.log("OPEN") } catch (e) { console.log(e.code) }'`,
      );
      expect(['EACCES\n', 'EROFS\n']).toContain(stdout);
    });

    it('is held by the size of its disk', async () => {
      const upload = sandbox.files.write('big', 'x'.repeat(40 << 20), { useOctetStream: true });
      await expect(upload).rejects.toBeInstanceOf(NotEnoughSpaceError);
      await run('rm -f big');
      expect((await run('dd if=/dev/zero of=big bs=1M count=40')).exitCode).toBe(1);
      await run('rm -f big');
    });

    it('sees nothing of a sibling', async () => {
      const other = await create();
      await other.commands.run('echo x > /tmp/mine; setsid sleep 4711 > /dev/null 2>&1 &');
      expect((await run('ls -A /tmp; cat /proc/*/cmdline')).stdout).not.toMatch(/mine|4711/);
      expect(await other.kill()).toBe(true);
      expect(await other.isRunning()).toBe(false);
      expect((await run('echo alive')).stdout).toBe('alive\n');
    });

    it('ends its command`s stream when it is killed', async () => {
      const doomed = await create();
      const ending = expect(doomed.commands.run('sleep 60')).rejects.toThrow(
        /killed|not found|terminated/,
      );
      await new Promise((resolve) => setTimeout(resolve, 200));
      await doomed.kill();
      await ending;
    });
  },
);
