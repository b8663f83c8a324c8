/** More of everything than a sandbox may have. */
import { seen, type Attack, type AttackFamily } from './attack.ts';
import { groupControllers, guestProcesses } from './host-processes.ts';
import type { GuestSession, Outcome } from './guest-session.ts';

const MIB = 1024 * 1024;
/** A server ends a command soon after its time, also on a loaded machine. */
const SOON_MS = 10_000;

/** Repeats `look` until it says what is wanted, or too much time has passed. */
async function within(ms: number, look: () => Promise<boolean>): Promise<boolean> {
  for (const until = Date.now() + ms; Date.now() < until;) {
    if (await look()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return look();
}

/** How many processes of the guest have `word` in their command line. */
async function running(guest: GuestSession, word: string): Promise<number> {
  const pattern = `[${word.slice(0, 1)}]${word.slice(1)}`;
  const [count] = await guest.lines(
    `cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0\\n' '  ' | grep -o '${pattern}' | wc -l`,
  );
  return Number(count);
}

function how({ status, stdout }: Outcome): string {
  return `${stdout} ${status}`;
}

const forkBomb: Attack = {
  name: 'a fork bomb',
  expected: 'ended at its time; the sandbox and others live on',
  spoils: true,
  attempt: async ({ guest, sibling }) => {
    const other = await sibling();
    const bomb = guest.run('bomb() { bomb | bomb & }; bomb; sleep 60', 1000);
    const othersLive = await other.isAlive();
    const { status } = await bomb;
    const alive = await within(SOON_MS, () => guest.isAlive());
    const [left] = await guest.lines('ls /proc | grep -c "^[0-9]"');
    return seen(`${status}, then ${left ?? 'no'} processes`, {
      'it ended by itself': status === 'exit status 0',
      'others hung': !othersLive || !(await other.isAlive()),
      'the sandbox is gone': !alive,
      'some of it lives on': Number(left) >= 20,
    });
  },
};

const processes: Attack = {
  name: '2,000 processes',
  expected: 'fewer than the limit of 256 start',
  needs: ['perl'],
  spoils: true,
  attempt: async ({ guest, server: { limits } }) => {
    const { stdout } = await guest.run(
      `perl -e '$| = 1; my $n = 0; while ($n < 2000) { my $p = fork; last unless defined $p; if (!$p) { sleep 30; exit } $n++ } print "$n\\n"; kill 9, -getpgrp'`,
    );
    return seen(`${stdout.trim()} started`, {
      'hardly any': Number(stdout) <= 100,
      'more than the limit': Number(stdout) >= limits.processes,
    });
  },
};

const memoryOfOne: Attack = {
  name: 'one process that takes 2 GiB of memory',
  expected: 'it is ended',
  needs: ['perl'],
  spoils: true,
  attempt: async ({ guest }) => {
    const outcome = await guest.run(
      `perl -e 'my @b; for (1..64) { push @b, "x" x (32 << 20) } print "NOT HELD\\n"'`,
    );
    return seen(outcome.status, {
      'it took all': outcome.stdout.includes('NOT HELD') || outcome.exitCode === 0,
    });
  },
};

const memoryOfMany: Attack = {
  name: '20 processes that take 640 MiB of memory together',
  expected: 'no more of it than the sandbox has',
  needs: ['perl'],
  spoils: true,
  attempt: async ({ guest, server: { limits } }) => {
    const each = 32;
    const { stdout } = await guest.run(
      `for i in $(seq 20); do perl -e 'my $b = "x" x (${each} << 20); sleep 1; print "held\\n"' & done; wait`,
    );
    const held = (stdout.match(/^held$/gm)?.length ?? 0) * each;
    return seen(`${held} MiB at once`, { 'too much': held > limits.memoryMb + limits.diskMb });
  },
};

const fillers: Attack[] = ['/home/user', '/tmp', '/dev/shm', '/var/tmp'].map((path) => ({
  name: `filling ${path}`,
  expected: 'no space left at its size',
  spoils: true,
  attempt: async ({ guest, server: { limits } }) => {
    const { stdout, stderr } = await guest.run(
      `cd ${path}; for i in 1 2 3 4; do dd if=/dev/zero of=f$i bs=1M count=${limits.diskMb} status=none; done; cat f* | wc -c`,
    );
    return seen(`${stdout.trim()} bytes`, {
      'it was not told': !stderr.includes('No space left'),
      'more than its size': Number(stdout) === 0 || Number(stdout) > limits.diskMb * MIB,
    });
  },
}));

const fullUpload: Attack = {
  name: 'an upload that does not fit',
  expected: '507',
  spoils: true,
  attempt: async ({ guest }) => {
    await guest.run('dd if=/dev/zero of=f bs=1M status=none');
    const { status } = await guest.write('g', Buffer.alloc(MIB, 'x'));
    return seen(String(status), { 'another answer': status !== 507 });
  },
};

const ulimits: Attack = {
  name: 'large files, many open files, core dumps, locked memory',
  expected: 'limited, and the limits cannot be raised',
  attempt: async ({ guest, server: { limits, backend } }) => {
    const lines = await guest.lines('ulimit -f; ulimit -n; ulimit -c; ulimit -Hc; ulimit -l');
    const { stdout } = await guest.run(
      `for limit in f n c; do ulimit -H$limit unlimited 2>/dev/null && echo RAISED $limit; done; true`,
    );
    const wanted = [limits.diskMb * 1024, limits.openFiles, 0, 0].map(String);
    return seen(lines.join(' '), {
      'other limits': lines.slice(0, 4).join(' ') !== wanted.join(' '),
      'locked memory': backend === 'bubblewrap' && lines[4] !== '64',
      raised: stdout.includes('RAISED'),
    });
  },
};

const burner: Attack = {
  name: 'a CPU burner that ignores signals, past its time',
  expected: 'killed, nothing is left',
  spoils: true,
  attempt: async ({ guest }) => {
    const { status } = await guest.run(`trap '' TERM INT HUP; : burner; while :; do :; done`, 600);
    const ended = await within(SOON_MS, async () => (await running(guest, ': burner;')) === 0);
    return seen(status, { 'it burns on': !ended, 'it ended by itself': /^exit/.test(status) });
  },
};

const cpuShare: Attack = {
  name: 'more processors than its share',
  expected: 'a group limits its processor time',
  heldBy: 'cpu',
  spoils: true,
  attempt: async ({ guest, server }) => {
    // Which processors it gets depends on who else runs: its limit is what can be proved.
    const burning = await guest.start('for i in 1 2 3 4; do (while :; do :; done) & done; wait');
    const groups = guestProcesses(server.pid).map(groupControllers);
    await guest.end(burning);
    const limited = groups.filter((controllers) => controllers.includes('cpu')).length;
    const [all, own] = server.backend === 'docker' ? [1, 1] : [groups.length, limited];
    return seen(`${own} of ${all} processes in a limited group`, {
      'no limit': all === 0 || own < all,
    });
  },
};

const flood: Attack = {
  name: 'a flood of 50 MB of output',
  expected: 'cut off at the allowance of 1 MiB',
  spoils: true,
  attempt: async ({ guest, server: { limits } }) => {
    const { stdout } = await guest.run('head -c 50000000 /dev/zero | tr "\\0" "x"; exit 0');
    return seen(`${stdout.length} bytes`, {
      'another length': stdout.length !== limits.maxOutputMb * MIB,
      'the sandbox is gone': !(await guest.isAlive()),
    });
  },
};

const endlessFlood: Attack = {
  name: 'output and errors without end from 50 processes',
  expected: 'ended at its time; others are served',
  spoils: true,
  long: true,
  attempt: async ({ guest, sibling, server: { limits } }) => {
    const other = await sibling();
    const flooding = guest.run('for i in $(seq 50); do yes & yes >&2 & done; wait', 2000);
    const othersLive = await other.isAlive();
    const { stdout, stderr, status } = await flooding;
    return seen(`${stdout.length + stderr.length} bytes, ${status}`, {
      'more than the allowance': stdout.length + stderr.length > limits.maxOutputMb * MIB,
      'others hung': !othersLive,
      'it floods on': !(await within(SOON_MS, async () => (await running(guest, 'yes ')) === 0)),
    });
  },
};

const stoppedCommand: Attack = {
  name: 'a command that stops itself, past its time',
  expected: 'killed with all it started',
  attempt: async ({ guest }) => {
    const started = Date.now();
    const { status } = await guest.run(
      `(exec -a stopper-child sleep 100) & kill -STOP $!; kill -STOP $$; : stopper-shell`,
      600,
    );
    const tookMs = Date.now() - started;
    const ended = await within(SOON_MS, async () => (await running(guest, 'stopper-')) === 0);
    return seen(status, {
      'it is still there': !ended,
      'its time had no effect': tookMs > SOON_MS,
    });
  },
};

const detached: Attack = {
  name: 'orphans by a double fork and sessions of their own, past their time',
  expected: 'killed with the command',
  needs: ['perl', 'POSIX.pm'],
  attempt: async ({ guest }) => {
    const { status } = await guest.run(
      `perl -MPOSIX -e 'if (!fork) { POSIX::setsid(); if (!fork) { POSIX::setsid(); open STDOUT, ">", "/dev/null"; open STDERR, ">", "/dev/null"; exec {"/bin/sleep"} "orphan-sleep", 100 } exit } sleep 60'`,
      600,
    );
    const ended = await within(2_000, async () => (await running(guest, 'orphan-sleep')) === 0);
    // They are the attacker's own, and go with the sandbox at the latest.
    if (!ended)
      await guest.run(`kill -9 $(grep -l orphan-sleep /proc/[0-9]*/cmdline | cut -d/ -f3)`);
    return seen(status, { 'they live on': !ended });
  },
};

const inodes: Attack = {
  name: '400,000 empty files',
  expected: 'held by the number of files or by memory; others live on',
  needs: ['perl'],
  heldBy: 'kernelMemory',
  spoils: true,
  long: true,
  attempt: async ({ guest, sibling }) => {
    const other = await sibling();
    const outcome = await guest.run(
      `perl -e '$| = 1; for my $d (0..399) { mkdir "/tmp/$d" or last; for (1..1000) { open my $f, ">", "/tmp/$d/$_" or last } } print "NOT HELD\\n" if -e "/tmp/399/1000"'`,
      60_000,
    );
    return seen(how(outcome), {
      'all were made': outcome.stdout.includes('NOT HELD'),
      'others hung': !(await other.isAlive()),
    });
  },
};

const queues: Attack = {
  name: '500 MB in message queues',
  expected: 'refused, or held by memory; others live on',
  needs: ['perl'],
  heldBy: 'kernelMemory',
  spoils: true,
  attempt: async ({ guest, sibling, server: { limits } }) => {
    const other = await sibling();
    const outcome = await guest.run(
      `perl -e '$| = 1; my $t = 0; for (1..32000) { my $q = msgget(0, 0600 | 01000); last unless defined $q; my $m = pack("l! a*", 1, "x" x 8000); for (1..2) { msgsnd($q, $m, 04000) or last; $t += 8000 } } print $t >> 20'`,
    );
    const held = Number(outcome.stdout);
    return seen(outcome.stdout === '' ? outcome.status : `${held} MiB kept`, {
      'more than its memory': held > limits.memoryMb + limits.diskMb,
      'others hung': !(await other.isAlive()),
    });
  },
};

const SOCKET_PAIRS: Readonly<Record<string, string>> = {
  local: 'socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or last;',
  loopback:
    'socket(my $a, PF_INET, SOCK_STREAM, 0) or last; connect($a, $name) or last; accept(my $b, $l) or last;',
};

const socketBuffers: Attack[] = Object.entries(SOCKET_PAIRS).map(([kind, pair]) => ({
  name: `1,600 full ${kind} sockets`,
  expected: 'held by memory; others live on',
  needs: ['perl', 'Socket.pm'],
  heldBy: 'kernelMemory',
  spoils: true,
  long: true,
  attempt: async ({ guest, sibling, server: { limits } }) => {
    const other = await sibling();
    const { stdout, status, exitCode } = await guest.run(
      `perl -MSocket -MIO::Handle -e '
        socket(my $l, PF_INET, SOCK_STREAM, 0); bind($l, sockaddr_in(0, INADDR_LOOPBACK)); listen($l, 128);
        my $name = getsockname($l); my @held; pipe(my $all, my $done);
        for (1..40) { last unless defined(my $p = fork); next if $p;
          close $all; my $t = 0;
          for (1..40) { ${pair} $a->blocking(0); for (1..4) { $t += syswrite($a, "x" x 65536) || 0 } push @held, $a, $b }
          syswrite $done, pack("N", $t); sleep 60 }
        close $done; my $t = 0; while (sysread($all, my $n, 4)) { $t += unpack("N", $n); $| = 1; print $t >> 20, "\\n" }'`,
      4_000,
    );
    const held = Number(stdout.trim().split('\n').at(-1));
    // A watch lets it go over for a moment, and then ends the sandbox.
    const isEnded = exitCode === -1;
    return seen(`${held} MiB, ${isEnded ? 'then the sandbox was ended' : status}`, {
      // The kernel lets each socket go over a little; all of them are far over.
      'more than its memory': held > 1.25 * (limits.memoryMb + limits.diskMb) && !isEnded,
      'others hung': !(await other.isAlive()),
    });
  },
}));

export const LIMIT_ATTACKS: AttackFamily = {
  name: 'limits',
  attacks: [
    forkBomb,
    processes,
    memoryOfOne,
    memoryOfMany,
    ...fillers,
    fullUpload,
    ulimits,
    burner,
    cpuShare,
    flood,
    endlessFlood,
    stoppedCommand,
    detached,
    inodes,
    queues,
    ...socketBuffers,
  ],
};
