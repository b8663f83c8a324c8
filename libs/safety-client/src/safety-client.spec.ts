import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BudgetStatus, PolicyDecision, Problem } from '@ae/contracts';
import { ApprovalClient, BudgetClient, PolicyClient, RunClient, SafetyError } from './index.ts';

const KEY = ['ae', 'k'.repeat(40)].join('_');
const decision: PolicyDecision = {
  allowed: true,
  reason: 'nothing forbids it',
  requires_approval: false,
  reason_code: 'allowed',
  decision_id: 'dec_0198c5a4-6f5e-7c3a-9d3e-0123456789ab',
  policy_version: '1',
  findings: [],
};
const budget: BudgetStatus = {
  run_id: 'r',
  spent: 1,
  limit: 10,
  remaining: 9,
  exceeded: false,
  held: 0,
};

interface Received {
  method: string;
  url: string;
  authorization: string | undefined;
  body: string;
}
type Answer = (response: ServerResponse, request: IncomingMessage) => void;

const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
const problem = (code: Problem['code'], status: number, more: Partial<Problem> = {}): Answer =>
  json(
    { type: `urn:${code}`, title: code, status, code, detail: `because ${code}`, ...more },
    status,
  );
const loseAnswer: Answer = (response) => response.socket?.destroy();
const empty: Answer = (response) => response.writeHead(204).end();

/** A real server that gives the answers of a script in order; the last one is repeated. */
class ScriptedServer {
  readonly received: Received[] = [];
  #script: Answer[] = [];
  readonly #server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      this.received.push({
        method: request.method ?? '',
        url: request.url ?? '',
        authorization: request.headers.authorization,
        body,
      });
      const next = this.#script.length > 1 ? this.#script.shift() : this.#script[0];
      next?.(response, request);
    });
  });

  async start(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }
  answers(...script: Answer[]): void {
    this.#script = script;
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get baseUrl(): string {
    return `http://127.0.0.1:${this.port}/`;
  }
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let server: ScriptedServer;
beforeEach(async () => {
  server = new ScriptedServer();
  await server.start();
});
afterEach(() => server.stop());

const options = (more: object = {}) => ({
  baseUrl: server.baseUrl,
  apiKey: KEY,
  retry: { maxAttempts: 3, maxDelayMs: 20 },
  ...more,
});
const failure = async (work: Promise<unknown>): Promise<SafetyError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SafetyError)) throw new Error(`no SafetyError: ${String(error)}`);
  return error;
};
const check = { action: 'execute_code', context: { command: 'true' } } as const;

describe('requests', () => {
  it('sends the wire request with the key and returns the parsed answer', async () => {
    server.answers(json({ ...decision, later_field: 1 }));
    expect(await new PolicyClient(options()).check(check)).toEqual(decision);
    expect(server.received).toEqual([
      {
        method: 'POST',
        url: '/api/v1/safety/check',
        authorization: `Bearer ${KEY}`,
        body: JSON.stringify(check),
      },
    ]);
  });

  it('reaches every endpoint by its method and path', async () => {
    server.answers(empty);
    const policy = new PolicyClient(options());
    const budgets = new BudgetClient(options());
    const runs = new RunClient(options());
    const approvals = new ApprovalClient(options());
    const input = { command: 'true' };
    const calls: Promise<unknown>[] = [];
    const call = async (work: Promise<unknown>): Promise<void> => {
      calls.push(work);
      await work.catch(() => undefined);
    };
    await call(policy.recordOutcome({ decision_id: decision.decision_id, status: 'succeeded' }));
    await call(budgets.create({ run_id: 'r', limit: 1 }));
    await call(budgets.spend({ run_id: 'r', amount: 1 }));
    await call(budgets.canSpend({ run_id: 'r', amount: 1 }));
    await call(budgets.reserve({ run_id: 'r', hold_id: 'h', amount: 1 }));
    await call(budgets.commit({ run_id: 'r', hold_id: 'h', amount: 1 }));
    await call(budgets.release({ run_id: 'r', hold_id: 'h' }));
    await call(budgets.status('a/b c'));
    await call(budgets.delete('r'));
    await call(budgets.settle('r'));
    await call(budgets.freeze('r'));
    await call(budgets.unfreeze('r'));
    await call(budgets.holds('a/b c'));
    await call(budgets.list({ limit: 5, cursor: 'n&x' }));
    await call(runs.start({ kind: 'execute', limit: 1, input }));
    await call(runs.get('r', { waitSeconds: 2 }));
    await call(runs.list({ status: 'running' }));
    await call(runs.cancel('r'));
    await call(runs.reportProgress('r', { status: 'running' }));
    await call(approvals.create({ run_id: 'r', step: 's', reason: '', ...check }));
    await call(approvals.get('apr_1'));
    await call(approvals.list({ status: 'pending' }));
    await call(approvals.decide('apr_1', { decision: 'approve', reason: 'fine' }));
    expect(server.received.map(({ method, url }) => `${method} ${url}`)).toEqual(
      [
        'POST /outcomes',
        'POST /budget/create',
        'POST /budget/spend',
        'POST /budget/can-spend',
        'POST /budget/reserve',
        'POST /budget/commit',
        'POST /budget/release',
        'GET /budget/a%2Fb%20c',
        'DELETE /budget/r',
        'POST /budget/settle',
        'POST /budget/freeze',
        'POST /budget/unfreeze',
        'GET /budget/a%2Fb%20c/holds',
        'GET /budgets?limit=5&cursor=n%26x',
        'POST /runs',
        'GET /runs/r?wait=2',
        'GET /runs?status=running',
        'POST /runs/r/cancel',
        'POST /runs/r/progress',
        'POST /approvals',
        'GET /approvals/apr_1',
        'GET /approvals?status=pending',
        'POST /approvals/apr_1/decision',
      ].map((line) => line.replace(' ', ' /api/v1/safety')),
    );
    const settled = await Promise.allSettled(calls);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  it.each(['.', '..', '', '\ud800'])('refuses %j as part of a path', async (id) => {
    expect(await failure(new BudgetClient(options()).status(id))).toMatchObject({
      code: 'invalid_request',
    });
    expect(server.received).toEqual([]);
  });
});

describe('problems', () => {
  it('carry code, status, what was charged and what remains', async () => {
    server.answers(problem('conflict', 409, { charged: 0.25, budget }));
    const error = await failure(
      new BudgetClient(options()).commit({ run_id: 'r', hold_id: 'h', amount: 1 }),
    );
    expect(error).toMatchObject({ code: 'conflict', status: 409, charged: 0.25, remaining: 9 });
    expect(error.message).toBe('because conflict');
    expect(server.received).toHaveLength(1);
  });

  it('of a full budget are not repeated', async () => {
    server.answers(problem('budget_exceeded', 402, { budget }));
    const error = await failure(
      new BudgetClient(options()).reserve({ run_id: 'r', hold_id: 'h', amount: 1 }),
    );
    expect(error).toMatchObject({ code: 'budget_exceeded', remaining: 9 });
    expect(server.received).toHaveLength(1);
  });

  it('say why a budget refuses and when to ask again, and are not repeated', async () => {
    const guarded = { type: 'urn:x', title: 'no', status: 402, code: 'budget_exceeded' };
    const body = { ...guarded, detail: 'wait', budget, reason: 'too_fast' };
    server.answers(json(body, 402, { 'retry-after': '1' }));
    const error = await failure(
      new BudgetClient(options()).reserve({ run_id: 'r', hold_id: 'h', amount: 1 }),
    );
    expect(error).toMatchObject({
      code: 'budget_exceeded',
      reason: 'too_fast',
      remaining: 9,
      retryAfterSeconds: 1,
    });
    expect(server.received).toHaveLength(1);
  });

  it('never show the key, even when a server repeats it', async () => {
    server.answers(problem('unauthenticated', 401, { detail: `no such key: ${KEY}` }));
    const error = await failure(new PolicyClient(options()).check(check));
    expect(JSON.stringify([error.message, error.stack, error.problem])).not.toContain(KEY);
  });
});

describe('answers that do not fit fail closed', () => {
  it.each([
    ['malformed JSON', (response: ServerResponse) => response.end('{"allowed":tru')],
    ['a wrong type', json({ ...decision, allowed: 'yes' })],
    ['a missing field', json({ allowed: true })],
    ['an empty body', empty],
  ] satisfies [string, Answer][])('%s', async (_, answer) => {
    server.answers(answer);
    const error = await failure(new PolicyClient(options()).check(check));
    expect(error.code).toBe('invalid_response');
    expect(server.received).toHaveLength(1);
  });

  it('a redirect is not followed with the key', async () => {
    server.answers((response) => response.writeHead(307, { location: '/elsewhere' }).end());
    const error = await failure(new PolicyClient(options()).check(check));
    expect(error.code).toBe('control_plane_unavailable');
    expect(server.received.every(({ url }) => url === '/api/v1/safety/check')).toBe(true);
  });

  it('a 404 that is no problem', async () => {
    server.answers((response) => response.writeHead(404).end('<html>'));
    expect(await failure(new PolicyClient(options()).check(check))).toMatchObject({
      code: 'invalid_response',
      status: 404,
    });
  });
});

describe('retries', () => {
  it.each([
    ['a lost answer', loseAnswer],
    ['503', problem('store_unavailable', 503)],
    ['502 of a proxy', (response: ServerResponse) => response.writeHead(502).end('bad gateway')],
    ['429', problem('rate_limited', 429)],
  ] satisfies [string, Answer][])('repeat a check after %s', async (_, answer) => {
    server.answers(answer, json(decision));
    expect(await new PolicyClient(options()).check(check)).toEqual(decision);
    expect(server.received).toHaveLength(2);
  });

  it('end after maxAttempts', async () => {
    server.answers(loseAnswer);
    expect((await failure(new PolicyClient(options()).check(check))).code).toBe(
      'control_plane_unavailable',
    );
    expect(server.received).toHaveLength(3);
  });

  it('repeat a spend only with an idempotency key', async () => {
    const budgets = new BudgetClient(options());
    server.answers(loseAnswer, json(budget));
    expect((await failure(budgets.spend({ run_id: 'r', amount: 1 }))).code).toBe(
      'control_plane_unavailable',
    );
    expect(server.received).toHaveLength(1);
    server.answers(loseAnswer, json({ ...budget, replayed: true, crossed: [] }));
    await budgets.spend({ run_id: 'r', amount: 1, idempotency_key: 'once' });
    expect(server.received).toHaveLength(3);
  });

  it('repeat the start of a run only with a run id, and a decision never', async () => {
    server.answers(loseAnswer);
    const input = { command: 'true' };
    await failure(new RunClient(options()).start({ kind: 'execute', limit: 1, input }));
    await failure(new ApprovalClient(options()).decide('a', { decision: 'approve', reason: 'x' }));
    expect(server.received).toHaveLength(2);
    await failure(
      new RunClient(options()).start({ kind: 'execute', run_id: 'r', limit: 1, input }),
    );
    expect(server.received).toHaveLength(5);
  });

  it('take the 404 of a repeated delete for the success whose answer was lost', async () => {
    const budgets = new BudgetClient(options());
    server.answers(loseAnswer, problem('not_found', 404));
    await budgets.delete('r');
    server.answers(problem('not_found', 404));
    expect((await failure(budgets.delete('r'))).code).toBe('not_found');
  });

  it('give up at once when asked to wait longer than maxDelayMs', async () => {
    server.answers((response, request) => {
      response.setHeader('retry-after', '7');
      problem('rate_limited', 429)(response, request);
    });
    expect(await failure(new PolicyClient(options()).check(check))).toMatchObject({
      code: 'rate_limited',
      retryAfterSeconds: 7,
    });
    expect(server.received).toHaveLength(1);
  });
});

describe('time', () => {
  it('limits an attempt', async () => {
    server.answers(() => undefined);
    const client = new PolicyClient(options({ timeoutMs: 50, retry: { maxAttempts: 2 } }));
    const error = await failure(client.check(check));
    expect(error.code).toBe('control_plane_unavailable');
    expect(error.message).toContain('did not answer in time');
    expect(server.received).toHaveLength(2);
  });

  it('limits a body that does not end', async () => {
    server.answers((response) => response.write('{"allowed":'));
    const client = new PolicyClient(options({ timeoutMs: 50, retry: { maxAttempts: 1 } }));
    expect((await failure(client.check(check))).code).toBe('control_plane_unavailable');
  });

  it('ends a call by its signal, in an attempt and between two', async () => {
    const client = new PolicyClient(options({ retry: { maxAttempts: 5, maxDelayMs: 60_000 } }));
    for (const answer of [() => undefined, problem('store_unavailable', 503)]) {
      server.answers(answer);
      const reason = new Error('enough');
      const call = client.check(check, { signal: AbortSignal.timeout(100) }).catch(String);
      expect(await call).toContain('TimeoutError');
      const aborted = client.check(check, { signal: AbortSignal.abort(reason) });
      await expect(aborted).rejects.toBe(reason);
    }
  });
});

describe('circuit breaker', () => {
  it('leaves a dead control plane alone and finds it again within 5 s', async () => {
    const { port } = server;
    const client = new PolicyClient(options({ retry: { maxAttempts: 1 } }));
    await server.stop();
    for (let call = 0; call < 10; call += 1) {
      expect((await failure(client.check(check))).code).toBe('control_plane_unavailable');
    }
    server = new ScriptedServer();
    server.answers(json(decision));
    await server.start(port);
    expect((await failure(client.check(check))).message).toContain('left alone');
    expect(server.received).toHaveLength(0);
    const deadline = Date.now() + 5000;
    let answer: PolicyDecision | undefined;
    while (!answer && Date.now() < deadline) {
      answer = await client.check(check).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(answer).toEqual(decision);
  });

  it('is not opened by a part that is down behind a control plane that answers', async () => {
    server.answers(problem('workflow_engine_unavailable', 503));
    const client = new PolicyClient(options({ retry: { maxAttempts: 1 } }));
    for (let call = 0; call < 20; call += 1) {
      expect((await failure(client.check(check))).code).toBe('workflow_engine_unavailable');
    }
    expect(server.received).toHaveLength(20);
  });
});

describe('options', () => {
  it.each(['nonsense', 'ftp://127.0.0.1', 'http://user:secret@127.0.0.1'])(
    'refuses %s as baseUrl without repeating it',
    (baseUrl) => {
      expect(() => new PolicyClient({ baseUrl, apiKey: KEY })).toThrow(/^baseUrl must be/);
    },
  );

  it('refuses a key that a header would quote in its error', () => {
    expect(() => new PolicyClient({ baseUrl: 'http://127.0.0.1', apiKey: `${KEY}\n` })).toThrow(
      /^apiKey must be/,
    );
  });
});
