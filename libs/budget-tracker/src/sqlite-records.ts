import type { SQLOutputValue } from 'node:sqlite';
import { CorruptValueError } from './budget-error.ts';
import type { Allotment, Budget } from './budget-rules.ts';
import type { HoldState } from './budget-status.ts';
import { MAX_VELOCITY, NEVER } from './budget-store.ts';
import type { ActiveHold, Child, Threshold, UnitLedger } from './budget-store.ts';
import { MAX_ID_LENGTH, MAX_INCARNATION_LENGTH } from './command-checks.ts';
import { withoutZeros } from './cost.ts';
import type { Cost } from './cost.ts';
import { isMicros, MAX_MICROS } from './money.ts';
import { UNITS } from './units.ts';
import type { Unit, Units } from './units.ts';

export type Row = Record<string, SQLOutputValue>;

/** What a hold id or an idempotency key stands for. */
export interface Operation {
  readonly state: HoldState;
  readonly held: Cost;
  readonly expiresAt: number;
  readonly charged: Cost | undefined;
  readonly mark: '' | 'late' | 'unheld';
  readonly crossed: readonly Threshold[];
  /** The end of the window in which it did; undefined where there are no windows. */
  readonly crossedIn: number | undefined;
}

/** How often a call was admitted since its first, at an instant. */
export interface CallCount {
  readonly count: number;
  readonly since: number;
}

const STATES = ['active', 'committed', 'released', 'expired'] as const;
const MARKS = ['', 'late', 'unheld'] as const;
const CARVES = ['pending', 'closing', 'closed'] as const;
const WINDOWS = ['day', 'month'] as const;
const CROSSINGS: ReadonlyMap<SQLOutputValue | undefined, readonly Threshold[]> = new Map(
  ([[], [50], [80], [100], [50, 80], [50, 100], [80, 100], [50, 80, 100]] as Threshold[][]).map(
    (crossed) => [crossingOf(crossed), crossed],
  ),
);

/** Thresholds as they are stored. */
export function crossingOf(crossed: readonly Threshold[]): string | null {
  return crossed.length === 0 ? null : crossed.join();
}

/** Reads the columns of one row, and names what it cannot read. */
class Columns {
  readonly #row: Row;
  readonly #table: string;
  readonly #of: string;

  /** @param of the run, and what else tells the row from others. */
  constructor(row: Row, table: string, of: string) {
    this.#row = row;
    this.#table = table;
    this.#of = of;
  }

  isSet(column: string): boolean {
    return this.#row[column] !== null;
  }

  integer(column: string, least: number, most: number): number {
    const value = this.#row[column];
    if (isMicros(value) && value >= least && value <= most) return value;
    throw this.corrupt(column);
  }

  amount(column: string): number {
    return this.integer(column, 0, MAX_MICROS);
  }

  instant(column: string): number {
    return this.integer(column, 0, NEVER);
  }

  text(column: string, most = MAX_ID_LENGTH): string {
    const value = this.#row[column];
    if (typeof value === 'string' && value !== '' && value.length <= most) return value;
    throw this.corrupt(column);
  }

  /** Refuses a row in which one of these is set and another is not. */
  together(...columns: readonly string[]): boolean {
    const [first = ''] = columns;
    const isSet = this.isSet(first);
    const other = columns.find((column) => this.isSet(column) !== isSet);
    if (other !== undefined) throw this.corrupt(isSet ? other : first);
    return isSet;
  }

  oneOf<T extends string>(column: string, values: readonly T[]): T {
    const value = values.find((known) => known === this.#row[column]);
    if (value !== undefined) return value;
    throw this.corrupt(column);
  }

  crossed(column: string): readonly Threshold[] {
    const value = CROSSINGS.get(this.#row[column]);
    if (value !== undefined) return value;
    throw this.corrupt(column);
  }

  /** An amount of money, and one in each unit that is set. */
  cost(prefix: 'held' | 'charged'): Cost {
    return { amount: this.amount(prefix), units: this.#units(prefix) };
  }

  #units(prefix: string): Units {
    const units: Partial<Record<Unit, number>> = {};
    for (const unit of UNITS) {
      const column = `${prefix}_${unit}`;
      if (this.isSet(column)) units[unit] = this.amount(column);
    }
    return units;
  }

  corrupt(column: string): CorruptValueError {
    return new CorruptValueError(placeOf(`${this.#table}.${column}`, this.#of));
  }
}

/** The budget of a row of `budgets` and of those of `units` that belong to it. */
export function toBudget(row: Row, unitRows: readonly Row[], runId: string): Budget {
  const columns = new Columns(row, 'budgets', runId);
  const limited = columns.integer('unit_limits', 0, UNITS.length);
  if (limited !== unitRows.length) throw columns.corrupt('unit_limits');
  const units = limited === 0 ? undefined : toLimitedUnits(unitRows, runId);
  const limit = columns.integer('max_spend', 1, MAX_MICROS);
  const isChild = columns.together('parent', 'incarnation');
  const most = isChild ? MAX_MICROS : 0;
  if (!isChild && columns.isSet('carve')) throw columns.corrupt('carve');
  return {
    limit,
    spent: columns.amount('spent'),
    held: columns.integer('held', 0, limit),
    seq: columns.integer('seq', 1, MAX_MICROS),
    expiresAt: columns.instant('expires_at'),
    units: units?.ledgers,
    frozen: columns.integer('frozen', 0, 1) === 1,
    parent: isChild ? columns.text('parent') : undefined,
    incarnation: isChild ? columns.text('incarnation', MAX_INCARNATION_LENGTH) : undefined,
    carve: columns.isSet('carve') ? columns.oneOf('carve', CARVES) : undefined,
    window: columns.together('window', 'ends_at')
      ? { kind: columns.oneOf('window', WINDOWS), endsAt: columns.instant('ends_at') }
      : undefined,
    earlier: { amount: columns.integer('earlier', 0, most), units: units?.earlier ?? {} },
    paid: { amount: columns.integer('paid', 0, most), units: units?.paid ?? {} },
    bucket: columns.together('velocity', 'level', 'level_at')
      ? {
          velocity: columns.integer('velocity', 1, MAX_VELOCITY),
          level: columns.amount('level'),
          levelAt: columns.instant('level_at'),
        }
      : undefined,
    loop: columns.together('loop_calls', 'loop_ms')
      ? {
          calls: columns.integer('loop_calls', 1, MAX_MICROS),
          withinMs: columns.integer('loop_ms', 1, MAX_MICROS),
        }
      : undefined,
  };
}

interface LimitedUnits {
  readonly ledgers: NonNullable<Budget['units']>;
  readonly earlier: Units;
  readonly paid: Units;
}

function toLimitedUnits(rows: readonly Row[], runId: string): LimitedUnits {
  const ledgers: Partial<Record<Unit, UnitLedger>> = {};
  const earlier: Partial<Record<Unit, number>> = {};
  const paid: Partial<Record<Unit, number>> = {};
  for (const row of rows) {
    const unit = new Columns(row, 'units', runId).oneOf('unit', UNITS);
    const columns = new Columns(row, 'units', `${runId}, ${unit}`);
    const limit = columns.integer('max_units', 1, MAX_MICROS);
    const [spent, held] = [columns.amount('spent'), columns.integer('held', 0, limit)];
    ledgers[unit] = { limit, spent, held };
    earlier[unit] = columns.amount('earlier');
    paid[unit] = columns.amount('paid');
  }
  return { ledgers, earlier: withoutZeros(earlier), paid: withoutZeros(paid) };
}

export function toOperation(row: Row, of: string): Operation {
  const columns = new Columns(row, 'operations', of);
  const state = columns.oneOf('state', STATES);
  if (columns.isSet('charged') !== (state === 'committed')) throw columns.corrupt('charged');
  return {
    state,
    held: columns.cost('held'),
    expiresAt: columns.instant('expires_at'),
    charged: state === 'committed' ? columns.cost('charged') : undefined,
    mark: columns.oneOf('mark', MARKS),
    crossed: columns.crossed('crossed'),
    crossedIn: columns.isSet('crossed_in') ? columns.instant('crossed_in') : undefined,
  };
}

/** The row of an active hold. */
export function toActiveHold(row: Row, runId: string): ActiveHold {
  const holdId = new Columns(row, 'operations', runId).text('id');
  const columns = new Columns(row, 'operations', `${runId}, hold ${holdId}`);
  const { amount, units } = columns.cost('held');
  return {
    holdId,
    held: amount,
    units: withoutZeros(units),
    expiresAt: columns.instant('expires_at'),
  };
}

export function toAllotment(row: Row, of: string): Allotment {
  const columns = new Columns(row, 'children', of);
  if (columns.isSet('settled_at')) columns.instant('settled_at');
  return {
    held: columns.cost('held'),
    charged: columns.cost('charged'),
    isSettled: columns.isSet('settled_at'),
    crossed: columns.crossed('crossed'),
    crossedIn: columns.instant('crossed_in'),
  };
}

/** The row of a child that is not settled. */
export function toChild(row: Row, runId: string): Child {
  const of = new Columns(row, 'children', runId);
  const child = of.text('child');
  const incarnation = of.text('incarnation', MAX_INCARNATION_LENGTH);
  const columns = new Columns(row, 'children', `${runId}, child ${child}`);
  const { amount, units } = columns.cost('held');
  return { child, incarnation, held: { amount, units: withoutZeros(units) } };
}

/** What the expired holds of a budget had set aside, of that which it limits: the rest may pass what can be counted. */
export function toDue(row: Row, { units = {} }: Budget, runId: string): Cost {
  const columns = new Columns(row, 'operations', runId);
  const limited = UNITS.filter((unit) => units[unit] !== undefined);
  const pairs = limited.map((unit) => [unit, columns.amount(`held_${unit}`)] as const);
  return { amount: columns.amount('held'), units: Object.fromEntries(pairs) };
}

export function toCallCount(row: Row, runId: string): CallCount {
  const columns = new Columns(row, 'calls', runId);
  return { count: columns.integer('count', 1, MAX_MICROS), since: columns.instant('since') };
}

/** Reads rows. An integer that no number can tell is corrupt, too: node:sqlite refuses to read it. */
export function readable<T>(place: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_OUT_OF_RANGE') throw error;
    throw new CorruptValueError(place);
  }
}

/** A table or a column, and the run that it is about. */
export function placeOf(column: string, of: string): string {
  return `${column} (${of})`;
}
