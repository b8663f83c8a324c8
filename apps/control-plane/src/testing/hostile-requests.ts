import { problemSchema } from '@ae/contracts';
import fc from 'fast-check';
import type { TestControlPlane } from './test-control-plane.ts';

const API = '/api/v1/safety';

const hostileValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom('', '}', '\u0000', '\ud800', '__proto__', '$(', 'rm -rf /', 'x'.repeat(5000)),
  fc.constantFrom<unknown>(0, -1, 1e-9, 9007199254740993, 1e300, null, [[[[]]]]),
);

/** Fields that the API knows, valid more often than not, so that a request gets past the first check. */
const body = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .record(
        {
          action: fc.constantFrom('execute_code', 'deploy', 'call_tool', 'query_database', 'none'),
          context: fc.oneof(
            fc.record({ command: fc.string() }),
            fc.record({ arguments: fc.jsonValue(), tool: fc.string() }),
            fc.dictionary(fc.string(), hostileValue),
          ),
          run_id: fc.oneof(fc.constant('fuzz'), fc.string({ unit: 'binary' })),
          limit: fc.oneof(fc.constant(1), fc.double()),
          amount: fc.oneof(fc.constant(0.1), fc.double()),
          hold_id: fc.oneof(fc.constant('h'), fc.string({ unit: 'binary' })),
          idempotency_key: fc.string(),
          units: fc.oneof(fc.constant({ steps: 1 }), fc.dictionary(fc.string(), hostileValue)),
          call: fc.string(),
          parent: fc.constantFrom('fuzz', 'parent', '}'),
          limits: fc.oneof(fc.constant({ steps: 9 }), hostileValue),
          window: fc.constantFrom('day', 'month', 'year'),
          lasting: fc.boolean(),
          guards: fc.oneof(
            fc.constant({ usd_per_minute: 1, repeated_calls: { calls: 1, seconds: 1 } }),
            hostileValue,
          ),
          ttl_seconds: fc.oneof(fc.integer(), fc.double()),
          approval_id: fc.string(),
          decision_id: fc.constant('dec_00000000-0000-0000-0000-000000000000'),
          decision: fc.constantFrom('approve', 'reject', 'maybe'),
          reason: fc.string(),
          status: fc.constantFrom('succeeded', 'failed', 'queued', 'none'),
          steps: fc.array(hostileValue, { maxLength: 2 }),
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  },
  { weight: 1, arbitrary: hostileValue.map((value) => JSON.stringify(value)) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.string(),
      fc.constantFrom('{', '{"amount":1e999}', '{"__proto__":{"x":1}}', '['.repeat(20_000)),
    ),
  },
);

const query = fc.oneof(
  fc.constant(''),
  fc.constantFrom('wait=abc', 'limit=0', 'limit=1e9', 'status=none', 'x[y]=1', '__proto__=1'),
  fc.constantFrom('limit=5&limit=6', `cursor=${'9'.repeat(400)}`, 'cursor=%00', 'run_id=%7D'),
  fc.string().map((text) => `cursor=${encodeURIComponent(text.toWellFormed())}`),
);

const pathPart = fc
  .oneof(fc.constantFrom('fuzz', '}', '..x', 'a/b', 'x'.repeat(300)), fc.string())
  .filter((text) => !/^\.{0,2}$/.test(text))
  .map((text) => encodeURIComponent(text.toWellFormed()));

/**
 * Sends `count` requests made from the OpenAPI document to a control plane.
 * @throws when an answer is a server's fault, or is an error that is no complete problem+json
 */
export async function sendHostileRequests(plane: TestControlPlane, count: number): Promise<void> {
  const { body: document } = await plane.call('GET', '/openapi.json');
  const operations = Object.entries(document['paths'] as Record<string, object>)
    // A stream has no end to wait for, and runs that are valid would be carried out.
    .filter(([path]) => path !== `${API}/events`)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ path, method })));

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...operations),
      pathPart,
      query,
      body,
      fc.boolean(),
      async ({ path, method }, part, search, raw, asWorker) => {
        const address = path.replaceAll(/\{\w+\}/g, part) + (search === '' ? '' : `?${search}`);
        const answer = await plane.call(method.toUpperCase(), address, undefined, {
          key: asWorker ? plane.workerKey : plane.adminKey,
          ...(method === 'post' ? { raw } : {}),
        });
        if (answer.status < 400) return;
        const problem = problemSchema.parse(answer.body);
        if (answer.status >= 500) throw new Error(`${String(answer.status)}: ${problem.detail}`);
        if (!answer.headers.get('content-type')?.includes('application/problem+json')) {
          throw new Error(`an error of type ${String(answer.headers.get('content-type'))}`);
        }
      },
    ),
    { numRuns: count },
  );
}
