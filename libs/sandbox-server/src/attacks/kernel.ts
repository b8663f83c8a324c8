/** Calls to the kernel that a guest has no business making. */
import { DENIED_CALLS, GUARDED_CALLS, guestArchitecture, numberOf } from '../seccomp/syscalls.ts';
import { seen, type Attack, type AttackFamily } from './attack.ts';
import { foreignCallProgram } from './foreign-call-program.ts';

const EPERM = 1;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const X32_ABI = 0x40000000;
/** 128 and SIGSYS. */
const KILLED_BY_FILTER = 159;

type Call = Parameters<typeof numberOf>[0];

/** The architecture is known: a server starts on no other. */
const ARCHITECTURE = guestArchitecture(process.arch) ?? 'x64';

function number(call: Call): number {
  return numberOf(call, ARCHITECTURE) ?? -1;
}

/** Perl that prints "name result errno" for each "name=number=first argument" it is given. */
const CALLER = `perl -e 'for (@ARGV) { my ($name, $call, $first) = split /=/; $! = 0; my $r = syscall($call, $first+0, 0, 0, 0, 0, 0); print "$name $r ", $!+0, "\\n" }'`;

const deniedCalls: Attack = {
  name: 'mounts, namespaces, ptrace, bpf, keys, io_uring, handles, modules, clocks',
  expected: 'EPERM for each call, ENOSYS for clone3',
  needs: ['perl'],
  on: ['bubblewrap'],
  attempt: async ({ guest }) => {
    const calls = Object.entries({ ...DENIED_CALLS, clone3: GUARDED_CALLS.clone3 })
      .map(([name, numbers]) => [name, numberOf(numbers, ARCHITECTURE)] as const)
      .filter(([, found]) => found !== undefined);
    const list = calls.map(([name, found]) => `${name}=${found}`).join(' ');
    const lines = await guest.lines(`${CALLER} ${list}`);
    const others = lines.filter((line) => {
      const [name, result, errno] = line.split(' ');
      return result !== '-1' || Number(errno) !== (name === 'clone3' ? ENOSYS : EPERM);
    });
    return seen(`${lines.length} calls refused`, {
      [`not refused: ${others.join('; ')}`]: others.length > 0,
      'not all calls were made': lines.length !== calls.length,
    });
  },
};

const namespaces: Attack = {
  name: 'new namespaces',
  expected: 'EPERM for each kind',
  needs: ['perl', 'unshare'],
  attempt: async ({ guest }) => {
    const { stdout } = await guest.run(
      `perl -e '
        for my $flag (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000) {
          $! = 0; my $r = syscall(${number(GUARDED_CALLS.clone)}, $flag | 17, 0, 0, 0, 0);
          exit 0 if $r == 0; print "clone $r ", $!+0, "\\n";
        }'
       unshare -Ur true 2>/dev/null && echo UNSHARED; true`,
    );
    const lines = stdout.trim().split('\n');
    return seen(`${lines.length} kinds refused`, {
      [stdout]: lines.length !== 7 || lines.some((line) => line !== `clone -1 ${EPERM}`),
    });
  },
};

const sockets: Attack = {
  name: 'local, raw netlink, packet, crypto and virtual-machine sockets',
  expected: 'only sockets of IP are made',
  needs: ['perl', 'Socket.pm'],
  on: ['bubblewrap'],
  attempt: async ({ guest }) => {
    const { stdout } = await guest.run(
      `perl -MSocket -e '
        for my $family (1, 16, 17, 38, 40) {
          $! = 0; my $protocol = $family == 16 ? 9 : 0;
          print "socket $family ", (socket(my $s, $family, 3, $protocol) ? "MADE" : $!+0), "\\n";
        }
        print "raw ", (socket(my $r, PF_INET, SOCK_RAW, 1) ? "MADE" : "refused"), "\\n";
        print "inet ", (socket(my $s, PF_INET, SOCK_STREAM, 0) ? "made" : $!+0), "\\n";'`,
    );
    const wanted = [
      ...[1, 16, 17, 38, 40].map((family) => `socket ${family} ${EAFNOSUPPORT}`),
      'raw refused',
      'inet made',
    ];
    return seen(stdout, { 'another answer': stdout.trim() !== wanted.join('\n') });
  },
};

const terminal: Attack = {
  name: 'typing into a terminal (TIOCSTI)',
  expected: 'EPERM',
  needs: ['perl'],
  attempt: async ({ guest }) => {
    const { stdout } = await guest.run(
      `perl -e 'my $c = "x"; $! = 0; print "tiocsti ", (ioctl(STDIN, 0x5412, $c) ? "DONE" : $!+0)'`,
    );
    return seen(stdout, { 'another answer': stdout !== `tiocsti ${EPERM}` });
  },
};

const ptrace: Attack = {
  name: 'tracing other processes (ptrace)',
  expected: 'EPERM for the agent, init, a child and itself',
  needs: ['perl'],
  on: ['bubblewrap'],
  attempt: async ({ guest }) => {
    const call = number(DENIED_CALLS.ptrace);
    const { stdout } = await guest.run(
      `perl -e 'my $child = fork; if (!$child) { sleep 10; exit }
        for my $pid (getppid, 1, 2, $child) {
          for my $request (16, 0x4206) { $! = 0; my $r = syscall(${call}, $request, $pid, 0, 0); print "$r ", $!+0, "\\n" }
        }
        $! = 0; my $r = syscall(${call}, 0, 0, 0, 0); print "$r ", $!+0, "\\n"; kill 9, $child'`,
    );
    const lines = stdout.trim().split('\n');
    return seen(`${lines.length} requests refused`, {
      [stdout]: lines.length !== 9 || lines.some((line) => line !== `-1 ${EPERM}`),
    });
  },
};

const keyring: Attack = {
  name: 'the kernel`s keyrings',
  expected: 'no key is made, found or listed',
  needs: ['perl'],
  attempt: async ({ guest }) => {
    const { stdout } = await guest.run(
      `perl -e '
        my ($type, $name, $value) = ("user", "ae", "x");
        for my $ring (-1, -3, -4, -5) {
          my $key = syscall(${number(DENIED_CALLS.add_key)}, $type, $name, $value, 1, $ring); print "MADE $key\\n" if $key > 0;
          my $id = syscall(${number(DENIED_CALLS.keyctl)}, 0, $ring, 1, 0, 0); print "RING $id\\n" if $id > 0;
        }'
       grep -c . /proc/keys 2>/dev/null; true`,
    );
    const listed = Number(/^\d+$/m.exec(stdout)?.[0] ?? 0);
    return seen(`${listed} keys listed`, {
      'a key': /MADE|RING/.test(stdout),
      'keys of others': listed > 0,
    });
  },
};

const x32: Attack = {
  name: 'the same calls by their x32 numbers',
  expected: 'no such call, or the program is killed',
  needs: ['perl'],
  architecture: 'x64',
  attempt: async ({ guest }) => {
    const calls = {
      getpid: 39,
      unshare: number(DENIED_CALLS.unshare),
      mount: number(DENIED_CALLS.mount),
      keyctl: number(DENIED_CALLS.keyctl),
      ptrace: 521,
    };
    const list = Object.entries(calls).map(([name, call]) => `${name}=${X32_ABI + call}=0`);
    const { stdout, exitCode } = await guest.run(`${CALLER} ${list.join(' ')}`);
    const lines = stdout.split('\n').filter((line) => line !== '');
    const isKilled = exitCode === KILLED_BY_FILTER;
    return seen(isKilled ? 'killed' : lines.join('; '), {
      'a call was made': lines.some((line) => !/ -1 (?:1|38)$/.test(line)),
      'not all calls were tried': lines.length !== list.length && !isKilled,
    });
  },
};

const int80: Attack = {
  name: 'calls of 32-bit programs (int 0x80)',
  expected: 'the program is killed, or the call refused',
  architecture: 'x64',
  attempt: async ({ guest }) => {
    const outcomes: string[] = [];
    for (const [name, call] of [
      ['unshare', 310],
      ['keyctl', 288],
    ] as const) {
      await guest.write(`/tmp/${name}-32`, foreignCallProgram(call, 0x10000000));
      const { stdout } = await guest.run(
        `node -e 'require("fs").chmodSync("/tmp/${name}-32", 0o755)'; (exec /tmp/${name}-32) 2>/dev/null; echo "${name} $?"`,
      );
      outcomes.push(stdout.trim());
    }
    return seen(outcomes.join('; '), {
      // 128 and the signal: SIGSYS from the filter, SIGSEGV where the kernel has no such calls.
      'a call was made': !outcomes.every((line) => / (?:159|139|1|38)$/.test(line)),
    });
  },
};

const devices: Attack = {
  name: 'device nodes',
  expected: 'none can be made, and those that exist are harmless',
  needs: ['mknod'],
  attempt: async ({ guest }) => {
    const { stdout } = await guest.run(
      `mknod /tmp/null c 1 3 2>/dev/null && echo MADE null; mknod /tmp/disk b 8 0 2>/dev/null && echo MADE disk
       mknod /tmp/mem c 1 1 2>/dev/null && echo MADE mem
       for d in mem kmem port kvm fuse loop-control net/tun sda vda nvme0n1 kmsg mapper/control snd; do [ -e /dev/$d ] && echo "SEEN $d"; done
       ls /dev | tr '\\n' ' '`,
    );
    return seen(stdout, { 'a device': /MADE|SEEN/.test(stdout) });
  },
};

const priorities: Attack = {
  name: 'more than its share: priorities, real time, the memory killer',
  expected: 'none can be raised',
  needs: ['chrt', 'renice'],
  attempt: async ({ guest }) => {
    const { stdout } = await guest.run(
      `before=$(ps -o ni= -p $$ 2>/dev/null || cut -d' ' -f19 /proc/$$/stat)
       renice -n -5 -p $$ > /dev/null 2>&1 && echo RAISED priority
       chrt -f -p 50 $$ 2>/dev/null && echo RAISED real-time
       (echo -1000 > /proc/self/oom_score_adj) 2>/dev/null && echo RAISED memory
       (echo -1000 > /proc/1/oom_score_adj) 2>/dev/null && echo RAISED memory of init
       echo niceness $before`,
    );
    return seen(stdout, { raised: stdout.includes('RAISED') });
  },
};

export const KERNEL_ATTACKS: AttackFamily = {
  name: 'kernel',
  attacks: [
    deniedCalls,
    namespaces,
    sockets,
    terminal,
    ptrace,
    keyring,
    x32,
    int80,
    devices,
    priorities,
  ],
};
