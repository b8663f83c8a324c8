import type { AttackServer } from './attack-server.ts';
import type { GuestSession } from './guest-session.ts';

export type BackendKind = 'bubblewrap' | 'docker';

/** What an attack has to work with. */
export interface AttackTarget {
  readonly server: AttackServer;
  /** The sandbox that the attacker is in. */
  readonly guest: GuestSession;
  /** Another sandbox of the same server, killed when the attack is over. */
  readonly sibling: () => Promise<GuestSession>;
  /** Another server like this one, ended when the attack is over. */
  readonly anotherServer: () => Promise<AttackServer>;
}

/** What came of an attack. */
export interface Seen {
  readonly held: boolean;
  readonly seen: string;
}

/** Limits that only some machines can give a sandbox as a whole. */
export type GroupLimit = 'cpu' | 'kernelMemory';

/** One attack as data: what is tried, what should come of it, and how to try it. */
export interface Attack {
  readonly name: string;
  /** What is seen where the attack is held, in a few words. */
  readonly expected: string;
  /** Programs that the guest must have for it, and modules of Perl, e.g. `Socket.pm`. */
  readonly needs?: readonly string[];
  /** Where it can be made; on all backends by default. */
  readonly on?: readonly BackendKind[];
  /** The one kind of processor it can be made on. */
  readonly architecture?: string;
  /** Held only where control groups give this limit; elsewhere told as not limited. */
  readonly heldBy?: GroupLimit;
  /** It may cost the sandbox, so it gets one of its own. */
  readonly spoils?: true;
  /** Takes more than a few seconds. */
  readonly long?: true;
  attempt(target: AttackTarget): Promise<Seen>;
}

export interface AttackFamily {
  readonly name: string;
  readonly attacks: readonly Attack[];
}

/** What was seen, and what must not have happened: the attack held when none of `faults` did. */
export function seen(what: string, faults: Readonly<Record<string, boolean>>): Seen {
  const happened = Object.keys(faults).filter((name) => faults[name]);
  return happened.length === 0
    ? { held: true, seen: what }
    : { held: false, seen: `${happened.join(', ')} (${shorten(what)})` };
}

const MAX_SEEN_CHARS = 200;

/** One line of text for a table. */
export function shorten(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ');
  return line.length <= MAX_SEEN_CHARS ? line : `${line.slice(0, MAX_SEEN_CHARS - 1)}…`;
}
