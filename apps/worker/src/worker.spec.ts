import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Approval, CreateRunRequest, ExecutionResult, Run } from '@ae/contracts';
import { isTerminal } from '@ae/contracts';
import { createLogger } from '@ae/telemetry';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { SafeExecuteBatchInput, SafeExecuteBatchOutput } from './activities/activity-types.ts';
import { createWorkerActivities } from './safety-worker.ts';
import { SafetySystem } from './testing/safety-system.ts';

/** The whole path on real parts: HTTP, Temporal, this worker as a process, sandboxes. */
let system: SafetySystem;
beforeAll(async () => {
  system = await SafetySystem.start();
  await system.startWorker();
}, 90_000);
afterAll(() => system.stop(), 30_000);

type Execute = Extract<CreateRunRequest, { kind: 'execute' }>['input'];
let count = 0;
const start = (input: Execute, limit = 1): Promise<Run> =>
  system.runs.start({ kind: 'execute', run_id: `run-${(count += 1)}`, limit, input });
async function ended(run: Run): Promise<Run> {
  for (;;) {
    const current = await system.runs.get(run.run_id, { waitSeconds: 30 });
    if (isTerminal(current.status)) return current;
  }
}
async function until<T>(look: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
const pendingApproval = (run: Run): Promise<Approval> =>
  until(async () => {
    const { approvals } = await system.approvals.list({ status: 'pending' });
    return approvals.find(({ run_id }) => run_id === run.run_id);
  });
const inStatus = (run: Run, status: Run['status']): Promise<Run> =>
  until(async () => {
    const current = await system.runs.get(run.run_id);
    return current.status === status ? current : undefined;
  });
const sandboxesOf = (run: Run) => system.sandboxes.list({ metadata: { ae_run_id: run.run_id } });

describe('a guarded command', () => {
  it('runs, is redacted, is charged and leaves nothing behind', async () => {
    const secret = ['hunter', '2', 'hunter', '2'].join('-');
    const run = await ended(
      await start({
        command: 'echo "the password is $ANSWER"; cat notes/a.txt >&2; exit 3',
        envs: { ANSWER: secret },
        files: { 'notes/a.txt': 'from a file' },
      }),
    );
    expect(run.status).toBe('succeeded');
    expect(run.result).toMatchObject({ exitCode: 3, timedOut: false, stderr: 'from a file' });
    expect(JSON.stringify(run)).not.toContain(secret);
    expect((run.result as ExecutionResult).stdout).toMatch(/^the password is \S/);
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
    expect(run.budget.spent).toBeGreaterThan(0);
    expect(run.budget.spent).toBe(run.result?.cost);
    expect(run.budget.held).toBe(0);
    expect(await sandboxesOf(run)).toEqual([]);
  });

  it('is denied by the policy before anything is held', async () => {
    const run = await ended(await start({ command: 'rm -rf /' }));
    expect(run).toMatchObject({ status: 'denied', error: { code: 'policy_denied' } });
    expect(run.budget).toMatchObject({ spent: 0, held: 0 });
  });

  it('does not run when its estimate does not fit', async () => {
    const run = await ended(await start({ command: 'true', estimate: 0.5 }, 0.1));
    expect(run).toMatchObject({ status: 'budget_exceeded', error: { code: 'budget_exceeded' } });
    expect(run.budget).toMatchObject({ spent: 0, held: 0 });
  });

  it('does not run on a budget that is frozen, and says so', async () => {
    const run_id = 'run-frozen';
    await system.budgets.create({ run_id, limit: 1 });
    await system.budgets.freeze(run_id);
    const input = { command: 'true' };
    const run = await ended(await system.runs.start({ kind: 'execute', run_id, limit: 1, input }));
    expect(run).toMatchObject({
      status: 'budget_exceeded',
      error: {
        code: 'budget_exceeded',
        detail: expect.stringContaining('is frozen') as string,
      },
    });
  });

  it('is one step of its limits, and gives the rest back to the budget above it', async () => {
    const limits = { steps: 5, sandbox_seconds: 500 };
    await system.budgets.create({ run_id: 'team', limit: 10, lasting: true, limits });
    const run = await ended(
      await system.runs.start({
        ...{ kind: 'execute', run_id: 'run-of-team', limit: 1, parent: 'team' },
        ...{ limits: { steps: 1, sandbox_seconds: 100 }, input: { command: 'true' } },
      }),
    );
    expect(run.status).toBe('succeeded');
    const child = await until(async () => {
      const status = await system.budgets.status(run.run_id);
      return status.closed ? status : undefined;
    });
    expect(child.units?.steps).toMatchObject({ spent: 1 });
    const seconds = child.units?.sandbox_seconds?.spent ?? 0;
    expect(seconds).toBeGreaterThan(0);
    expect(await system.budgets.status('team')).toMatchObject({
      ...{ spent: child.spent, held: 0 },
      units: {
        steps: { spent: 1, held: 0, remaining: 4 },
        sandbox_seconds: { spent: seconds, held: 0 },
      },
    });
  });

  it('ends at its timeout, as a result', async () => {
    const run = await ended(await start({ command: 'echo begun; sleep 30', timeout_seconds: 1 }));
    expect(run.status).toBe('succeeded');
    expect(run.result).toMatchObject({ timedOut: true, stdout: 'begun\n' });
    expect(await sandboxesOf(run)).toEqual([]);
  });

  it('stops when it is cancelled, is charged for its time and cleaned up', async () => {
    const run = await start({ command: 'echo begun; sleep 60', timeout_seconds: 60 });
    await until(async () => (await sandboxesOf(run))[0]);
    await inStatus(run, 'running');
    await system.runs.cancel(run.run_id);
    const end = await ended(run);
    expect(end.status).toBe('cancelled');
    expect(end.budget.held).toBe(0);
    expect(end.budget.spent).toBeGreaterThan(0);
    expect(await sandboxesOf(run)).toEqual([]);
  });

  it('keeps a huge output out of history and says that it was cut', async () => {
    const run = await ended(
      await start({ command: `node -e "process.stdout.write('😀'.repeat(1e6))"` }),
    );
    expect(run.status).toBe('succeeded');
    expect(run.result).toMatchObject({ truncated: true, exitCode: 0 });
  });
});

describe('a command that a person has to approve', () => {
  const command = 'git push --force origin topic';

  it('runs once it is approved, exactly as it was asked for', async () => {
    const run = await start({ command, cwd: '.' });
    const approval = await pendingApproval(run);
    expect(approval).toMatchObject({ action: 'execute_code', context: { command } });
    await inStatus(run, 'waiting_approval');
    await system.approvals.decide(approval.approval_id, { decision: 'approve', reason: 'fine' });
    const end = await ended(run);
    expect(end.status).toBe('succeeded');
    expect((end.result as ExecutionResult).timedOut).toBe(false);
    expect(end.steps.find(({ name }) => name === 'approve execute')?.status).toBe('succeeded');
  });

  it('does not run when it is rejected, and takes no second decision', async () => {
    const run = await start({ command });
    const { approval_id } = await pendingApproval(run);
    await system.approvals.decide(approval_id, { decision: 'reject', reason: 'not today' });
    const end = await ended(run);
    expect(end).toMatchObject({ status: 'denied', error: { code: 'policy_denied' } });
    expect(end.error?.detail).toContain('not today');
    expect(end.budget.spent).toBe(0);
    await expect(
      system.approvals.decide(approval_id, { decision: 'approve', reason: 'but yes' }),
    ).rejects.toMatchObject({ code: 'conflict' });
  });

  it('does not run when its run is cancelled while it waits', async () => {
    const run = await start({ command });
    await pendingApproval(run);
    await system.runs.cancel(run.run_id);
    expect((await ended(run)).status).toBe('cancelled');
  });
});

describe('build and deploy', () => {
  const build = (name: string, more: object = {}): Promise<Run> =>
    system.runs.start({
      kind: 'build_and_deploy',
      run_id: `deploy-${name}`,
      limit: 1,
      input: {
        files: { 'src.txt': name },
        test: 'test -f src.txt',
        build: 'mkdir -p dist/js && cp src.txt dist/index.html && echo 1 > dist/js/app.js',
        target: { kind: 'directory', name },
        timeout_seconds: 30,
        ...more,
      },
    });
  const www = (...path: string[]): string => join(system.directory, 'www', ...path);

  it('deploys exactly what was built, once a person approved', async () => {
    const run = await build('site');
    const approval = await pendingApproval(run);
    await expect(readdir(www('site'))).rejects.toThrow();
    await inStatus(run, 'waiting_approval');
    await system.approvals.decide(approval.approval_id, { decision: 'approve', reason: 'ship' });
    const end = await ended(run);
    expect(end.status).toBe('succeeded');
    expect(end.result).toMatchObject({ deployment: { target: 'site', files: 2 } });
    expect(await readFile(www('site', 'current', 'index.html'), 'utf8')).toBe('site');
    expect(approval.context.content).toMatch(/^[0-9a-f]{64}$/);
    expect(end.budget.spent).toBe(end.result?.cost);
  });

  it('deploys nothing when it is rejected, and keeps what the build said', async () => {
    const run = await build('refused');
    const { approval_id } = await pendingApproval(run);
    await system.approvals.decide(approval_id, { decision: 'reject', reason: 'no' });
    const end = await ended(run);
    expect(end.status).toBe('denied');
    expect(end.result).toMatchObject({ commands: { build: { exitCode: 0 } } });
    await expect(readdir(www('refused'))).rejects.toThrow();
  });

  it('deploys nothing when nobody says anything in time', async () => {
    const end = await ended(await build('forgotten', { approval_timeout_seconds: 1 }));
    expect(end).toMatchObject({ status: 'denied', error: { code: 'approval_required' } });
    await expect(readdir(www('forgotten'))).rejects.toThrow();
  });

  it('stops at the first command that fails', async () => {
    const end = await ended(await build('broken', { test: 'echo no >&2; exit 7' }));
    expect(end.status).toBe('failed');
    expect(end.result).toMatchObject({ commands: { test: { exitCode: 7, stderr: 'no\n' } } });
    expect(end.result).not.toHaveProperty('commands.build');
  });

  it('says what is wrong when the build left no artefact folder', async () => {
    const end = await ended(await build('empty', { build: 'true' }));
    expect(end).toMatchObject({ status: 'failed', error: { code: 'invalid_request' } });
    expect(end.budget.held).toBe(0);
  });
});

describe('a batch', () => {
  const command = (name: string, text: string, more: object = {}) => ({
    execution: name,
    commands: [{ name: 'execute', command: text, timeout_seconds: 20 }],
    ...more,
  });
  async function batch(
    input: SafeExecuteBatchInput,
    heartbeatDetails?: unknown,
  ): Promise<{ output: SafeExecuteBatchOutput; checkpoint: unknown }> {
    const logger = createLogger({ name: 'test', level: 'silent', redact: (text) => text });
    const activities = createWorkerActivities(system.workerConfig, logger);
    const environment = new MockActivityEnvironment({ heartbeatDetails });
    let checkpoint: unknown;
    environment.on('heartbeat', (details: unknown) => (checkpoint = details));
    const output: SafeExecuteBatchOutput = await environment.run(
      (batchInput: SafeExecuteBatchInput) => activities.safeExecuteBatch(batchInput),
      input,
    );
    return { output, checkpoint };
  }

  it('keeps what succeeded beside what was denied or failed', async () => {
    const run_id = 'batch-mixed';
    await system.budgets.create({ run_id, limit: 1 });
    const { output, checkpoint } = await batch({
      run_id,
      executions: [command('a', 'echo A'), command('b', 'rm -rf /'), command('c', 'exit 4')],
      concurrency: 2,
    });
    expect(output.executions).toMatchObject({
      a: { status: 'succeeded', output: { commands: { execute: { stdout: 'A\n' } } } },
      b: { status: 'denied' },
      c: { status: 'succeeded', output: { commands: { execute: { exitCode: 4 } } } },
    });
    const { spent, held } = await system.budgets.status(run_id);
    expect([output.cost, held]).toEqual([spent, 0]);

    const again = await batch(
      { run_id, executions: [command('a', 'echo A'), command('b', 'rm -rf /')] },
      checkpoint,
    );
    expect(again.output.executions['a']).toEqual(output.executions['a']);
    expect((await system.budgets.status(run_id)).spent).toBe(spent);
  });

  it('starts nothing more once the budget is used up', async () => {
    const run_id = 'batch-budget';
    await system.budgets.create({ run_id, limit: 0.01 });
    const { output } = await batch({
      run_id,
      executions: [
        command('a', 'echo A'),
        command('b', 'echo B', { estimate: 0.5 }),
        command('c', 'echo C'),
      ],
      concurrency: 1,
    });
    expect(Object.values(output.executions).map(({ status }) => status)).toEqual([
      'succeeded',
      'budget_exceeded',
      'skipped',
    ]);
  });

  it('refuses two executions of one name', async () => {
    const executions = [command('a', 'true'), command('a', 'true')];
    await expect(batch({ run_id: 'batch-twice', executions })).rejects.toMatchObject({
      type: 'InvalidInput',
    });
  });
});
