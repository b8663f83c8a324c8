import { NEVER, THRESHOLDS } from './budget-store.ts';
import type {
  BudgetWindow,
  Exceeded,
  Ledger,
  LoopLimit,
  Shut,
  Threshold,
  TransitionCommand,
  UnitLedger,
} from './budget-store.ts';
import { MAX_MICROS } from './money.ts';
import { UNITS } from './units.ts';
import type { Unit, Units } from './units.ts';

/** Time in which a full bucket drains. */
const DRAIN_MS = 60_000;

/** Money and units; a unit that is absent is 0. */
export interface Cost {
  readonly amount: number;
  readonly units: Units;
}

export const NOTHING: Cost = { amount: 0, units: {} };

/** Fills with what is held and spent, and drains evenly; `level` micro-USD were in it at `levelAt`. */
export interface Bucket {
  readonly velocity: number;
  readonly level: number;
  readonly levelAt: number;
}

/** All that a store knows of a budget; a {@link Ledger} is what it tells. */
export interface Budget {
  readonly limit: number;
  readonly spent: number;
  readonly held: number;
  readonly seq: number;
  readonly expiresAt: number;
  /** Undefined where no unit is limited. */
  readonly units: Partial<Record<Unit, UnitLedger>> | undefined;
  readonly frozen: boolean;
  readonly parent: string | undefined;
  readonly since: number | undefined;
  readonly carve: 'pending' | 'closed' | undefined;
  readonly window: { readonly kind: BudgetWindow; readonly endsAt: number } | undefined;
  readonly owed: NonNullable<Ledger['owed']> | undefined;
  readonly bucket: Bucket | undefined;
  readonly loop: LoopLimit | undefined;
}

export function ledgerOf(budget: Budget, now: number): Ledger {
  const { limit, spent, held, seq, units, frozen, parent, since, carve, window, owed } = budget;
  return {
    limit,
    spent,
    held,
    seq,
    exceeded: isExceeded(budget),
    ...(units !== undefined && { units }),
    ...(frozen && { frozen }),
    ...(isLasting(budget) && { lasting: true }),
    ...(parent !== undefined && { parent }),
    ...(since !== undefined && { since }),
    ...(carve !== undefined && { carve }),
    ...(window !== undefined && { window: window.kind, endsAt: window.endsAt }),
    ...(hasEnded(budget, now) && { ended: true }),
    ...(owed !== undefined && { owed }),
    ...(budget.bucket !== undefined && { velocity: budget.bucket.velocity }),
    ...(budget.loop !== undefined && { loop: budget.loop }),
  };
}

/** Whether two budgets were created with the same settings. */
export function isAlike(a: Budget, b: Budget): boolean {
  return (
    a.limit === b.limit &&
    isLasting(a) === isLasting(b) &&
    a.parent === b.parent &&
    a.window?.kind === b.window?.kind &&
    a.bucket?.velocity === b.bucket?.velocity &&
    a.loop?.calls === b.loop?.calls &&
    a.loop?.withinMs === b.loop?.withinMs &&
    UNITS.every((unit) => a.units?.[unit]?.limit === b.units?.[unit]?.limit)
  );
}

export function isSameCost(a: Cost, b: Cost): boolean {
  const isSame = (unit: Unit): boolean => (a.units[unit] ?? 0) === (b.units[unit] ?? 0);
  return a.amount === b.amount && UNITS.every(isSame);
}

/** Why a budget admits nothing, if so. */
export function whyShut(budget: Budget, now: number): Shut['outcome'] | undefined {
  if (budget.carve === 'closed') return 'closed';
  if (budget.frozen) return 'frozen';
  if (budget.carve === 'pending') return 'pending';
  return hasEnded(budget, now) ? 'window_ended' : undefined;
}

/** The first limit that is passed already, or that a hold of this cost would pass. */
export function overrun(budget: Budget, { amount, units }: Cost): Exceeded['limit'] | undefined {
  const isOver = ({ limit, spent, held }: UnitLedger, more: number): boolean =>
    spent > limit || spent + held + more > limit;
  if (isOver(budget, amount)) return 'usd';
  return UNITS.find((unit) => {
    const of = budget.units?.[unit];
    return of !== undefined && isOver(of, units[unit] ?? 0);
  });
}

/** Whether the spend would pass what can be counted exactly. */
export function overflows(budget: Budget, { amount, units }: Cost): boolean {
  if (budget.spent + amount > MAX_MICROS) return true;
  return UNITS.some((unit) => {
    const of = budget.units?.[unit];
    return of !== undefined && of.spent + (units[unit] ?? 0) > MAX_MICROS;
  });
}

/** The budget after a cost is set aside. */
export function hold(budget: Budget, cost: Cost): Budget {
  const units = mapUnits(budget, (of, unit) => ({ ...of, held: of.held + inUnit(cost, unit) }));
  return { ...budget, held: budget.held + cost.amount, units };
}

/** The budget after what was set aside is given back. */
export function giveBack(budget: Budget, cost: Cost): Budget {
  const units = mapUnits(budget, (of, unit) => ({ ...of, held: of.held - inUnit(cost, unit) }));
  return { ...budget, held: budget.held - cost.amount, units };
}

/** The budget after a cost is recorded as spent. */
export function charge(budget: Budget, cost: Cost): Budget {
  const units = mapUnits(budget, (of, unit) => ({ ...of, spent: of.spent + inUnit(cost, unit) }));
  return { ...budget, spent: budget.spent + cost.amount, units };
}

/** The thresholds that were not reached before and are now. */
export function thresholdsBetween(before: Budget, after: Budget): readonly Threshold[] {
  const [from, to] = [usage(before), usage(after)];
  return THRESHOLDS.filter((level) => from < level / 100 && to >= level / 100);
}

/** Milliseconds until the bucket has room for an amount; 0 when it has, or when there is none. */
export function waitForRoom({ bucket }: Budget, amount: number, now: number): number {
  if (bucket === undefined) return 0;
  const over = levelOf(bucket, now) + amount - bucket.velocity;
  return over > 0 ? Math.ceil((over * DRAIN_MS) / bucket.velocity) : 0;
}

/** The budget after an amount is poured into its bucket. */
export function pour(budget: Budget, amount: number, now: number): Budget {
  const { bucket } = budget;
  if (bucket === undefined) return budget;
  const level = Math.min(MAX_MICROS, levelOf(bucket, now) + amount);
  return { ...budget, bucket: { ...bucket, level, levelAt: Math.max(bucket.levelAt, now) } };
}

/**
 * The budget after a transition: the same one where nothing changes.
 * @param hasHolds whether holds are under way.
 */
export function transitioned(
  budget: Budget,
  command: TransitionCommand,
  hasHolds: () => boolean,
): Budget | 'busy' {
  const { parent, carve, window, owed } = budget;
  switch (command.to) {
    case 'frozen':
    case 'thawed': {
      const frozen = command.to === 'frozen';
      return budget.frozen === frozen ? budget : { ...budget, frozen };
    }
    case 'carved':
      if (carve !== 'pending' || window?.endsAt !== command.endsAt) return budget;
      return { ...budget, carve: undefined, owed: undefined };
    case 'rolled':
      if (carve === 'closed' || window?.endsAt !== command.endedAt) return budget;
      return owed === undefined ? rolled(budget, window.kind, command) : 'busy';
    case 'closed':
      if (parent === undefined || carve === 'closed') return budget;
      if (command.force !== true && (owed !== undefined || hasHolds())) return 'busy';
      return {
        ...budget,
        carve: 'closed',
        owed: owed ?? debt(budget, window?.endsAt ?? 0, spentAndHeld),
      };
  }
}

function rolled(
  budget: Budget,
  kind: BudgetWindow,
  { endedAt, endsAt }: { endedAt: number; endsAt: number },
): Budget {
  const units = mapUnits(budget, (of) => ({ ...of, spent: 0 }));
  const next = { ...budget, spent: 0, units, window: { kind, endsAt } };
  if (budget.parent === undefined) return next;
  return { ...next, carve: 'pending', owed: debt(budget, endedAt, ({ spent }) => spent) };
}

function debt(
  budget: Budget,
  endedAt: number,
  amountOf: (of: { spent: number; held: number }) => number,
): NonNullable<Ledger['owed']> {
  const units = withoutZeros(mapUnits(budget, amountOf) ?? {});
  return { endedAt, spent: amountOf(budget), units };
}

/** What is spent and what may yet be, no more than can be counted exactly. */
function spentAndHeld({ spent, held }: { spent: number; held: number }): number {
  return Math.min(spent + held, MAX_MICROS);
}

/** The units of which there are any. */
export function withoutZeros(units: Units): Units {
  const pairs = UNITS.flatMap((unit) => {
    const amount = units[unit] ?? 0;
    return amount === 0 ? [] : [[unit, amount] as const];
  });
  return Object.fromEntries(pairs);
}

/** Makes something of each unit that is limited; undefined where none is. */
function mapUnits<T>(
  { units }: Budget,
  make: (of: UnitLedger, unit: Unit) => T,
): Partial<Record<Unit, T>> | undefined {
  if (units === undefined) return undefined;
  const made: Partial<Record<Unit, T>> = {};
  for (const unit of UNITS) {
    const of = units[unit];
    if (of !== undefined) made[unit] = make(of, unit);
  }
  return made;
}

function inUnit(cost: Cost, unit: Unit): number {
  return cost.units[unit] ?? 0;
}

function isExceeded(budget: Budget): boolean {
  const units = Object.values(budget.units ?? {});
  return [budget, ...units].some(({ spent, limit }) => spent > limit);
}

function isLasting({ expiresAt }: Budget): boolean {
  return expiresAt === NEVER;
}

function hasEnded({ window }: Budget, now: number): boolean {
  return window !== undefined && window.endsAt <= now;
}

/** The part that is spent of the limit that is used up furthest. */
function usage(budget: Budget): number {
  const units = Object.values(budget.units ?? {});
  return Math.max(...[budget, ...units].map(({ spent, limit }) => spent / limit));
}

/** What is still in a bucket. */
function levelOf({ velocity, level, levelAt }: Bucket, now: number): number {
  const elapsed = Math.min(Math.max(0, now - levelAt), DRAIN_MS);
  return Math.max(0, level - Math.floor((elapsed * velocity) / DRAIN_MS));
}
