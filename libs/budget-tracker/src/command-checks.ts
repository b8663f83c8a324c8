import { BudgetInputError } from './budget-error.ts';
import type { BudgetErrorCode } from './budget-error.ts';
import { MAX_VELOCITY, NEVER } from './budget-store.ts';
import type {
  CarveCommand,
  ChargeCommand,
  ChildCommand,
  ChildrenCommand,
  CommitCommand,
  CreateCommand,
  ExtendCommand,
  HoldCommand,
  ListCommand,
  ReserveCommand,
  RunCommand,
  SpendCommand,
  TransitionCommand,
} from './budget-store.ts';
import { isMicros } from './money.ts';
import { UNITS } from './units.ts';
import type { Units } from './units.ts';

// What a store refuses of its commands, whatever the tracker has let pass. Each check throws BudgetInputError.

/** Most UTF-16 units of an id. */
export const MAX_ID_LENGTH = 256;
/** Most UTF-16 units of an incarnation. */
export const MAX_INCARNATION_LENGTH = 64;
const WINDOWS: readonly unknown[] = ['day', 'month'];
const TRANSITIONS: readonly unknown[] = ['frozen', 'thawed', 'carved', 'rolled', 'paid', 'closing'];
const ENDS: readonly unknown[] = ['settled', 'lost', undefined];

type Code = Extract<BudgetErrorCode, `invalid_${string}`>;

export function checkRun({ runId, now }: RunCommand): void {
  check(isText(runId, MAX_ID_LENGTH), 'invalid_run_id', 'the run id');
  check(isInstant(now), 'invalid_ttl', 'the instant');
}

export function checkCreate(command: CreateCommand): void {
  const { limit, now, ttlMs, units = {}, parent, incarnation, window, velocity, loop } = command;
  checkRun(command);
  const limits = [limit, ...UNITS.map((unit) => units[unit]).filter((of) => of !== undefined)];
  const arePositive = limits.every((of) => isMicros(of) && of > 0);
  check(arePositive, 'invalid_amount', 'a limit');
  expiryOf(now, ttlMs);
  if (parent !== undefined) {
    check(isText(parent, MAX_ID_LENGTH), 'invalid_parent', 'the parent');
    check(isText(incarnation, MAX_INCARNATION_LENGTH), 'invalid_parent', 'the incarnation');
  }
  const isWindow = window === undefined || WINDOWS.includes(window);
  check(isWindow, 'invalid_window', 'the window');
  const isVelocity = velocity === undefined || isWithin(velocity, 1, MAX_VELOCITY);
  check(isVelocity, 'invalid_guard', 'the velocity');
  const isLoop = isWithin(loop?.calls ?? 1, 1, NEVER) && isWithin(loop?.withinMs ?? 1, 1, NEVER);
  check(isLoop, 'invalid_guard', 'the loop limit');
}

export function checkReserve(command: ReserveCommand): void {
  const { amount, units, call, now, ttlMs } = command;
  checkHold(command);
  checkSomeCost(amount, units);
  expiryOf(now, ttlMs);
  check(call === undefined || isText(call, MAX_ID_LENGTH), 'invalid_guard', 'the call');
}

export function checkCommit(command: CommitCommand): void {
  checkHold(command);
  checkCost(command.amount, command.units);
}

export function checkHold(command: HoldCommand): void {
  checkRun(command);
  check(isText(command.holdId, MAX_ID_LENGTH), 'invalid_hold_id', 'the hold id');
}

export function checkExtend(command: ExtendCommand): void {
  checkHold(command);
  expiryOf(command.now, command.ttlMs);
}

export function checkSpend(command: SpendCommand): void {
  const { amount, units, idempotencyKey: key } = command;
  checkRun(command);
  checkSomeCost(amount, units);
  check(key === undefined || isText(key, MAX_ID_LENGTH), 'invalid_hold_id', 'the key');
}

export function checkCarve(command: CarveCommand): void {
  checkChild(command);
  checkSomeCost(command.amount, command.units);
}

export function checkCharge(command: ChargeCommand): void {
  checkChild(command);
  checkCost(command.total.amount, command.total.units);
  if (command.paid !== undefined) checkCost(command.paid.amount, command.paid.units);
  check(ENDS.includes(command.end), 'invalid_parent', 'the end of a child');
}

function checkChild(command: ChildCommand): void {
  checkRun(command);
  check(isText(command.child, MAX_ID_LENGTH), 'invalid_parent', 'the id of the child');
  check(isText(command.incarnation, MAX_INCARNATION_LENGTH), 'invalid_parent', 'the incarnation');
}

export function checkTransition(command: TransitionCommand): void {
  checkRun(command);
  check(TRANSITIONS.includes(command.to), 'invalid_window', 'the transition');
  const { incarnation } = command;
  const isIncarnation = incarnation === undefined || isText(incarnation, MAX_INCARNATION_LENGTH);
  check(isIncarnation, 'invalid_parent', 'the incarnation');
  if (command.to === 'paid') checkCost(command.amount, command.units);
  if (command.to === 'rolled') checkEnd(command.endedAt);
  if (command.to === 'rolled' || command.to === 'carved') checkEnd(command.endsAt);
}

export function checkChildren(command: ChildrenCommand): void {
  checkRun(command);
  const { child = 'child', incarnation = 'incarnation' } = command.after ?? {};
  const isChild = isText(child, MAX_ID_LENGTH) && isText(incarnation, MAX_INCARNATION_LENGTH);
  check(isChild, 'invalid_page', 'the child to go on after');
}

export function checkPage({ now, limit, after = '' }: ListCommand): void {
  check(isInstant(now), 'invalid_ttl', 'the instant');
  check(isWithin(limit, 1, NEVER) && typeof after === 'string', 'invalid_page', 'the page');
}

/** Epoch milliseconds at which a time to live ends; without one, {@link NEVER}. */
export function expiryOf(now: number, ttlMs: number | undefined): number {
  if (ttlMs === undefined) return NEVER;
  check(isWithin(ttlMs, 1, NEVER - now - 1), 'invalid_ttl', 'the time to live');
  return now + ttlMs;
}

function checkCost(amount: number, units: Units = {}): void {
  const isCost = isMicros(amount) && UNITS.every((unit) => isMicros(units[unit] ?? 0));
  check(isCost, 'invalid_amount', 'the amount');
}

function checkSomeCost(amount: number, units: Units = {}): void {
  checkCost(amount, units);
  const isSomething = amount > 0 || UNITS.some((unit) => (units[unit] ?? 0) > 0);
  check(isSomething, 'invalid_amount', 'an amount of nothing');
}

function checkEnd(instant: number | undefined): void {
  check(instant === undefined || isInstant(instant), 'invalid_window', 'the end of a window');
}

/** What a store gives back as it was: some know neither U+0000 nor half a character. */
function isText(value: unknown, most: number): boolean {
  if (typeof value !== 'string' || value.length === 0 || value.length > most) return false;
  return value.isWellFormed() && !value.includes('\u0000');
}

function isInstant(value: unknown): boolean {
  return isWithin(value, 0, NEVER);
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

function check(isRight: boolean, code: Code, what: string): void {
  if (!isRight) throw new BudgetInputError(code, `The store refused ${what}: see BudgetStore.`);
}
