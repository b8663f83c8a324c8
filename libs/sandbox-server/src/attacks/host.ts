/** Ways from a guest to the host: its files, its processes, its rights, its network. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { seen, type Attack, type AttackFamily } from './attack.ts';
import { guestProcesses } from './host-processes.ts';

/** Below it lie the users of hosts, and their subordinate ids. */
const FIRST_GUEST_UID = 0x40000000;

/** Switches of the guest's own IPC and process namespaces: newer kernels let it set them. */
const OWN_SYSCTLS =
  'fs/mqueue/\\w+|kernel/(?:auto_msgmni|msg\\w+|sem\\w*|shm\\w+|ns_last_pid|pid_max)';

const processesOnTheHost: Attack = {
  name: 'rights of its processes, seen from the host',
  expected: 'none is root, none can gain rights',
  on: ['bubblewrap'],
  attempt: ({ server }) => {
    const pids = guestProcesses(server.pid);
    const rows = pids.map((pid) => readFileSync(`/proc/${pid}/status`, 'latin1'));
    const ids = rows.map((row) => /^Uid:\s*(.*)$/m.exec(row)?.[1]?.split(/\s+/) ?? ['0']);
    const runByRoot = /^Uid:\s*0\b/m.test(readFileSync(`/proc/${server.pid}/status`, 'latin1'));
    return Promise.resolve(
      seen(`${pids.length} processes, uid ${ids[0]?.[0] ?? 'none'}`, {
        'fewer processes than a guest has': pids.length < 3,
        'a process of root': ids.some((row) => row.includes('0')),
        'a uid that the host may use':
          runByRoot && ids.some(([id]) => Number(id) < FIRST_GUEST_UID),
        'new privileges': rows.some((row) => !/^NoNewPrivs:\s*1$/m.test(row)),
      }),
    );
  },
};

const capabilities: Attack = {
  name: 'capabilities',
  expected: 'none, one user, a system-call filter',
  attempt: async ({ guest }) => {
    const { stdout } = await guest.run('cat /proc/self/status /proc/1/status; id -u');
    const masks = [...stdout.matchAll(/^Cap(?:Prm|Eff|Bnd|Inh|Amb):\s*(\w+)$/gm)];
    const uid = stdout.trim().split('\n').at(-1) ?? '';
    return seen(`${masks.length} empty sets, uid ${uid}`, {
      'not all sets of both processes': masks.length !== 10,
      'a capability': masks.some(([, mask]) => !/^0+$/.test(mask ?? '')),
      'no filter': stdout.match(/^Seccomp:\s*2$/gm)?.length !== 2,
      'new privileges': stdout.match(/^NoNewPrivs:\s*1$/gm)?.length !== 2,
      'another user': uid !== '1000',
    });
  },
};

const setuid: Attack = {
  name: 'programs that raise their rights (setuid)',
  expected: 'whatever they are, they run as the guest',
  needs: ['perl', 'find'],
  attempt: async ({ guest }) => {
    const { stdout, stderr } = await guest.run(
      `cp "$(command -v id)" /tmp/own-id && chmod 6755 /tmp/own-id && /tmp/own-id
       for program in $(find / -xdev -perm /6000 -type f 2>/dev/null); do
         case $program in
           */su|*/sudo|*/runuser) timeout 5 $program -c 'echo RAISED $(id -u)' < /dev/null ;;
           */newgrp|*/sg) echo 'echo RAISED $(id -g)' | timeout 5 $program root ;;
           */mount) timeout 5 $program -t tmpfs none /tmp && echo RAISED mount ;;
         esac
       done
       perl -e '$< = 0; $> = 0; $( = 0; $) = "0 0"; print "RAISED by a call\\n" if $< == 0 || $> == 0 || $( =~ /^0\\b/ || $) =~ /\\b0\\b/'`,
    );
    return seen(stdout, {
      'the guest`s own copy did not run': !stdout.includes('uid=1000'),
      'rights were raised': /RAISED(?! 1000)|uid=0|euid=0/.test(stdout + stderr),
    });
  },
};

const sysctls: Attack = {
  name: 'writing to /proc/sys and /sys, core_pattern above all',
  expected: 'nothing opens for writing',
  needs: ['perl'],
  attempt: async ({ guest }) => {
    const { stdout } = await guest.run(
      `perl -e '
        my $seen = 0;
        sub look {
          my ($folder) = @_;
          opendir(my $handle, $folder) or return;
          for my $path (map { "$folder/$_" } grep { !/^\\.\\.?$/ } readdir $handle) {
            next if -l $path;
            if (-d $path) { look($path); next }
            next unless -f $path;
            $seen++;
            next if $path =~ m{^/proc/sys/(?:${OWN_SYSCTLS})$};
            print "WRITABLE $path\\n" if open(my $f, "+<", $path);
          }
        }
        look($_) for grep { -e } qw(/proc/sys /sys);
        for (qw(/proc/sysrq-trigger /proc/sys/kernel/core_pattern /proc/kcore /proc/kmsg)) {
          print "WRITABLE $_\\n" if open(my $f, "+<", $_);
        }
        print "core_pattern exists\\n" if -e "/proc/sys/kernel/core_pattern";
        print "seen $seen\\n"'`,
    );
    const files = Number(/seen (\d+)/.exec(stdout)?.[1] ?? 0);
    return seen(`${files} files, none writable`, {
      [`writable: ${stdout}`]: stdout.includes('WRITABLE'),
      'too few files to be all': files <= 100 || !stdout.includes('core_pattern exists'),
    });
  },
};

const hostFiles: Attack = {
  name: 'reading files of the host',
  expected: 'nothing beyond programs and libraries',
  attempt: async ({ guest, server }) => {
    const user = process.env['USER'] ?? 'root';
    const paths = [
      ...[server.secretFile, server.script, '/root', '/etc/shadow', '/var/run/docker.sock'],
      ...['/run', '/var/lib', '/sys', '/boot', `/home/${user === 'user' ? 'root' : user}`],
    ].filter(
      (path) => server.backend === 'bubblewrap' || !/^\/(?:root|run|sys|var\/lib|boot)$/.test(path),
    );
    const probes = paths.map((path) => `test -e '${path}' && echo 'SEEN ${path}'`).join('; ');
    const { stdout } = await guest.run(`${probes}; cat /etc/passwd; ls -A / /home /etc`);
    return seen(`none of ${paths.length} paths`, {
      [`a file of the host: ${stdout}`]: stdout.includes('SEEN'),
      'not the guest`s own users': !stdout.includes('user:x:1000:1000'),
      'a shadow file': stdout.includes('shadow'),
    });
  },
};

const writes: Attack = {
  name: 'writing outside home and temporary folders',
  expected: 'nothing is written',
  attempt: async ({ guest }) => {
    const { stdout } = await guest.run(
      `for d in / /usr /usr/bin /usr/local /etc /opt /opt/ae /opt/ae/agent /bin /lib /dev /proc /home /var; do touch $d/x 2>/dev/null && echo WRITABLE $d; done
       for f in /etc/passwd /opt/ae/node /opt/ae/agent/main.js /usr/bin/env; do : >> $f && echo WRITABLE $f; done; true`,
    );
    return seen(stdout === '' ? 'every write was refused' : stdout, { written: stdout !== '' });
  },
};

const environment: Attack = {
  name: 'the server`s environment, key and arguments',
  expected: 'nothing of them is in the guest',
  attempt: async ({ guest, server }) => {
    const { stdout } = await guest.run(
      'env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline | tr "\\0" "\\n"',
    );
    return seen('only the guest`s own', {
      'no environment at all': !stdout.includes('HOME=/home/user'),
      'the secret of the host': stdout.includes(server.secret),
      'the key of the server': stdout.includes(server.apiKey),
    });
  },
};

const descriptors: Attack = {
  name: 'descriptors that the server inherited',
  expected: 'a command has its three, and none leads out',
  attempt: async ({ guest, server }) => {
    const { stdout } = await guest.run(
      'ls -l /proc/[0-9]*/fd; timeout 0.5 cat /proc/[0-9]*/fd/* < /dev/null 2>/dev/null; true',
    );
    const own = await guest.lines(
      'for n in $(seq 0 1023); do [ -e /proc/$$/fd/$n ] && echo $n; done; true',
    );
    return seen(`descriptors ${own.join(' ')}`, {
      'descriptors cannot be listed':
        !stdout.includes('/proc/1/fd') && server.backend === 'bubblewrap',
      'a file of the host': stdout.includes(server.folder) || stdout.includes(server.secret),
      'more than its own': own.join(' ') !== '0 1 2',
    });
  },
};

const processTable: Attack = {
  name: 'the host`s process table',
  expected: 'the guest sees itself only',
  attempt: async ({ guest, server }) => {
    const pids = await guest.lines('ls /proc | grep "^[0-9]"');
    const { stdout } = await guest.run(`hostname; tr '\\0' ' ' < /proc/${server.pid}/cmdline`);
    return seen(`${pids.length} processes`, {
      'more processes than its own': pids.length >= 12,
      'another host name': !stdout.includes('sandbox'),
      'the server': stdout.includes(dirname(server.script)),
    });
  },
};

const network: Attack = {
  name: 'the network, and the server on loopback',
  expected: 'connection refused, no route',
  attempt: async ({ guest, server }) => {
    const { port } = new URL(server.url);
    const { stdout } = await guest.run(
      `(exec 3<>/dev/tcp/127.0.0.1/${port}) 2>&1 && echo CONNECTED`,
    );
    const devices = await guest.lines('cat /proc/net/dev');
    const routes = await guest.lines('cat /proc/net/route');
    const names = devices.slice(2).map((line) => line.split(':')[0]?.trim());
    return seen(`refused; devices: ${names.join(' ')}`, {
      'the server was reached': stdout.includes('CONNECTED'),
      'another answer than a refusal': !stdout.includes('Connection refused'),
      'a device beside loopback': names.join(' ') !== 'lo',
      'a route': routes.length !== 1,
    });
  },
};

export const HOST_ATTACKS: AttackFamily = {
  name: 'host',
  attacks: [
    processesOnTheHost,
    capabilities,
    setuid,
    sysctls,
    hostFiles,
    writes,
    environment,
    descriptors,
    processTable,
    network,
  ],
};
