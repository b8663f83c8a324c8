/**
 * The attacks of src/attacks against a server as its own process: on each backend that works
 * here, as the tests run (root on a CI machine) and as an ordinary user. Those that take long are
 * made by the doctor in doctor.long.spec.ts.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BackendKind } from '../attacks/attack.ts';
import { ATTACK_FAMILIES } from '../attacks/attack-families.ts';
import { AttackRun } from '../attacks/attack-run.ts';
import { startAttackServer, type AttackServer } from '../attacks/attack-server.ts';
import { AttackTable } from '../attacks/attack-table.ts';
import { GuestSession } from '../attacks/guest-session.ts';
import { detectIsolation, probeIsolation } from './detect-isolation.ts';

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));
const API_KEY = randomBytes(8).toString('hex');
const ORDINARY_UID = 54_321;

const isolation = await detectIsolation();
const bubblewrap = await probeIsolation('bubblewrap');
const docker = await probeIsolation('docker');
const isRoot = process.getuid?.() === 0;

function othersCanRead(path: string): boolean {
  for (let at = path; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0 && at !== path) return false;
    if (at === dirname(at)) return true;
  }
}

interface Mode {
  readonly name: string;
  readonly backend: BackendKind;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
}

const modes: Mode[] = [];
if (bubblewrap.backend === 'none') {
  console.warn(`attacks on bubblewrap: not run, ${bubblewrap.reason ?? 'it does not work here'}`);
} else {
  modes.push({ name: isRoot ? 'root' : 'this user', backend: 'bubblewrap' });
  if (!isRoot) console.info('attacks on a server run by root: not run, the tests are not root');
  else if (!othersCanRead(CLI) || !othersCanRead(process.execPath)) {
    console.info(
      'attacks on a server run by an ordinary user: not run, it cannot read this checkout',
    );
  } else modes.push({ name: 'an ordinary user', backend: 'bubblewrap', uid: ORDINARY_UID });
}
const image = process.env['AE_TEST_SANDBOX_IMAGE'];
if (docker.backend === 'none' || image === undefined) {
  const reason = docker.reason ?? 'AE_TEST_SANDBOX_IMAGE names no image';
  console.info(`attacks on Docker: not run, ${reason}`);
} else {
  const env = { AE_SANDBOX_DOCKER_IMAGE: image };
  modes.push({ name: isRoot ? 'root' : 'this user', backend: 'docker', env });
}

const families = ATTACK_FAMILIES.map(({ name, attacks }) => ({
  name,
  attacks: attacks.filter(({ long }) => long !== true),
}));

describe('isolation', () => {
  it('is available where the tests are to prove it', () => {
    // On a machine that cannot isolate, the server must say why rather than run unsandboxed.
    if (isolation.backend === 'none') expect(isolation.reason).toBeTruthy();
    else expect(isolation.version).toMatch(/^\d+\.\d+/);
  });

  it('is attacked by attacks that can be told apart', () => {
    const names = ATTACK_FAMILIES.flatMap(({ name, attacks }) =>
      attacks.map((attack) => `${name}: ${attack.name}`),
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(60);
  });
});

(modes.length === 0 ? describe.skip : describe).each(modes)(
  'a server of $backend run by $name',
  ({ name, backend, env, uid }) => {
    const table = new AttackTable(families);
    const rows: string[] = [];
    let server: AttackServer;
    let run: AttackRun;

    beforeAll(async () => {
      server = await startAttackServer({
        backend,
        env: { PATH: process.env['PATH'], ...env },
        ...(uid === undefined ? {} : { uid }),
      });
      run = await AttackRun.open(server, families);
    }, 60_000);

    afterAll(async () => {
      await server.end('SIGTERM');
      console.info([`${backend}, run by ${name}`, table.header, ...rows].join('\n'));
    }, 60_000);

    describe.each(families)('against the $name', (family) => {
      it.each(family.attacks)(
        'holds $name: $expected',
        async (attack) => {
          const result = await run.attempt(family, attack);
          rows.push(table.row(result));
          // The reason why an attack was not made or met no limit is in the table.
          const allowed = attack.heldBy !== undefined && !run.limits[attack.heldBy];
          const verdicts = [
            'held',
            ...(attack.needs === undefined && attack.on === undefined ? [] : ['skipped']),
            ...(attack.architecture === undefined ? [] : ['skipped']),
            ...(allowed ? ['unlimited'] : []),
          ];
          expect({ ...result, isAllowed: verdicts.includes(result.verdict) }).toEqual({
            ...result,
            isAllowed: true,
          });
        },
        130_000,
      );
    });
  },
);

describe('a server run by root from a folder that only root can read', () => {
  const can = isRoot && bubblewrap.backend === 'bubblewrap';
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
      const server = [
        process.execPath,
        '--conditions=@ae/source',
        CLI,
        '--port=0',
        `--root=${join(hidden, 'root')}`,
      ];
      const child = spawn('/bin/sh', ['-c', command, 'sh', ...server], {
        env: { PATH: process.env['PATH'], AE_SANDBOX_API_KEY: API_KEY },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
      const { listening: url } = JSON.parse(line) as { listening: string };
      const sandbox = await GuestSession.create(url, API_KEY);
      expect((await sandbox.run('echo up')).stdout).toBe('up\n');
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
      rmSync(hidden, { recursive: true });
    },
    30_000,
  );
});
