import type { Attack, AttackFamily, AttackTarget, GroupLimit, Seen } from './attack.ts';
import { shorten } from './attack.ts';
import { startAttackServer, type AttackServer } from './attack-server.ts';
import type { GuestSession } from './guest-session.ts';
import { groupControllers, guestProcesses } from './host-processes.ts';

/** No attack takes longer unless something hangs, which is what it was to find out. */
const ATTACK_TIMEOUT_MS = 120_000;

/**
 * `unlimited`: the attack is stopped by a limit that this machine cannot give, and so it was
 * not. `skipped`: it could not be made here.
 */
export type Verdict = 'held' | 'failed' | 'unlimited' | 'skipped';

export interface AttackResult {
  readonly family: string;
  readonly name: string;
  readonly expected: string;
  readonly seen: string;
  readonly verdict: Verdict;
}

/** The limits of whole sandboxes that control groups hold on this server. */
export type GroupLimits = Readonly<Record<GroupLimit, boolean>>;

/** Read from the host's own tables rather than asked of the server. */
function groupLimits(server: AttackServer): GroupLimits {
  // The engine's groups hold each container, and it refuses limits that it cannot give.
  if (server.backend === 'docker') return { cpu: true, kernelMemory: true };
  const controllers = new Set(guestProcesses(server.pid).flatMap(groupControllers));
  return { cpu: controllers.has('cpu'), kernelMemory: controllers.has('memory') };
}

/** A command that succeeds where the guest has a program, or a module of Perl. */
function probe(name: string): string {
  return name.endsWith('.pm') ? `perl -M${name.slice(0, -3)} -e 1` : `command -v ${name}`;
}

/** Makes attacks on one server, one after the other. */
export class AttackRun {
  readonly server: AttackServer;
  readonly limits: GroupLimits;
  readonly #programs: ReadonlySet<string>;
  /** For all attacks that leave it as it was. */
  #guest: GuestSession;

  private constructor(server: AttackServer, guest: GuestSession, programs: ReadonlySet<string>) {
    this.server = server;
    this.limits = groupLimits(server);
    this.#guest = guest;
    this.#programs = programs;
  }

  static async open(server: AttackServer, families: readonly AttackFamily[]): Promise<AttackRun> {
    const guest = await server.create();
    const needed = families.flatMap(({ attacks }) => attacks.flatMap(({ needs = [] }) => needs));
    const probes = [...new Set(needed)].map((name) => `${probe(name)} >&2 && echo ${name}`);
    return new AttackRun(server, guest, new Set(await guest.lines(probes.join('; '))));
  }

  async attempt({ name: family }: AttackFamily, attack: Attack): Promise<AttackResult> {
    const { name, expected, heldBy } = attack;
    const result = (verdict: Verdict, seen: string): AttackResult => ({
      family,
      name,
      expected,
      seen: shorten(seen),
      verdict,
    });
    const obstacle = this.#obstacle(attack);
    if (obstacle !== undefined) return result('skipped', obstacle);
    const { held, seen } = await this.#made(attack);
    if (held) return result('held', seen);
    const isUnlimited = heldBy !== undefined && !this.limits[heldBy];
    return result(isUnlimited ? 'unlimited' : 'failed', seen);
  }

  /** Why an attack cannot be made here. */
  #obstacle({ needs = [], on, architecture = process.arch }: Attack): string | undefined {
    if (on !== undefined && !on.includes(this.server.backend)) {
      return `not on ${this.server.backend}`;
    }
    if (architecture !== process.arch) return `needs a processor of kind ${architecture}`;
    const missing = needs.filter((program) => !this.#programs.has(program));
    return missing.length === 0 ? undefined : `the guest has no ${missing.join(', ')}`;
  }

  async #made(attack: Attack): Promise<Seen> {
    const siblings: GuestSession[] = [];
    const servers: AttackServer[] = [];
    const sibling = async (): Promise<GuestSession> => {
      const made = await this.server.create();
      siblings.push(made);
      return made;
    };
    try {
      if (attack.spoils !== true && !(await this.#guest.isAlive())) {
        this.#guest = await this.server.create();
      }
      const target: AttackTarget = {
        server: this.server,
        guest: attack.spoils === true ? await sibling() : this.#guest,
        sibling,
        anotherServer: async () => {
          const made = await startAttackServer(this.server.options);
          servers.push(made);
          return made;
        },
      };
      const came = await withinTime(attack.attempt(target));
      if (!came.held || attack.spoils === true || (await this.#guest.isAlive())) return came;
      return { held: false, seen: `the sandbox did not live on (${came.seen})` };
    } catch (error) {
      return { held: false, seen: `broken off: ${String(error)}` };
    } finally {
      await Promise.allSettled([
        ...siblings.map((made) => made.kill()),
        ...servers.map((made) => made.end('SIGKILL')),
      ]);
    }
  }
}

async function withinTime(made: Promise<Seen>): Promise<Seen> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Seen>((resolve) => {
    timer = setTimeout(
      () => resolve({ held: false, seen: `no end after ${ATTACK_TIMEOUT_MS / 1000} seconds` }),
      ATTACK_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([made, late]);
  } finally {
    clearTimeout(timer);
  }
}
