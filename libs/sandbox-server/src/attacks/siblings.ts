/** Ways from one guest to another. */
import { seen, type Attack, type AttackFamily } from './attack.ts';
import { guestProcesses } from './host-processes.ts';

const sights: Attack = {
  name: 'seeing and killing what runs beside it',
  expected: 'it sees none and ends itself only',
  attempt: async ({ guest, sibling, server }) => {
    const other = await sibling();
    const kept = await guest.start(
      `echo ${server.secret} > /tmp/mine; echo ${server.secret} > ~/mine; exec -a 'sleeper 4711' sleep 100`,
    );
    const { stdout } = await other.run(
      'cat /tmp/mine ~/mine /proc/*/cmdline | tr "\\0" " "; ls -A /tmp ~ /dev/shm /var/tmp',
    );
    // All it can see, its own agent included.
    const { exitCode } = await other.run('kill -9 -1');
    const still = await guest.lines(
      `cat /proc/*/cmdline | tr '\\0' '\\n' | grep -c 'sleeper 471[1]'`,
    );
    await guest.end(kept);
    return seen('the other one is as it was', {
      'a file or process of the other': stdout.includes(server.secret) || stdout.includes('4711'),
      'its own agent lived on': exitCode !== -1 && server.backend === 'bubblewrap',
      'the other one lost a process': still[0] !== '1',
    });
  },
};

const token: Attack = {
  name: 'speaking to another with one`s own token',
  expected: '401',
  attempt: async ({ guest, sibling }) => {
    const other = await sibling();
    const { status } = await other.request('GET', '/files?path=/etc/passwd', {
      headers: { 'x-access-token': guest.accessToken },
    });
    const call = await other.request('POST', '/process.Process/List', {
      headers: { 'x-access-token': guest.accessToken, 'content-type': 'application/json' },
      body: '{}',
    });
    return seen(`${status} and ${call.status}`, {
      answered: status !== 401 || call.status !== 401,
    });
  },
};

const processFolders: Attack = {
  name: '/proc/<pid>/root, cwd, mem and fd of others',
  expected: 'nothing but the guest`s own files and memory',
  on: ['bubblewrap'],
  attempt: async ({ guest, sibling, server }) => {
    const other = await sibling();
    const mark = `mark-${server.secret}`;
    const kept = await other.start(
      `echo ${mark} > /tmp/mark; export MARK=${mark}; cd /tmp; exec sleep 100`,
    );
    // By the numbers that they have on the host, and by all numbers that the guest sees.
    const host = guestProcesses(server.pid);
    const { stdout } = await guest.run(
      `for pid in ${host.join(' ')} ${server.pid} $(ls /proc | grep '^[0-9]'); do
         for way in root root/../..; do
           for file in /tmp/mark ${server.secretFile}; do cat /proc/$pid/$way$file; done
         done
         cat /proc/$pid/cwd/mark /proc/$pid/environ
         for fd in 0 1 2 3 4 5 6 7 8 9 10; do [ -f /proc/$pid/fd/$fd ] && timeout 1 cat /proc/$pid/fd/$fd; done
       done 2>/dev/null | tr '\\0' '\\n'
       for pid in ${host.join(' ')} ${server.pid}; do
         [ -e /proc/$pid/mem ] && tr '\\0' ' ' < /proc/$pid/cmdline | grep -q 'sleep 100' && echo "REACHED $pid"
       done
       true`,
    );
    await other.end(kept);
    return seen(`${host.length} processes of the host tried`, {
      'too few processes on the host': host.length < 6,
      'a file of another': stdout.includes(mark),
      'a file of the host': stdout.replaceAll(mark, '').includes(server.secret),
      'a process of another': stdout.includes('REACHED'),
    });
  },
};

const signals: Attack = {
  name: 'signals to the server and to others by their numbers on the host',
  expected: 'they reach nothing outside',
  on: ['bubblewrap'],
  spoils: true,
  attempt: async ({ guest, sibling, server }) => {
    const other = await sibling();
    const own = await guest.lines(`ls /proc | grep '^[0-9]'`);
    // In a container the host's numbers are small too: those that the guest has itself are not tried.
    const highest = Math.max(...own.map(Number)) + 100;
    const pids = [server.pid, ...guestProcesses(server.pid)].filter((pid) => pid > highest);
    const { stdout } = await guest.run(
      `for pid in ${pids.join(' ')}; do kill -9 $pid 2>/dev/null && echo REACHED $pid; kill -9 -$pid 2>/dev/null && echo REACHED group $pid; done; true`,
    );
    return seen(`${pids.length} processes tried`, {
      [stdout]: stdout.includes('REACHED'),
      'the other one is gone': !(await other.isAlive()),
    });
  },
};

const sharedMemory: Attack = {
  name: 'shared memory, semaphores and queues of another',
  expected: 'each guest has its own',
  needs: ['ipcmk', 'ipcs'],
  attempt: async ({ guest, sibling }) => {
    const other = await sibling();
    await other.run('ipcmk -M 4096; ipcmk -S 1; ipcmk -Q; echo x > /dev/shm/theirs; true');
    const { stdout } = await guest.run(
      `ipcs | grep -c '^0x'; ls -A /dev/shm /dev/mqueue 2>/dev/null | grep theirs; true`,
    );
    return seen(`${stdout.trim()} of another`, { 'one of another': stdout.trim() !== '0' });
  },
};

export const SIBLING_ATTACKS: AttackFamily = {
  name: 'siblings',
  attacks: [sights, token, processFolders, signals, sharedMemory],
};
