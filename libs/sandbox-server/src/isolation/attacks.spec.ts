/**
 * Attacks from inside a sandbox, against the server as its own process: as the tests run (root on
 * a CI machine) and as an ordinary user.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  accessSync,
  closeSync,
  constants,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommandExitError, NotEnoughSpaceError, Sandbox } from 'e2b';
import { childrenOf } from '../backends/process-children.ts';
import {
  DENIED_CALLS,
  GUARDED_CALLS,
  guestArchitecture,
  numberOf,
  UNCOUNTED_MEMORY_CALLS,
} from '../seccomp/syscalls.ts';
import { detectIsolation } from './detect-isolation.ts';

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));
const API_KEY = randomBytes(8).toString('hex');
const SECRET = `host-secret-${randomBytes(8).toString('hex')}`;
const MEMORY_MB = 192;
const DISK_MB = 64;
const MAX_OUTPUT_MB = 1;

interface Server {
  readonly url: string;
  readonly process: ChildProcess;
}

/** `inherited` is a file that the server's parent left open in it. */
async function startServer(asUser: number | undefined, inherited?: number): Promise<Server> {
  const server = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    CLI,
    '--port=0',
    `--memory-mb=${MEMORY_MB}`,
    `--disk-mb=${DISK_MB}`,
    `--max-output-mb=${MAX_OUTPUT_MB}`,
  ];
  const user =
    asUser === undefined
      ? []
      : ['--reuid', String(asUser), '--regid', String(asUser), '--clear-groups'];
  const child = spawn('setpriv', [...user, '--', ...server], {
    env: { PATH: process.env['PATH'], AE_SANDBOX_API_KEY: API_KEY, HOST_SECRET: SECRET },
    stdio: [
      'ignore',
      'pipe',
      'pipe',
      ...(inherited === undefined ? [] : Array<number>(20).fill(inherited)),
    ],
  });
  let said = '';
  child.stderr!.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  child.stdout!.setEncoding('utf8');
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.once('data', (line: string) => {
      resolve((JSON.parse(line) as { listening: string }).listening);
    });
    child.once('exit', () => reject(new Error(`the server did not start: ${said}`)));
  });
  return { url, process: child };
}

async function end(server: Server, signal: NodeJS.Signals): Promise<number | null> {
  const exited = once(server.process, 'exit');
  server.process.kill(signal);
  await exited;
  return server.process.exitCode;
}

function createSandbox({ url }: Server, envs: Record<string, string> = {}): Promise<Sandbox> {
  return Sandbox.create({
    apiKey: API_KEY,
    apiUrl: url,
    sandboxUrl: url,
    timeoutMs: 120_000,
    envs,
  });
}

interface Outcome {
  stdout: string;
  stderr: string;
  exitCode: number;
}

async function run(sandbox: Sandbox, command: string, timeoutMs = 30_000): Promise<Outcome> {
  try {
    return await sandbox.commands.run(command, { timeoutMs });
  } catch (error) {
    if (error instanceof CommandExitError) return error;
    throw error;
  }
}

function descendants(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendants(child)]);
}

/** Processes of the server's guests: all below it but its warden. */
function guestProcesses(pid: number): number[] {
  return descendants(pid).filter(
    (one) => !readFileSync(`/proc/${one}/cmdline`, 'latin1').includes('warden-main'),
  );
}

/** A process that a foreign init has yet to reap is gone for our purposes. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s*[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}

async function eventually(condition: () => boolean, withinMs: number): Promise<boolean> {
  for (const until = Date.now() + withinMs; Date.now() < until;) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return condition();
}

const isolation = await detectIsolation();
const isRoot = process.getuid?.() === 0;
const ORDINARY_UID = 54_321;

function othersCanRead(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0 && at !== path) return false;
    if (at === dirname(at)) return true;
  }
}

/** Switches of the guest's own IPC and process namespaces: newer kernels let it set them. */
const OWN_SYSCTLS =
  'fs/mqueue/\\w+|kernel/(?:auto_msgmni|msg\\w+|sem\\w*|shm\\w+|ns_last_pid|pid_max)';

interface Mode {
  readonly name: string;
  readonly uid: number | undefined;
}

const modes: Mode[] = [];
if (isolation.backend !== 'bubblewrap') {
  console.warn(`attacks: not run, ${isolation.reason ?? 'bubblewrap does not work here'}`);
} else {
  modes.push({ name: isRoot ? 'root' : 'this user', uid: undefined });
  if (!isRoot) console.info('attacks on a server run by root: not run, the tests are not root');
  else if (!othersCanRead(CLI) || !othersCanRead(process.execPath)) {
    console.info(
      'attacks on a server run by an ordinary user: not run, it cannot read this checkout',
    );
  } else modes.push({ name: 'an ordinary user', uid: ORDINARY_UID });
}

describe('isolation', () => {
  it('is available where the tests are to prove it', () => {
    // On a machine that cannot isolate, the server must say why rather than run unsandboxed.
    if (isolation.backend === 'none') expect(isolation.reason).toBeTruthy();
    else expect(isolation.version).toMatch(/^\d+\.\d+/);
  });
});

(modes.length === 0 ? describe.skip : describe).each(modes)('a server run by $name', ({ uid }) => {
  let folder: string;
  let secretFile: string;
  let server: Server;
  let sandbox: Sandbox;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ae-host-'));
    secretFile = join(folder, 'secret');
    writeFileSync(secretFile, SECRET, { mode: 0o644 });
    const leaked = openSync(secretFile, 'r');
    server = await startServer(uid, leaked);
    closeSync(leaked);
    sandbox = await createSandbox(server);
  });

  afterAll(async () => {
    await end(server, 'SIGTERM');
    rmSync(folder, { recursive: true });
  });

  describe('the host', () => {
    it('runs no process of a guest as root or with a capability', () => {
      const pids = guestProcesses(server.process.pid!);
      expect(pids.length).toBeGreaterThanOrEqual(3);
      for (const pid of pids) {
        const status = readFileSync(`/proc/${pid}/status`, 'latin1');
        const uids = /^Uid:\s*(.*)$/m.exec(status)![1]!.split(/\s+/);
        if (isRoot) expect(uids).not.toContain('0');
        if (isRoot && uid === undefined) expect(Number(uids[0])).toBeGreaterThanOrEqual(0x40000000);
        expect(status).toMatch(/^NoNewPrivs:\s*1$/m);
      }
    });

    it('gives the guest no capability, one user, and the filter', async () => {
      const { stdout } = await run(sandbox, 'cat /proc/self/status /proc/1/status; id -u');
      const capabilities = [...stdout.matchAll(/^Cap(?:Prm|Eff|Bnd|Inh|Amb):\s*(\w+)$/gm)];
      expect(capabilities).toHaveLength(10);
      for (const [, mask] of capabilities) expect(mask).toMatch(/^0+$/);
      expect(stdout.match(/^Seccomp:\s*2$/gm)).toHaveLength(2);
      expect(stdout.match(/^NoNewPrivs:\s*1$/gm)).toHaveLength(2);
      expect(stdout.trim().split('\n').at(-1)).toBe('1000');
    });

    it('lets no file of /proc/sys or /sys be opened for writing, core_pattern least of all', async () => {
      const { stdout } = await run(
        sandbox,
        `perl -MFile::Find -e '
          my $seen = 0;
          find({ no_chdir => 1, wanted => sub {
            return unless -f $_;
            $seen++;
            return if m{^/proc/sys/(?:${OWN_SYSCTLS})$};
            if (open(my $f, "+<", $_)) { print "WRITABLE $_\\n" }
          } }, grep { -e } qw(/proc/sys /sys));
          for (qw(/proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/kcore /proc/kmsg)) {
            print "WRITABLE $_\\n" if open(my $f, "+<", $_);
          }
          print "core_pattern exists\\n" if -e "/proc/sys/kernel/core_pattern";
          print "seen $seen\\n"'`,
      );
      expect(stdout).not.toContain('WRITABLE');
      expect(stdout).toContain('core_pattern exists');
      expect(Number(/seen (\d+)/.exec(stdout)![1])).toBeGreaterThan(100);
    });

    it('shows none of its files beyond programs and libraries', async () => {
      const paths = [
        secretFile,
        CLI,
        '/root',
        '/etc/shadow',
        '/var/run/docker.sock',
        '/run',
        '/var/lib',
        '/sys',
        '/boot',
        '/home/' + (process.env['USER'] ?? 'root'),
      ];
      const probes = paths.map((path) => `test -e '${path}' && echo 'SEEN ${path}'`).join('; ');
      const { stdout } = await run(sandbox, `${probes}; cat /etc/passwd; ls -A / /home /etc`);
      expect(stdout).not.toContain('SEEN');
      expect(stdout).toContain('user:x:1000:1000');
      expect(stdout).not.toContain('shadow');
    });

    it('cannot be written to anywhere', async () => {
      const { stdout } = await run(
        sandbox,
        'for d in / /usr /usr/bin /usr/local /etc /opt /opt/ae /opt/ae/agent /bin /lib /dev /proc /home /var; do touch $d/x 2>/dev/null && echo WRITABLE $d; done; for f in /etc/passwd /opt/ae/node /opt/ae/agent/main.js /usr/bin/env; do : >> $f && echo WRITABLE $f; done; true',
      );
      expect(stdout).toBe('');
    });

    it('keeps its environment, its key and the token to itself', async () => {
      const { stdout } = await run(
        sandbox,
        'env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr "\\0" "\\n"',
      );
      expect(stdout).toContain('HOME=/home/user');
      expect(stdout).not.toContain(SECRET);
      expect(stdout).not.toContain(API_KEY);
      // Nor where its files are, in a command line that a guest can read.
      for (const path of ['ae-sandbox-kit', dirname(CLI), process.execPath]) {
        expect(stdout).not.toContain(path);
      }
      expect((await run(sandbox, 'cat /proc/cmdline')).stdout).toBe('');
    });

    it('hands on none of the descriptors that it happened to inherit', async () => {
      const { stdout } = await run(
        sandbox,
        'ls -l /proc/[0-9]*/fd; cat /proc/[0-9]*/fd/* < /dev/null 2>/dev/null & sleep 0.5; kill %1; true',
      );
      expect(stdout).toContain('/proc/1/fd');
      expect(stdout).not.toContain(folder);
      expect(stdout).not.toContain(SECRET);
      const { stdout: own } = await run(
        sandbox,
        'for n in $(seq 0 1023); do [ -e /proc/$$/fd/$n ] && echo $n; done; true',
      );
      expect(own.trim().split('\n')).toEqual(['0', '1', '2']);
    });

    it('is not in the guest`s process table', async () => {
      const { stdout } = await run(
        sandbox,
        'ls /proc | grep -c "^[0-9]"; ls -l /proc/1/root /proc/1/cwd; hostname; cat /proc/net/dev',
      );
      expect(Number(stdout.split('\n')[0])).toBeLessThan(12);
      expect(stdout).toContain('sandbox');
    });
  });

  describe('the kernel', () => {
    it('refuses every denied call with EPERM, and clone3 with ENOSYS', async () => {
      const architecture = guestArchitecture(process.arch)!;
      const calls = Object.entries({ ...DENIED_CALLS, clone3: GUARDED_CALLS.clone3 })
        .map(([name, numbers]) => [name, numberOf(numbers, architecture)] as const)
        .filter(([, number]) => number !== undefined);
      const list = calls.map(([name, number]) => `${name}=${number}`).join(' ');
      const { stdout } = await run(
        sandbox,
        `perl -e 'for (@ARGV) { my ($name, $nr) = split /=/; $! = 0; my $r = syscall($nr, 0, 0, 0, 0, 0, 0); print "$name ", $r, " ", $!+0, "\\n" }' ${list}`,
      );
      expect(stdout.trim().split('\n')).toEqual(
        calls.map(([name]) => `${name} -1 ${name === 'clone3' ? 38 : 1}`),
      );
    });

    it('refuses namespaces, sockets beyond IP and terminal injection', async () => {
      const architecture = guestArchitecture(process.arch)!;
      const clone = numberOf(GUARDED_CALLS.clone, architecture);
      const { stdout } = await run(
        sandbox,
        `perl -e '
          use Socket;
          for my $flag (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000) {
            $! = 0; my $r = syscall(${clone}, $flag | 17, 0, 0, 0, 0);
            exit 0 if $r == 0; print "clone $r ", $!+0, "\\n";
          }
          for my $family (1, 16, 17, 38, 40) {
            $! = 0; my $protocol = $family == 16 ? 9 : 0;
            print "socket $family ", (socket(my $s, $family, 3, $protocol) ? "MADE" : $!+0), "\\n";
          }
          print "inet ", (socket(my $s, PF_INET, SOCK_STREAM, 0) ? "made" : $!+0), "\\n";
          my $c = "x"; $! = 0;
          print "tiocsti ", (ioctl(STDIN, 0x5412, $c) ? "DONE" : $!+0), "\\n";'
         unshare -Ur true 2>/dev/null && echo UNSHARED; true`,
      );
      expect(stdout.trim().split('\n')).toEqual([
        ...Array<string>(7).fill('clone -1 1'),
        ...[1, 16, 17, 38, 40].map((family) => `socket ${family} 97`),
        'inet made',
        'tiocsti 1',
      ]);
    });

    it('reaches no network, not even the server on loopback', async () => {
      const { port } = new URL(server.url);
      const { stdout } = await run(
        sandbox,
        `(exec 3<>/dev/tcp/127.0.0.1/${port}) 2>&1 && echo CONNECTED; cut -d: -f1 /proc/net/dev | tail -n +3; wc -l < /proc/net/route`,
      );
      expect(stdout).toContain('Connection refused');
      expect(stdout).not.toContain('CONNECTED');
      expect(
        stdout
          .trim()
          .split('\n')
          .slice(-2)
          .map((line) => line.trim()),
      ).toEqual(['lo', '1']);
    });
  });

  describe('siblings', () => {
    it('see nothing of each other', async () => {
      const other = await createSandbox(server);
      try {
        await run(
          sandbox,
          `echo ${SECRET} > /tmp/mine; echo ${SECRET} > ~/mine; setsid sleep 4711 > /dev/null 2>&1 &`,
        );
        const { stdout } = await run(
          other,
          'cat /tmp/mine ~/mine /proc/*/cmdline | tr "\\0" " "; ls -A /tmp ~ /dev/shm /var/tmp',
        );
        // Kills all it can see, its own agent included: that ends this sandbox and no other.
        await expect(run(other, 'kill -9 -1')).rejects.toThrow();
        expect(stdout).not.toContain(SECRET);
        expect(stdout).not.toContain('4711');
      } finally {
        await other.kill();
      }
      expect((await run(sandbox, 'pgrep -f "sleep 471[1]" | wc -l')).stdout.trim()).toBe('1');
    });

    it('cannot be spoken to with the token of another', async () => {
      const other = await createSandbox(server);
      const answer = await fetch(`${server.url}/files?path=/etc/passwd`, {
        headers: {
          'E2b-Sandbox-Id': other.sandboxId,
          'X-Access-Token': (sandbox as unknown as { envdAccessToken: string }).envdAccessToken,
        },
      });
      expect(answer.status).toBe(401);
      await other.kill();
    });
  });

  describe('links and special files', () => {
    it('lead nowhere but into the guest', async () => {
      await run(
        sandbox,
        `ln -sf ${secretFile} leak; ln -sf /proc/1/root/${secretFile} leak2; ln -sfn / all; ln -sf /etc/passwd pw`,
      );
      await expect(sandbox.files.read('leak')).rejects.toThrow('does not exist');
      await expect(sandbox.files.read('leak2')).rejects.toThrow('does not exist');
      await expect(sandbox.files.read(`all${secretFile}`)).rejects.toThrow('does not exist');
      await expect(sandbox.files.write('pw', 'x')).rejects.toThrow('cannot be accessed');
      await expect(sandbox.files.write('leak', 'x')).rejects.toThrow(
        /cannot be accessed|does not exist/,
      );
      expect(readFileSync(secretFile, 'utf8')).toBe(SECRET);
    });

    it('block no upload and no download', async () => {
      await run(sandbox, 'mkfifo pipe');
      for (const path of ['pipe', '/dev/zero', '/dev/tty', '/dev/full']) {
        await expect(sandbox.files.read(path)).rejects.toThrow();
        await expect(sandbox.files.write(path, 'x')).rejects.toThrow();
      }
      expect((await run(sandbox, 'echo alive')).stdout).toBe('alive\n');
    });

    it('swapped during uploads never let a write out', async () => {
      const swapping = await sandbox.commands.run(
        `while :; do ln -sfn / race; rm -f race; mkdir race 2>/dev/null; rm -rf race; done`,
        { background: true, timeoutMs: 30_000 },
      );
      const target = `${folder.slice(1)}/written-${randomBytes(4).toString('hex')}`;
      for (let attempt = 0; attempt < 100; attempt += 1) {
        await sandbox.files.write(`race/${target}`, 'x').catch(() => undefined);
      }
      await swapping.kill();
      expect(readdirSync(folder)).toEqual(['secret']);
    });
  });

  describe('limits', () => {
    // A fresh one each: where no control group can be written, exceeding memory costs the sandbox.
    let guest: Sandbox;
    beforeEach(async () => {
      guest = await createSandbox(server);
    });
    afterEach(async () => {
      await guest.kill();
    });

    it('hold a fork bomb, and the sandbox lives on', async () => {
      const bomb = run(guest, 'bomb() { bomb | bomb & }; bomb; sleep 60', 1000);
      await expect(bomb).rejects.toThrow();
      expect((await run(sandbox, 'echo sibling')).stdout).toBe('sibling\n');
      // The SDK gives up at the same moment as the agent kills; until then no process can start.
      let alive = '';
      for (let attempt = 0; attempt < 100 && alive === ''; attempt += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        alive = await run(guest, 'echo alive').then(
          ({ stdout }) => stdout,
          () => '',
        );
      }
      expect(alive).toBe('alive\n');
      const { stdout } = await run(guest, 'ls /proc | grep -c "^[0-9]"');
      expect(Number(stdout)).toBeLessThan(20);
    });

    it('hold the number of processes', async () => {
      const { stdout } = await run(
        guest,
        `perl -e '$| = 1; my $n = 0; while ($n < 2000) { my $p = fork; last unless defined $p; if (!$p) { sleep 30; exit } $n++ } print "$n\\n"; kill 9, -getpgrp'`,
      );
      expect(Number(stdout)).toBeGreaterThan(100);
      expect(Number(stdout)).toBeLessThan(256);
    });

    it('hold a memory hog of one process', async () => {
      const outcome = await run(
        guest,
        `perl -e 'my @b; for (1..64) { push @b, "x" x (32 << 20) } print "NOT HELD\\n"'`,
      ).catch((error: unknown) => ({ stdout: String(error), exitCode: -1 }));
      expect(outcome.stdout).not.toContain('NOT HELD');
      expect(outcome.exitCode).not.toBe(0);
    });

    it('hold a memory hog of many processes', async () => {
      const each = 32;
      const hog = run(
        guest,
        `for i in $(seq 20); do perl -e 'my $b = "x" x (${each} << 20); sleep 1; print "held\\n"' & done; wait`,
      ).catch((error: unknown) => ({ stdout: String(error) }));
      const survivors = (await hog).stdout.match(/^held$/gm)?.length ?? 0;
      expect(survivors * each).toBeLessThanOrEqual(MEMORY_MB + DISK_MB);
    });

    it.each(['/home/user', '/tmp', '/dev/shm', '/var/tmp'])('hold a filler of %s', async (path) => {
      const { stdout, stderr } = await run(
        guest,
        `cd ${path}; for i in 1 2 3 4; do dd if=/dev/zero of=f$i bs=1M count=${DISK_MB} status=none; done; du -sm . | cut -f1`,
      );
      expect(stderr).toContain('No space left');
      expect(Number(stdout)).toBeLessThanOrEqual(DISK_MB + 1);
    });

    it('hold fillers of all file systems at once, and the sandbox lives on', async () => {
      const { stderr } = await run(
        guest,
        `for f in ~/f /tmp/f /var/tmp/f /dev/shm/f; do dd if=/dev/zero of=$f bs=1M count=${DISK_MB} status=none; done`,
      );
      expect(stderr.match(/No space left/g)).toHaveLength(4);
      expect((await run(guest, 'echo alive')).stdout).toBe('alive\n');
    });

    it('hold the number of files, which cost memory while they are empty', async () => {
      const { stdout } = await run(
        guest,
        `perl -e '$| = 1; for my $d (0..999) { mkdir "/tmp/$d" or last; for (1..1000) { open my $f, ">", "/tmp/$d/$_" or last } } print "NOT HELD\n" if -d "/tmp/999"'`,
        60_000,
      ).catch((error: unknown) => ({ stdout: String(error) }));
      expect(stdout).not.toContain('NOT HELD');
      expect((await run(sandbox, 'echo sibling')).stdout).toBe('sibling\n');
    });

    it.each(['local', 'loopback'])('hold what %s sockets keep', async (kind) => {
      const pair =
        kind === 'local'
          ? 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or last;'
          : 'socket(my $a, PF_INET, SOCK_STREAM, 0) or last; connect($a, $name) or last; accept(my $b, $l) or last;';
      // Far over the limit of memory in all: 60 processes with 60 full sockets each.
      const { stdout } = await run(
        guest,
        `perl -MSocket -MIO::Handle -e '
          socket(my $l, PF_INET, SOCK_STREAM, 0); bind($l, sockaddr_in(0, INADDR_LOOPBACK)); listen($l, 128);
          my $name = getsockname($l); my @held; pipe(my $all, my $done);
          for (1..60) { last unless defined(my $p = fork); next if $p;
            close $all;
            for (1..60) { ${pair} $a->blocking(0); 1 while syswrite($a, "x" x 65536); push @held, $a, $b }
            syswrite $done, "x" if @held == 120; sleep 60 }
          close $done; my $n = 0; $n++ while sysread($all, my $c, 1); print "NOT HELD\n" if $n == 60'`,
        4_000,
      ).catch((error: unknown) => ({ stdout: String(error) }));
      expect(stdout).not.toContain('NOT HELD');
      expect((await run(sandbox, 'echo sibling')).stdout).toBe('sibling\n');
    });

    it('leave no memory of the kernel uncounted that a guest can do without', async () => {
      const { stdout } = await run(
        guest,
        `perl -e 'for (1..2000) { my $queue = syscall(${numberOf(UNCOUNTED_MEMORY_CALLS.msgget, guestArchitecture(process.arch)!)}, 0, 0666); last if $queue < 0; print "queue\n" }'`,
      );
      // Root limits by groups, which count it; there a queue does no harm.
      if (uid !== undefined || !isRoot) expect(stdout).toBe('');
    });

    it('refuse an upload that does not fit, by name', async () => {
      await run(guest, 'dd if=/dev/zero of=f bs=1M status=none');
      const upload = guest.files.write('g', 'x'.repeat(1 << 20), { useOctetStream: true });
      await expect(upload).rejects.toBeInstanceOf(NotEnoughSpaceError);
    });

    it('hold the size of a file, open files and core dumps', async () => {
      const { stdout } = await run(guest, 'ulimit -f; ulimit -n; ulimit -c; ulimit -Hc; ulimit -l');
      expect(stdout.trim().split('\n')).toEqual([String(DISK_MB * 1024), '1024', '0', '0', '64']);
    });

    it('end a CPU burner that ignores signals when its time is over', async () => {
      await expect(run(guest, `trap '' TERM INT HUP; while :; do :; done`, 1000)).rejects.toThrow();
      const alive = async (): Promise<string> =>
        (await run(guest, 'ps -e -o args= | grep -c "[w]hile :" ; true')).stdout.trim();
      // The SDK gives up at the same moment as the agent kills.
      for (let attempt = 0; attempt < 20 && (await alive()) !== '0'; attempt += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(await alive()).toBe('0');
    });

    it('end an output flood after its allowance', async () => {
      const { stdout } = await run(guest, 'head -c 50000000 /dev/zero | tr "\\0" "x"; exit 0');
      expect(stdout).toHaveLength(MAX_OUTPUT_MB * 1024 * 1024);
      expect((await run(guest, 'echo alive')).stdout).toBe('alive\n');
    });
  });

  describe('the end', () => {
    it.each<NodeJS.Signals>(['SIGKILL', 'SIGTERM'])(
      'by %s leaves no process, file or group of any sandbox',
      async (signal) => {
        const doomed = await startServer(uid);
        const guest = await createSandbox(doomed);
        await createSandbox(doomed);
        // Stops the agent, so that it cannot notice and end the guest of its own accord.
        await guest.commands.run('setsid sleep 4712 & setsid sleep 4713 & sleep 60', {
          background: true,
        });
        await eventually(() => descendants(doomed.process.pid!).length >= 10, 5000);
        await guest.commands.run('(sleep 0.2; kill -STOP $PPID) & sleep 60', { background: true });
        await new Promise((resolve) => setTimeout(resolve, 500));
        const pids = descendants(doomed.process.pid!);
        expect(pids.length).toBeGreaterThanOrEqual(10);
        const pid = String(doomed.process.pid);
        const status = await end(doomed, signal);
        expect(status).toBe(signal === 'SIGTERM' ? 0 : null);
        const gone = await eventually(() => !pids.some(isAlive), 10_000);
        expect({ gone, alive: pids.filter(isAlive) }).toEqual({ gone: true, alive: [] });
        if (signal === 'SIGTERM') {
          const left = readdirSync(tmpdir()).filter((name) => name.includes(`kit-${pid}-`));
          expect(left).toEqual([]);
          // find goes on when groups of others vanish under it.
          const groups = ['/sys/fs/cgroup', '-name', `ae-sandbox-${pid}-*`];
          expect(spawnSync('find', groups, { encoding: 'utf8' }).stdout).toBe('');
        }
      },
    );
  });
});

describe('a server run by root from a folder that only root can read', () => {
  const can = isRoot && isolation.backend === 'bubblewrap';
  if (!can) console.info('hidden checkout: not run, it needs root and bubblewrap');
  (can ? it : it.skip)(
    'still starts sandboxes',
    async () => {
      const hidden = mkdtempSync(join(tmpdir(), 'ae-hidden-'));
      const probe = spawn(
        'setpriv',
        ['--reuid', String(ORDINARY_UID), '--clear-groups', '--', 'ls', hidden],
        { stdio: 'ignore' },
      );
      const [code] = (await once(probe, 'exit')) as [number];
      expect(code).not.toBe(0);
      accessSync(hidden, constants.R_OK);
      const command = 'umask 077; exec "$@"';
      const server = [process.execPath, CLI, '--port=0', `--root=${join(hidden, 'root')}`];
      const child = spawn('/bin/sh', ['-c', command, 'sh', ...server], {
        env: { PATH: process.env['PATH'], AE_SANDBOX_API_KEY: API_KEY },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      const { listening: url } = JSON.parse(line) as { listening: string };
      const sandbox = await createSandbox({ url, process: child });
      expect((await run(sandbox, 'echo up')).stdout).toBe('up\n');
      expect(await end({ url, process: child }, 'SIGTERM')).toBe(0);
      rmSync(hidden, { recursive: true });
    },
    30_000,
  );
});
