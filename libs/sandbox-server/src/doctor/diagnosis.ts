/** What isolation this machine can give, and the proof: attacks on a server started for them. */
import { existsSync } from 'node:fs';
import type { AttackFamily, BackendKind } from '../attacks/attack.ts';
import { AttackRun, type AttackResult, type GroupLimits } from '../attacks/attack-run.ts';
import { startAttackServer } from '../attacks/attack-server.ts';
import { detectIsolation, probeIsolation, type Isolation } from '../isolation/detect-isolation.ts';

export interface Diagnosis {
  readonly isolation: Isolation;
  /** Limits of a sandbox as a whole that the kernel holds; absent where no server started. */
  readonly limits?: GroupLimits;
  readonly attacks: readonly AttackResult[];
  /** True when every attack that could be made was held. */
  readonly held: boolean;
  /** What to do about the rest, most important first. */
  readonly remedies: readonly string[];
}

export interface DiagnosisOptions {
  readonly backend: 'auto' | BackendKind;
  readonly families: readonly AttackFamily[];
  /** Variables of the server under attack. */
  readonly env: NodeJS.ProcessEnv;
  readonly onStart?: (isolation: Isolation, limits: GroupLimits) => void;
  readonly onResult?: (result: AttackResult) => void;
}

/** How to have the control groups that the server found missing. */
function groupsRemedy(): string {
  if (process.getuid?.() === 0) {
    return 'give this machine or container a writable /sys/fs/cgroup with the memory, pids and cpu controllers';
  }
  return existsSync('/run/systemd/system')
    ? 'systemd-run --user --scope --property=Delegate=yes npx @ae/sandbox-server'
    : 'start the server as root: each sandbox gets an unprivileged user of its own';
}

function remediesFor(results: readonly AttackResult[]): string[] {
  const remedies: string[] = [];
  if (results.some(({ verdict }) => verdict === 'failed')) {
    remedies.push(
      'run no code of strangers here: update the kernel and bubblewrap, or let another machine or E2B run it',
    );
  }
  if (results.some(({ verdict }) => verdict === 'unlimited')) remedies.push(groupsRemedy());
  return remedies;
}

/**
 * @throws Error when isolation is there and the server does not start all the same, with what it
 *   said
 */
export async function diagnose(options: DiagnosisOptions): Promise<Diagnosis> {
  const { backend, families, env } = options;
  const isolation = await (backend === 'auto' ? detectIsolation() : probeIsolation(backend));
  if (isolation.backend === 'none') {
    const { remedy } = isolation;
    return { isolation, attacks: [], held: false, remedies: remedy === undefined ? [] : [remedy] };
  }
  const server = await startAttackServer({ backend: isolation.backend, env });
  const stop = (): void => void server.end('SIGTERM').finally(() => process.exit(1));
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    const run = await AttackRun.open(server, families);
    options.onStart?.(isolation, run.limits);
    const attacks: AttackResult[] = [];
    for (const family of families) {
      for (const attack of family.attacks) {
        const result = await run.attempt(family, attack);
        attacks.push(result);
        options.onResult?.(result);
      }
    }
    return {
      isolation,
      limits: run.limits,
      attacks,
      held: attacks.every(({ verdict }) => verdict === 'held' || verdict === 'skipped'),
      remedies: remediesFor(attacks),
    };
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await server.end('SIGTERM');
  }
}
