import { NEVER, THRESHOLDS } from './budget-store.ts';
import type {
  BudgetWindow,
  ChargeCommand,
  Exceeded,
  Ledger,
  LoopLimit,
  Shut,
  Threshold,
  TransitionCommand,
  UnitLedger,
} from './budget-store.ts';
import { costOf, isNothing, isSameCost, least, minus, most, NOTHING, plus } from './cost.ts';
import type { Cost } from './cost.ts';
import { MAX_MICROS } from './money.ts';
import { UNITS } from './units.ts';
import type { Unit, Units } from './units.ts';

/** Time in which a full bucket drains. */
const DRAIN_MS = 60_000;

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
  readonly incarnation: string | undefined;
  readonly carve: Ledger['carve'];
  readonly window: { readonly kind: BudgetWindow; readonly endsAt: number } | undefined;
  readonly earlier: Cost;
  readonly paid: Cost;
  readonly bucket: Bucket | undefined;
  readonly loop: LoopLimit | undefined;
}

export function ledgerOf(budget: Budget, now: number): Ledger {
  const { limit, spent, held, seq, units, frozen, parent, incarnation, carve, window } = budget;
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
    ...(incarnation !== undefined && { incarnation }),
    ...(carve !== undefined && { carve }),
    ...(window !== undefined && { window: window.kind, endsAt: window.endsAt }),
    ...(hasEnded(budget, now) && { ended: now }),
    ...(!isNothing(budget.earlier) && { earlier: budget.earlier }),
    ...(!isNothing(budget.paid) && { paid: budget.paid }),
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

/** Why a budget admits nothing, if so. */
export function whyShut(budget: Budget, now: number): Shut['outcome'] | undefined {
  if (isClosed(budget)) return 'closed';
  if (budget.frozen) return 'frozen';
  if (budget.carve === 'pending') return 'pending';
  return hasEnded(budget, now) ? 'window_ended' : undefined;
}

/** Whether it admits nothing any more, and begins no window. */
export function isClosed({ carve }: { readonly carve?: Ledger['carve'] | undefined }): boolean {
  return carve === 'closing' || carve === 'closed';
}

/** Whether the parent of a child is known to be charged with all that it spent and holds, and to have settled it. */
export function isPaid(budget: Budget): boolean {
  if (budget.parent === undefined) return true;
  const owed = plus(plus(budget.earlier, spentOf(budget)), heldIn(budget));
  return budget.carve === 'closed' && isNothing(minus(owed, budget.paid));
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

/** Milliseconds until the bucket has room for an amount; 0 when it has, or when there is none; Infinity for too much. */
export function waitForRoom({ bucket }: Budget, amount: number, now: number): number {
  if (bucket === undefined) return 0;
  if (amount > bucket.velocity) return Infinity;
  const over = levelOf(bucket, now) + amount - bucket.velocity;
  return over > 0 ? Math.ceil((over * DRAIN_MS) / bucket.velocity) : 0;
}

/** The budget after an amount is poured into its bucket, which it fills at most. */
export function pour(budget: Budget, amount: number, now: number): Budget {
  const { bucket } = budget;
  if (bucket === undefined) return budget;
  const level = Math.min(bucket.velocity, levelOf(bucket, now) + amount);
  const levelAt = isAhead(bucket, now) ? now : Math.max(bucket.levelAt, now);
  return { ...budget, bucket: { ...bucket, level, levelAt } };
}

/**
 * The budget after a transition: the same one where nothing changes.
 * @param use whether holds are under way, and whether children are not settled.
 */
export function transitioned(
  budget: Budget,
  command: TransitionCommand,
  use: { hasHolds(): boolean; hasChildren(): boolean },
): Budget | 'busy' {
  const { parent, carve, window, paid, incarnation } = budget;
  if ((command.incarnation ?? incarnation) !== incarnation) return budget;
  switch (command.to) {
    case 'frozen':
    case 'thawed': {
      const frozen = command.to === 'frozen';
      return budget.frozen === frozen ? budget : { ...budget, frozen };
    }
    case 'carved':
      if (carve !== 'pending' || window?.endsAt !== command.endsAt) return budget;
      return { ...budget, carve: undefined };
    case 'rolled':
      if (isClosed(budget) || window === undefined || window.endsAt !== command.endedAt) {
        return budget;
      }
      return rolled(budget, { ...window, endsAt: command.endsAt });
    case 'paid': {
      if (parent === undefined) return budget;
      const now = most(paid, limited(budget, command));
      const isOver = command.settled === true && carve === 'closing';
      if (isSameCost(now, paid) && !isOver) return budget;
      return { ...budget, paid: now, carve: isOver ? 'closed' : carve };
    }
    case 'closing':
      if (parent === undefined || isClosed(budget)) return budget;
      if (use.hasChildren() || (command.force !== true && use.hasHolds())) return 'busy';
      return { ...budget, carve: 'closing' };
  }
}

function rolled(budget: Budget, window: NonNullable<Budget['window']>): Budget {
  const units = mapUnits(budget, (of) => ({ ...of, spent: 0 }));
  const next = { ...budget, spent: 0, units, window };
  if (budget.parent === undefined) return next;
  return { ...next, carve: 'pending', earlier: plus(budget.earlier, spentOf(budget)) };
}

/** What a budget knows of a child. */
export interface Allotment {
  /** What is set aside for it. */
  readonly held: Cost;
  /** What was charged for it in all. */
  readonly charged: Cost;
  readonly isSettled: boolean;
  /** Thresholds that its charges have reached in the window that ends at `crossedIn`; 0 where there are none. */
  readonly crossed: readonly Threshold[];
  readonly crossedIn: number;
}

/** A budget and what it knows of a child, after a step. */
export interface Step {
  readonly budget: Budget;
  readonly allotment: Allotment;
}

/** What is still to be set aside for a child. */
export function lacking(allotment: Allotment | undefined, limit: Cost): Cost {
  return minus(limit, allotment?.held ?? NOTHING);
}

/** After more is set aside for a child. */
export function carved(budget: Budget, found: Allotment | undefined, more: Cost): Step {
  const { held, ...rest } = found ?? newAllotment(NOTHING);
  return { budget: hold(budget, more), allotment: { ...rest, held: plus(held, more) } };
}

/** After a charge for a child; undefined where it changes nothing. */
export function chargedFor(
  budget: Budget,
  found: Allotment | undefined,
  { total, paid = NOTHING, end }: ChargeCommand,
): Step | undefined {
  const before = found ?? newAllotment(costOf(paid));
  const isLost = end === 'lost';
  if (isLost && (found === undefined || found.isSettled)) return undefined;
  const more = isLost ? before.held : minus(costOf(total), before.charged);
  const freed = end === undefined ? least(before.held, more) : before.held;
  const isSettled = before.isSettled || end !== undefined;
  if (isNothing(more) && isNothing(freed) && isSettled === found?.isSettled) return undefined;
  const after = saturated(charge(giveBack(budget, freed), more));
  const earlier = crossedNow(found, budget);
  const crossed = thresholdsBetween(budget, after);
  return {
    budget: after,
    allotment: {
      held: minus(before.held, freed),
      charged: plus(before.charged, more),
      isSettled,
      crossed: THRESHOLDS.filter((level) => earlier.includes(level) || crossed.includes(level)),
      crossedIn: budget.window?.endsAt ?? 0,
    },
  };
}

/** The thresholds that the charges for a child have reached in the window of the budget. */
export function crossedNow(found: Allotment | undefined, budget: Budget): readonly Threshold[] {
  return found?.crossedIn === (budget.window?.endsAt ?? 0) ? found.crossed : [];
}

function newAllotment(charged: Cost): Allotment {
  return { held: NOTHING, charged, isSettled: false, crossed: [], crossedIn: 0 };
}

/** A spend no larger than can be counted exactly: no limit is. */
function saturated(budget: Budget): Budget {
  const units = mapUnits(budget, (of) => ({ ...of, spent: Math.min(of.spent, MAX_MICROS) }));
  return { ...budget, spent: Math.min(budget.spent, MAX_MICROS), units };
}

function spentOf(budget: Budget): Cost {
  return { amount: budget.spent, units: mapUnits(budget, ({ spent }) => spent) ?? {} };
}

function heldIn(budget: Budget): Cost {
  return { amount: budget.held, units: mapUnits(budget, ({ held }) => held) ?? {} };
}

/** A cost without the units that are not limited. */
function limited(budget: Budget, cost: { amount: number; units?: Units | undefined }): Cost {
  const units = mapUnits(budget, (_of, unit) => cost.units?.[unit] ?? 0);
  return costOf({ amount: cost.amount, units });
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

export function isLasting({ expiresAt }: Budget): boolean {
  return expiresAt === NEVER;
}

export function hasEnded({ window }: Budget, now: number): boolean {
  return window !== undefined && window.endsAt <= now;
}

/** The part that is spent of the limit that is used up furthest. */
function usage(budget: Budget): number {
  const units = Object.values(budget.units ?? {});
  return Math.max(...[budget, ...units].map(({ spent, limit }) => spent / limit));
}

/** Whether a bucket was filled by a clock that was ahead: more than a full one takes to drain. */
function isAhead({ levelAt }: Bucket, now: number): boolean {
  return levelAt > now + DRAIN_MS;
}

/** What is still in a bucket; nothing where nobody can tell. */
function levelOf(bucket: Bucket, now: number): number {
  const { velocity, level, levelAt } = bucket;
  if (isAhead(bucket, now)) return 0;
  const elapsed = Math.min(Math.max(0, now - levelAt), DRAIN_MS);
  return Math.max(0, level - Math.floor((elapsed * velocity) / DRAIN_MS));
}
