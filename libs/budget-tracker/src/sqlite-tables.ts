import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { BudgetError, CorruptValueError, StoreUnavailableError } from './budget-error.ts';
import { giveBack } from './budget-rules.ts';
import type { Allotment, Budget } from './budget-rules.ts';
import { MOST_CHILDREN, MOST_HOLDS } from './budget-store.ts';
import type {
  ActiveHold,
  Child,
  ChildCommand,
  ChildrenCommand,
  Persistence,
  RunCommand,
} from './budget-store.ts';
import {
  crossingOf,
  placeOf,
  readable,
  toActiveHold,
  toAllotment,
  toBudget,
  toCallCount,
  toChild,
  toDue,
  toOperation,
} from './sqlite-records.ts';
import type { CallCount, Operation, Row } from './sqlite-records.ts';
import { MIGRATION_FROM_1, SCHEMA, SCHEMA_VERSION, STATEMENTS } from './sqlite-schema.ts';
import { UNITS } from './units.ts';
import type { Units } from './units.ts';

export interface SqliteFile {
  readonly path: string;
  readonly synchronous: 'NORMAL' | 'FULL';
  readonly busyTimeoutMs: number;
}

/** A hold id, or the idempotency key of a spend: the two are apart. */
export interface OperationKey {
  readonly runId: string;
  readonly kind: 'hold' | 'spend';
  readonly id: string;
}

/** Of SQLite's result codes: the byte that all kinds of one code share. */
const PRIMARY_CODE = 0xff;
const SQLITE_CONSTRAINT = 19;

type Statements = Record<keyof typeof STATEMENTS, StatementSync>;

/**
 * The tables of budgets in a SQLite file, for use within {@link write} and {@link read}: what is in them is checked as
 * it is read.
 *
 * @throws StoreUnavailableError when the file cannot be used, CorruptValueError.
 */
export class SqliteTables {
  readonly persistence: Persistence;
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  constructor(file: SqliteFile) {
    try {
      this.#database = open(file);
      this.#statements = prepare(this.#database);
      this.persistence = persistenceOf(this.#database, file);
    } catch (error) {
      throw new StoreUnavailableError('SQLite', error);
    }
  }

  /** Runs `act` in a transaction that holds the write lock from its start. */
  write<T>(act: () => T): Promise<T> {
    return this.#transact('begin', act);
  }

  /** Runs `act` in a transaction, so that all its statements read the same state. */
  read<T>(act: () => T): Promise<T> {
    return this.#transact('beginRead', act);
  }

  #transact<T>(begin: 'begin' | 'beginRead', act: () => T): Promise<T> {
    return new Promise((resolve) => {
      try {
        this.#statements[begin].run();
        const result = act();
        this.#statements.commit.run();
        resolve(result);
      } catch (error) {
        if (this.#database.isOpen && this.#database.isTransaction) this.#statements.rollback.run();
        throw asBudgetError(error);
      }
    });
  }

  /** A budget as it stands, without what its expired holds had set aside; undefined once it has ended. */
  budget(command: RunCommand): Budget | undefined {
    return this.#find(command)?.budget;
  }

  /** As {@link budget}, after the expired holds are settled. */
  settledBudget(command: RunCommand): Budget | undefined {
    const found = this.#find(command);
    if (found?.isDue !== true) return found?.budget;
    this.#run('expireHolds', command.runId, command.now);
    this.#update(command.runId, found.budget);
    return found.budget;
  }

  #find({ runId, now }: RunCommand): { budget: Budget; isDue: boolean } | undefined {
    const row = this.#get(placeOf('budgets', runId), 'budget', runId, now);
    if (row === undefined) return undefined;
    const hasUnits = row['unit_limits'] !== 0;
    const budget = toBudget(row, hasUnits ? this.#units(runId) : [], runId);
    if (row['due'] === 0) return { budget, isDue: false };
    const due = this.#get(placeOf('operations', runId), 'due', runId, now) ?? {};
    const settled = giveBack(budget, toDue(due, budget, runId));
    checkHeld(settled, runId);
    return { budget: settled, isDue: true };
  }

  #units(runId: string): Row[] {
    return this.#all(placeOf('units', runId), 'units', runId);
  }

  /** Run ids of budgets that have not ended, in the byte order of UTF-8. */
  runIds({ now, after, count }: { now: number; after: string; count: number }): string[] {
    const rows = this.#all('budgets', 'page', after, now, count);
    return rows.map((row) => String(row['run_id']));
  }

  insert(runId: string, budget: Budget): void {
    const { parent, incarnation, carve, window, bucket, loop, units = {} } = budget;
    const limits = Object.entries(units);
    // One that has ended and was not among the few just reaped.
    this.#run('deleteBudget', runId);
    this.#run(
      'insertBudget',
      runId,
      budget.limit,
      budget.expiresAt,
      limits.length,
      parent ?? null,
      incarnation ?? null,
      carve ?? null,
      window?.kind ?? null,
      window?.endsAt ?? null,
      bucket?.velocity ?? null,
      bucket?.level ?? null,
      bucket?.levelAt ?? null,
      loop?.calls ?? null,
      loop?.withinMs ?? null,
    );
    for (const [unit, { limit }] of limits) {
      this.#run('insertUnit', runId, unit, limit);
    }
  }

  /** Counts one more recorded operation and writes what it has made of the budget. */
  record(runId: string, budget: Budget): Budget {
    checkHeld(budget, runId);
    const recorded = { ...budget, seq: budget.seq + 1 };
    this.#update(runId, recorded);
    return recorded;
  }

  /** Writes what only a transition changes. */
  writeTerms(runId: string, budget: Budget): void {
    const { frozen, carve, window, earlier, paid } = budget;
    this.#run(
      'updateTerms',
      runId,
      Number(frozen),
      carve ?? null,
      window?.endsAt ?? null,
      earlier.amount,
      paid.amount,
    );
  }

  #update(runId: string, budget: Budget): void {
    const { spent, held, seq, bucket, units = {}, earlier, paid } = budget;
    this.#run('updateBudget', runId, spent, held, seq);
    if (bucket !== undefined) {
      const { level, levelAt } = bucket;
      this.#run('updateBucket', runId, level, levelAt);
    }
    for (const unit of UNITS) {
      const of = units[unit];
      if (of === undefined) continue;
      const [before, known] = [earlier.units[unit] ?? 0, paid.units[unit] ?? 0];
      this.#run('updateUnit', runId, unit, of.spent, of.held, before, known);
    }
  }

  renew(runId: string, expiresAt: number): void {
    this.#run('renewBudget', runId, expiresAt);
  }

  /** Removes a few budgets that have ended. */
  reap(now: number): void {
    this.#run('deleteOld', now);
  }

  /** Removes a budget whatever its values are; says whether there was one. */
  delete({ runId, now }: RunCommand): boolean {
    const found = this.#statements.exists.get(runId, now);
    if (found === undefined) return false;
    this.#run('deleteBudget', runId);
    return true;
  }

  operation({ runId, kind, id }: OperationKey): Operation | undefined {
    const of = `${runId}, ${kind} ${id}`;
    const row = this.#get(placeOf('operations', of), 'operation', runId, kind, id);
    return row && toOperation(row, of);
  }

  /** Writes what an id stands for that was not known. */
  addOperation(key: OperationKey, operation: Operation, now: number): void {
    const columns = operationColumns(key, operation, now);
    const { amount, units } = operation.held;
    this.#run('insertOperation', ...columns, amount, ...unitColumns(units));
  }

  /** Writes what has become of an operation. */
  changeOperation(key: OperationKey, operation: Operation, now: number): void {
    this.#run('updateOperation', ...operationColumns(key, operation, now));
  }

  /** Removes what was settled before an instant, so much of it at most. */
  forget(runId: string, before: number, most: number): void {
    this.#run('forgetOperations', runId, before, most);
    this.#run('forgetChildren', runId, before, most);
  }

  /** In the order in which they expire. */
  activeHolds({ runId, now }: RunCommand): ActiveHold[] {
    const rows = this.#all(placeOf('operations', runId), 'holds', runId, now, MOST_HOLDS);
    return rows.map((row) => toActiveHold(row, runId));
  }

  /** Whether holds are active; those that have expired must be settled before. */
  hasHolds(runId: string): boolean {
    return this.#statements.hasHolds.get(runId) !== undefined;
  }

  /** Whether children are not settled. */
  hasChildren(runId: string): boolean {
    return this.#statements.hasChildren.get(runId) !== undefined;
  }

  allotment({ runId, child, incarnation }: ChildCommand): Allotment | undefined {
    const of = `${runId}, child ${child}`;
    const row = this.#get(placeOf('children', of), 'child', runId, child, incarnation);
    return row && toAllotment(row, of);
  }

  putAllotment({ runId, child, incarnation, now }: ChildCommand, allotment: Allotment): void {
    const { held, charged, isSettled, crossed, crossedIn } = allotment;
    this.#run(
      'putChild',
      runId,
      child,
      incarnation,
      isSettled ? now : null,
      crossingOf(crossed),
      crossedIn,
      held.amount,
      charged.amount,
      ...unitColumns(held.units),
      ...unitColumns(charged.units),
    );
  }

  /** A page of those that are not settled, in the order of their ids. */
  children({ runId, after }: ChildrenCommand): Child[] {
    const [child, incarnation] = [after?.child ?? '', after?.incarnation ?? ''];
    const place = placeOf('children', runId);
    const rows = this.#all(place, 'children', runId, child, incarnation, MOST_CHILDREN);
    return rows.map((row) => toChild(row, runId));
  }

  callCount(runId: string, call: string): CallCount | undefined {
    const row = this.#get(placeOf('calls', runId), 'call', runId, call);
    return row && toCallCount(row, runId);
  }

  /** Counts an admitted call; the first one's instant stays. */
  countCall(runId: string, call: string, now: number): void {
    this.#run('countCall', runId, call, now);
  }

  /** Removes the counts of calls whose first was at an instant, or before. */
  forgetCalls(runId: string, until: number): void {
    this.#run('forgetCalls', runId, until);
  }

  ping(): void {
    this.#statements.ping.get();
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #get(place: string, name: keyof Statements, ...parameters: SQLInputValue[]): Row | undefined {
    return readable(place, () => this.#statements[name].get(...parameters));
  }

  #all(place: string, name: keyof Statements, ...parameters: SQLInputValue[]): Row[] {
    return readable(place, () => this.#statements[name].all(...parameters));
  }

  #run(name: keyof Statements, ...parameters: SQLInputValue[]): void {
    this.#statements[name].run(...parameters);
  }
}

/** A file of the current schema, made or brought to it. */
function open({ path, synchronous, busyTimeoutMs }: SqliteFile): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: busyTimeoutMs });
  try {
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`);
    // Under the write lock: several processes may open a new file at once.
    database.exec('BEGIN IMMEDIATE');
    const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
    if (version !== SCHEMA_VERSION) {
      const sql = version === 0 ? SCHEMA : version === 1 ? MIGRATION_FROM_1 : undefined;
      if (sql === undefined) {
        throw new Error(`${path} has schema version ${String(version)}, not ${SCHEMA_VERSION}`);
      }
      database.exec(`${sql}; PRAGMA user_version = ${SCHEMA_VERSION}`);
    }
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A value that the tables refuse comes of one that is corrupt: whatever is written is checked before. */
function asBudgetError(error: unknown): BudgetError {
  if (error instanceof BudgetError) return error;
  const { errcode = 0, message = '' } = error as { errcode?: number; message?: string };
  const isRefused = (errcode & PRIMARY_CODE) === SQLITE_CONSTRAINT;
  return isRefused ? new CorruptValueError(message) : new StoreUnavailableError('SQLite', error);
}

function prepare(database: DatabaseSync): Statements {
  const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, database.prepare(sql)]);
  return Object.fromEntries(prepared) as Statements;
}

function persistenceOf(database: DatabaseSync, { synchronous }: SqliteFile): Persistence {
  const mode = String(database.prepare('PRAGMA journal_mode').get()?.['journal_mode']);
  if (mode === 'memory') {
    return { durable: false, detail: 'SQLite in memory: give it the path of a file.' };
  }
  const survived =
    synchronous === 'FULL'
      ? 'the death of the process and the loss of power'
      : 'the death of the process; with FULL, the loss of power too';
  return {
    durable: true,
    detail: `SQLite, ${mode.toUpperCase()}, synchronous ${synchronous}: what is acknowledged outlives ${survived}.`,
  };
}

/** What `insertOperation` and `updateOperation` have in common, in their order. */
function operationColumns(
  { runId, kind, id }: OperationKey,
  { state, expiresAt, charged, mark, crossed, crossedIn }: Operation,
  now: number,
): SQLInputValue[] {
  return [
    runId,
    kind,
    id,
    state,
    expiresAt,
    charged?.amount ?? null,
    mark,
    crossingOf(crossed),
    crossedIn ?? null,
    state === 'active' ? null : now,
    ...unitColumns(charged?.units),
  ];
}

function unitColumns(units: Units = {}): (number | null)[] {
  return UNITS.map((unit) => units[unit] ?? null);
}

/** @throws CorruptValueError when more was given back than was held. */
function checkHeld({ held, units }: Budget, runId: string): void {
  if (held < 0) throw new CorruptValueError(placeOf('budgets.held', runId));
  for (const unit of UNITS) {
    if ((units?.[unit]?.held ?? 0) >= 0) continue;
    throw new CorruptValueError(placeOf('units.held', `${runId}, ${unit}`));
  }
}
