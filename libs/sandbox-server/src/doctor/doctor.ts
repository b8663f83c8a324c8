import { parseArgs } from 'node:util';
import { ATTACK_FAMILIES } from '../attacks/attack-families.ts';
import { AttackTable } from '../attacks/attack-table.ts';
import type { GroupLimits } from '../attacks/attack-run.ts';
import type { Isolation } from '../isolation/detect-isolation.ts';
import { SandboxServerError } from '../sandbox-server-error.ts';
import { diagnose, type Diagnosis, type DiagnosisOptions } from './diagnosis.ts';

const HELP = `Usage: ae-sandbox-server doctor [--json] [--backend auto|bubblewrap|docker]

Says what isolation this machine can give and proves it by attacking a server of its own from
inside its sandboxes. Exits with 0 when every attack was held, else with 1 and what to do.
`;

const BACKENDS = ['auto', 'bubblewrap', 'docker'] as const;

/** What the server under attack needs of this environment: its own settings, and an engine's. */
function serverEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isWanted = (name: string): boolean =>
    ['PATH', 'HOME', 'XDG_RUNTIME_DIR', 'AE_SANDBOX_ROOT', 'AE_SANDBOX_DOCKER_IMAGE'].includes(
      name,
    ) || name.startsWith('DOCKER_');
  return Object.fromEntries(Object.entries(env).filter(([name]) => isWanted(name)));
}

function describe({ backend, version }: Isolation, limits: GroupLimits): string {
  const group = 'a control group of the sandbox';
  return [
    `Isolation: ${backend} ${version ?? ''}`.trimEnd(),
    '',
    'What holds a sandbox to its limits:',
    '  processes, open files, size of files and file systems: the kernel',
    `  memory of its processes: ${limits.kernelMemory ? group : 'the kernel for each process; for all together a watch, several times a second'}`,
    `  memory of the kernel for it (sockets, queues, files): ${limits.kernelMemory ? group : 'NOTHING as a whole'}`,
    `  processor time: ${limits.cpu ? group : 'NOTHING; it gives way by its priority'}`,
    '',
  ].join('\n');
}

function summary({ isolation, attacks, held, remedies }: Diagnosis): string {
  const count = (verdict: string): number =>
    attacks.filter((result) => result.verdict === verdict).length;
  const result =
    isolation.backend === 'none'
      ? `This machine cannot isolate sandboxes: ${isolation.reason ?? 'no cause is known'}.`
      : held
        ? `All ${count('held')} attacks were held.`
        : `${count('held')} attacks were held, ${count('failed')} were NOT, and ${count('unlimited')} met no limit on this machine.`;
  const skipped = count('skipped') === 0 ? [] : [`${count('skipped')} could not be made here.`];
  return [
    ...[result, ...skipped].join(' ').split('\n'),
    ...remedies.map((text) => `To do: ${text}`),
    '',
  ].join('\n');
}

/**
 * The subcommand: prints a table as the attacks go, or one JSON object at the end.
 *
 * @returns the exit code
 * @throws SandboxServerError `invalid_option`
 */
export async function doctor(args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: 'boolean', default: false },
      backend: { type: 'string', default: 'auto' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const backend = BACKENDS.find((name) => name === values.backend);
  if (backend === undefined) {
    throw new SandboxServerError(
      'invalid_option',
      `backend must be one of ${BACKENDS.join(', ')}.`,
    );
  }
  const options: DiagnosisOptions = {
    backend,
    families: ATTACK_FAMILIES,
    env: serverEnvironment(env),
  };
  if (values.json) {
    const diagnosis = await diagnose(options);
    process.stdout.write(`${JSON.stringify(diagnosis, undefined, 2)}\n`);
    return diagnosis.held ? 0 : 1;
  }
  const table = new AttackTable(ATTACK_FAMILIES);
  const diagnosis = await diagnose({
    ...options,
    onStart: (isolation, limits) =>
      process.stdout.write(`${describe(isolation, limits)}\n${table.header}\n`),
    onResult: (result) => process.stdout.write(`${table.row(result)}\n`),
  });
  process.stdout.write(`\n${summary(diagnosis)}`);
  return diagnosis.held ? 0 : 1;
}
