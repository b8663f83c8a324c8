import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { seen, type Attack, type AttackFamily } from '../attacks/attack.ts';
import { probeIsolation } from '../isolation/detect-isolation.ts';
import { diagnose, type Diagnosis } from './diagnosis.ts';

const run = promisify(execFile);
const CLI = fileURLToPath(new URL('../cli.ts', import.meta.url));
const NODE_OPTIONS = ['--disable-warning=ExperimentalWarning', '--conditions=@ae/source'];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function doctor(args: string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  try {
    const { stdout, stderr } = await run(
      process.execPath,
      [...NODE_OPTIONS, CLI, 'doctor', ...args],
      {
        env,
      },
    );
    return { code: 0, stdout, stderr };
  } catch (error) {
    return error as Ended;
  }
}

function attack(name: string, held: boolean, more: Partial<Attack> = {}): Attack {
  return {
    name,
    expected: 'as it is told',
    ...more,
    attempt: () => Promise.resolve(seen('looked', { fault: !held })),
  };
}

const NOWHERE = { PATH: '/nonexistent' };

describe('doctor', () => {
  it('says what to do where nothing can isolate, and exits with 1', async () => {
    const { code, stdout } = await doctor([], NOWHERE);
    expect(code).toBe(1);
    expect(stdout).toMatch(/cannot isolate sandboxes: .*not installed/);
    expect(stdout).toMatch(/^To do: .*bubblewrap/m);
  });

  it('says it in JSON too, for the backend that was asked for', async () => {
    const { code, stdout } = await doctor(['--json', '--backend=docker'], NOWHERE);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      isolation: { backend: 'none', reason: 'Docker is not installed' },
      attacks: [],
      held: false,
      remedies: [],
    });
  });

  it('refuses what it does not know', async () => {
    const { code, stderr } = await doctor(['--backend=jail'], NOWHERE);
    expect([code, JSON.parse(stderr)]).toMatchObject([1, { error: 'invalid_option' }]);
    expect((await doctor(['--quick'], NOWHERE)).code).toBe(1);
  });

  it('explains itself', async () => {
    expect(await doctor(['--help'], NOWHERE)).toMatchObject({ code: 0 });
  });
});

const bubblewrap = await probeIsolation('bubblewrap');
if (bubblewrap.backend === 'none') {
  console.info(`diagnosis: not run, ${bubblewrap.reason ?? 'bubblewrap does not work here'}`);
}

(bubblewrap.backend === 'none' ? describe.skip : describe)('a diagnosis', () => {
  const diagnosisOf = (...attacks: Attack[]): Promise<Diagnosis> => {
    const families: AttackFamily[] = [{ name: 'family', attacks }];
    return diagnose({ backend: 'bubblewrap', families, env: { PATH: process.env['PATH'] } });
  };

  it('is good when all that could be made was held', async () => {
    const { held, isolation, attacks, remedies } = await diagnosisOf(
      attack('held', true),
      attack('impossible', false, { needs: ['no-such-program'] }),
    );
    expect(isolation).toEqual(bubblewrap);
    expect(attacks.map(({ verdict }) => verdict)).toEqual(['held', 'skipped']);
    expect(attacks[1]?.seen).toBe('the guest has no no-such-program');
    expect({ held, remedies }).toEqual({ held: true, remedies: [] });
  });

  it('is bad when one was not, and tells a missing limit from a hole', async () => {
    const broken: Attack = {
      ...attack('broken', true),
      attempt: () => Promise.reject(new Error('x')),
    };
    const spoilt: Attack = {
      ...attack('spoils without saying so', true),
      attempt: async ({ guest }) => {
        await guest.run('kill -9 -1');
        return seen('looked', {});
      },
    };
    const { held, attacks, remedies, limits } = await diagnosisOf(
      attack('hole', false),
      broken,
      spoilt,
      attack('needs a group', false, { heldBy: 'cpu' }),
    );
    expect(attacks.map(({ verdict }) => verdict)).toEqual([
      'failed',
      'failed',
      'failed',
      limits?.cpu === true ? 'failed' : 'unlimited',
    ]);
    expect(attacks.map(({ seen: what }) => what)).toEqual([
      'fault (looked)',
      'broken off: Error: x',
      'the sandbox did not live on (looked)',
      'fault (looked)',
    ]);
    expect(held).toBe(false);
    expect(remedies[0]).toContain('no code of strangers');
  });
});
