import fc from 'fast-check';
import { BudgetError } from '../src/budget-error.ts';
import type { BudgetStatus } from '../src/budget-status.ts';
import type { CreateOptions, BudgetTracker } from '../src/budget-tracker.ts';

const MINUTE = 60_000;
const LIMIT = 10;
export const USD_PER_MINUTE = 6;
const TOKENS = 500;

/** What a store keeps of the guard on micro-USD a minute. */
export interface Bucket {
  readonly level: number;
  readonly levelAt: number;
}

/** A tracker whose store has a clock that can be set. */
export interface JumpingClock {
  readonly tracker: BudgetTracker;
  now(): number;
  jump(ms: number): Promise<void>;
  /** The bucket of a run as it is stored. */
  bucketOf(runId: string): Promise<Bucket>;
}

interface Operation {
  readonly verb:
    'reserve' | 'commit' | 'release' | 'extend' | 'spend' | 'freeze' | 'unfreeze' | 'look';
  readonly id: string;
  /** Tenths of a USD. */
  readonly tenths: number;
  readonly hours: 1 | 3;
  readonly jumpMs: number;
}

// No sum of jumps is a time to live: a hold is never looked at in the millisecond of its end.
const jump = fc.oneof(
  { weight: 3, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: -20, max: 20 }).map((count) => count * 25 * MINUTE) },
);
const operation: fc.Arbitrary<Operation> = fc.record({
  verb: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('reserve' as const) },
    { weight: 3, arbitrary: fc.constantFrom('commit' as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Operation['verb']>(
        'release',
        'extend',
        'spend',
        'freeze',
        'unfreeze',
        'unfreeze',
        'look',
      ),
    },
  ),
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  tenths: fc.integer({ min: 1, max: 40 }),
  hours: fc.constantFrom(1, 3),
  jumpMs: jump,
});

export const jumpingHistories = fc.record({
  window: fc.constantFrom<CreateOptions['window']>(undefined, 'day'),
  operations: fc.array(operation, { minLength: 20, maxLength: 60 }),
});

type JumpingHistory = typeof jumpingHistories extends fc.Arbitrary<infer T> ? T : never;

/**
 * Plays a history while the clock jumps by hours, forwards and backwards, and checks after each operation what no clock
 * may change:
 * - a hold is admitted only within what is left, of money and of tokens;
 * - nothing is ever held below 0, nor less than what the holds come to whose end no clock has reached;
 * - the spend is the sum of what was recorded, since the window began that it is in;
 * - a window never gives way to an earlier one;
 * - the bucket fills by what is recorded, never by itself, and its instant does not go back.
 * @throws Error
 */
export async function playJumping(
  clock: JumpingClock,
  runId: string,
  { window, operations }: JumpingHistory,
): Promise<void> {
  const { tracker } = clock;
  const limits = { tokens: TOKENS };
  const guards = { usd_per_minute: USD_PER_MINUTE };
  const settings: CreateOptions = { lasting: true, limits, guards, ...(window && { window }) };
  let last = await tracker.create(runId, LIMIT, settings);
  const holds = new Map<string, { micros: number; endsAt: number }>();
  let latest = clock.now();

  for (const { verb, id, tenths, hours, jumpMs } of operations) {
    await clock.jump(jumpMs);
    latest = Math.max(latest, clock.now());
    const usd = tenths / 10;
    const micros = tenths * 100_000;
    const units = { tokens: tenths };
    const before = await clock.bucketOf(runId);
    let charged = 0;
    let poured = 0;
    const act = async (): Promise<BudgetStatus> => {
      switch (verb) {
        case 'reserve': {
          const receipt = await tracker.reserve(runId, id, usd, {
            units,
            ttlSeconds: hours * 3600,
          });
          if (receipt.replayed) return receipt;
          assert(!isOver(receipt), `admitted above the limit: ${JSON.stringify(receipt)}`);
          poured = micros;
          holds.set(id, { micros, endsAt: Date.parse(receipt.expires_at) });
          const { level } = await clock.bucketOf(runId);
          assert(level <= USD_PER_MINUTE * 1e6, `admitted above the velocity: ${level}`);
          return receipt;
        }
        case 'commit': {
          const receipt = await tracker.commit(runId, id, usd, { units });
          if (!receipt.replayed) [charged, poured] = [micros, micros];
          holds.delete(id);
          return receipt;
        }
        case 'release': {
          const status = await tracker.release(runId, id);
          holds.delete(id);
          return status;
        }
        case 'extend': {
          const receipt = await tracker.extend(runId, id, 90 * 60);
          const hold = holds.get(id);
          if (hold !== undefined) hold.endsAt = Date.parse(receipt.expires_at);
          return receipt;
        }
        case 'spend': {
          const receipt = await tracker.spend(runId, usd, { idempotencyKey: id, units });
          if (!receipt.replayed) [charged, poured] = [micros, micros];
          return receipt;
        }
        case 'freeze':
          return tracker.freeze(runId);
        case 'unfreeze':
          return tracker.unfreeze(runId);
        case 'look':
          await tracker.holds(runId);
          return tracker.create(runId, LIMIT, settings);
      }
    };
    const status = await act().catch(async (error: unknown) => {
      // What a refused reserve rolls, a look at the budget tells.
      if (!(error instanceof BudgetError)) throw error;
      const refusals = /exceeded|frozen|too_fast|hold_conflict|hold_not_found/;
      assert(refusals.test(error.code), `${verb} was refused: ${error.code}`);
      return tracker.status(runId);
    });

    const seen = `${verb} ${id} at ${new Date(clock.now()).toISOString()}: ${JSON.stringify(status)}`;
    const isRolled = status.window_ends_at !== last.window_ends_at;
    assert((status.window_ends_at ?? '') >= (last.window_ends_at ?? ''), `rolled back, ${seen}`);
    assert(status.seq >= last.seq, `seq went back, ${seen}`);
    const spent = Math.round(status.spent * 1e6);
    const due = isRolled ? [0, charged] : [Math.round(last.spent * 1e6) + charged];
    assert(due.includes(spent), `spent ${spent}, not ${due.join(' or ')}, ${seen}`);
    const surely = [...holds.values()].filter(({ endsAt }) => endsAt > latest);
    const atLeast = surely.reduce((sum, hold) => sum + hold.micros, 0);
    const held = Math.round(status.held * 1e6);
    assert(held >= 0 && (status.units?.tokens?.held ?? 0) >= 0, `held below 0, ${seen}`);
    assert(held >= atLeast, `held ${held}, not ${atLeast}, ${seen}`);
    const after = await clock.bucketOf(runId);
    assert(after.level <= before.level + poured, `the bucket grew by itself, ${seen}`);
    // One that lies further ahead than a bucket takes to drain would shut the guard until then.
    const isAhead = before.levelAt > clock.now() + 60_000;
    assert(isAhead || after.levelAt >= before.levelAt, `the bucket went back, ${seen}`);
    last = status;
  }
}

function isOver({ spent, held, limit, units }: BudgetStatus): boolean {
  const { tokens } = units ?? {};
  const isTokensOver = tokens !== undefined && tokens.spent + tokens.held > tokens.limit;
  return Math.round((spent + held) * 1e6) > Math.round(limit * 1e6) || isTokensOver;
}

function assert(holds: boolean, message: string): void {
  if (!holds) throw new Error(message);
}
