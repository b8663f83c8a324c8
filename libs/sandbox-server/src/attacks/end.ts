/** What is left of sandboxes when their server ends, however it does. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { seen, type Attack, type AttackFamily } from './attack.ts';
import type { AttackServer } from './attack-server.ts';
import { stopAgent, takeOverAgent } from './agent-takeover.ts';
import type { GuestSession } from './guest-session.ts';
import { eventually, guestProcesses, isAlive } from './host-processes.ts';

const GONE_WITHIN_MS = 10_000;

/** A look at what is left of the sandboxes of a server, to be taken before its end. */
function watchRemains(server: AttackServer, guests: readonly GuestSession[]): () => string[] {
  if (server.backend === 'docker') {
    const names = guests.flatMap(({ id }) => ['--filter', `name=ae-sandbox-${id}`]);
    return () =>
      spawnSync('docker', ['ps', '--all', '--quiet', ...names], { encoding: 'utf8' })
        .stdout.split('\n')
        .filter((line) => line !== '');
  }
  const pids = guestProcesses(server.pid);
  return () => pids.filter(isAlive).map(String);
}

/** Files and control groups that a server which could clean up has left. */
function leftovers({ pid, options }: AttackServer): string[] {
  const kits = readdirSync(options.env['AE_SANDBOX_ROOT'] ?? tmpdir()).filter((name) =>
    name.includes(`kit-${pid}-`),
  );
  // find goes on when groups of others vanish under it.
  const search = ['/sys/fs/cgroup', '(', '-name', `ae-sandbox-${pid}`, '-o', '-name'];
  const groups = spawnSync('find', [...search, `ae-sandbox-${pid}-*`, ')'], { encoding: 'utf8' });
  return [...kits, ...groups.stdout.split('\n').filter((line) => line !== '')];
}

/** Ends a server of two sandboxes, one of them as `prepare` leaves it, and looks. */
function ending(
  name: string,
  signal: NodeJS.Signals,
  prepare: (server: AttackServer, guest: GuestSession) => Promise<void>,
  length: Pick<Attack, 'long'> = {},
): Attack {
  return {
    ...length,
    name,
    expected: 'no process of any sandbox after 10 seconds',
    attempt: async ({ anotherServer }) => {
      const doomed = await anotherServer();
      const guests = [await doomed.create(), await doomed.create()] as const;
      const busy = await guests[0].start(
        'setsid sleep 4712 & setsid sleep 4713 & echo up; sleep 60',
      );
      await eventually(() => guestProcesses(doomed.pid).length >= 9, 5_000);
      await prepare(doomed, guests[0]);
      const expectedProcesses = guestProcesses(doomed.pid).length;
      const remains = watchRemains(doomed, guests);
      const status = await doomed.end(signal);
      const started = Date.now();
      const gone = await eventually(() => remains().length === 0, GONE_WITHIN_MS);
      await busy.ended;
      const left = signal === 'SIGTERM' ? leftovers(doomed) : [];
      return seen(`gone after ${Date.now() - started} ms`, {
        'too few processes before': doomed.backend === 'bubblewrap' && expectedProcesses < 9,
        [`exit code ${String(status)}`]: status !== (signal === 'SIGTERM' ? 0 : null),
        [`processes ${remains().join(' ')}`]: !gone,
        [`left: ${left.join(' ')}`]: left.length > 0,
      });
    },
  };
}

/** An agent that does not end when its channel does, nor by itself. */
async function defyAgent(_server: AttackServer, guest: GuestSession): Promise<void> {
  await takeOverAgent(
    guest,
    `process.exit = () => undefined;
     for (const handle of process._getActiveHandles()) handle.removeAllListeners('close').on('error', () => undefined);
     process.on('uncaughtException', () => undefined);
     setInterval(() => undefined, 1000);
     for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(name, () => undefined);
     'taken'`,
  );
}

export const END_ATTACKS: AttackFamily = {
  name: 'end',
  attacks: [
    ending('SIGKILL to the server, with a stopped agent', 'SIGKILL', stopAgent),
    ending('SIGTERM to the server, with a stopped agent', 'SIGTERM', stopAgent),
    ending('SIGKILL to the server, with an agent taken over', 'SIGKILL', defyAgent),
    ending('SIGTERM to the server, with an agent taken over', 'SIGTERM', defyAgent, { long: true }),
  ],
};
