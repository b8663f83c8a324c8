/** The doctor's own proof, with the attacks that take long: as the tests run and as an ordinary user. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ATTACK_FAMILIES } from '../attacks/attack-families.ts';
import { detectIsolation } from '../isolation/detect-isolation.ts';
import type { Diagnosis } from './diagnosis.ts';

const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));
const ORDINARY_UID = '54321';
const LONG_MS = 600_000;

const isolation = await detectIsolation();
if (isolation.backend === 'none') console.warn(`doctor: not run, ${isolation.reason ?? ''}`);
const isRoot = process.getuid?.() === 0;

const users: { readonly name: string; readonly prefix: readonly string[] }[] = [
  { name: isRoot ? 'root' : 'this user', prefix: [] },
];
if (isRoot) {
  const prefix = [
    'setpriv',
    '--reuid',
    ORDINARY_UID,
    '--regid',
    ORDINARY_UID,
    '--clear-groups',
    '--',
  ];
  users.push({ name: 'an ordinary user', prefix });
}

interface Ended {
  readonly code: number | string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function doctor(prefix: readonly string[]): Promise<Ended> {
  const own = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    '--conditions=@ae/source',
  ];
  const [program, ...args] = [...prefix, ...own, CLI, 'doctor', '--json'];
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] };
    execFile(program, args, { env, cwd: '/', maxBuffer: 16 << 20 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? undefined), stdout, stderr }),
    );
  });
}

(isolation.backend === 'none' ? describe.skip : describe).each(users)(
  'run by $name',
  ({ prefix }) => {
    it(
      'makes every attack and exits as they came out',
      async () => {
        accessSync(CLI, constants.R_OK);
        const { code, stdout, stderr } = await doctor(prefix);
        expect(stderr).toBe('');
        const { attacks, held, remedies, limits } = JSON.parse(stdout) as Diagnosis;
        const line = (one: Diagnosis['attacks'][number]): string =>
          `${one.verdict} ${one.name}: ${one.seen}`;
        console.info(attacks.map(line).join('\n'));
        expect(attacks).toHaveLength(ATTACK_FAMILIES.flatMap((family) => family.attacks).length);
        const failed = attacks.filter(({ verdict }) => verdict === 'failed');
        expect(failed.map(line)).toEqual([]);
        expect(attacks.filter(({ verdict }) => verdict === 'skipped').map(line)).toEqual([]);
        const unlimited = attacks.filter(({ verdict }) => verdict === 'unlimited');
        if (limits?.cpu === true && limits.kernelMemory) expect(unlimited.map(line)).toEqual([]);
        const isGood = failed.length === 0 && unlimited.length === 0;
        expect({ code, held }).toEqual({ code: isGood ? 0 : 1, held: isGood });
        expect(remedies.length > 0).toBe(!isGood);
      },
      LONG_MS,
    );
  },
);
