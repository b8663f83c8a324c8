import { randomUUID } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { z } from 'zod';
import {
  BudgetError,
  BudgetInputError,
  CorruptValueError,
  StoreUnavailableError,
} from './budget-error.ts';
import { budgetKeys, INDEX_KEYS } from './budget-keys.ts';
import type {
  BudgetStore,
  Charged,
  CommitCommand,
  CreateCommand,
  Done,
  ExtendCommand,
  Held,
  HoldCommand,
  HoldConflict,
  HoldNotFound,
  Ledger,
  LedgerPage,
  ListCommand,
  NotFound,
  Overflow,
  Refused,
  ReserveCommand,
  RunCommand,
  SpendCommand,
} from './budget-store.ts';
import { loadScript } from './lua-script.ts';
import type { LuaScript } from './lua-script.ts';
import { COMMAND_TIMEOUT_MS } from './redis-options.ts';

const SCRIPTS = {
  create: loadScript('create-6'),
  reserve: loadScript('reserve-6'),
  commit: loadScript('commit-6'),
  release: loadScript('release-6'),
  extend: loadScript('extend-6'),
  spend: loadScript('spend-6'),
  status: loadScript('status-6'),
  delete: loadScript('delete-6'),
  register: loadScript('register-2'),
};

/** The types of a run's keys, in the order of `budgetKeys`. */
const KEY_TYPES = ['string', 'string', 'string', 'hash', 'zset', 'hash'];

const Options = z.strictObject({
  commandTimeoutMs: z.int().min(1).default(COMMAND_TIMEOUT_MS),
});

export type RedisBudgetStoreOptions = z.input<typeof Options>;

/**
 * Budgets in Redis 6.2 or newer, single, Sentinel or Cluster. Each operation is one script over
 * the keys of one run, timed by the server's clock. Make the client with `redisOptions` or
 * `redisClusterOptions`; whatever its own options, a call fails after `commandTimeoutMs`
 * (250 by default), connecting included. Whoever made the client ends it: `close` does not.
 */
export class RedisBudgetStore implements BudgetStore {
  readonly #client: Redis | Cluster;
  readonly #timeoutMs: number;
  #readiness: Promise<void> | undefined;
  #closed = false;

  constructor(client: Redis | Cluster, options: RedisBudgetStoreOptions = {}) {
    this.#client = client;
    this.#timeoutMs = Options.parse(options).commandTimeoutMs;
  }

  async create(command: CreateCommand): Promise<Done | Refused<'budget_conflict'>> {
    const { runId, limit, ttlMs } = command;
    const reply = await this.#call(SCRIPTS.create, runId, limit, ttlMs);
    if (reply.code === 'BUDGET_CONFLICT') {
      return { outcome: 'budget_conflict', ledger: reply.ledger() };
    }
    // After the budget, so that whoever takes the entry out (see #forget) sees it. A process that
    // dies in between leaves a budget that works and is not listed until its create is repeated.
    await this.#register(runId, ttlMs);
    return doneOf(reply);
  }

  async reserve(
    command: ReserveCommand,
  ): Promise<Held | Refused<'budget_exceeded'> | HoldConflict | NotFound> {
    const { runId, holdId, amount, ttlMs } = command;
    const reply = await this.#call(SCRIPTS.reserve, runId, holdId, amount, ttlMs);
    if (reply.code === 'DONE') return heldOf(reply);
    if (reply.code === 'BUDGET_EXCEEDED') {
      return { outcome: 'budget_exceeded', ledger: reply.ledger() };
    }
    return refusalOf(reply, 'NOT_FOUND', 'HOLD_CONFLICT');
  }

  async commit(command: CommitCommand): Promise<Charged | HoldConflict | Overflow | NotFound> {
    const { runId, holdId, amount } = command;
    const reply = await this.#call(SCRIPTS.commit, runId, holdId, amount);
    if (reply.code === 'DONE') return chargedOf(reply);
    return refusalOf(reply, 'NOT_FOUND', 'HOLD_CONFLICT', 'OVERFLOW');
  }

  async release(command: HoldCommand): Promise<Done | HoldConflict | HoldNotFound | NotFound> {
    const reply = await this.#call(SCRIPTS.release, command.runId, command.holdId);
    if (reply.code === 'DONE') return doneOf(reply);
    return refusalOf(reply, 'NOT_FOUND', 'HOLD_CONFLICT', 'HOLD_NOT_FOUND');
  }

  async extend(command: ExtendCommand): Promise<Held | HoldConflict | HoldNotFound | NotFound> {
    const reply = await this.#call(SCRIPTS.extend, command.runId, command.holdId, command.ttlMs);
    if (reply.code === 'DONE') return heldOf(reply);
    return refusalOf(reply, 'NOT_FOUND', 'HOLD_CONFLICT', 'HOLD_NOT_FOUND');
  }

  async spend(command: SpendCommand): Promise<Done | HoldConflict | Overflow | NotFound> {
    // A key of its own for each spend without one: should a client send it twice, it counts once.
    const key = command.idempotencyKey ?? randomUUID();
    const reply = await this.#call(SCRIPTS.spend, command.runId, key, command.amount);
    if (reply.code === 'DONE') return doneOf(reply);
    return refusalOf(reply, 'NOT_FOUND', 'HOLD_CONFLICT', 'OVERFLOW');
  }

  async status(command: Pick<RunCommand, 'runId'>): Promise<Done | NotFound> {
    const reply = await this.#call(SCRIPTS.status, command.runId);
    return reply.code === 'DONE' ? doneOf(reply) : refusalOf(reply, 'NOT_FOUND');
  }

  /**
   * Runs are read one by one, each from its own slot: a page is a snapshot of each budget, not of
   * all together. A last page may be empty when runs vanished meanwhile.
   */
  async list(command: ListCommand): Promise<LedgerPage> {
    const ledgers: { runId: string; ledger: Ledger }[] = [];
    const corrupt: string[] = [];
    let { after } = command;
    for (;;) {
      const wanted = command.limit - ledgers.length - corrupt.length;
      if (wanted === 0) return { ledgers, corrupt, after };
      const from = after === undefined ? '-' : `(${after}`;
      const runIds = await this.#bounded(() =>
        this.#client.zrangebylex(INDEX_KEYS[0], from, '+', 'LIMIT', 0, wanted + 1),
      );
      const page = runIds.slice(0, wanted);
      const found = await Promise.all(page.map((runId) => this.#peek(runId)));
      for (const [index, runId] of page.entries()) {
        const ledger = found[index];
        if (ledger === 'corrupt') corrupt.push(runId);
        else if (ledger !== undefined) ledgers.push({ runId, ledger });
      }
      if (runIds.length <= wanted) return { ledgers, corrupt, after: undefined };
      after = page.at(-1);
    }
  }

  async delete(command: Pick<RunCommand, 'runId'>): Promise<boolean> {
    const reply = await this.#call(SCRIPTS.delete, command.runId);
    await this.#forget(command.runId);
    return reply.code === 'DONE';
  }

  async ping(): Promise<void> {
    await this.#bounded(() => this.#client.ping());
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  /** A budget for a page; an index entry without its budget is taken out. */
  async #peek(runId: string): Promise<Ledger | 'corrupt' | undefined> {
    try {
      const result = await this.status({ runId });
      if (result.outcome === 'done') return result.ledger;
      await this.#forget(runId);
      return undefined;
    } catch (error) {
      if (error instanceof CorruptValueError) return 'corrupt';
      throw error;
    }
  }

  async #register(runId: string, ttlMs: number): Promise<void> {
    await this.#evaluate(SCRIPTS.register, INDEX_KEYS, [runId, String(ttlMs)]);
  }

  /** Takes a run out of the index, and puts it back when it was created again meanwhile. */
  async #forget(runId: string): Promise<void> {
    await this.#bounded(() => this.#client.zrem(INDEX_KEYS[0], runId));
    const [budget = ''] = budgetKeys(runId);
    const ttlMs = await this.#bounded(() => this.#client.pttl(budget));
    if (ttlMs > 0) await this.#register(runId, ttlMs);
  }

  async #call(script: LuaScript, runId: string, ...args: (string | number)[]): Promise<Reply> {
    const keys = budgetKeys(runId);
    let raw: unknown;
    try {
      raw = await this.#evaluate(script, keys, args.map(String));
    } catch (error) {
      throw error instanceof WrongTypeError ? await this.#wrongType(keys, error) : error;
    }
    const reply = new Reply(raw);
    if (reply.code === 'CORRUPT') throw new CorruptValueError(reply.text(1));
    if (reply.code === 'INVALID') {
      const code = reply.text(1) === 'ttl' ? 'invalid_ttl' : 'invalid_amount';
      throw new BudgetInputError(code, 'The store refused the argument: see BudgetStore.');
    }
    return reply;
  }

  #evaluate(script: LuaScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    return this.#bounded(async () => {
      try {
        return await this.#client.evalsha(script.sha1, script.numberOfKeys, ...keys, ...args);
      } catch (error) {
        // Only a script that did not run answers so: sending it whole cannot run it twice.
        if (!messageOf(error).startsWith('NOSCRIPT')) throw error;
        return this.#client.eval(script.source, script.numberOfKeys, ...keys, ...args);
      }
    });
  }

  /** Sends once the client is ready; fails when that and the answer take longer than the timeout. */
  async #bounded<T>(send: () => Promise<T>): Promise<T> {
    const deadline = new Deadline(this.#timeoutMs);
    try {
      if (this.#closed) throw new Error('the store is closed');
      if (this.#client.status !== 'ready') {
        await deadline.race(this.#ready());
      }
      return await deadline.race(send());
    } catch (error) {
      if (error instanceof BudgetError) throw error;
      if (messageOf(error).includes('WRONGTYPE')) throw new WrongTypeError('Redis', error);
      throw new StoreUnavailableError('Redis', error);
    } finally {
      deadline.clear();
    }
  }

  /** One wait for all who call while the client connects. */
  #ready(): Promise<void> {
    const client = this.#client;
    if (client.status === 'end') return Promise.reject(new Error('the client has ended'));
    if (client.status === 'wait') client.connect().catch(() => undefined);
    this.#readiness ??= new Promise<void>((resolve, reject) => {
      const settle = (ended: boolean) => {
        client.off('ready', ready).off('end', end);
        this.#readiness = undefined;
        if (ended) reject(new Error('the client has ended'));
        else resolve();
      };
      const ready = () => settle(false);
      const end = () => settle(true);
      client.once('ready', ready).once('end', end);
    });
    return this.#readiness;
  }

  /** Names the key that is of another type than this package writes. */
  async #wrongType(keys: readonly string[], error: WrongTypeError): Promise<BudgetError> {
    const types = await Promise.all(keys.map((key) => this.#bounded(() => this.#client.type(key))));
    const wrong = keys.find((_key, at) => types[at] !== 'none' && types[at] !== KEY_TYPES[at]);
    return wrong === undefined ? error : new CorruptValueError(wrong);
  }
}

/** A key is of another type; becomes a `CorruptValueError` once it is known which. */
class WrongTypeError extends StoreUnavailableError {}

/** A timer over several waits. */
class Deadline {
  readonly #expired: Promise<never>;
  #timer: NodeJS.Timeout | undefined;

  constructor(ms: number) {
    this.#expired = new Promise((_resolve, reject) => {
      this.#timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
    });
    this.#expired.catch(() => undefined);
  }

  race<T>(wait: Promise<T>): Promise<T> {
    return Promise.race([wait, this.#expired]);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** The reply of a script: a code, then texts (see the header of each file in `lua/`). */
class Reply {
  readonly code: string;
  readonly #values: readonly unknown[];

  constructor(raw: unknown) {
    this.#values = Array.isArray(raw) ? raw : [];
    this.code = this.text(0);
  }

  text(index: number): string {
    const value = this.#values[index];
    if (typeof value !== 'string') throw this.unexpected();
    return value;
  }

  integer(index: number): number {
    const value = Number(this.text(index));
    if (!Number.isSafeInteger(value)) throw this.unexpected();
    return value;
  }

  ledger(): Ledger {
    return {
      seq: this.integer(1),
      limit: this.integer(2),
      spent: this.integer(3),
      held: this.integer(4),
      exceeded: this.text(5) === '1',
    };
  }

  unexpected(): StoreUnavailableError {
    return new StoreUnavailableError(
      'Redis',
      new Error(`unexpected reply ${JSON.stringify(this.#values)}`),
    );
  }
}

function doneOf(reply: Reply): Done {
  return { outcome: 'done', ledger: reply.ledger() };
}

function heldOf(reply: Reply): Held {
  return {
    ...doneOf(reply),
    held: reply.integer(6),
    expiresAt: reply.integer(7),
    state: reply.text(8) === 'C' ? 'committed' : 'active',
    replayed: reply.text(9) === '1',
  };
}

function chargedOf(reply: Reply): Charged {
  const mark = reply.text(8);
  return {
    ...doneOf(reply),
    held: reply.integer(6),
    charged: reply.integer(7),
    late: mark === 'L',
    unheld: mark === 'U',
    replayed: reply.text(9) === '1',
  };
}

interface Refusals {
  NOT_FOUND: NotFound;
  HOLD_CONFLICT: HoldConflict;
  HOLD_NOT_FOUND: HoldNotFound;
  OVERFLOW: Overflow;
}

/** The refusal in a reply, of those that its script can give. */
function refusalOf<Code extends keyof Refusals>(reply: Reply, ...codes: Code[]): Refusals[Code] {
  const refusals: Refusals = {
    NOT_FOUND: { outcome: 'not_found' },
    HOLD_NOT_FOUND: { outcome: 'hold_not_found' },
    OVERFLOW: { outcome: 'overflow' },
    get HOLD_CONFLICT(): HoldConflict {
      const charged = reply.text(2) === '' ? undefined : reply.integer(2);
      return { outcome: 'hold_conflict', held: reply.integer(1), charged };
    },
  };
  const code = codes.find((one) => one === reply.code);
  if (code === undefined) throw reply.unexpected();
  return refusals[code];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
