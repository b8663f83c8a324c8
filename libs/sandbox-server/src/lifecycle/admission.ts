import type { GuestLimits } from '../backends/backend.ts';
import { NoCapacityError } from './no-capacity-error.ts';

/** What all sandboxes of a server may be promised together; undefined for no limit. */
export interface Quota {
  readonly sandboxes: number;
  readonly memoryMb: number | undefined;
  readonly cpus: number | undefined;
  readonly processes: number | undefined;
  /** MiB of the machine's memory that a new sandbox has to leave free. */
  readonly reserveMb: number;
}

/** The share of one sandbox in the quota. */
export interface Share {
  /** It runs: what it uses is missing from the free memory from now on. */
  started(): void;
  /** A paused sandbox keeps its memory and its processes, but uses no processor. */
  pause(): void;
  /** @throws NoCapacityError when others have been given its processors meanwhile */
  resume(): void;
  /** All of it is free again; a second time does nothing. */
  release(): void;
}

const BUSY_RETRY_S = 5;
/** MiB that a sandbox holds once it has started. */
const STARTED_MB = 96;

/**
 * Decides whether there is room for one more sandbox: by what was promised to all of them, and by
 * what the machine has left, since limits are ceilings that few sandboxes reach.
 */
export class Admission {
  readonly #quota: Quota;
  readonly #availableMb: () => number | undefined;
  readonly #promised = { sandboxes: 0, memoryMb: 0, cpus: 0, processes: 0 };
  /** What sandboxes that are being started will hold once they have, and do not hold yet. */
  #startingMb = 0;

  /** @param availableMb MiB of memory that are free for new uses; undefined when not known */
  constructor(quota: Quota, availableMb: () => number | undefined) {
    this.#quota = quota;
    this.#availableMb = availableMb;
  }

  /** @throws NoCapacityError */
  admit({ memoryMb, cpus, processes }: GuestLimits): Share {
    this.#check('sandboxes', 1, 'sandboxes');
    this.#check('memoryMb', memoryMb, 'MiB of memory');
    this.#check('cpus', cpus, 'processors');
    this.#check('processes', processes, 'processes');
    const available = this.#availableMb();
    if (
      available !== undefined &&
      available - this.#startingMb - memoryMb < this.#quota.reserveMb
    ) {
      throw new NoCapacityError(
        `the machine is short of memory: ${Math.floor(available)} MiB are free`,
        BUSY_RETRY_S,
      );
    }
    const promised = this.#promised;
    promised.sandboxes += 1;
    promised.memoryMb += memoryMb;
    promised.cpus += cpus;
    promised.processes += processes;
    this.#startingMb += STARTED_MB;
    let [starting, running, released] = [true, true, false];
    const started = (): void => {
      if (starting) this.#startingMb -= STARTED_MB;
      starting = false;
    };
    const pause = (): void => {
      if (running) promised.cpus -= cpus;
      running = false;
    };
    return {
      started,
      pause,
      resume: () => {
        if (running) return;
        this.#check('cpus', cpus, 'processors');
        promised.cpus += cpus;
        running = true;
      },
      release: () => {
        if (released) return;
        released = true;
        started();
        pause();
        promised.sandboxes -= 1;
        promised.memoryMb -= memoryMb;
        promised.processes -= processes;
      },
    };
  }

  #check(what: Exclude<keyof Quota, 'reserveMb'>, wanted: number, unit: string): void {
    const most = this.#quota[what];
    if (most === undefined || this.#promised[what] + wanted <= most) return;
    throw new NoCapacityError(
      `all ${most} ${unit} of this server are in use: ${this.#promised[what]} are given, ${wanted} more were asked for`,
      BUSY_RETRY_S,
    );
  }
}
