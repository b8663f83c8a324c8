import { setImmediate } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { CONFIRMATION_KEY } from './budget-keys.ts';

/** When an operation counts as recorded. */
export interface Durability {
  /** Replicas that must have it. */
  readonly replicas: number;
  /** Milliseconds that they are waited for. */
  readonly timeoutMs: number;
  /** They must have it in their append-only files, and this server too (WAITAOF, Redis 7.2 or newer). */
  readonly aof: boolean;
}

/**
 * Asks a server whether its replicas have what was written. WAIT blocks its connection, so that one is under way at a
 * time, and everything that was answered before it is sent shares it: it confirms a write of its own, which the replicas
 * get after all that was written before. That holds for one server alone, hence the {@link link}.
 */
export class ReplicaConfirmation {
  readonly #client: Redis;
  readonly #durability: Durability;
  /** Settles when no WAIT is under way. */
  #free: Promise<unknown> = Promise.resolve();
  /** The one that is not sent yet. */
  #next: Promise<number> | undefined;
  #link = 0;

  constructor(client: Redis, durability: Durability) {
    this.#client = client;
    this.#durability = durability;
    client.on('close', this.#onClose);
  }

  /** Which connection there is. A later one may lead to another server, which does not have what this one was told. */
  get link(): number {
    return this.#link;
  }

  /**
   * Resolves when the replicas have what was answered on this link.
   * @throws Error otherwise, and when the link is another one now.
   */
  async confirm(link: number): Promise<void> {
    this.#next ??= this.#waitInTurn();
    if ((await this.#next) !== link) throw new Error('the connection was lost');
  }

  close(): void {
    this.#client.off('close', this.#onClose);
  }

  readonly #onClose = (): void => {
    this.#link += 1;
  };

  async #waitInTurn(): Promise<number> {
    await this.#free;
    // Answers that came together are all told by then.
    await setImmediate();
    this.#next = undefined;
    const wait = this.#wait();
    this.#free = wait.catch(() => undefined);
    return wait;
  }

  /** The link on which the replicas have confirmed. */
  async #wait(): Promise<number> {
    const { replicas, timeoutMs, aof } = this.#durability;
    const link = this.#link;
    const pipeline = this.#client.pipeline().set(CONFIRMATION_KEY, '1');
    if (aof) pipeline.call('WAITAOF', 1, replicas, timeoutMs);
    else pipeline.wait(replicas, timeoutMs);
    const [written, waited] = (await pipeline.exec()) ?? [];
    const error = written?.[0] ?? waited?.[0];
    if (error) throw error;
    // WAITAOF answers for the server itself first.
    const [own, others] = aof ? (waited?.[1] as [number, number]) : [1, waited?.[1] as number];
    if (own < 1) throw new Error(`it is not in the append-only file after ${timeoutMs} ms`);
    if (others < replicas) {
      throw new Error(`${others} of ${replicas} replicas have it after ${timeoutMs} ms`);
    }
    if (this.#link !== link) throw new Error('the connection was lost');
    return link;
  }
}
