import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite';
import { z } from 'zod';
import {
  BudgetError,
  BudgetInputError,
  CorruptValueError,
  StoreUnavailableError,
} from './budget-error.ts';
import type { HoldState } from './budget-status.ts';
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
import { isMicros, MAX_MICROS } from './money.ts';
import { SCHEMA, SCHEMA_VERSION, STATEMENTS } from './sqlite-schema.ts';

const Options = z.strictObject({
  path: z.string().min(1),
  synchronous: z.enum(['NORMAL', 'FULL']).default('NORMAL'),
  busyTimeoutMs: z.int().min(0).default(5000),
});

export type SqliteBudgetStoreOptions = z.input<typeof Options>;

type Statements = Record<keyof typeof STATEMENTS, StatementSync>;

type Row = Record<string, SQLOutputValue>;

interface Operation {
  readonly state: HoldState;
  readonly held: number;
  readonly expiresAt: number;
  readonly charged: number | undefined;
  readonly mark: '' | 'late' | 'unheld';
}

const STATES: readonly unknown[] = ['active', 'committed', 'released', 'expired'];
const MARKS: readonly unknown[] = ['', 'late', 'unheld'];

/**
 * Budgets in one SQLite file (WAL), which several processes of a machine may share. Calls are
 * synchronous inside: each is one transaction of tens of microseconds.
 *
 * - `path`: the file, made when absent; its folder must exist.
 * - `synchronous`: NORMAL keeps every acknowledged operation when the process dies, FULL also when
 *   the machine loses power.
 * - `busyTimeoutMs`: how long to wait for other processes' writes (5000 by default).
 *
 * @throws StoreUnavailableError from the constructor when the file cannot be opened or is newer.
 */
export class SqliteBudgetStore implements BudgetStore {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  constructor(options: SqliteBudgetStoreOptions) {
    const { path, synchronous, busyTimeoutMs } = Options.parse(options);
    try {
      this.#database = open(path, synchronous, busyTimeoutMs);
    } catch (error) {
      throw new StoreUnavailableError('SQLite', error);
    }
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [
      name,
      this.#database.prepare(sql),
    ]);
    this.#statements = Object.fromEntries(prepared) as Statements;
  }

  create(command: CreateCommand): Promise<Done | Refused<'budget_conflict'>> {
    const { runId, limit, now, ttlMs } = command;
    return this.#write(() => {
      checkPositive(limit);
      this.#run('deleteOld', { now });
      const ledger = this.#settle(command);
      if (ledger !== undefined && ledger.limit !== limit) {
        return { outcome: 'budget_conflict', ledger };
      }
      const expiry = { run_id: runId, expires_at: now + ttlMs };
      if (ledger !== undefined) {
        this.#run('renewBudget', expiry);
        return { outcome: 'done', ledger };
      }
      // One that is past its time and was not among the few just reaped.
      this.#run('deleteBudget', { run_id: runId });
      this.#run('insertBudget', { ...expiry, max_spend: limit });
      return { outcome: 'done', ledger: { limit, spent: 0, held: 0, seq: 1, exceeded: false } };
    });
  }

  reserve(
    command: ReserveCommand,
  ): Promise<Held | Refused<'budget_exceeded'> | HoldConflict | NotFound> {
    const { runId, holdId, amount, now, ttlMs } = command;
    return this.#write(() => {
      checkPositive(amount);
      const ledger = this.#settle(command);
      if (ledger === undefined) return { outcome: 'not_found' };
      const found = this.#operation(runId, 'hold', holdId);
      if (found !== undefined) {
        if (found.held !== amount) return conflictOf(found);
        if (found.state === 'active' || found.state === 'committed') {
          return heldOf(ledger, found, true);
        }
      }
      if (ledger.exceeded || ledger.spent + ledger.held + amount > ledger.limit) {
        return { outcome: 'budget_exceeded', ledger };
      }
      const hold: Operation = {
        state: 'active',
        held: amount,
        expiresAt: now + ttlMs,
        charged: undefined,
        mark: '',
      };
      this.#put(runId, 'hold', holdId, hold);
      return heldOf(this.#record(runId, { ...ledger, held: ledger.held + amount }), hold, false);
    });
  }

  commit(command: CommitCommand): Promise<Charged | HoldConflict | Overflow | NotFound> {
    const { runId, holdId, amount, now } = command;
    return this.#write(() => {
      checkAmount(amount);
      const ledger = this.#settle(command);
      if (ledger === undefined) return { outcome: 'not_found' };
      const found = this.#operation(runId, 'hold', holdId);
      if (found?.charged !== undefined) {
        return found.charged === amount ? chargedOf(ledger, found, true) : conflictOf(found);
      }
      if (ledger.spent + amount > MAX_MICROS) return { outcome: 'overflow' };
      const committed: Operation = {
        state: 'committed',
        held: found?.held ?? 0,
        expiresAt: found?.expiresAt ?? now,
        charged: amount,
        mark: found === undefined ? 'unheld' : found.state === 'active' ? '' : 'late',
      };
      this.#put(runId, 'hold', holdId, committed);
      const freed = found?.state === 'active' ? found.held : 0;
      const after = { ...ledger, spent: ledger.spent + amount, held: ledger.held - freed };
      return chargedOf(this.#record(runId, after), committed, false);
    });
  }

  release(command: HoldCommand): Promise<Done | HoldConflict | HoldNotFound | NotFound> {
    const { runId, holdId } = command;
    return this.#write(() => {
      const ledger = this.#settle(command);
      if (ledger === undefined) return { outcome: 'not_found' };
      const found = this.#operation(runId, 'hold', holdId);
      if (found === undefined) return { outcome: 'hold_not_found' };
      if (found.state === 'committed') return conflictOf(found);
      if (found.state !== 'active') return { outcome: 'done', ledger };
      this.#put(runId, 'hold', holdId, { ...found, state: 'released' });
      const after = { ...ledger, held: ledger.held - found.held };
      return { outcome: 'done', ledger: this.#record(runId, after) };
    });
  }

  extend(command: ExtendCommand): Promise<Held | HoldConflict | HoldNotFound | NotFound> {
    const { runId, holdId, now, ttlMs } = command;
    return this.#write(() => {
      const ledger = this.#settle(command);
      if (ledger === undefined) return { outcome: 'not_found' };
      const found = this.#operation(runId, 'hold', holdId);
      if (found?.state === 'committed') return conflictOf(found);
      if (found?.state !== 'active') return { outcome: 'hold_not_found' };
      const extended = { ...found, expiresAt: Math.max(found.expiresAt, now + ttlMs) };
      this.#put(runId, 'hold', holdId, extended);
      return heldOf(this.#record(runId, ledger), extended, false);
    });
  }

  spend(command: SpendCommand): Promise<Done | HoldConflict | Overflow | NotFound> {
    const { runId, amount, idempotencyKey, now } = command;
    return this.#write(() => {
      checkPositive(amount);
      const ledger = this.#settle(command);
      if (ledger === undefined) return { outcome: 'not_found' };
      if (idempotencyKey !== undefined) {
        const found = this.#operation(runId, 'spend', idempotencyKey);
        if (found !== undefined) {
          return found.charged === amount ? { outcome: 'done', ledger } : conflictOf(found);
        }
      }
      if (ledger.spent + amount > MAX_MICROS) return { outcome: 'overflow' };
      if (idempotencyKey !== undefined) {
        this.#put(runId, 'spend', idempotencyKey, {
          state: 'committed',
          held: 0,
          expiresAt: now,
          charged: amount,
          mark: '',
        });
      }
      const after = { ...ledger, spent: ledger.spent + amount };
      return { outcome: 'done', ledger: this.#record(runId, after) };
    });
  }

  status(command: RunCommand): Promise<Done | NotFound> {
    return this.#attempt(() => {
      const row = this.#budget(command);
      return row === undefined
        ? { outcome: 'not_found' }
        : { outcome: 'done', ledger: ledgerOf(row, command.runId) };
    });
  }

  list(command: ListCommand): Promise<LedgerPage> {
    return this.#attempt(() => {
      const { now, limit, after = '' } = command;
      const rows: Row[] = this.#statements.page.all({ now, after, count: limit + 1 });
      const ledgers: { runId: string; ledger: Ledger }[] = [];
      const corrupt: string[] = [];
      for (const row of rows.slice(0, limit)) {
        const runId = String(row['run_id']);
        try {
          ledgers.push({ runId, ledger: ledgerOf(row, runId) });
        } catch (error) {
          if (!(error instanceof CorruptValueError)) throw error;
          corrupt.push(runId);
        }
      }
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      return { ledgers, corrupt, after: last && String(last['run_id']) };
    });
  }

  delete(command: RunCommand): Promise<boolean> {
    const { runId, now } = command;
    return this.#write(() => {
      const existed = this.#statements.exists.get({ run_id: runId, now }) !== undefined;
      this.#run('deleteBudget', { run_id: runId });
      return existed;
    });
  }

  ping(): Promise<void> {
    return this.#attempt(() => void this.#statements.ping.get());
  }

  close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
    return Promise.resolve();
  }

  /** Runs `act` in a transaction that holds the write lock from its start. */
  #write<T>(act: () => T): Promise<T> {
    return this.#attempt(() => {
      this.#statements.begin.run();
      try {
        const result = act();
        this.#statements.commit.run();
        return result;
      } catch (error) {
        if (this.#database.isTransaction) this.#statements.rollback.run();
        throw error;
      }
    });
  }

  #attempt<T>(act: () => T): Promise<T> {
    return new Promise((resolve) => {
      try {
        resolve(act());
      } catch (error) {
        throw error instanceof BudgetError ? error : new StoreUnavailableError('SQLite', error);
      }
    });
  }

  #budget({ runId, now }: RunCommand): Row | undefined {
    return this.#statements.budget.get({ run_id: runId, now });
  }

  /** The ledger of a run after what its expired holds had set aside is given back. */
  #settle(command: RunCommand): Ledger | undefined {
    const row = this.#budget(command);
    if (row === undefined) return undefined;
    const ledger = ledgerOf(row, command.runId);
    if (row['due'] === 1) {
      this.#run('expireHolds', { run_id: command.runId, now: command.now });
      this.#update(command.runId, ledger);
    }
    return ledger;
  }

  /** Counts one more recorded operation and writes the ledger. */
  #record(runId: string, ledger: Ledger): Ledger {
    if (ledger.held < 0) throw new CorruptValueError(place('budgets.held', runId));
    const recorded = {
      ...ledger,
      seq: ledger.seq + 1,
      exceeded: ledger.spent > ledger.limit,
    };
    this.#update(runId, recorded);
    return recorded;
  }

  #update(runId: string, { spent, held, seq }: Ledger): void {
    this.#run('updateBudget', { run_id: runId, spent, held, seq });
  }

  #operation(runId: string, kind: 'hold' | 'spend', id: string): Operation | undefined {
    const row: Row | undefined = this.#statements.operation.get({ run_id: runId, kind, id });
    if (row === undefined) return undefined;
    const { state, held, expires_at: expiresAt, charged, mark } = row;
    if (
      !STATES.includes(state) ||
      !MARKS.includes(mark) ||
      !isMicros(held) ||
      !isMicros(expiresAt) ||
      !(charged === null ? state !== 'committed' : state === 'committed' && isMicros(charged))
    ) {
      throw new CorruptValueError(place('operations', `${runId}, ${kind} ${id}`));
    }
    return {
      state: state as HoldState,
      held,
      expiresAt,
      charged: charged === null ? undefined : (charged as number),
      mark: mark as Operation['mark'],
    };
  }

  #put(runId: string, kind: 'hold' | 'spend', id: string, operation: Operation): void {
    const { state, held, expiresAt, charged, mark } = operation;
    this.#run('putOperation', {
      run_id: runId,
      kind,
      id,
      state,
      held,
      expires_at: expiresAt,
      charged: charged ?? null,
      mark,
    });
  }

  #run(name: keyof typeof STATEMENTS, parameters: Record<string, SQLInputValue>): void {
    this.#statements[name].run(parameters);
  }
}

function open(path: string, synchronous: 'NORMAL' | 'FULL', busyTimeoutMs: number): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
    // Under the write lock: several processes may open a new file at once.
    database.exec('BEGIN IMMEDIATE');
    const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
    if (version === 0) {
      database.exec(`${SCHEMA}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    } else if (version !== SCHEMA_VERSION) {
      throw new Error(`${path} has schema version ${String(version)}, not ${SCHEMA_VERSION}`);
    }
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function ledgerOf(row: Row, runId: string): Ledger {
  const money = (column: string): number => {
    const value = row[column];
    if (!isMicros(value)) throw new CorruptValueError(place(`budgets.${column}`, runId));
    return value;
  };
  const limit = money('max_spend');
  const spent = money('spent');
  return { limit, spent, held: money('held'), seq: money('seq'), exceeded: spent > limit };
}

function heldOf(ledger: Ledger, hold: Operation, replayed: boolean): Held {
  const { held, expiresAt } = hold;
  const state = hold.state === 'committed' ? 'committed' : 'active';
  return { outcome: 'done', ledger, held, expiresAt, state, replayed };
}

function chargedOf(ledger: Ledger, operation: Operation, replayed: boolean): Charged {
  const { held, charged = 0, mark } = operation;
  const marks = { late: mark === 'late', unheld: mark === 'unheld' };
  return { outcome: 'done', ledger, held, charged, ...marks, replayed };
}

function conflictOf({ held, charged }: Operation): HoldConflict {
  return { outcome: 'hold_conflict', held, charged };
}

function checkAmount(amount: number): void {
  if (isMicros(amount)) return;
  throw new BudgetInputError('invalid_amount', 'The store refused the amount: see BudgetStore.');
}

function checkPositive(amount: number): void {
  checkAmount(amount === 0 ? NaN : amount);
}

function place(column: string, of: string): string {
  return `${column} (${of})`;
}
