/** The contract of a backend, on each that works here. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sandboxImage } from '@ae/test-support';
import { CommandExitError, NotEnoughSpaceError, Sandbox, type SandboxOpts } from 'e2b';
import { probeIsolation } from '../isolation/detect-isolation.ts';
import { startSandboxServer, type SandboxServer } from '../sandbox-server.ts';
import { DENIED_CALLS, GUARDED_CALLS, guestArchitecture, numberOf } from '../seccomp/syscalls.ts';

const API_KEY = ['contract', 'key'].join('-');
const LOOPBACK = '127.0.0.1';

interface Case {
  readonly name: string;
  readonly kind: 'bubblewrap' | 'docker';
  readonly image?: string;
  readonly controlGroups?: boolean;
}

const cases: Case[] = [];
for (const kind of ['bubblewrap', 'docker'] as const) {
  const found = await probeIsolation(kind);
  if (found.backend === 'none') {
    console.info(
      `backend contract on ${kind}: not run, ${found.reason ?? 'it does not work here'}`,
    );
  } else if (kind === 'docker') {
    cases.push({ name: 'docker', kind, image: sandboxImage() });
  } else {
    cases.push({ name: 'bubblewrap', kind });
    cases.push({ name: 'bubblewrap without control groups', kind, controlGroups: false });
  }
}

describe('backends', () => {
  it('are proved where there are any', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});

(cases.length === 0 ? describe.skip : describe).each(cases)(
  'a guest of $name',
  ({ kind, image, controlGroups }) => {
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
        ...(controlGroups === undefined ? {} : { controlGroups }),
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
      const command = await doomed.commands.run('sleep 60', { background: true });
      const ending = expect(command.wait()).rejects.toThrow(/killed|not found|terminated/);
      await doomed.kill();
      await ending;
    });

    it('says what holds its limits', () => {
      const { enforcement } = server;
      if (controlGroups === false) {
        expect(enforcement).toMatchObject({ memory: 'watch', cpu: false, kernelMemory: false });
        expect(enforcement.freeze).toBe('signal');
      } else if (kind === 'docker') expect(enforcement.freeze).toBe('group');
      expect(enforcement.processes).toBe(true);
    });

    it('tells what it uses', async () => {
      await run(
        'dd if=/dev/zero of=file bs=1M count=8; i=0; while ((i < 200000)); do ((i++)); done',
      );
      const [sample] = await sandbox.getMetrics();
      expect(sample).toMatchObject({ cpuCount: 2, memTotal: 256 << 20, diskTotal: 32 << 20 });
      expect(sample!.memUsed).toBeGreaterThan(4 << 20);
      expect(sample!.memUsed).toBeLessThan(256 << 20);
      expect(sample!.diskUsed).toBeGreaterThanOrEqual(8 << 20);
      expect(sample!.diskUsed).toBeLessThan(32 << 20);
      expect(sample!.cpuUsedPct).toBeGreaterThan(0);
      await run('rm file');
    });

    it('stands still while it is paused, and goes on where it was', async () => {
      const clock = `node -e 'setInterval(() => fs.appendFileSync("clock", Date.now() + "\\n"), 10)'`;
      const { stdout: started } = await run(`
        ${clock} > /dev/null 2>&1 & clock=$!
        sleep 600 & kill -STOP $!
        while ! test -s clock; do sleep 0.01; done; echo $clock $!`);
      const [clockPid, stoppedPid] = started.trim().split(' ');
      expect(await sandbox.pause()).toBe(true);
      expect(await sandbox.pause()).toBe(false);
      expect(await sandbox.isRunning()).toBe(false);
      const before = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 300));
      const after = Date.now();
      await sandbox.connect();
      const { stdout } = await run(
        `at=$(wc -l < clock); while test $(wc -l < clock) = $at; do sleep 0.01; done; cat clock; cat /proc/${stoppedPid}/stat; kill -9 ${clockPid} ${stoppedPid}`,
      );
      const lines = stdout.trim().split('\n');
      const ticks = lines.slice(0, -1).map(Number);
      expect(ticks.filter((tick) => tick > before && tick < after)).toEqual([]);
      expect(ticks.some((tick) => tick >= after)).toBe(true);
      // What the guest itself had stopped is not woken.
      expect(lines.at(-1)).toContain(') T ');
    });

    it('is frozen also while it starts processes all the time', async () => {
      const busy = await create();
      await busy.commands.run('while :; do (exec true) & true; done', { background: true });
      expect(await busy.pause()).toBe(true);
      await busy.connect();
      expect(await busy.isRunning()).toBe(true);
      await busy.kill();
    });

    it('can be killed while it is paused', async () => {
      const paused = await create();
      await paused.commands.run('sleep 600', { background: true });
      await paused.pause();
      const began = Date.now();
      expect(await paused.kill()).toBe(true);
      expect(Date.now() - began).toBeLessThan(10_000);
      await expect(paused.connect()).rejects.toThrow(/not found/);
    });

    it('refuses the calls that its filter names, in whatever form', async () => {
      const architecture = guestArchitecture(process.arch)!;
      const numbers = Object.entries(DENIED_CALLS).flatMap(([name, call]) => {
        const number = numberOf(call, architecture);
        // Filters of an engine are made by name, and its library may not know the newest.
        return number === undefined || number > 450 ? [] : [`${name}=${number}`];
      });
      const socket = numberOf(GUARDED_CALLS.socket, architecture);
      const clone = numberOf(GUARDED_CALLS.clone, architecture);
      const ioctl = numberOf(GUARDED_CALLS.ioctl, architecture);
      const { stdout } = await run(`type perl > /dev/null 2>&1 || exit 0
        perl -e 'for (@ARGV) { my ($name, $nr) = split /=/; $! = 0; my $r = syscall($nr, 0, 0, 0, 0, 0, 0); print "$name $r ", $!+0, "\\n" unless $r == -1 && $! == 1 }' ${numbers.join(' ')}
        perl -e 'for my $family (0, 1, 3, 9, 15, 17, 38, 40, 1 << 32 | 1) { $! = 0; my $r = syscall(${socket}, $family, 1, 0); print "socket $family $r ", $!+0, "\\n" unless $r == -1 && $! == 97 }
          $! = 0; syscall(${socket}, 16, 3, 9); print "netlink ", $!+0, "\\n" unless $! == 97;
          for my $flag (0x20000, 0x2000000, 0x10000000, 0x40000000) { $! = 0; my $r = syscall(${clone}, $flag | 17, 0, 0, 0, 0); exit 0 if $r == 0; print "clone $flag $r\\n" unless $r == -1 && $! == 1 }
          for my $request (0x5412, 0x541c, 1 << 32 | 0x5412) { $! = 0; syscall(${ioctl}, 0, $request, 0); print "ioctl $request ", $!+0, "\\n" unless $! == 1 }
          $! = 0; syscall(${GUARDED_CALLS.clone3[0]}, 0, 0); print "clone3 ", $!+0, "\\n" unless $! == 38; print "proved\\n"'`);
      if (stdout === '') console.info(`the filter on ${kind}: not proved, its guests have no perl`);
      else expect(stdout).toBe('proved\n');
    });

    it('does not fill up with processes that nobody waits for', async () => {
      await run('for i in $(seq 200); do (setsid true &); done');
      const ended = 'cat /proc/[0-9]*/stat 2>/dev/null | grep -c ") Z "';
      await run(`for i in $(seq 100); do test $(${ended}) -lt 10 && break; sleep 0.05; done`);
      expect(Number((await run(ended)).stdout)).toBeLessThan(10);
    });
  },
);
