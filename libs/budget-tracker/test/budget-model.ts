import type {
  ActiveHold,
  BudgetStore,
  CommitCommand,
  CreateCommand,
  DeleteCommand,
  ExtendCommand,
  HoldCommand,
  HoldsCommand,
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
const NEVER = 8.64e15;

/** What an id was given for. */
interface Cost {
  usd: number;
  units: Units;
}

interface Entry {
  state: HoldState;
  held: Cost;
  expiresAt: number;
  charged?: Cost;
  mark?: 'late' | 'unheld';
  crossed?: readonly Threshold[];
}

interface Budget {
  limit: Cost;
  spent: Cost;
  seq: number;
  expiresAt: number;
  holds: Map<string, Entry>;
  /** Those of the holds that are active, and some that were: a history has many more that are not. */
  active: Set<Entry>;
  spends: Map<string, { cost: Cost; crossed: readonly Threshold[] }>;
  calls: Map<string, { count: number; since: number }>;
  frozen: boolean;
  lasting: boolean;
  parent: string | undefined;
  since: number;
  carve: 'pending' | 'open' | 'closed';
  window: { kind: 'day' | 'month'; endsAt: number } | undefined;
  owed: { endedAt: number; spent: Cost } | undefined;
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
  | ['transition', TransitionCommand]
  | ['status', RunCommand]
  | ['holds', HoldsCommand]
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
      case 'transition':
        return transition(budget, command);
      case 'status':
        return { outcome: 'done', ledger: ledgerOf(budget, command.now) };
      case 'holds':
        return {
          outcome: 'done',
          ledger: ledgerOf(budget, command.now),
          holds: holdsOf(budget, command),
        };
    }
  }

  create(command: CreateCommand): unknown {
    const { runId, limit, now, ttlMs, units, parent, window, velocity, loop } = command;
    let budget = this.#budget(command);
    const settings = JSON.stringify([
      limit,
      UNITS.map((unit) => units?.[unit]),
      ttlMs === undefined,
      parent,
      window?.kind,
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
      frozen: false,
      lasting: ttlMs === undefined,
      parent,
      since: now,
      carve: parent === undefined ? 'open' : 'pending',
      window,
      owed: undefined,
      velocity,
      loop,
      level: 0,
      levelAt: now,
    };
    budget.expiresAt = ttlMs === undefined ? Infinity : now + ttlMs;
    this.#budgets.set(runId, budget);
    return { outcome: 'done', ledger: ledgerOf(budget, now) };
  }

  delete({ runId, now, ifSeq }: DeleteCommand): boolean {
    const budget = this.#budget({ runId, now });
    if (ifSeq !== undefined && budget?.seq !== ifSeq) return false;
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

function reserve(budget: Budget, command: ReserveCommand): unknown {
  const { holdId, amount, units = {}, ttlMs, call, now } = command;
  const asked: Cost = { usd: amount, units };
  const hold = budget.holds.get(holdId);
  if (hold !== undefined) {
    if (!isSame(hold.held, asked)) return conflict(hold);
    if (hold.state === 'active' || hold.state === 'committed') return held(budget, hold, true, now);
  }
  const ledger = ledgerOf(budget, now);
  if (ledger.carve === 'closed') return { outcome: 'closed', ledger };
  if (ledger.frozen) return { outcome: 'frozen', ledger };
  if (ledger.carve === 'pending') return { outcome: 'pending', ledger };
  if (ledger.ended) return { outcome: 'window_ended', ledger };
  const limit = overrun(ledger, asked);
  if (limit !== undefined) return { outcome: 'budget_exceeded', ledger, limit };
  const { loop, velocity } = budget;
  const counted = call === undefined ? undefined : budget.calls.get(call);
  const isRunning = loop && counted && counted.since + loop.withinMs > now ? counted : undefined;
  if (loop && isRunning && isRunning.count >= loop.calls) {
    return { outcome: 'looping', ledger, retryAfterMs: isRunning.since + loop.withinMs - now };
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
  const { holdId, amount, units = {}, settled, now } = command;
  const cost: Cost = { usd: amount, units };
  const hold = budget.holds.get(holdId);
  if (hold?.charged !== undefined) {
    return isSame(hold.charged, cost) ? charged(budget, hold, true, now) : conflict(hold);
  }
  if (budget.carve === 'closed' && settled !== true) {
    return { outcome: 'closed', ledger: ledgerOf(budget, now) };
  }
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
  const { amount, units = {}, idempotencyKey, settled, now } = command;
  const cost: Cost = { usd: amount, units };
  const before = idempotencyKey === undefined ? undefined : budget.spends.get(idempotencyKey);
  if (before !== undefined) {
    if (!isSame(before.cost, cost)) {
      return { outcome: 'hold_conflict', held: 0, charged: before.cost.usd };
    }
    const { crossed } = before;
    return { outcome: 'done', ledger: ledgerOf(budget, now), crossed, replayed: true };
  }
  if (budget.carve === 'closed' && settled !== true) {
    return { outcome: 'closed', ledger: ledgerOf(budget, now) };
  }
  if (overflows(budget, cost)) return { outcome: 'overflow' };
  fill(budget, amount, now);
  const crossed = charge(budget, cost);
  if (idempotencyKey !== undefined) budget.spends.set(idempotencyKey, { cost, crossed });
  return { outcome: 'done', ledger: ledgerOf(budget, now), crossed, replayed: false };
}

function transition(budget: Budget, command: TransitionCommand): unknown {
  const { now } = command;
  const before = ledgerOf(budget, now);
  if (command.to === 'rolled' && isRolling(budget, command.endedAt) && budget.owed !== undefined) {
    return { outcome: 'busy', ledger: before };
  }
  if (command.to === 'closed' && budget.parent !== undefined && budget.carve !== 'closed') {
    const isBusy = [...budget.holds.values()].some(({ state }) => state === 'active');
    if (command.force !== true && (isBusy || budget.owed !== undefined)) {
      return { outcome: 'busy', ledger: before };
    }
  }
  if (change(budget, command)) budget.seq += 1;
  return { outcome: 'done', ledger: ledgerOf(budget, now) };
}

function isRolling({ carve, window }: Budget, endedAt: number): boolean {
  return carve !== 'closed' && window?.endsAt === endedAt;
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
      budget.owed = undefined;
      return true;
    case 'rolled':
      if (!isRolling(budget, command.endedAt) || window === undefined) return false;
      if (budget.parent !== undefined) {
        budget.owed = { endedAt: command.endedAt, spent: budget.spent };
        budget.carve = 'pending';
      }
      budget.spent = { usd: 0, units: {} };
      budget.window = { ...window, endsAt: command.endsAt };
      return true;
    case 'closed': {
      if (budget.parent === undefined || budget.carve === 'closed') return false;
      const active = [...budget.holds.values()].filter(({ state }) => state === 'active');
      const spent = active.reduce((total, hold) => sum(total, hold.held), budget.spent);
      budget.owed ??= { endedAt: window?.endsAt ?? 0, spent: countable(spent) };
      budget.carve = 'closed';
      return true;
    }
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
function drained({ level, levelAt, velocity = 0 }: Budget, now: number): number {
  const elapsed = Math.min(Math.max(0, now - levelAt), 60_000);
  return Math.max(0, level - Math.floor((elapsed * velocity) / 60_000));
}

function fill(budget: Budget, amount: number, now: number): void {
  if (budget.velocity === undefined) return;
  budget.level = Math.min(9e15, Math.max(0, drained(budget, now) + amount));
  budget.levelAt = Math.max(budget.levelAt, now);
}

/** Records a cost and says which thresholds it reached. */
function charge(budget: Budget, cost: Cost): readonly Threshold[] {
  const before = usage(budget);
  budget.spent = sum(budget.spent, cost);
  budget.seq += 1;
  const after = usage(budget);
  const levels: readonly Threshold[] = [50, 80, 100];
  return levels.filter((level) => before < level / 100 && after >= level / 100);
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
  return { usd, units: { tokens, steps, sandbox_ms } };
}

function ledgerOf(budget: Budget, now: number): Ledger {
  const { limit, spent, seq, frozen, lasting, parent, since, carve, window, owed } = budget;
  const held = heldAt(budget, now);
  const limited = UNITS.flatMap((unit) => {
    const of = limit.units[unit];
    if (of === undefined) return [];
    const ledger = { limit: of, spent: spent.units[unit] ?? 0, held: held.units[unit] ?? 0 };
    return [[unit, ledger] as const];
  });
  const isOver = limited.some(([, unit]) => unit.spent > unit.limit);
  const owedUnits = limited.flatMap(([unit]) => {
    const of = owed?.spent.units[unit] ?? 0;
    return of === 0 ? [] : [[unit, of]];
  });
  return {
    limit: limit.usd,
    spent: spent.usd,
    held: held.usd,
    seq,
    exceeded: spent.usd > limit.usd || isOver,
    ...(limited.length > 0 && { units: Object.fromEntries(limited) }),
    ...(frozen && { frozen }),
    ...(lasting && { lasting }),
    ...(parent !== undefined && { parent, since }),
    ...(carve !== 'open' && { carve }),
    ...(window !== undefined && { window: window.kind, endsAt: window.endsAt }),
    ...(window !== undefined && window.endsAt <= now && { ended: true }),
    ...(owed !== undefined && {
      owed: {
        endedAt: owed.endedAt,
        spent: owed.spent.usd,
        units: Object.fromEntries(owedUnits) as Units,
      },
    }),
    ...(budget.velocity !== undefined && { velocity: budget.velocity }),
    ...(budget.loop !== undefined && { loop: budget.loop }),
  };
}

function holdsOf({ holds }: Budget, { lasting }: HoldsCommand): ActiveHold[] {
  return [...holds]
    .filter(([, { state, expiresAt }]) => state === 'active' && (!lasting || expiresAt === NEVER))
    .map(
      ([
        holdId,
        {
          held: { usd, units },
          expiresAt,
        },
      ]) => {
        const given = UNITS.flatMap((unit) =>
          (units[unit] ?? 0) === 0 ? [] : [[unit, units[unit]]],
        );
        return { holdId, held: usd, units: Object.fromEntries(given) as Units, expiresAt };
      },
    )
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
    crossed: hold.crossed,
    replayed,
  };
}

function conflict(hold: Entry): unknown {
  return { outcome: 'hold_conflict', held: hold.held.usd, charged: hold.charged?.usd };
}
