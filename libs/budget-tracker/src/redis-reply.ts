import { BudgetInputError, CorruptValueError, StoreUnavailableError } from './budget-error.ts';
import { THRESHOLDS } from './budget-store.ts';
import type {
  ActiveHold,
  Carved,
  Charged,
  Child,
  Done,
  Held,
  HoldConflict,
  HoldNotFound,
  Ledger,
  NotFound,
  Overflow,
  Refused,
  Spent,
  Threshold,
  Throttled,
  Transitioned,
  UnitLedger,
} from './budget-store.ts';
import { withoutZeros } from './cost.ts';
import type { Cost } from './cost.ts';
import { UNITS } from './units.ts';
import type { Unit, Units } from './units.ts';

/** Where a reply goes on after the ledger. */
const REST = 7;

/** Which argument a script has refused, as a caller is told. */
const INVALID_CODES: ReadonlyMap<string, BudgetInputError['code']> = new Map([
  ['amount', 'invalid_amount'],
  ['ttl', 'invalid_ttl'],
  ['parent', 'invalid_parent'],
  ['child', 'invalid_parent'],
  ['window', 'invalid_window'],
  ['guard', 'invalid_guard'],
]);

/** The reply of a script: a code, then texts and integers (see the header of each file in `lua/`). */
export class Reply {
  readonly code: string;
  readonly #values: readonly unknown[];

  /** @throws CorruptValueError, BudgetInputError for a reply that says so. */
  constructor(raw: unknown) {
    this.#values = Array.isArray(raw) ? raw : [];
    this.code = this.text(0);
    if (this.code === 'CORRUPT') throw new CorruptValueError(this.text(1));
    if (this.code === 'INVALID') {
      const code = INVALID_CODES.get(this.text(1));
      if (code === undefined) throw this.unexpected();
      throw new BudgetInputError(code, 'The store refused the argument: see BudgetStore.');
    }
  }

  get length(): number {
    return this.#values.length;
  }

  text(index: number): string {
    const value = this.#values[index];
    if (typeof value !== 'string') throw this.unexpected();
    return value;
  }

  /** An integer, which a client may have been told to read as text. */
  integer(index: number): number {
    const raw = this.#values[index];
    const value = typeof raw === 'string' && raw !== '' ? Number(raw) : raw;
    if (typeof value !== 'number' || !Number.isInteger(value)) throw this.unexpected();
    return value;
  }

  isEmpty(index: number): boolean {
    return this.#values[index] === '';
  }

  flag(index: number): boolean {
    return this.integer(index) === 1;
  }

  ledger(): Ledger {
    return {
      seq: this.integer(1),
      limit: this.integer(2),
      spent: this.integer(3),
      held: this.integer(4),
      exceeded: this.flag(5),
      ...furtherOf(this.text(6)),
    };
  }

  unexpected(): StoreUnavailableError {
    const text = JSON.stringify(this.#values);
    return new StoreUnavailableError('Redis', new Error(`unexpected reply ${text}`));
  }
}

/** The text of a cost: money alone, or with each unit. */
export function costText(money: number, units: Units = {}): string {
  const amounts = UNITS.map((unit) => units[unit] ?? 0);
  const isMoneyAlone = amounts.every((amount) => amount === 0);
  return isMoneyAlone ? String(money) : [money, ...amounts].join(',');
}

/** The text of limits beside money, where one of 0 is not the same as none. */
export function limitsText(units: Units = {}): string {
  const limits = UNITS.map((unit) => units[unit] ?? '');
  return limits.every((limit) => limit === '') ? '' : limits.join(',');
}

export function doneOf(reply: Reply): Done {
  return { outcome: 'done', ledger: reply.ledger() };
}

export function transitionedOf(reply: Reply): Transitioned {
  return { ...doneOf(reply), changed: reply.flag(REST) };
}

export function heldOf(reply: Reply): Held {
  return {
    ...doneOf(reply),
    held: reply.integer(REST),
    expiresAt: reply.integer(REST + 1),
    state: reply.text(REST + 2) === 'C' ? 'committed' : 'active',
    replayed: reply.flag(REST + 3),
  };
}

export function chargedOf(reply: Reply): Charged {
  const mark = reply.text(REST + 2);
  return {
    ...doneOf(reply),
    held: reply.integer(REST),
    charged: reply.integer(REST + 1),
    late: mark === 'L',
    unheld: mark === 'U',
    crossed: thresholdsOf(reply.integer(REST + 3)),
    replayed: reply.flag(REST + 4),
  };
}

export function spentOf(reply: Reply): Spent {
  const crossed = thresholdsOf(reply.integer(REST));
  return { ...doneOf(reply), crossed, replayed: reply.flag(REST + 1) };
}

export function activeHoldsOf(reply: Reply): ActiveHold[] {
  const holds: ActiveHold[] = [];
  for (let at = REST; at < reply.length; at += 3) {
    const { amount, units } = costOf(reply.text(at + 1));
    const expiresAt = reply.integer(at + 2);
    holds.push({ holdId: reply.text(at), held: amount, units, expiresAt });
  }
  return holds;
}

export function carvedOf(reply: Reply): Carved {
  const held = costOf(reply.text(REST));
  return { ...doneOf(reply), held, replayed: reply.flag(REST + 1) };
}

export function childrenOf(reply: Reply): Child[] {
  const children: Child[] = [];
  for (let at = REST; at < reply.length; at += 3) {
    const [child, incarnation] = [reply.text(at), reply.text(at + 1)];
    children.push({ child, incarnation, held: costOf(reply.text(at + 2)) });
  }
  return children;
}

/** The limit that a hold would not fit. */
export function limitOf(reply: Reply): 'usd' | Unit {
  const name = reply.text(REST);
  const limit = (['usd', ...UNITS] as const).find((one) => one === name);
  if (limit === undefined) throw reply.unexpected();
  return limit;
}

interface Refusals {
  NOT_FOUND: NotFound;
  HOLD_CONFLICT: HoldConflict;
  HOLD_NOT_FOUND: HoldNotFound;
  OVERFLOW: Overflow;
  BUDGET_CONFLICT: Refused<'budget_conflict'>;
  CLOSED: Refused<'closed'>;
  FROZEN: Refused<'frozen'>;
  PENDING: Refused<'pending'>;
  WINDOW_ENDED: Refused<'window_ended'>;
  BUSY: Refused<'busy'>;
  SETTLED: Refused<'settled'>;
  LOOPING: Throttled;
  TOO_FAST: Throttled;
}

const REFUSALS: { readonly [Code in keyof Refusals]: (reply: Reply) => Refusals[Code] } = {
  NOT_FOUND: () => ({ outcome: 'not_found' }),
  HOLD_NOT_FOUND: () => ({ outcome: 'hold_not_found' }),
  OVERFLOW: () => ({ outcome: 'overflow' }),
  HOLD_CONFLICT: (reply) => ({
    outcome: 'hold_conflict',
    held: reply.integer(1),
    charged: reply.isEmpty(2) ? undefined : reply.integer(2),
  }),
  BUDGET_CONFLICT: (reply) => ({ outcome: 'budget_conflict', ledger: reply.ledger() }),
  CLOSED: (reply) => ({ outcome: 'closed', ledger: reply.ledger() }),
  FROZEN: (reply) => ({ outcome: 'frozen', ledger: reply.ledger() }),
  PENDING: (reply) => ({ outcome: 'pending', ledger: reply.ledger() }),
  WINDOW_ENDED: (reply) => ({ outcome: 'window_ended', ledger: reply.ledger() }),
  BUSY: (reply) => ({ outcome: 'busy', ledger: reply.ledger() }),
  SETTLED: (reply) => ({ outcome: 'settled', ledger: reply.ledger() }),
  LOOPING: (reply) => throttledOf('looping', reply),
  TOO_FAST: (reply) => throttledOf('too_fast', reply),
};

/** The refusal in a reply, of those that its script can give. */
export function refusalOf<Code extends keyof Refusals>(
  reply: Reply,
  ...codes: Code[]
): Refusals[Code] {
  const code = codes.find((one) => one === reply.code);
  if (code === undefined) throw reply.unexpected();
  return REFUSALS[code](reply);
}

function throttledOf(outcome: Throttled['outcome'], reply: Reply): Throttled {
  const retryAfterMs = reply.isEmpty(REST) ? undefined : reply.integer(REST);
  return { outcome, ledger: reply.ledger(), retryAfterMs };
}

/** Thresholds as a record keeps them: 1, 2, 4, added up. */
function thresholdsOf(bits: number): readonly Threshold[] {
  return THRESHOLDS.filter((_threshold, at) => (bits & (1 << at)) !== 0);
}

/** What a ledger has beside its five numbers, from lines of a name and a value in turn. The scripts have checked them. */
function furtherOf(lines: string): Partial<Ledger> {
  if (lines === '') return {};
  const fields = fieldsOf(lines);
  const parent = fields.get('parent');
  const carve = fields.get('carve') as Ledger['carve'];
  const window = fields.get('window') as Ledger['window'];
  const ended = fields.get('ended');
  const earlier = fields.get('earlier');
  const paid = fields.get('paid');
  const velocity = fields.get('velocity');
  return {
    ...unitsOf(fields),
    ...loopOf(fields),
    ...(fields.has('frozen') && { frozen: true }),
    ...(fields.has('lasting') && { lasting: true }),
    ...(parent !== undefined && { parent, incarnation: fields.get('incarnation') ?? '' }),
    ...(carve !== undefined && { carve }),
    ...(window !== undefined && { window, endsAt: Number(fields.get('ends')) }),
    ...(ended !== undefined && { ended: Number(ended) }),
    ...(earlier !== undefined && { earlier: costOf(earlier) }),
    ...(paid !== undefined && { paid: costOf(paid) }),
    ...(velocity !== undefined && { velocity: Number(velocity) }),
  };
}

function fieldsOf(lines: string): ReadonlyMap<string, string> {
  const parts = lines.split('\n');
  const fields = new Map<string, string>();
  for (let at = 0; at < parts.length; at += 2) fields.set(parts[at] ?? '', parts[at + 1] ?? '');
  return fields;
}

function unitsOf(fields: ReadonlyMap<string, string>): Pick<Ledger, 'units'> {
  const units: Partial<Record<Unit, UnitLedger>> = {};
  for (const unit of UNITS) {
    if (!fields.has(`limit:${unit}`)) continue;
    const of = (name: string): number => Number(fields.get(`${name}:${unit}`));
    units[unit] = { limit: of('limit'), spent: of('spent'), held: of('held') };
  }
  return Object.keys(units).length === 0 ? {} : { units };
}

function loopOf(fields: ReadonlyMap<string, string>): Pick<Ledger, 'loop'> {
  const [calls, withinMs] = fields.get('loop')?.split('|') ?? [];
  return calls === undefined ? {} : { loop: { calls: Number(calls), withinMs: Number(withinMs) } };
}

/** A cost, of its text; units of 0 are left out. */
function costOf(text: string): Cost {
  const [amount = 0, ...amounts] = text.split(',').map(Number);
  const pairs = UNITS.map((unit, at) => [unit, amounts[at] ?? 0] as const);
  return { amount, units: withoutZeros(Object.fromEntries(pairs)) };
}
