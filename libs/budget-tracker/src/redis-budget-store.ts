import { randomUUID } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { z } from 'zod';
import { CorruptValueError } from './budget-error.ts';
import type { BudgetError } from './budget-error.ts';
import { budgetKeys, INDEX_KEYS } from './budget-keys.ts';
import { MOST_CHILDREN, MOST_HOLDS } from './budget-store.ts';
import type {
  BudgetStore,
  CarveCommand,
  Carved,
  ChargeCommand,
  Charged,
  Children,
  ChildrenCommand,
  CommitCommand,
  CreateCommand,
  DeleteCommand,
  Done,
  Exceeded,
  ExtendCommand,
  Held,
  HoldCommand,
  HoldConflict,
  HoldNotFound,
  Holds,
  Ledger,
  LedgerPage,
  ListCommand,
  NotFound,
  Overflow,
  Persistence,
  Refused,
  ReserveCommand,
  RunCommand,
  Shut,
  SpendCommand,
  Spent,
  Throttled,
  TransitionCommand,
  Transitioned,
} from './budget-store.ts';
import {
  checkCarve,
  checkCharge,
  checkChildren,
  checkCommit,
  checkCreate,
  checkExtend,
  checkHold,
  checkPage,
  checkReserve,
  checkRun,
  checkSpend,
  checkTransition,
} from './command-checks.ts';
import { NOTHING } from './cost.ts';
import { loadScript } from './lua-script.ts';
import type { LuaScript } from './lua-script.ts';
import { AnsweredError, RedisConnection, WrongTypeError } from './redis-connection.ts';
import { COMMAND_TIMEOUT_MS } from './redis-options.ts';
import { persistenceOf } from './redis-persistence.ts';
import {
  activeHoldsOf,
  carvedOf,
  chargedOf,
  childrenOf,
  costText,
  doneOf,
  heldOf,
  limitOf,
  limitsText,
  refusalOf,
  Reply,
  spentOf,
  transitionedOf,
} from './redis-reply.ts';
import { ReplicaConfirmation } from './replica-confirmation.ts';

const SCRIPTS = {
  create: loadScript('create-6'),
  reserve: loadScript('reserve-6'),
  commit: loadScript('commit-6'),
  release: loadScript('release-6'),
  extend: loadScript('extend-6'),
  spend: loadScript('spend-6'),
  carve: loadScript('carve-6'),
  charge: loadScript('charge-6'),
  transition: loadScript('transition-6'),
  status: loadScript('status-6'),
  holds: loadScript('holds-6'),
  children: loadScript('children-6'),
  delete: loadScript('delete-6'),
  register: loadScript('register-2'),
};

/** The types of a run's keys, in the order of `budgetKeys`. */
const KEY_TYPES = ['string', 'string', 'string', 'hash', 'zset', 'hash'];

const Options = z
  .strictObject({
    commandTimeoutMs: z.int().min(1).default(COMMAND_TIMEOUT_MS),
    durability: z
      .strictObject({
        replicas: z.int().min(0),
        timeoutMs: z.int().min(1),
        aof: z.boolean().default(false),
      })
      .refine(({ replicas, aof }) => replicas > 0 || aof, 'nothing would be waited for')
      .optional(),
  })
  .refine(
    ({ durability, commandTimeoutMs }) => 2 * (durability?.timeoutMs ?? 0) < commandTimeoutMs,
    'durability.timeoutMs must be less than half of commandTimeoutMs: a call may wait for two confirmations',
  );

export type RedisBudgetStoreOptions = z.input<typeof Options>;

/** What PTTL says of a key that is not there, and of one that does not expire. */
const [NO_KEY, NO_EXPIRY] = [-2, -1];

/** What a script takes: `undefined` is what does not apply. */
type Argument = string | number | undefined;

/**
 * Budgets in Redis 6.2 or newer, single, Sentinel or Cluster. Each operation is one script over
 * the keys of one run, timed by the server's clock. Make the client with `redisOptions` or
 * `redisClusterOptions`. Whoever made the client ends it: `close` does not.
 *
 * - `commandTimeoutMs`: whatever the client's own options, a call fails after that (250 by default), connecting
 *   included. After five calls in a row without an answer, calls fail at once for half a second; then one of them finds
 *   out whether the server is back.
 * - `durability`: acknowledges what changes a budget only when so many replicas have it; else it throws
 *   `StoreUnavailableError`, and the operation may be recorded: repeat it with the same id. With `aof` it must be in the
 *   append-only files, of the server too (Redis 7.2 or newer). Not for a Cluster client, which does not tell over which
 *   connection it has sent a command.
 */
export class RedisBudgetStore implements BudgetStore {
  readonly #client: Redis | Cluster;
  readonly #connection: RedisConnection;
  readonly #confirmation: ReplicaConfirmation | undefined;

  constructor(client: Redis | Cluster, options: RedisBudgetStoreOptions = {}) {
    const { commandTimeoutMs, durability } = Options.parse(options);
    this.#client = client;
    this.#connection = new RedisConnection(client, commandTimeoutMs);
    if (durability === undefined) return;
    if (isCluster(client)) {
      throw new TypeError(
        'The option durability is not for a Cluster client: connect to a single server, or through Sentinel.',
      );
    }
    this.#confirmation = new ReplicaConfirmation(client, durability);
  }

  async create(command: CreateCommand): Promise<Done | Refused<'budget_conflict'>> {
    checkCreate(command);
    const { runId, limit, ttlMs, units, parent, incarnation, window, velocity, loop } = command;
    const reply = await this.#mutate(
      SCRIPTS.create,
      runId,
      limit,
      ttlMs,
      limitsText(units),
      parent,
      parent === undefined ? undefined : incarnation,
      window,
      velocity,
      loop && `${loop.calls}|${loop.withinMs}`,
    );
    if (reply.code !== 'DONE') return refusalOf(reply, 'BUDGET_CONFLICT');
    // After the budget, so that whoever takes the entry out (see #forget) sees it. A process that
    // dies in between leaves a budget that works and is not listed until its create is repeated.
    await this.#register(runId, ttlMs);
    return doneOf(reply);
  }

  async reserve(
    command: ReserveCommand,
  ): Promise<Held | Exceeded | Shut | Throttled | HoldConflict | NotFound> {
    checkReserve(command);
    const { runId, holdId, amount, units, ttlMs, call } = command;
    const cost = costText(amount, units);
    const reply = await this.#mutate(SCRIPTS.reserve, runId, holdId, cost, ttlMs, call);
    if (reply.code === 'DONE') return heldOf(reply);
    if (reply.code === 'BUDGET_EXCEEDED') return exceededOf(reply);
    return refusalOf(
      reply,
      'NOT_FOUND',
      'HOLD_CONFLICT',
      'CLOSED',
      'FROZEN',
      'PENDING',
      'WINDOW_ENDED',
      'LOOPING',
      'TOO_FAST',
    );
  }

  async commit(
    command: CommitCommand,
  ): Promise<Charged | Refused<'window_ended'> | HoldConflict | Overflow | NotFound> {
    checkCommit(command);
    const { runId, holdId, amount, units } = command;
    const reply = await this.#mutate(SCRIPTS.commit, runId, holdId, costText(amount, units));
    if (reply.code === 'DONE') return chargedOf(reply);
    return refusalOf(reply, 'NOT_FOUND', 'HOLD_CONFLICT', 'OVERFLOW', 'WINDOW_ENDED');
  }

  async release(command: HoldCommand): Promise<Done | HoldConflict | HoldNotFound | NotFound> {
    checkHold(command);
    const reply = await this.#mutate(SCRIPTS.release, command.runId, command.holdId);
    if (reply.code === 'DONE') return doneOf(reply);
    return refusalOf(reply, 'NOT_FOUND', 'HOLD_CONFLICT', 'HOLD_NOT_FOUND');
  }

  async extend(command: ExtendCommand): Promise<Held | HoldConflict | HoldNotFound | NotFound> {
    checkExtend(command);
    const { runId, holdId, ttlMs } = command;
    const reply = await this.#mutate(SCRIPTS.extend, runId, holdId, ttlMs);
    if (reply.code === 'DONE') return heldOf(reply);
    return refusalOf(reply, 'NOT_FOUND', 'HOLD_CONFLICT', 'HOLD_NOT_FOUND');
  }

  async spend(
    command: SpendCommand,
  ): Promise<Spent | Refused<'window_ended'> | HoldConflict | Overflow | NotFound> {
    checkSpend(command);
    const { runId, amount, units } = command;
    // A key of its own for each spend without one: should a client send it twice, it counts once.
    const key = command.idempotencyKey ?? randomUUID();
    const reply = await this.#mutate(SCRIPTS.spend, runId, key, costText(amount, units));
    if (reply.code === 'DONE') return spentOf(reply);
    return refusalOf(reply, 'NOT_FOUND', 'HOLD_CONFLICT', 'OVERFLOW', 'WINDOW_ENDED');
  }

  async carve(
    command: CarveCommand,
  ): Promise<Carved | Exceeded | Shut | Refused<'settled'> | NotFound> {
    checkCarve(command);
    const { runId, child, incarnation, amount, units } = command;
    const cost = costText(amount, units);
    const reply = await this.#mutate(SCRIPTS.carve, runId, child, incarnation, cost);
    if (reply.code === 'DONE') return carvedOf(reply);
    if (reply.code === 'BUDGET_EXCEEDED') return exceededOf(reply);
    return refusalOf(reply, 'NOT_FOUND', 'SETTLED', 'CLOSED', 'FROZEN', 'PENDING', 'WINDOW_ENDED');
  }

  async charge(command: ChargeCommand): Promise<Spent | Refused<'window_ended'> | NotFound> {
    checkCharge(command);
    const { runId, child, incarnation, total, paid = NOTHING, end } = command;
    const reply = await this.#mutate(
      SCRIPTS.charge,
      runId,
      child,
      incarnation,
      costText(total.amount, total.units),
      costText(paid.amount, paid.units),
      end,
    );
    return reply.code === 'DONE' ? spentOf(reply) : refusalOf(reply, 'NOT_FOUND', 'WINDOW_ENDED');
  }

  async transition(command: TransitionCommand): Promise<Transitioned | Refused<'busy'> | NotFound> {
    checkTransition(command);
    const { runId, to, incarnation } = command;
    const isForced = to === 'closing' && command.force === true;
    const isSettled = to === 'paid' && command.settled === true;
    const reply = await this.#mutate(
      SCRIPTS.transition,
      runId,
      to,
      to === 'rolled' ? command.endedAt : undefined,
      to === 'rolled' || to === 'carved' ? command.endsAt : undefined,
      isForced || isSettled ? 1 : undefined,
      to === 'paid' ? costText(command.amount, command.units) : undefined,
      incarnation,
    );
    return reply.code === 'DONE' ? transitionedOf(reply) : refusalOf(reply, 'NOT_FOUND', 'BUSY');
  }

  async status(command: RunCommand): Promise<Done | NotFound> {
    checkRun(command);
    const reply = await this.#call(SCRIPTS.status, command.runId);
    return reply.code === 'DONE' ? doneOf(reply) : refusalOf(reply, 'NOT_FOUND');
  }

  async holds(command: RunCommand): Promise<Holds | NotFound> {
    checkRun(command);
    const reply = await this.#call(SCRIPTS.holds, command.runId, MOST_HOLDS);
    if (reply.code !== 'DONE') return refusalOf(reply, 'NOT_FOUND');
    return { ...doneOf(reply), holds: activeHoldsOf(reply) };
  }

  async children(command: ChildrenCommand): Promise<Children | NotFound> {
    checkChildren(command);
    const { runId, after } = command;
    const { child, incarnation } = after ?? {};
    const reply = await this.#call(SCRIPTS.children, runId, child, incarnation, MOST_CHILDREN);
    if (reply.code !== 'DONE') return refusalOf(reply, 'NOT_FOUND');
    return { ...doneOf(reply), children: childrenOf(reply) };
  }

  /**
   * Runs are read one by one, each from its own slot: a page is a snapshot of each budget, not of
   * all together. A last page may be empty when runs vanished meanwhile.
   */
  async list(command: ListCommand): Promise<LedgerPage> {
    checkPage(command);
    const ledgers: { runId: string; ledger: Ledger }[] = [];
    const corrupt: string[] = [];
    let { after } = command;
    for (;;) {
      const wanted = command.limit - ledgers.length - corrupt.length;
      if (wanted === 0) return { ledgers, corrupt, after };
      const from = after === undefined ? '-' : `(${after}`;
      const runIds = await this.#send(() =>
        this.#client.zrangebylex(INDEX_KEYS[0], from, '+', 'LIMIT', 0, wanted + 1),
      );
      const page = runIds.slice(0, wanted);
      const found = await Promise.all(page.map((runId) => this.#peek(runId, command.now)));
      for (const [index, runId] of page.entries()) {
        const ledger = found[index];
        if (ledger === 'corrupt') corrupt.push(runId);
        else if (ledger !== undefined) ledgers.push({ runId, ledger });
      }
      if (runIds.length <= wanted) return { ledgers, corrupt, after: undefined };
      after = page.at(-1);
    }
  }

  async delete(command: DeleteCommand): Promise<boolean> {
    checkRun(command);
    const { runId, ifSettled } = command;
    const reply = await this.#mutate(SCRIPTS.delete, runId, ifSettled === true ? 1 : undefined);
    if (reply.code !== 'KEPT') await this.#forget(runId);
    return reply.code === 'DONE';
  }

  async persistence(): Promise<Persistence> {
    const client = this.#client;
    const all = await this.#send(async () => {
      const primaries = isCluster(client) ? client.nodes('master') : [client];
      return (await Promise.all(primaries.map((primary) => primary.info()))).map(persistenceOf);
    });
    const [first] = all;
    if (first === undefined) return { durable: false, detail: 'The Cluster has no primary.' };
    return all.find(({ durable }) => !durable) ?? first;
  }

  async ping(): Promise<void> {
    await this.#send(() => this.#client.ping());
  }

  close(): Promise<void> {
    this.#connection.close();
    this.#confirmation?.close();
    return Promise.resolve();
  }

  /** A budget for a page; an index entry without its budget is taken out. */
  async #peek(runId: string, now: number): Promise<Ledger | 'corrupt' | undefined> {
    try {
      const result = await this.status({ runId, now });
      if (result.outcome === 'done') return result.ledger;
      await this.#forget(runId);
      return undefined;
    } catch (error) {
      if (error instanceof CorruptValueError) return 'corrupt';
      throw error;
    }
  }

  async #register(runId: string, ttlMs: number | undefined): Promise<void> {
    await this.#run(SCRIPTS.register, INDEX_KEYS, [runId, ttlMs], this.#confirmation);
  }

  /** Takes a run out of the index, and puts it back when it was created again meanwhile. */
  async #forget(runId: string): Promise<void> {
    // The index is in one slot: both parts of it go, or for an instant one.
    await Promise.all(INDEX_KEYS.map((key) => this.#send(() => this.#client.zrem(key, runId))));
    const [budget = ''] = budgetKeys(runId);
    const ttlMs = await this.#send(() => this.#client.pttl(budget));
    if (ttlMs === NO_KEY) return;
    await this.#register(runId, ttlMs === NO_EXPIRY ? undefined : ttlMs);
  }

  #send<T>(command: () => Promise<T>): Promise<T> {
    return this.#connection.bounded((deadline) => deadline.race(command()));
  }

  #call(script: LuaScript, runId: string, ...args: Argument[]): Promise<Reply> {
    return this.#run(script, budgetKeys(runId), args);
  }

  /** As {@link #call}, for what is not done before it is confirmed. */
  #mutate(script: LuaScript, runId: string, ...args: Argument[]): Promise<Reply> {
    return this.#run(script, budgetKeys(runId), args, this.#confirmation);
  }

  async #run(
    script: LuaScript,
    keys: readonly string[],
    args: readonly Argument[],
    confirmation?: ReplicaConfirmation,
  ): Promise<Reply> {
    const texts = args.map((arg) => String(arg ?? ''));
    try {
      const raw = await this.#connection.bounded(async (deadline) => {
        const link = confirmation?.link;
        const answer = await deadline.race(this.#connection.runScript(script, keys, texts));
        // What was recorded before, too: its first answer may have been lost on the way here, not to the replicas.
        if (confirmation !== undefined && link !== undefined && isDone(answer)) {
          await deadline.race(confirmation.confirm(link)).catch(notConfirmed);
        }
        return answer;
      });
      return new Reply(raw);
    } catch (error) {
      throw error instanceof WrongTypeError ? await this.#wrongType(keys, error) : error;
    }
  }

  /** Names the key that is of another type than this package writes. */
  async #wrongType(keys: readonly string[], error: WrongTypeError): Promise<BudgetError> {
    const types = await Promise.all(keys.map((key) => this.#send(() => this.#client.type(key))));
    const wrong = keys.find((_key, at) => types[at] !== 'none' && types[at] !== KEY_TYPES[at]);
    return wrong === undefined ? error : new CorruptValueError(wrong);
  }
}

function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster;
}

function exceededOf(reply: Reply): Exceeded {
  return { outcome: 'budget_exceeded', ledger: reply.ledger(), limit: limitOf(reply) };
}

function isDone(reply: unknown): boolean {
  return Array.isArray(reply) && reply[0] === 'DONE';
}

function notConfirmed(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new AnsweredError(
    'Redis',
    new Error(`the operation is recorded but not confirmed: ${reason}`, { cause: error }),
  );
}
