import fc from 'fast-check';
import { BudgetModel, callStore } from '../test/budget-model.ts';
import type { Call } from '../test/budget-model.ts';
import { STORE_KINDS, startStore } from '../test/store-fixtures.ts';
import type { StoreFixture, StoreKind } from '../test/store-fixtures.ts';
import type { ActiveHold, CreateCommand, Ledger } from './budget-store.ts';
import type { Cost } from './cost.ts';
import type { Units } from './units.ts';

const USD = 1_000_000;
const HOUR = 3_600_000;
const START = Date.UTC(2030, 0);
/** Ends of windows: of none, one long over, two that SQLite's histories may reach, one far away. */
const ENDS = [0, 1000, START + 6 * HOUR, START + 20 * HOUR, Date.UTC(2040, 0)] as const;

const amount = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 4 * USD }) },
  { weight: 2, arbitrary: fc.constantFrom(1, USD, 10 * USD, 9e15) },
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined });
const count = fc.constantFrom(0, 1, 3, 40, 9e15);
const units: fc.Arbitrary<Units | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 2,
    arbitrary: fc.record({ tokens: count, steps: count, sandbox_ms: count }, { requiredKeys: [] }),
  },
);
const id = fc.constantFrom(
  'a',
  'b',
  'c',
  '{x}',
  'h:a',
  'c:a',
  ' ',
  '☃',
  '-inf',
  'v',
  '\u0001x\u00010',
);
/** Amounts that grow and fall, as the totals of a child do that come late. */
const cost: fc.Arbitrary<Cost> = fc
  .tuple(fc.oneof(amount, fc.constant(0)), units)
  .map(([of, more = {}]) => ({ amount: of, units: more }));
const child = fc.record({
  child: fc.constantFrom('x', 'x\u0001', '{x}', '☃'),
  incarnation: fc.constantFrom('1', '1', '2'),
});
/** Which incarnation is meant: whichever there is, the one there is, another. */
const meant = fc.constantFrom(undefined, 'i', 'i', 'j');
const runPart = fc.constantFrom('r', 'r{', 'a}b', '{t}', '☃'.repeat(80), '|');
const endsAt = fc.constantFrom(...ENDS);

type Settings = Omit<CreateCommand, 'runId' | 'now'>;

/** Settings of a budget; most of a history's creates have the same, for others are conflicts. */
const settings: fc.Arbitrary<Settings> = fc.record({
  limit: fc.constantFrom(10 * USD, 10 * USD, 10 * USD, 9e15),
  ttlMs: fc.constantFrom(24 * HOUR, 24 * HOUR, undefined),
  units: maybe(
    fc.record(
      { tokens: fc.constantFrom(100, 9e15), steps: fc.constant(4), sandbox_ms: fc.constant(60) },
      { requiredKeys: [] },
    ),
  ),
  parent: fc.constantFrom(undefined, undefined, 'team', 'team\u00e9 {x}'),
  incarnation: fc.constant('i'),
  window: fc.constantFrom(undefined, undefined, 'day', 'month'),
  velocity: fc.constantFrom(undefined, undefined, 5 * USD, 100_000_000_000),
  loop: maybe(fc.record({ calls: fc.constantFrom(1, 2), withinMs: fc.constant(2 * HOUR) })),
});

type Step = (runId: string, now: number) => Call;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc
      .tuple(id, amount, fc.constantFrom(HOUR, 2 * HOUR, undefined), units, maybe(id))
      .map(([holdId, of, ttlMs, more, call]): Step => (runId, now) => [
        'reserve',
        { runId, now, holdId, amount: of, units: more, ttlMs, call },
      ]),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(id, fc.oneof(amount, fc.constant(0)), units)
      .map(([holdId, of, more]): Step => (runId, now) => [
        'commit',
        { runId, now, holdId, amount: of, units: more },
      ]),
  },
  {
    weight: 4,
    arbitrary: id.map((holdId): Step => (runId, now) => ['release', { runId, now, holdId }]),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(id, fc.constantFrom(1, 3 * HOUR))
      .map(([holdId, ttlMs]): Step => (runId, now) => ['extend', { runId, now, holdId, ttlMs }]),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(maybe(id), amount, units)
      .map(([idempotencyKey, of, more]): Step => (runId, now) => [
        'spend',
        { runId, now, idempotencyKey, amount: of, units: more },
      ]),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('frozen' as const, 'thawed', 'thawed')
      .map((to): Step => (runId, now) => ['transition', { runId, now, to }]),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(undefined, ...ENDS), meant)
      .map(([end, incarnation]): Step => (runId, now) => [
        'transition',
        { runId, now, to: 'carved', endsAt: end, incarnation },
      ]),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(endsAt, endsAt, meant)
      .map(([ended, end, incarnation]): Step => (runId, now) => [
        'transition',
        { runId, now, to: 'rolled', endedAt: ended, endsAt: end, incarnation },
      ]),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(true, undefined), meant)
      .map(([force, incarnation]): Step => (runId, now) => [
        'transition',
        { runId, now, to: 'closing', force, incarnation },
      ]),
  },
  { weight: 1, arbitrary: fc.constant<Step>((runId, now) => ['status', { runId, now }]) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(child, amount, units)
      .map(([of, limit, more]): Step => (runId, now) => [
        'carve',
        { runId, now, ...of, amount: limit, units: more },
      ]),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(child, cost, maybe(cost), fc.constantFrom(undefined, undefined, 'settled', 'lost'))
      .map(([of, total, paid, end]): Step => (runId, now) => [
        'charge',
        { runId, now, ...of, total, paid, end },
      ]),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(cost, fc.boolean(), meant)
      .map(([paid, isSettled, incarnation]): Step => (runId, now) => [
        'transition',
        { runId, now, to: 'paid', ...paid, settled: isSettled, incarnation },
      ]),
  },
  {
    weight: 2,
    arbitrary: fc.oneof(
      fc.constant<Step>((runId, now) => ['holds', { runId, now }]),
      maybe(child).map((after): Step => (runId, now) => ['children', { runId, now, after }]),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(true, true, undefined)
      .map((ifSettled): Step => (runId, now) => ['delete', { runId, now, ifSettled }]),
  },
);
const ending = fc.constantFrom<Step>(
  (runId, now) => ['delete', { runId, now }],
  (runId, now) => ['status', { runId, now }],
);

const history = fc.record({
  opening: settings,
  other: settings,
  steps: fc.array(fc.tuple(step, fc.nat({ max: HOUR }), fc.nat({ max: 20 })), {
    minLength: 15,
    maxLength: 50,
  }),
  end: ending,
  runPart,
});

describe.each(STORE_KINDS)('%s against the model', (kind: StoreKind) => {
  let fixture: StoreFixture;
  beforeAll(async () => {
    fixture = await startStore(kind);
  });
  afterAll(() => fixture.stop());

  it('gives the same answer to every call of every history', async () => {
    const store = fixture.connect();
    // SQLite takes the caller's clock, so that time can pass; Redis has its own, where none of the
    // hours below go by: there the answers differ in instants alone, and nothing drains.
    const ownClock = kind !== 'sqlite';
    let histories = 0;
    await fc.assert(
      fc.asyncProperty(history, async ({ opening, other, steps, end, runPart: part }) => {
        histories += 1;
        const runId = `${part}${histories}`;
        const model = new BudgetModel();
        let now = START;
        const create =
          (of: Settings): Step =>
          (run, at) => [
            'create',
            { runId: run, now: at, ...of, ...(ownClock && { velocity: undefined }) },
          ];
        const calls: [Step, number][] = [[create(opening), 0]];
        for (const [each, pause, dice] of steps) {
          // Now and then the same create, or another one.
          if (dice === 0) calls.push([create(opening), 0]);
          if (dice === 1) calls.push([create(other), 0]);
          calls.push([each, pause]);
        }
        for (const [make, pause] of [...calls, [end, 0] as const]) {
          if (!ownClock) now += pause;
          const call = make(runId, now);
          const [got, want] = [await callStore(store, call), model.call(call)];
          expect({ call, answer: comparable(got, ownClock) }).toEqual({
            call,
            answer: comparable(want, ownClock),
          });
        }
      }),
      { numRuns: 250 },
    );
    expect(histories).toBeGreaterThanOrEqual(250);
  });
});

/** An answer without the instants that the clock of Redis tells otherwise; what never expires is the same there. */
function comparable(answer: unknown, ownClock: boolean): unknown {
  if (!ownClock || typeof answer !== 'object' || answer === null) return answer;
  const { expiresAt, retryAfterMs, holds, ledger, ...rest } = answer as Record<string, unknown>;
  return {
    ...rest,
    ...(ledger !== undefined && { ledger: comparableLedger(ledger as Ledger) }),
    ...(expiresAt !== undefined && { expires: true }),
    ...(retryAfterMs !== undefined && { retries: true }),
    // Their order is that of the instants.
    ...(Array.isArray(holds) && {
      holds: (holds as ActiveHold[])
        .map((hold) => ({ ...hold, expiresAt: undefined }))
        .sort((one, other) => (one.holdId < other.holdId ? -1 : 1)),
    }),
  };
}

function comparableLedger({ ended, ...rest }: Ledger): object {
  return { ...rest, hasEnded: ended !== undefined };
}
