import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  approvalSchema,
  auditPageSchema,
  budgetStatusSchema,
  commitReceiptSchema,
  holdReceiptSchema,
  policyDecisionSchema,
  problemSchema,
  runSchema,
} from '@ae/contracts';
import type { Event, Run } from '@ae/contracts';
import { startSandboxServer } from '@ae/sandbox-server';
import type { SandboxServer } from '@ae/sandbox-server';
import { startRedis } from '@ae/test-support';
import { startTestControlPlane } from './testing/test-control-plane.ts';
import type { Answer, TestControlPlane } from './testing/test-control-plane.ts';

const API = '/api/v1/safety';
const SECRET = ['planted', 'secret', 'a1b2c3d4e5'].join('-');

/** A problem of this status and code, complete by the contract. */
function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(problemSchema.parse(answer.body)).toMatchObject({ status, code });
  expect(answer.status).toBe(status);
}

describe('control plane', () => {
  let sandboxes: SandboxServer;
  let plane: TestControlPlane;
  let serial = 0;
  const newRunId = () => `run-${String(serial++)}`;
  const newBudget = async (limit = 10) => {
    const run_id = newRunId();
    await plane.call('POST', `${API}/budget/create`, { run_id, limit });
    return run_id;
  };

  beforeAll(async () => {
    sandboxes = await startSandboxServer({ apiKey: 'test' });
    plane = await startTestControlPlane({
      AE_SANDBOX_URL: sandboxes.url,
      AE_SANDBOX_API_KEY: 'test',
    });
  });
  afterAll(async () => {
    await plane.stop();
    await sandboxes.stop();
  });

  describe('the seed', () => {
    it('decides about an action', async () => {
      const allowed = await plane.call('POST', `${API}/check`, {
        action: 'execute_code',
        context: { command: 'npm test' },
      });
      expect(allowed.status).toBe(200);
      expect(policyDecisionSchema.parse(allowed.body)).toMatchObject({
        allowed: true,
        requires_approval: false,
      });
      const denied = await plane.call('POST', `${API}/check`, {
        action: 'execute_code',
        context: { command: 'rm -rf /' },
      });
      expect(denied.status).toBe(200);
      expect(policyDecisionSchema.parse(denied.body)).toMatchObject({ allowed: false });
    });

    it('follows its policy file, and keeps the old policy for a bad one', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'ae-policy-'));
      const file = join(directory, 'policy.yaml');
      writeFileSync(file, 'version: 1.0.0\n');
      const other = await startTestControlPlane({ AE_POLICY_FILE: file });
      const check = async () => {
        const body = { action: 'call_tool', context: { tool: 'search' }, agent: { name: 'b' } };
        const answer = await other.call('POST', `${API}/check`, body);
        return policyDecisionSchema.parse(answer.body);
      };
      try {
        expect((await check()).allowed).toBe(true);
        writeFileSync(file, 'rules: [\n');
        await delay(1500);
        expect((await check()).policy_version).toMatch(/^1\.0\.0/);
        writeFileSync(
          file,
          'version: 1.0.1\nrules:\n  - { id: b, effect: deny, when: { agent: b }, reason: r }\n',
        );
        while ((await check()).policy_version.startsWith('1.0.0')) await delay(50);
        expect(await check()).toMatchObject({ allowed: false, reason_code: 'rule_denied' });
      } finally {
        await other.stop();
        rmSync(directory, { recursive: true });
      }
    });

    it('creates a budget, spends, tells, advises and forgets', async () => {
      const run_id = newRunId();
      const status = { run_id, spent: 0, limit: 10, remaining: 10, exceeded: false, held: 0 };
      const created = await plane.call('POST', `${API}/budget/create`, { run_id, limit: 10 });
      expect(created).toMatchObject({ status: 200, body: status });
      const again = await plane.call('POST', `${API}/budget/create`, { run_id, limit: 10 });
      expect(again).toMatchObject({ status: 200, body: status });

      const spent = await plane.call('POST', `${API}/budget/spend`, { run_id, amount: 0.05 });
      const after = { ...status, spent: 0.05, remaining: 9.95 };
      expect(spent.body).toEqual({ ...after, replayed: false, crossed: [] });
      const read = await plane.call('GET', `${API}/budget/${run_id}`);
      expect(read.body).toEqual(after);
      const advice = await plane.call('POST', `${API}/budget/can-spend`, { run_id, amount: 9.96 });
      expect(advice.body).toEqual({ can_spend: false, current_status: after });

      expect((await plane.call('DELETE', `${API}/budget/${run_id}`)).status).toBe(204);
      expectProblem(await plane.call('GET', `${API}/budget/${run_id}`), 404, 'not_found');
    });

    it('charges an idempotency key once', async () => {
      const run_id = await newBudget();
      const spend = { run_id, amount: 0.1, idempotency_key: 'invoice-1' };
      await plane.call('POST', `${API}/budget/spend`, spend);
      const second = await plane.call('POST', `${API}/budget/spend`, spend);
      expect(second.body).toMatchObject({ spent: 0.1, replayed: true });
    });
  });

  describe('holds', () => {
    it('reserves, refuses what does not fit, commits and releases', async () => {
      const run_id = await newBudget(1);
      const hold = await plane.call('POST', `${API}/budget/reserve`, {
        run_id,
        hold_id: 'a',
        amount: 0.7,
      });
      expect(holdReceiptSchema.parse(hold.body)).toMatchObject({ held: 0.7, replayed: false });
      const refused = await plane.call('POST', `${API}/budget/reserve`, {
        run_id,
        hold_id: 'b',
        amount: 0.4,
      });
      expectProblem(refused, 402, 'budget_exceeded');
      expect(budgetStatusSchema.parse(refused.body['budget'])).toMatchObject({ held: 0.7 });

      const commit = { run_id, hold_id: 'a', amount: 0.25 };
      const committed = await plane.call('POST', `${API}/budget/commit`, commit);
      expect(commitReceiptSchema.parse(committed.body)).toMatchObject({
        held_amount: 0.7,
        charged: 0.25,
        remaining: 0.75,
      });
      const replay = await plane.call('POST', `${API}/budget/commit`, commit);
      expect(replay.body).toMatchObject({ charged: 0.25, spent: 0.25, replayed: true });
      const other = await plane.call('POST', `${API}/budget/commit`, { ...commit, amount: 0.3 });
      expectProblem(other, 409, 'conflict');
      expect(other.body).toMatchObject({ charged: 0.25, budget: { remaining: 0.75 } });

      await plane.call('POST', `${API}/budget/reserve`, { run_id, hold_id: 'c', amount: 0.5 });
      const released = await plane.call('POST', `${API}/budget/release`, { run_id, hold_id: 'c' });
      expect(released.body).toMatchObject({ held: 0, remaining: 0.75 });
    });

    it('bug: a budget was deleted under what ran on it', async () => {
      const run_id = await newBudget(1);
      await plane.call('POST', `${API}/budget/reserve`, { run_id, hold_id: 'a', amount: 0.1 });
      expectProblem(await plane.call('DELETE', `${API}/budget/${run_id}`), 409, 'conflict');
      await plane.call('POST', `${API}/budget/release`, { run_id, hold_id: 'a' });
      expect((await plane.call('DELETE', `${API}/budget/${run_id}`)).status).toBe(204);
    });

    it('never admits more than the limit, whoever asks at once', async () => {
      const run_id = await newBudget(1);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          plane.call('POST', `${API}/budget/reserve`, {
            run_id,
            hold_id: `h${String(index)}`,
            amount: 0.1,
          }),
        ),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
      expect(answers.filter(({ status }) => status === 402)).toHaveLength(40);
    });
  });

  describe('runs', () => {
    const start = (input: Record<string, unknown>, limit = 1, run_id = newRunId()) =>
      plane.call<Run>('POST', `${API}/runs`, { kind: 'execute', run_id, limit, input });
    const ended = async (run_id: string) =>
      runSchema.parse((await plane.call('GET', `${API}/runs/${run_id}?wait=60`)).body);

    it('carries a command through the guarded path', async () => {
      const started = await start({
        command: 'echo "$GREETING $NAME"; cat note.txt; exit 3',
        files: { 'note.txt': 'from a file\n' },
        envs: { GREETING: 'hello', NAME: SECRET },
      });
      expect(started.status).toBe(202);
      expect(started.headers.get('location')).toBe(`${API}/runs/${started.body.run_id}`);
      const run = await ended(started.body.run_id);
      expect(run).toMatchObject({ status: 'succeeded', result: { exitCode: 3, timedOut: false } });
      expect(run.result).toMatchObject({ stdout: 'hello [REDACTED:env]\nfrom a file\n' });
      expect(run.steps.map(({ name }) => name)).toEqual([
        'policy',
        'hold',
        'create',
        'upload',
        'execute',
        'redact',
        'commit',
        'destroy',
      ]);
      const { spent, held } = run.budget;
      expect(spent).toBeGreaterThan(0);
      expect(held).toBe(0);
      expect(run.result).toMatchObject({ cost: spent, budgetRemaining: run.budget.remaining });
    });

    it('leaves one decision and one outcome in the audit log, and a chain that verifies', async () => {
      const { body } = await start({ command: 'true' });
      await ended(body.run_id);
      const page = await plane.call('GET', `${API}/audit?run_id=${body.run_id}`);
      const { records } = auditPageSchema.parse(page.body);
      expect(records.map(({ kind, decision, outcome }) => [kind, decision ?? outcome])).toEqual([
        ['outcome', 'succeeded'],
        ['decision', 'allow'],
      ]);
      expect(new Set(records.map(({ decision_id }) => decision_id)).size).toBe(1);
      const verified = await plane.call('GET', `${API}/audit/verify`);
      expect(verified.body).toMatchObject({ valid: true });
    });

    it('denies a destructive command before anything is held or made', async () => {
      const { body } = await start({ command: 'rm -rf / --no-preserve-root' });
      const run = await ended(body.run_id);
      expect(run).toMatchObject({
        status: 'denied',
        error: { code: 'policy_denied' },
        budget: { spent: 0, held: 0 },
      });
      expect(run.steps.map(({ name, status }) => [name, status])).toEqual([['policy', 'failed']]);
    });

    it('stops a run whose estimate does not fit', async () => {
      const { body } = await start({ command: 'true', estimate: 2 });
      await expect(ended(body.run_id)).resolves.toMatchObject({
        status: 'budget_exceeded',
        error: { code: 'budget_exceeded' },
      });
    });

    it('ends a command at its timeout and keeps what it printed', async () => {
      const { body } = await start({ command: 'echo early; sleep 30', timeout_seconds: 1 });
      await expect(ended(body.run_id)).resolves.toMatchObject({
        status: 'succeeded',
        result: { timedOut: true, stdout: 'early\n' },
      });
    });

    it('cancels, charges what ran and destroys the sandbox', async () => {
      const { body } = await start({ command: 'echo on; sleep 30' });
      const deadline = Date.now() + 20_000;
      for (;;) {
        const { steps } = (await plane.call<Run>('GET', `${API}/runs/${body.run_id}`)).body;
        if (steps.some(({ name }) => name === 'execute')) break;
        if (Date.now() > deadline) throw new Error('the command did not start');
      }
      const cancelled = await plane.call('POST', `${API}/runs/${body.run_id}/cancel`);
      expect(cancelled.status).toBe(202);
      const run = await ended(body.run_id);
      expect(run).toMatchObject({ status: 'cancelled', budget: { held: 0 } });
      expect(run.budget.spent).toBeGreaterThan(0);
      expect(run.steps.at(-1)).toMatchObject({ name: 'destroy', status: 'succeeded' });
    });

    it('is the same run for the same request, and a conflict for another', async () => {
      const run_id = newRunId();
      await start({ command: 'true' }, 1, run_id);
      await ended(run_id);
      const again = await start({ command: 'true' }, 1, run_id);
      expect(again.body).toMatchObject({ run_id, status: 'succeeded' });
      expectProblem(await start({ command: 'false' }, 1, run_id), 409, 'conflict');
      const page = await plane.call<{ runs: Run[] }>('GET', `${API}/runs?limit=500`);
      expect(page.body.runs.filter((run) => run.run_id === run_id)).toHaveLength(1);
    });

    it('bug: a step of an attempt that died was left running for ever', async () => {
      const { body } = await start({ command: 'sleep 0.5' });
      const lost = { name: 'lost', status: 'running', started_at: new Date().toISOString() };
      const path = `${API}/runs/${body.run_id}/progress`;
      const told = await plane.call('POST', path, { steps: [lost] }, { key: plane.workerKey });
      expect(told.status).toBe(204);
      const { steps } = await ended(body.run_id);
      expect(steps.find(({ name }) => name === 'lost')).toMatchObject({ status: 'failed' });
    });

    describe('below another budget', () => {
      const startBelow = (parent: string, more: object = {}, run_id = newRunId()) =>
        plane.call<Run>('POST', `${API}/runs`, {
          ...{ kind: 'execute', run_id, limit: 1, parent, input: { command: 'true' } },
          ...more,
        });
      const budgetOf = async (run_id: string) =>
        budgetStatusSchema.parse((await plane.call('GET', `${API}/budget/${run_id}`)).body);
      const newParent = async (settings: object = {}) => {
        const run_id = newRunId();
        const body = { run_id, limit: 10, lasting: true, ...settings };
        await plane.call('POST', `${API}/budget/create`, body);
        return run_id;
      };

      it('settles when it is over', async () => {
        const parent = await newParent({ limits: { steps: 10, sandbox_seconds: 1000 } });
        const limits = { steps: 1, sandbox_seconds: 100 };
        const { body, status } = await startBelow(parent, { limits });
        expect({ status, budget: body.budget }).toMatchObject({
          status: 202,
          budget: { parent, units: { steps: { limit: 1 } } },
        });
        const run = await ended(body.run_id);
        expect(run).toMatchObject({ status: 'succeeded' });
        let child = run.budget;
        while (!child.closed) child = await budgetOf(body.run_id);
        expect(child.units?.steps).toMatchObject({ spent: 1 });
        expect(child.units?.sandbox_seconds?.spent).toBeGreaterThan(0);
        const settled = await budgetOf(parent);
        expect(settled).toMatchObject({ spent: child.spent, held: 0 });
        expect(settled.units?.steps).toMatchObject({ spent: 1, held: 0, remaining: 9 });
      });

      it('does not start when its limit does not fit, or its parent is none', async () => {
        const parent = await newParent();
        const run_id = newRunId();
        const refused = await startBelow(parent, { limit: 11 }, run_id);
        expectProblem(refused, 402, 'budget_exceeded');
        expect(refused.body).toMatchObject({ reason: 'limit', budget: { run_id: parent } });
        expectProblem(await startBelow('nobody'), 404, 'not_found');
        expectProblem(await startBelow(await newBudget()), 400, 'invalid_request');
        expectProblem(await plane.call('GET', `${API}/runs/${run_id}`), 404, 'not_found');
      });
    });

    it('stops a run that needs more sandbox seconds than its limit, or a frozen budget', async () => {
      const run_id = newRunId();
      const limits = { sandbox_seconds: 1 };
      const body = { kind: 'execute', run_id, limit: 1, limits, input: { command: 'true' } };
      await plane.call('POST', `${API}/runs`, body);
      await expect(ended(run_id)).resolves.toMatchObject({
        status: 'budget_exceeded',
        error: { code: 'budget_exceeded', reason: 'limit', limit: 'sandbox_seconds' },
      });

      const frozen = await newBudget(1);
      await plane.call('POST', `${API}/budget/freeze`, { run_id: frozen });
      await start({ command: 'true' }, 1, frozen);
      await expect(ended(frozen)).resolves.toMatchObject({
        status: 'budget_exceeded',
        error: {
          code: 'budget_exceeded',
          reason: 'frozen',
          detail: expect.stringContaining('frozen') as string,
        },
      });
    });

    it('shows no secret of a command line in its title', async () => {
      const { body } = await start({ command: `curl --version; API_TOKEN=${SECRET} true` });
      expect(body.title).not.toContain(SECRET);
      await ended(body.run_id);
      const value = ['plain', 'word', 'x7'].join('');
      const other = await start({ command: `echo ${value}`, envs: { A: value } });
      expect(other.body.title).toBe('echo [REDACTED:env]');
      await ended(other.body.run_id);
    });

    it('does not take what needs durability without a workflow engine', async () => {
      const answer = await plane.call('POST', `${API}/runs`, {
        kind: 'build_and_deploy',
        limit: 1,
        input: { build: 'true', target: { kind: 'directory', name: 'site' } },
      });
      expectProblem(answer, 503, 'workflow_engine_unavailable');
    });
  });

  describe('approvals', () => {
    const approvalOf = async (run_id: string) => {
      const request = {
        run_id,
        step: 'execute',
        action: 'execute_code',
        context: { command: 'git push --force' },
        reason: 'rewrites a branch',
      };
      const answer = await plane.call('POST', `${API}/approvals`, request, {
        key: plane.workerKey,
      });
      return approvalSchema.parse(answer.body);
    };

    it('bug: an approval for a run that ended was stored and honoured', async () => {
      const { body } = await plane.call<Run>('POST', `${API}/runs`, {
        kind: 'execute',
        limit: 1,
        input: { command: 'true' },
      });
      await plane.call('GET', `${API}/runs/${body.run_id}?wait=60`);
      const { approval_id } = await approvalOf(body.run_id);
      const path = `${API}/approvals/${approval_id}`;
      const decided = await plane.call('POST', `${path}/decision`, {
        decision: 'approve',
        reason: 'too late',
      });
      expectProblem(decided, 409, 'conflict');
      expect((await plane.call('GET', path)).body).toMatchObject({ status: 'pending' });
    });

    it("records a person's decision in the audit log before it counts", async () => {
      const { body } = await plane.call<Run>('POST', `${API}/runs`, {
        kind: 'execute',
        limit: 1,
        input: { command: 'sleep 5' },
      });
      const { approval_id, digest } = await approvalOf(body.run_id);
      // The inline engine cannot tell the run; the decision stands all the same.
      await plane.call('POST', `${API}/approvals/${approval_id}/decision`, {
        decision: 'approve',
        reason: 'looked at it',
      });
      const page = await plane.call('GET', `${API}/audit?run_id=${body.run_id}`);
      const record = auditPageSchema
        .parse(page.body)
        .records.find(({ reason_code }) => reason_code === 'person_approved');
      expect(record).toMatchObject({
        principal: { user_id: 'admin' },
        decision: 'allow',
        arguments_digest: digest,
        context: { approval_id, reason: 'looked at it' },
      });
      await plane.call('POST', `${API}/runs/${body.run_id}/cancel`);
      await plane.call('GET', `${API}/runs/${body.run_id}?wait=60`);
    });
  });

  describe('bad input', () => {
    const amounts: [string, string][] = [
      ['negative', '-1'],
      ['zero', '0'],
      ['1e309', '1e309'],
      ['over-precise', '0.0000001'],
      ['a float that is not a decimal', '0.30000000000000004'],
      ['text', '"1"'],
      ['null', 'null'],
      ['too large', '9000000001'],
    ];
    it.each(amounts)('refuses an amount that is %s, and stores nothing', async (_, amount) => {
      const run_id = await newBudget();
      for (const path of ['spend', 'reserve', 'can-spend']) {
        const hold = path === 'reserve' ? '"hold_id":"h",' : '';
        const raw = `{"run_id":"${run_id}",${hold}"amount":${amount}}`;
        const answer = await plane.call('POST', `${API}/budget/${path}`, undefined, { raw });
        expectProblem(answer, 400, 'invalid_request');
      }
      const raw = `{"run_id":"never-made","limit":${amount}}`;
      const created = await plane.call('POST', `${API}/budget/create`, undefined, { raw });
      expectProblem(created, 400, 'invalid_request');
      expectProblem(await plane.call('GET', `${API}/budget/never-made`), 404, 'not_found');
      const { body } = await plane.call('GET', `${API}/budget/${run_id}`);
      expect(body).toMatchObject({ spent: 0, held: 0 });
    });

    it('refuses NaN, which is not JSON', async () => {
      const raw = '{"run_id":"r","amount":NaN}';
      const answer = await plane.call('POST', `${API}/budget/spend`, undefined, { raw });
      expectProblem(answer, 400, 'invalid_request');
    });

    it.each(['', '}x', 'x'.repeat(257), 'a\u0000b', 'line\nbreak', '\ud800'])(
      'refuses the run id %j',
      async (run_id) => {
        const answer = await plane.call('POST', `${API}/budget/create`, { run_id, limit: 1 });
        expectProblem(answer, 400, 'invalid_request');
      },
    );

    it('takes every other run id, on every path', async () => {
      for (const run_id of ['{x}', 'ü☃', 'a/b?c#d%20', '__proto__', 'x'.repeat(256)]) {
        await plane.call('POST', `${API}/budget/create`, { run_id, limit: 1 });
        const read = await plane.call('GET', `${API}/budget/${encodeURIComponent(run_id)}`);
        expect(read.body).toMatchObject({ run_id, limit: 1 });
      }
    });

    const bodies: [string, string, string][] = [
      ['malformed JSON', '/check', '{"action":'],
      ['an empty body', '/check', ''],
      ['an array', '/check', '[]'],
      ['an unknown field', '/check', '{"action":"execute_code","context":{},"x":1}'],
      ['an unknown context field', '/check', '{"action":"execute_code","context":{"x":1}}'],
      ['an unknown action', '/check', '{"action":"launch_missiles","context":{}}'],
      ['a wrong type', '/check', '{"action":"execute_code","context":{"command":1}}'],
      ['a prototype key', '/check', '{"action":"execute_code","context":{"__proto__":{}}}'],
      [
        'deep nesting',
        '/check',
        `{"action":"call_tool","context":{"arguments":${'['.repeat(5000)}${']'.repeat(5000)}}}`,
      ],
      [
        'a path that leaves',
        '/runs',
        '{"kind":"execute","limit":1,"input":{"command":"a","files":{"../a":""}}}',
      ],
      ['an unknown kind', '/runs', '{"kind":"dance","limit":1,"input":{}}'],
      ['an empty command', '/runs', '{"kind":"execute","limit":1,"input":{"command":""}}'],
    ];
    it.each(bodies)(
      'refuses %s, and records that an action was asked for',
      async (_, path, raw) => {
        const count = async () => {
          const { body } = await plane.call('GET', `${API}/audit?limit=1`);
          return auditPageSchema.parse(body).records[0]?.sequence ?? 0;
        };
        const before = await count();
        const answer = await plane.call('POST', `${API}${path}`, undefined, { raw });
        expectProblem(answer, 400, 'invalid_request');
        expect(await count()).toBe(before + 1);
      },
    );

    it('names each field that failed', async () => {
      const { body } = await plane.call('POST', `${API}/budget/spend`, { amount: -1, extra: true });
      const { errors } = problemSchema.parse(body);
      expect(errors?.map(({ path }) => path).sort()).toEqual(['', '/amount', '/run_id']);
    });

    it('bug: a cursor that no audit log gave was a 500', async () => {
      const answer = await plane.call('GET', `${API}/audit?cursor=${'9'.repeat(400)}`);
      expectProblem(answer, 400, 'invalid_request');
    });

    it('refuses a body over the limit', async () => {
      const raw = JSON.stringify({ action: 'execute_code', context: { command: 'x'.repeat(5e6) } });
      const answer = await plane.call('POST', `${API}/check`, undefined, { raw });
      expectProblem(answer, 413, 'payload_too_large');
    });

    it('refuses what is not JSON, an unknown path and another method', async () => {
      const form = await plane.call('POST', `${API}/check`, undefined, {
        raw: 'action=execute_code',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      expectProblem(form, 415, 'unsupported_media_type');
      expectProblem(await plane.call('GET', `${API}/nothing`), 404, 'not_found');
      const put = await plane.call('PUT', `${API}/check`, {});
      expectProblem(put, 405, 'method_not_allowed');
      expect(put.headers.get('allow')).toBe('POST');
      expectProblem(await plane.call('GET', `${API}/budget/%zz`), 400, 'invalid_request');
    });
  });

  describe('keys', () => {
    it('refuses a missing, a wrong and a malformed key, and records it where an action was asked for', async () => {
      const check = { action: 'execute_code', context: { command: 'true' } };
      for (const key of [null, `ae_${'x'.repeat(43)}`, 'nonsense key', '']) {
        const answer = await plane.call('POST', `${API}/check`, check, { key });
        expectProblem(answer, 401, 'unauthenticated');
      }
      const { body } = await plane.call('GET', `${API}/audit?limit=1`);
      expect(auditPageSchema.parse(body).records[0]).toMatchObject({
        principal: { user_id: 'anonymous' },
        decision: 'deny',
        reason_code: 'unauthenticated',
      });
    });

    it('holds a key to its scopes', async () => {
      const asWorker = { key: plane.workerKey };
      expectProblem(
        await plane.call('POST', `${API}/runs`, { kind: 'execute' }, asWorker),
        403,
        'forbidden',
      );
      expectProblem(await plane.call('POST', `${API}/runs/r/progress`, {}), 403, 'forbidden');
    });

    it('slows down who guesses, and records a flood up to its rate', async () => {
      const other = await startTestControlPlane();
      const statuses = new Set<number>();
      for (let guess = 0; guess < 70; guess++) {
        const { status } = await other.call('POST', `${API}/check`, {}, { key: 'ae_guess' });
        statuses.add(status);
      }
      const { body } = await other.call('GET', `${API}/audit?limit=500`);
      await other.stop();
      expect(auditPageSchema.parse(body).records).toHaveLength(60);
      expect([...statuses]).toEqual([401, 429]);
    });

    it('limits the rate of a key', async () => {
      const other = await startTestControlPlane({ AE_RATE_LIMIT_PER_SECOND: '5' });
      const answers = await Promise.all(
        Array.from({ length: 12 }, () => other.call('GET', `${API}/budgets`)),
      );
      await other.stop();
      const limited = answers.filter(({ status }) => status === 429);
      expect(limited.length).toBeGreaterThan(0);
      expectProblem(limited[0]!, 429, 'rate_limited');
      expect(Number(limited[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
    });
  });

  describe('events', () => {
    const follow = async (headers: Record<string, string> = {}) => {
      const controller = new AbortController();
      const response = await fetch(`${plane.url}${API}/events`, {
        headers: { authorization: `Bearer ${plane.adminKey}`, ...headers },
        signal: controller.signal,
      });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      let text = '';
      return {
        async until(done: (events: Event[]) => boolean): Promise<Event[]> {
          for (;;) {
            const events = [...text.matchAll(/^data: (.*)$/gm)].map(
              ([, json]) => JSON.parse(json!) as Event,
            );
            if (done(events)) return events;
            const { value, done: closed } = await reader.read();
            if (closed) throw new Error('the stream ended');
            text += value;
          }
        },
        close: () => controller.abort(),
      };
    };
    const ofRun = (events: Event[], run_id: string) =>
      events.filter(({ data }) => data.run_id === run_id);

    it('tells a budget change, and resumes without a loss', async () => {
      const live = await follow();
      const run_id = await newBudget();
      const [created] = ofRun(
        await live.until((events) => ofRun(events, run_id).length === 1),
        run_id,
      );
      live.close();
      expect(created).toMatchObject({ type: 'budget.updated', data: { spent: 0 } });
      for (const amount of [0.1, 0.2, 0.3]) {
        await plane.call('POST', `${API}/budget/spend`, { run_id, amount });
      }
      const resumed = await follow({ 'last-event-id': created!.id });
      const spentIn = (events: Event[]) =>
        ofRun(events, run_id).map(({ data }) => (data as { spent: number }).spent);
      // Changes in quick succession are told together; how it stands in the end is told always.
      const missed = await resumed.until((events) => spentIn(events).includes(0.6));
      resumed.close();
      expect(spentIn(missed)).toEqual([0.1, 0.3, 0.6].filter((at) => spentIn(missed).includes(at)));
    });

    it('tells the output of a run as it comes, redacted, and its end', async () => {
      const live = await follow();
      const run_id = newRunId();
      await plane.call('POST', `${API}/runs`, {
        kind: 'execute',
        run_id,
        limit: 1,
        input: { command: 'echo "$NAME"; sleep 0.2; echo done', envs: { NAME: SECRET } },
      });
      const events = await live.until((all) =>
        ofRun(all, run_id).some(
          (event) => event.type === 'run.updated' && event.data.status === 'succeeded',
        ),
      );
      live.close();
      const output = ofRun(events, run_id).flatMap((event) =>
        event.type === 'run.output' ? [event.data.text] : [],
      );
      expect(output.join('')).toBe('[REDACTED:env]\ndone\n');
      expect(JSON.stringify(events)).not.toContain(SECRET);
    });

    it('bug: a Last-Event-ID ahead of the log heard nothing for ever', async () => {
      const live = await follow({ 'last-event-id': '999999999' });
      const run_id = await newBudget();
      await expect(
        live.until((events) => ofRun(events, run_id).length === 1),
      ).resolves.toBeDefined();
      live.close();
    });

    it('answers HEAD and ends', async () => {
      const head = await fetch(`${plane.url}${API}/events`, {
        method: 'HEAD',
        headers: { authorization: `Bearer ${plane.adminKey}` },
      });
      expect(head.status).toBe(200);
    });

    it('refuses a Last-Event-ID that is none', async () => {
      const answer = await plane.call('GET', `${API}/events`, undefined, {
        headers: { 'last-event-id': 'yesterday' },
      });
      expectProblem(answer, 400, 'invalid_request');
    });
  });

  describe('operations', () => {
    it('counts what happens', async () => {
      const read = async (series: string) => {
        const text = await (await fetch(`${plane.url}/metrics`)).text();
        const line = text.split('\n').find((candidate) => candidate.startsWith(series));
        return Number(line?.split(' ')[1] ?? 0);
      };
      const series = 'sandbox_executions_total{outcome="succeeded"';
      const before = await read(series);
      const { body } = await plane.call<Run>('POST', `${API}/runs`, {
        kind: 'execute',
        limit: 1,
        input: { command: 'true' },
      });
      await plane.call('GET', `${API}/runs/${body.run_id}?wait=60`);
      expect(await read(series)).toBe(before + 1);
      expect(await read('budget_spent_dollars')).toBeGreaterThan(0);
    });

    // After the run above: a histogram has no series before its first value.
    it('serves the metrics under their exact names', async () => {
      const text = await (await fetch(`${plane.url}/metrics`)).text();
      const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
      expect(names.sort()).toEqual([
        'budget_exceeded_total',
        'budget_remaining_dollars',
        'budget_spent_dollars',
        'budget_threshold_total',
        'policy_checks_total',
        'policy_violations_total',
        'sandbox_execution_duration_seconds',
        'sandbox_executions_total',
        'secrets_redacted_total',
      ]);
    });

    it('tells that it lives and is ready, part by part', async () => {
      expect((await plane.call('GET', '/healthz', undefined, { key: null })).status).toBe(200);
      const ready = await plane.call('GET', '/readyz', undefined, { key: null });
      expect(ready).toMatchObject({
        status: 200,
        body: {
          status: 'ready',
          engine: 'inline',
          parts: { budgets: 'up', audit: 'up', sandbox: 'up', workflow_engine: 'up' },
          persistence: 'durable',
        },
      });
    });

    it('describes itself: each route of the contract, each reference resolved', async () => {
      const { body } = await plane.call('GET', '/openapi.json', undefined, { key: null });
      const paths = Object.keys(body['paths'] as object);
      for (const path of [
        '/check',
        '/budget/create',
        '/budget/spend',
        '/budget/{run_id}',
        '/budget/{run_id}/holds',
        '/budget/can-spend',
        '/budget/settle',
        '/budget/freeze',
        '/budget/unfreeze',
        '/runs',
        '/events',
      ]) {
        expect(paths).toContain(`${API}${path}`);
      }
      const { schemas } = body['components'] as { schemas: object };
      const references = JSON.stringify(body).matchAll(/"#\/components\/schemas\/(\w+)"/g);
      for (const [, name] of references) expect(Object.keys(schemas)).toContain(name);
      expect(JSON.stringify(body)).not.toContain('$defs');
    });

    it('sends strict headers and never its own keys', async () => {
      const run_id = await newBudget();
      const answers = [
        await plane.call('GET', '/healthz'),
        await plane.call('GET', '/nothing'),
        await plane.call('GET', `${API}/nothing`),
        await plane.call('PUT', `${API}/check`, {}),
        await plane.call('POST', `${API}/check`, {}, { key: null }),
        await plane.call('POST', `${API}/check`, {}),
        await plane.call('GET', `${API}/budget/${run_id}`),
        await plane.call('HEAD', `${API}/budget/${run_id}`),
        await plane.call('HEAD', `${API}/events`),
        await plane.call('DELETE', `${API}/budget/${run_id}`),
      ];
      expect(answers.map(({ status }) => status)).toEqual([
        200, 404, 404, 405, 401, 400, 200, 200, 200, 204,
      ]);
      for (const { headers } of answers) {
        expect(Object.fromEntries(headers)).toMatchObject({
          'content-security-policy':
            "default-src 'self';base-uri 'none';form-action 'self';frame-ancestors 'none';img-src 'self' data:;object-src 'none'",
          'cross-origin-opener-policy': 'same-origin',
          'cross-origin-resource-policy': 'same-origin',
          'origin-agent-cluster': '?1',
          'referrer-policy': 'no-referrer',
          'x-content-type-options': 'nosniff',
          'x-dns-prefetch-control': 'off',
          'x-download-options': 'noopen',
          'x-frame-options': 'SAMEORIGIN',
          'x-permitted-cross-domain-policies': 'none',
          'x-xss-protection': '0',
        });
        expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
        expect(headers.get('x-powered-by')).toBeNull();
      }
      expect(plane.log()).not.toContain(plane.adminKey);
    });
  });

  describe('a part is down', () => {
    it('names the sandbox, and the run does not happen', async () => {
      const other = await startTestControlPlane({ AE_SANDBOX_URL: 'http://127.0.0.1:1' });
      const answer = await other.call('POST', `${API}/runs`, {
        kind: 'execute',
        run_id: 'r',
        limit: 1,
        input: { command: 'true' },
      });
      expectProblem(answer, 503, 'sandbox_unavailable');
      expect(answer.body).toMatchObject({ part: 'sandbox' });
      expectProblem(await other.call('GET', `${API}/runs/r`), 404, 'not_found');
      await other.stop();
    });

    it('names Temporal, and the run does not happen', async () => {
      const other = await startTestControlPlane({
        AE_SANDBOX_URL: sandboxes.url,
        AE_SANDBOX_API_KEY: 'test',
        TEMPORAL_ADDRESS: '127.0.0.1:1',
      });
      const answer = await other.call('POST', `${API}/runs`, {
        kind: 'execute',
        run_id: 'r',
        limit: 1,
        input: { command: 'true' },
      });
      expectProblem(answer, 503, 'workflow_engine_unavailable');
      expectProblem(await other.call('GET', `${API}/runs/r`), 404, 'not_found');
      await other.stop();
    });

    it('names the store, decides nothing without its record, and comes back', async () => {
      const redis = await startRedis();
      const other = await startTestControlPlane({ REDIS_URL: redis.url });
      const check = { action: 'execute_code', context: { command: 'true' } };
      const up = async () => (await other.call('POST', `${API}/check`, check)).status === 200;
      const deadline = Date.now() + 10_000;
      while (!(await up()) && Date.now() < deadline);
      await redis.stop();
      const checked = await other.call('POST', `${API}/check`, check);
      expectProblem(checked, 503, 'store_unavailable');
      const spent = await other.call('POST', `${API}/budget/spend`, { run_id: 'r', amount: 1 });
      expectProblem(spent, 503, 'store_unavailable');
      await other.stop();
    });
  });
});

it('keeps everything it acknowledged over a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'ae-restart-'));
  const first = await startTestControlPlane({ AE_DATA_DIR: directory });
  await first.call('POST', `${API}/budget/create`, { run_id: 'r', limit: 1 });
  await first.call('POST', `${API}/budget/reserve`, { run_id: 'r', hold_id: 'h', amount: 0.5 });
  await first.call('POST', `${API}/check`, { action: 'deploy', context: {} });
  await first.stop();
  const second = await startTestControlPlane({ AE_DATA_DIR: directory });
  const budget = await second.call('GET', `${API}/budget/r`);
  expect(budget.body).toMatchObject({ held: 0.5, remaining: 0.5 });
  const { body } = await second.call('GET', `${API}/audit`);
  expect(auditPageSchema.parse(body).records[0]).toMatchObject({ action: 'deploy' });
  await second.stop();
  rmSync(directory, { recursive: true });
});
