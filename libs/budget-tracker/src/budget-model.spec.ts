import fc from 'fast-check';
import { BudgetModel, callStore } from '../test/budget-model.ts';
import type { Call } from '../test/budget-model.ts';
import { STORE_KINDS, startStore } from '../test/store-fixtures.ts';
import type { StoreFixture, StoreKind } from '../test/store-fixtures.ts';

const USD = 1_000_000;
const HOUR = 3_600_000;

const amount = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 4 * USD }) },
  { weight: 2, arbitrary: fc.constantFrom(1, USD, 10 * USD, 9e15) },
);
const id = fc.constantFrom('a', 'b', 'c', '{x}', 'h:a', ' ', '☃', '-inf', 'v');
const limit = fc.constantFrom(10 * USD, 10 * USD, 10 * USD, 9e15);
const runPart = fc.constantFrom('r', 'r{', 'a}b', '{t}', '☃'.repeat(80), '|');

type Step = (runId: string, now: number) => Call;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 1,
    arbitrary: limit.map((of): Step => (runId, now) => [
      'create',
      { runId, now, limit: of, ttlMs: 24 * HOUR },
    ]),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(id, amount, fc.constantFrom(HOUR, 2 * HOUR))
      .map(([holdId, of, ttlMs]): Step => (runId, now) => [
        'reserve',
        { runId, now, holdId, amount: of, ttlMs },
      ]),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(id, fc.oneof(amount, fc.constant(0)))
      .map(([holdId, of]): Step => (runId, now) => ['commit', { runId, now, holdId, amount: of }]),
  },
  {
    weight: 3,
    arbitrary: id.map((holdId): Step => (runId, now) => ['release', { runId, now, holdId }]),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(id, fc.constantFrom(1, 3 * HOUR))
      .map(([holdId, ttlMs]): Step => (runId, now) => ['extend', { runId, now, holdId, ttlMs }]),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.option(id, { nil: undefined }), amount)
      .map(([idempotencyKey, of]): Step => (runId, now) => [
        'spend',
        { runId, now, idempotencyKey, amount: of },
      ]),
  },
  { weight: 1, arbitrary: fc.constant<Step>((runId, now) => ['status', { runId, now }]) },
);
const ending = fc.constantFrom<Step>(
  (runId, now) => ['delete', { runId, now }],
  (runId, now) => ['status', { runId, now }],
);

const history = fc.record({
  steps: fc.array(fc.tuple(step, fc.nat({ max: HOUR })), { minLength: 15, maxLength: 50 }),
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
    // hours below go by: there the answers differ in `expiresAt` alone.
    const ownClock = kind !== 'sqlite';
    let histories = 0;
    await fc.assert(
      fc.asyncProperty(history, async ({ steps, end, runPart: part }) => {
        histories += 1;
        const runId = `${part}${histories}`;
        const model = new BudgetModel();
        let now = Date.UTC(2030, 0);
        const opening: Step = (run, at) => [
          'create',
          { runId: run, now: at, limit: 10 * USD, ttlMs: 24 * HOUR },
        ];
        for (const [make, pause] of [[opening, 0] as const, ...steps, [end, 0] as const]) {
          if (!ownClock) now += pause;
          const call = make(runId, now);
          const [got, want] = [await callStore(store, call), model.call(call)];
          expect({ call, answer: comparable(got, ownClock) }).toEqual({
            call,
            answer: comparable(want, ownClock),
          });
        }
      }),
      { numRuns: 150 },
    );
    expect(histories).toBeGreaterThanOrEqual(150);
  });
});

function comparable(answer: unknown, withoutExpiry: boolean): unknown {
  if (!withoutExpiry || typeof answer !== 'object' || answer === null) return answer;
  return { ...answer, ...('expiresAt' in answer ? { expiresAt: 'by the clock of Redis' } : {}) };
}
