import type {
  ActiveHold,
  BudgetStore,
  CarveCommand,
  ChargeCommand,
  ChildrenCommand,
  CommitCommand,
  CreateCommand,
  DeleteCommand,
  ExtendCommand,
  HoldCommand,
  Ledger,
  LoopLimit,
  ReserveCommand,
  RunCommand,
  SpendCommand,
  Threshold,
  TransitionCommand,
  UnitLedger,
} from '../src/budget-store.ts';
import type { HoldState } from '../src/budget-status.ts';
import type { Unit, Units } from '../src/units.ts';

const UNITS: readonly Unit[] = ['tokens', 'steps', 'sandbox_ms'];
const LEVELS: readonly Threshold[] = [50, 80, 100];
const NEVER = 8.64e15;

/** What an id was given for. */
interface Cost {
  usd: number;
  units: Units;
}

const NOTHING: Cost = { usd: 0, units: {} };

interface Entry {
  state: HoldState;
  held: Cost;
  expiresAt: number;
  charged?: Cost;
  mark?: 'late' | 'unheld';
  crossed?: readonly Threshold[];
  crossedIn?: number | undefined;
}

/** What a budget knows of a child; what is held and charged for it is not kept but summed. */
interface Child {
  carves: Cost[];
  charges: Cost[];
  /** What charges have freed of the carves. */
  freed: Cost[];
  before: Cost;
  isSettled: boolean;
  crossed: { threshold: Threshold; endsAt: number | undefined }[];
}

interface Budget {
  limit: Cost;
  spent: Cost;
  seq: number;
  expiresAt: number;
  holds: Map<string, Entry>;
  /** Those of the holds that are active, and some that were: a history has many more that are not. */
  active: Set<Entry>;
  spends: Map<string, { cost: Cost; crossed: readonly Threshold[]; crossedIn: number | undefined }>;
  calls: Map<string, { count: number; since: number }>;
  children: Map<string, Child>;
  frozen: boolean;
  lasting: boolean;
  parent: string | undefined;
  incarnation: string | undefined;
  carve: 'pending' | 'open' | 'closing' | 'closed';
  window: { kind: 'day' | 'month'; endsAt: number } | undefined;
  /** What was spent in each window that is over. */
  earlier: Cost[];
  paid: Cost;
  velocity: number | undefined;
  loop: LoopLimit | undefined;
  level: number;
  levelAt: number;
}

/** One call of a store, as data. */
export type Call =
  | ['create', CreateCommand]
  | ['reserve', ReserveCommand]
  | ['commit', CommitCommand]
  | ['release', HoldCommand]
  | ['extend', ExtendCommand]
  | ['spend', SpendCommand]
  | ['carve', CarveCommand]
  | ['charge', ChargeCommand]
  | ['transition', TransitionCommand]
  | ['status', RunCommand]
  | ['holds', RunCommand]
  | ['children', ChildrenCommand]
  | ['delete', DeleteCommand];

export async function callStore(store: BudgetStore, [verb, command]: Call): Promise<unknown> {
  // The pairs of `Call` keep verb and command together; TypeScript cannot see it through a call.
  return (store[verb] as (of: typeof command) => Promise<unknown>)(command);
}

/**
 * What every store must do, written without regard to how: the held amount is not kept but summed
 * from the holds, and expiry is looked at, not carried out.
 */
export class BudgetModel {
  readonly #budgets = new Map<string, Budget>();

  call([verb, command]: Call): unknown {
    if (verb === 'create') return this.create(command);
    if (verb === 'delete') return this.delete(command);
    const budget = this.#budget(command);
    if (budget === undefined) return { outcome: 'not_found' };
    for (const hold of activeOf(budget)) {
      if (hold.expiresAt <= command.now) hold.state = 'expired';
    }
    switch (verb) {
      case 'reserve':
        return reserve(budget, command);
      case 'commit':
        return commit(budget, command);
      case 'release':
        return release(budget, command);
      case 'extend':
        return extend(budget, command);
      case 'spend':
        return spend(budget, command);
      case 'carve':
        return carve(budget, command);
      case 'charge':
        return chargeChild(budget, command);
      case 'transition':
        return transition(budget, command);
      case 'status':
        return { outcome: 'done', ledger: ledgerOf(budget, command.now) };
      case 'holds':
        return {
          outcome: 'done',
          ledger: ledgerOf(budget, command.now),
          holds: holdsOf(budget),
        };
      case 'children':
        return {
          outcome: 'done',
          ledger: ledgerOf(budget, command.now),
          children: childrenOf(budget, command.after),
        };
    }
  }

  create(command: CreateCommand): unknown {
    const { runId, limit, now, ttlMs, units, parent, incarnation, window, velocity, loop } =
      command;
    let budget = this.#budget(command);
    const settings = JSON.stringify([
      limit,
      UNITS.map((unit) => units?.[unit]),
      ttlMs === undefined,
      parent,
      window,
      velocity,
      loop?.calls,
      loop?.withinMs,
    ]);
    if (budget !== undefined && settingsOf(budget) !== settings) {
      return { outcome: 'budget_conflict', ledger: ledgerOf(budget, now) };
    }
    budget ??= {
      limit: { usd: limit, units: units ?? {} },
      spent: { usd: 0, units: {} },
      seq: 1,
      expiresAt: 0,
      holds: new Map(),
      active: new Set(),
      spends: new Map(),
      calls: new Map(),
      children: new Map(),
      frozen: false,
      lasting: ttlMs === undefined,
      parent,
      incarnation: parent === undefined ? undefined : incarnation,
      carve: parent === undefined ? 'open' : 'pending',
      window: window && { kind: window, endsAt: 0 },
      earlier: [],
      paid: NOTHING,
      velocity,
      loop,
      level: 0,
      levelAt: now,
    };
    budget.expiresAt = ttlMs === undefined ? Infinity : now + ttlMs;
    this.#budgets.set(runId, budget);
    return { outcome: 'done', ledger: ledgerOf(budget, now) };
  }

  delete({ runId, now, ifSettled }: DeleteCommand): boolean {
    const budget = this.#budget({ runId, now });
    if (ifSettled === true && budget !== undefined && !isSettled(budget, now)) return false;
    this.#budgets.delete(runId);
    return budget !== undefined;
  }

  #budget({ runId, now }: RunCommand): Budget | undefined {
    const budget = this.#budgets.get(runId);
    return budget !== undefined && budget.expiresAt > now ? budget : undefined;
  }
}

function settingsOf({ limit, lasting, parent, window, velocity, loop }: Budget): string {
  const units = UNITS.map((unit) => limit.units[unit]);
  const [calls, withinMs] = [loop?.calls, loop?.withinMs];
  return JSON.stringify([
    limit.usd,
    units,
    lasting,
    parent,
    window?.kind,
    velocity,
    calls,
    withinMs,
  ]);
}

function shutOf({ carve: state, frozen, ended }: Ledger): string | undefined {
  if (state === 'closing' || state === 'closed') return 'closed';
  if (frozen) return 'frozen';
  if (state === 'pending') return 'pending';
  return ended === undefined ? undefined : 'window_ended';
}

function reserve(budget: Budget, command: ReserveCommand): unknown {
  const { holdId, amount, units = {}, ttlMs, call, now } = command;
  const asked: Cost = { usd: amount, units };
  const hold = budget.holds.get(holdId);
  if (hold !== undefined) {
    if (!isSame(hold.held, asked)) return conflict(hold);
    if (hold.state === 'active' || hold.state === 'committed') return held(budget, hold, true, now);
  }
  const ledger = ledgerOf(budget, now);
  const shut = shutOf(ledger);
  if (shut !== undefined) return { outcome: shut, ledger };
  const limit = overrun(ledger, asked);
  if (limit !== undefined) return { outcome: 'budget_exceeded', ledger, limit };
  const { loop, velocity } = budget;
  const counted = call === undefined ? undefined : budget.calls.get(call);
  const isRunning = loop && counted && counted.since + loop.withinMs > now ? counted : undefined;
  if (loop && isRunning && isRunning.count >= loop.calls) {
    return { outcome: 'looping', ledger, retryAfterMs: isRunning.since + loop.withinMs - now };
  }
  if (velocity !== undefined && amount > velocity) {
    return { outcome: 'too_fast', ledger, retryAfterMs: undefined };
  }
  if (velocity !== undefined) {
    const over = drained(budget, now) + amount - velocity;
    if (over > 0) {
      return { outcome: 'too_fast', ledger, retryAfterMs: Math.ceil((over * 60_000) / velocity) };
    }
  }
  fill(budget, amount, now);
  if (loop && call !== undefined) {
    const { count, since } = isRunning ?? { count: 0, since: now };
    budget.calls.set(call, { count: count + 1, since });
  }
  const fresh: Entry = {
    state: 'active',
    held: asked,
    expiresAt: ttlMs === undefined ? NEVER : now + ttlMs,
  };
  budget.holds.set(holdId, fresh);
  budget.active.add(fresh);
  budget.seq += 1;
  return held(budget, fresh, false, now);
}

function commit(budget: Budget, command: CommitCommand): unknown {
  const { holdId, amount, units = {}, now } = command;
  const cost: Cost = { usd: amount, units };
  const hold = budget.holds.get(holdId);
  if (hold?.charged !== undefined) {
    return isSame(hold.charged, cost) ? charged(budget, hold, true, now) : conflict(hold);
  }
  if (isAfterWindow(budget, now)) return { outcome: 'window_ended', ledger: ledgerOf(budget, now) };
  if (overflows(budget, cost)) return { outcome: 'overflow' };
  const done: Entry = hold ?? {
    state: 'active',
    held: { usd: 0, units: {} },
    expiresAt: now,
    mark: 'unheld',
  };
  if (done.state !== 'active') done.mark = 'late';
  fill(budget, Math.max(0, amount - (done.state === 'active' ? done.held.usd : 0)), now);
  done.state = 'committed';
  done.charged = cost;
  budget.holds.set(holdId, done);
  done.crossed = charge(budget, cost);
  done.crossedIn = budget.window?.endsAt;
  return charged(budget, done, false, now);
}

function release(budget: Budget, { holdId, now }: HoldCommand): unknown {
  const hold = budget.holds.get(holdId);
  if (hold === undefined) return { outcome: 'hold_not_found' };
  if (hold.state === 'committed') return conflict(hold);
  if (hold.state === 'active') {
    hold.state = 'released';
    budget.seq += 1;
  }
  return { outcome: 'done', ledger: ledgerOf(budget, now) };
}

function extend(budget: Budget, { holdId, now, ttlMs }: ExtendCommand): unknown {
  const hold = budget.holds.get(holdId);
  if (hold?.state === 'committed') return conflict(hold);
  if (hold?.state !== 'active') return { outcome: 'hold_not_found' };
  hold.expiresAt = Math.max(hold.expiresAt, now + ttlMs);
  budget.seq += 1;
  return held(budget, hold, false, now);
}

function spend(budget: Budget, command: SpendCommand): unknown {
  const { amount, units = {}, idempotencyKey, now } = command;
  const cost: Cost = { usd: amount, units };
  const before = idempotencyKey === undefined ? undefined : budget.spends.get(idempotencyKey);
  if (before !== undefined) {
    if (!isSame(before.cost, cost)) {
      return { outcome: 'hold_conflict', held: 0, charged: before.cost.usd };
    }
    const crossed = before.crossedIn === budget.window?.endsAt ? before.crossed : [];
    return { outcome: 'done', ledger: ledgerOf(budget, now), crossed, replayed: true };
  }
  if (isAfterWindow(budget, now)) return { outcome: 'window_ended', ledger: ledgerOf(budget, now) };
  if (overflows(budget, cost)) return { outcome: 'overflow' };
  fill(budget, amount, now);
  const crossed = charge(budget, cost);
  if (idempotencyKey !== undefined) {
    budget.spends.set(idempotencyKey, { cost, crossed, crossedIn: budget.window?.endsAt });
  }
  return { outcome: 'done', ledger: ledgerOf(budget, now), crossed, replayed: false };
}

/** A closed budget begins no window any more. */
function isAfterWindow({ carve, window }: Budget, now: number): boolean {
  return !isClosed(carve) && window !== undefined && window.endsAt <= now;
}

function childKey({ child, incarnation }: { child: string; incarnation: string }): string {
  return JSON.stringify([child, incarnation]);
}

function heldFor({ carves, freed }: Child): Cost {
  return less(carves.reduce(sum, NOTHING), freed.reduce(sum, NOTHING));
}

function chargedFor({ before, charges }: Child): Cost {
  return countable(charges.reduce(sum, before));
}

function newChild(before: Cost): Child {
  return { carves: [], charges: [], freed: [], before, isSettled: false, crossed: [] };
}

function carve(budget: Budget, command: CarveCommand): unknown {
  const { amount, units = {}, now } = command;
  const found = budget.children.get(childKey(command));
  const ledger = ledgerOf(budget, now);
  if (found?.isSettled) return { outcome: 'settled', ledger };
  const more = less({ usd: amount, units }, found ? heldFor(found) : NOTHING);
  if (isSame(more, NOTHING)) {
    return { outcome: 'done', ledger, held: told(heldFor(found as Child)), replayed: true };
  }
  const shut = shutOf(ledger);
  if (shut !== undefined) return { outcome: shut, ledger };
  const limit = overrun(ledger, more);
  if (limit !== undefined) return { outcome: 'budget_exceeded', ledger, limit };
  const child = found ?? newChild(NOTHING);
  child.carves.push(more);
  budget.children.set(childKey(command), child);
  budget.seq += 1;
  return {
    outcome: 'done',
    ledger: ledgerOf(budget, now),
    held: told(heldFor(child)),
    replayed: false,
  };
}

function chargeChild(budget: Budget, command: ChargeCommand): unknown {
  const { total, paid = { amount: 0, units: {} }, end, now } = command;
  if (isAfterWindow(budget, now)) return { outcome: 'window_ended', ledger: ledgerOf(budget, now) };
  const found = budget.children.get(childKey(command));
  const child = found ?? newChild({ usd: paid.amount, units: paid.units });
  const isLost = end === 'lost';
  const set = heldFor(child);
  const more = isLost ? set : less({ usd: total.amount, units: total.units }, chargedFor(child));
  const isEnding = end !== undefined && (!child.isSettled || found === undefined);
  const isNews = isLost
    ? found !== undefined && !found.isSettled
    : isEnding || !isSame(more, NOTHING) || found === undefined;
  const endsAt = budget.window?.endsAt;
  const reached = (): readonly Threshold[] => {
    const inWindow = child.crossed.filter((of) => of.endsAt === endsAt);
    return LEVELS.filter((level) => inWindow.some((of) => of.threshold === level));
  };
  if (!isNews) {
    return { outcome: 'done', ledger: ledgerOf(budget, now), crossed: reached(), replayed: true };
  }
  child.freed.push(end === undefined ? smaller(set, more) : set);
  child.charges.push(more);
  child.isSettled ||= end !== undefined;
  budget.children.set(childKey(command), child);
  const crossed = charge(budget, more);
  budget.spent = countable(budget.spent);
  child.crossed.push(...crossed.map((threshold) => ({ threshold, endsAt })));
  return { outcome: 'done', ledger: ledgerOf(budget, now), crossed: reached(), replayed: false };
}

function childrenOf({ children }: Budget, after: ChildrenCommand['after']): unknown {
  const inOrder = [...children]
    .filter(([, { isSettled }]) => !isSettled)
    .map(([key, child]) => {
      const [id, incarnation] = JSON.parse(key) as [string, string];
      return { child: id, incarnation, held: told(heldFor(child)) };
    })
    .sort(
      (a, b) =>
        Buffer.compare(Buffer.from(a.child), Buffer.from(b.child)) ||
        Buffer.compare(Buffer.from(a.incarnation), Buffer.from(b.incarnation)),
    );
  const isBehind = (of: { child: string; incarnation: string }): boolean => {
    if (after === undefined) return true;
    const byId = Buffer.compare(Buffer.from(of.child), Buffer.from(after.child));
    if (byId !== 0) return byId > 0;
    return Buffer.compare(Buffer.from(of.incarnation), Buffer.from(after.incarnation)) > 0;
  };
  return inOrder.filter(isBehind);
}

function isClosed(carve: Budget['carve']): boolean {
  return carve === 'closing' || carve === 'closed';
}

/** Whether nobody owes it anything, nor it anybody. */
function isSettled(budget: Budget, now: number): boolean {
  if ([...budget.children.values()].some((child) => !child.isSettled)) return false;
  if (budget.parent === undefined) return true;
  if (budget.carve !== 'closed') return false;
  const all = budget.earlier.reduce(sum, sum(budget.spent, heldAt(budget, now)));
  const { amount, units } = told(countable(limitedTo(budget, all)));
  const { paid } = budget;
  return amount <= paid.usd && UNITS.every((unit) => (units[unit] ?? 0) <= (paid.units[unit] ?? 0));
}

/** A cost without the units that have no limit: those are counted nowhere. */
function limitedTo({ limit }: Budget, { usd, units }: Cost): Cost {
  const pairs = UNITS.filter((unit) => limit.units[unit] !== undefined).map((unit) => {
    return [unit, units[unit] ?? 0];
  });
  return { usd, units: Object.fromEntries(pairs) as Units };
}

/** A cost as a store tells it. */
function told({ usd, units }: Cost): { amount: number; units: Units } {
  return { amount: usd, units: given(units) };
}

function given(units: Units): Units {
  const pairs = UNITS.flatMap((unit) => ((units[unit] ?? 0) === 0 ? [] : [[unit, units[unit]]]));
  return Object.fromEntries(pairs) as Units;
}

function transition(budget: Budget, command: TransitionCommand): unknown {
  const { now, incarnation = budget.incarnation } = command;
  const isMeant = incarnation === budget.incarnation;
  if (command.to === 'closing' && isMeant && budget.parent !== undefined) {
    const isHolding = [...budget.holds.values()].some(({ state }) => state === 'active');
    const hasChildren = [...budget.children.values()].some((child) => !child.isSettled);
    const isBusy = hasChildren || (isHolding && command.force !== true);
    if (isBusy && !isClosed(budget.carve)) {
      return { outcome: 'busy', ledger: ledgerOf(budget, now) };
    }
  }
  const changed = isMeant && change(budget, command);
  if (changed) budget.seq += 1;
  return { outcome: 'done', ledger: ledgerOf(budget, now), changed };
}

/** Whether anything has changed. */
function change(budget: Budget, command: TransitionCommand): boolean {
  const { window } = budget;
  switch (command.to) {
    case 'frozen':
    case 'thawed': {
      const frozen = command.to === 'frozen';
      if (budget.frozen === frozen) return false;
      budget.frozen = frozen;
      return true;
    }
    case 'carved':
      if (budget.carve !== 'pending' || window?.endsAt !== command.endsAt) return false;
      budget.carve = 'open';
      return true;
    case 'rolled':
      if (isClosed(budget.carve) || window?.endsAt !== command.endedAt) return false;
      if (budget.parent !== undefined) {
        budget.earlier.push(budget.spent);
        budget.carve = 'pending';
      }
      budget.spent = NOTHING;
      budget.window = { ...window, endsAt: command.endsAt };
      return true;
    case 'paid': {
      if (budget.parent === undefined) return false;
      const { amount: usd, units = {} } = command;
      const pairs = UNITS.map((unit) => {
        const of = budget.limit.units[unit] === undefined ? 0 : (units[unit] ?? 0);
        return [unit, Math.max(of, budget.paid.units[unit] ?? 0)];
      });
      const paid = {
        usd: Math.max(usd, budget.paid.usd),
        units: Object.fromEntries(pairs) as Units,
      };
      const isOver = command.settled === true && budget.carve === 'closing';
      if (isSame(paid, budget.paid) && !isOver) return false;
      budget.paid = paid;
      if (isOver) budget.carve = 'closed';
      return true;
    }
    case 'closing':
      if (budget.parent === undefined || isClosed(budget.carve)) return false;
      budget.carve = 'closing';
      return true;
  }
}

function isSame(a: Cost, b: Cost): boolean {
  return a.usd === b.usd && UNITS.every((unit) => (a.units[unit] ?? 0) === (b.units[unit] ?? 0));
}

function sum(a: Cost, b: Cost): Cost {
  const pairs = UNITS.map((unit) => [unit, (a.units[unit] ?? 0) + (b.units[unit] ?? 0)]);
  return { usd: a.usd + b.usd, units: Object.fromEntries(pairs) as Units };
}

/** No more than can be counted exactly. */
function countable({ usd, units }: Cost): Cost {
  const pairs = UNITS.map((unit) => [unit, Math.min(units[unit] ?? 0, 9e15)]);
  return { usd: Math.min(usd, 9e15), units: Object.fromEntries(pairs) as Units };
}

/** What is left of one without the other. */
function less(a: Cost, b: Cost): Cost {
  const pairs = UNITS.map((unit) => [
    unit,
    Math.max(0, (a.units[unit] ?? 0) - (b.units[unit] ?? 0)),
  ]);
  return { usd: Math.max(0, a.usd - b.usd), units: Object.fromEntries(pairs) as Units };
}

function smaller(a: Cost, b: Cost): Cost {
  const pairs = UNITS.map((unit) => [unit, Math.min(a.units[unit] ?? 0, b.units[unit] ?? 0)]);
  return { usd: Math.min(a.usd, b.usd), units: Object.fromEntries(pairs) as Units };
}

function overflows({ limit, spent }: Budget, cost: Cost): boolean {
  const total = sum(spent, cost);
  const isOver = (unit: Unit): boolean =>
    limit.units[unit] !== undefined && (total.units[unit] ?? 0) > 9e15;
  return total.usd > 9e15 || UNITS.some(isOver);
}

/** The first limit that a hold would pass, or that is passed already. */
function overrun(ledger: Ledger, asked: Cost): 'usd' | Unit | undefined {
  const isOver = ({ limit, spent, held: sumHeld }: UnitLedger, more: number): boolean =>
    spent > limit || spent + sumHeld + more > limit;
  if (isOver(ledger, asked.usd)) return 'usd';
  return UNITS.find((unit) => {
    const of = ledger.units?.[unit];
    return of !== undefined && isOver(of, asked.units[unit] ?? 0);
  });
}

/** What the bucket of the velocity still holds. */
function drained(budget: Budget, now: number): number {
  const { level, levelAt, velocity = 0 } = budget;
  if (isAhead(budget, now)) return 0;
  const elapsed = Math.min(Math.max(0, now - levelAt), 60_000);
  return Math.max(0, level - Math.floor((elapsed * velocity) / 60_000));
}

/** Whether a clock that was ahead has filled it. */
function isAhead({ levelAt }: Budget, now: number): boolean {
  return levelAt > now + 60_000;
}

function fill(budget: Budget, amount: number, now: number): void {
  if (budget.velocity === undefined) return;
  budget.level = Math.min(budget.velocity, drained(budget, now) + amount);
  budget.levelAt = isAhead(budget, now) ? now : Math.max(budget.levelAt, now);
}

/** Records a cost and says which thresholds it reached. */
function charge(budget: Budget, cost: Cost): readonly Threshold[] {
  const before = usage(budget);
  budget.spent = sum(budget.spent, cost);
  budget.seq += 1;
  const after = usage(budget);
  return LEVELS.filter((level) => before < level / 100 && after >= level / 100);
}

/** The part of its limit that is spent, of the one that is used up furthest. */
function usage({ limit, spent }: Budget): number {
  const parts = UNITS.map((unit) => {
    const of = limit.units[unit];
    return of === undefined ? 0 : (spent.units[unit] ?? 0) / of;
  });
  return Math.max(spent.usd / limit.usd, ...parts);
}

function activeOf({ active }: Budget): Entry[] {
  for (const hold of active) if (hold.state !== 'active') active.delete(hold);
  return [...active];
}

/** What active holds have set aside. A history has thousands of them: nothing is made for each. */
function heldAt(budget: Budget, now: number): Cost {
  let [usd, tokens, steps, sandbox_ms] = [0, 0, 0, 0];
  for (const { expiresAt, held } of activeOf(budget)) {
    if (expiresAt <= now) continue;
    usd += held.usd;
    tokens += held.units.tokens ?? 0;
    steps += held.units.steps ?? 0;
    sandbox_ms += held.units.sandbox_ms ?? 0;
  }
  for (const child of budget.children.values()) {
    const { usd: of, units } = heldFor(child);
    usd += of;
    tokens += units.tokens ?? 0;
    steps += units.steps ?? 0;
    sandbox_ms += units.sandbox_ms ?? 0;
  }
  return { usd, units: { tokens, steps, sandbox_ms } };
}

function ledgerOf(budget: Budget, now: number): Ledger {
  const { limit, spent, seq, frozen, lasting, parent, incarnation, carve, window } = budget;
  const held = heldAt(budget, now);
  const limited = UNITS.flatMap((unit) => {
    const of = limit.units[unit];
    if (of === undefined) return [];
    const ledger = { limit: of, spent: spent.units[unit] ?? 0, held: held.units[unit] ?? 0 };
    return [[unit, ledger] as const];
  });
  const isOver = limited.some(([, unit]) => unit.spent > unit.limit);
  const earlier = told(countable(limitedTo(budget, budget.earlier.reduce(sum, NOTHING))));
  const paid = told(budget.paid);
  const isSome = ({ amount, units }: { amount: number; units: Units }): boolean =>
    amount > 0 || Object.keys(units).length > 0;
  return {
    limit: limit.usd,
    spent: spent.usd,
    held: held.usd,
    seq,
    exceeded: spent.usd > limit.usd || isOver,
    ...(limited.length > 0 && { units: Object.fromEntries(limited) }),
    ...(frozen && { frozen }),
    ...(lasting && { lasting }),
    ...(parent !== undefined && { parent }),
    ...(incarnation !== undefined && { incarnation }),
    ...(carve !== 'open' && { carve }),
    ...(window !== undefined && { window: window.kind, endsAt: window.endsAt }),
    ...(window !== undefined && window.endsAt <= now && { ended: now }),
    ...(isSome(earlier) && { earlier }),
    ...(isSome(paid) && { paid }),
    ...(budget.velocity !== undefined && { velocity: budget.velocity }),
    ...(budget.loop !== undefined && { loop: budget.loop }),
  };
}

function holdsOf({ holds }: Budget): ActiveHold[] {
  const active = [...holds].filter(([, { state }]) => state === 'active');
  return active
    .map(([holdId, { held: of, expiresAt }]) => {
      return { holdId, held: of.usd, units: given(of.units), expiresAt };
    })
    .sort(
      (a, b) =>
        a.expiresAt - b.expiresAt || Buffer.compare(Buffer.from(a.holdId), Buffer.from(b.holdId)),
    );
}

function held(budget: Budget, hold: Entry, replayed: boolean, now: number): unknown {
  const { state, expiresAt } = hold;
  const ledger = ledgerOf(budget, now);
  return { outcome: 'done', ledger, held: hold.held.usd, expiresAt, state, replayed };
}

function charged(budget: Budget, hold: Entry, replayed: boolean, now: number): unknown {
  return {
    outcome: 'done',
    ledger: ledgerOf(budget, now),
    held: hold.held.usd,
    charged: hold.charged?.usd,
    late: hold.mark === 'late',
    unheld: hold.mark === 'unheld',
    crossed: hold.crossedIn === budget.window?.endsAt ? hold.crossed : [],
    replayed,
  };
}

function conflict(hold: Entry): unknown {
  return { outcome: 'hold_conflict', held: hold.held.usd, charged: hold.charged?.usd };
}
