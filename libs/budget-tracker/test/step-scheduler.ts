import { setImmediate as turn } from 'node:timers/promises';
import type { BudgetStore } from '../src/budget-store.ts';
import { StoreUnavailableError } from '../src/budget-error.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Part of the calls that are slow: so many steps of others may come first. */
const SLOW = 0.15;
const MOST_OVERTAKING = 40;

/** A call of the store that waits for its turn. */
interface Step {
  readonly client: BudgetStore;
  readonly verb: string;
  readonly args: readonly unknown[];
  /** Count of steps before which it does not happen while another can. */
  readonly notBefore: number;
  resolve(answer: unknown): void;
  reject(reason: unknown): void;
}

/** A step that was taken. */
export interface TakenStep {
  readonly client: BudgetStore;
  readonly verb: string;
  readonly command: unknown;
  /** Undefined where it never came to the store. */
  readonly answer: unknown;
  /** Where its caller was told that the store is unavailable: before the step reached it, or after. */
  readonly failed: 'before' | 'after' | undefined;
}

/**
 * One store for several clients, whose calls happen one at a time in an order that a seed gives: now and then many others
 * overtake one. Any client may die between two of its calls.
 */
export class StepScheduler {
  /** Part of the calls that fail, 0 to 1. */
  faults = 0;
  readonly #store: BudgetStore;
  readonly #random: SeededRandom;
  readonly #onStep: (step: TakenStep) => void;
  readonly #dead = new Set<BudgetStore>();
  #waiting: Step[] = [];
  #taken = 0;

  /** @param onStep told of each step before its caller is. */
  constructor(store: BudgetStore, random: SeededRandom, onStep: (step: TakenStep) => void) {
    this.#store = store;
    this.#random = random;
    this.#onStep = onStep;
  }

  /** One more client. Its `close` leaves the store open, for the others have it too. */
  connect(): BudgetStore {
    const client: BudgetStore = new Proxy(this.#store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== 'function') return method;
        if (name === 'close') return () => Promise.resolve();
        return (...args: unknown[]) =>
          new Promise((resolve, reject) => {
            if (this.#dead.has(client)) return;
            const delay = this.#random.chance(SLOW) ? this.#random.below(MOST_OVERTAKING) : 0;
            const notBefore = this.#taken + delay;
            this.#waiting.push({ client, verb: String(name), args, notBefore, resolve, reject });
          });
      },
    });
    return client;
  }

  /** The process of a client dies: of its calls, those that wait never happen, and none is ever answered. */
  kill(client: BudgetStore): void {
    this.#dead.add(client);
    this.#waiting = this.#waiting.filter((step) => step.client !== client);
  }

  /** Lets one of the calls happen that wait. @returns false where none does: whatever is under way waits for nothing. */
  async next(): Promise<boolean> {
    // What the last answer leads to is a chain of promises: it has come to its next call by then.
    await turn();
    if (this.#waiting.length === 0) return false;
    const due = this.#waiting.filter(({ notBefore }) => notBefore <= this.#taken);
    const step = this.#random.pick(due.length > 0 ? due : this.#waiting);
    this.#waiting.splice(this.#waiting.indexOf(step), 1);
    this.#taken += 1;
    const { client, verb, args } = step;
    const failed = this.#random.chance(this.faults)
      ? this.#random.pick(['before', 'after'] as const)
      : undefined;
    let answer: unknown;
    try {
      const method: unknown = Reflect.get(this.#store, verb);
      if (failed !== 'before') {
        answer = await Reflect.apply(method as () => unknown, this.#store, args);
      }
    } catch (error) {
      step.reject(error);
      return true;
    }
    this.#onStep({ client, verb, command: args[0], answer, failed });
    if (failed === undefined) step.resolve(answer);
    else step.reject(new StoreUnavailableError('test', `lost ${failed}`));
    return true;
  }
}
