import { setTimeout as sleep } from 'node:timers/promises';
import type { CreateRunRequest, Run } from '@ae/contracts';
import { isTerminal } from '@ae/contracts';
import type { ChildPart } from './testing/child-part.ts';
import { SafetySystem } from './testing/safety-system.ts';

/** What becomes of a run when a part it stands on dies under it. */
let system: SafetySystem;
let worker: ChildPart;
beforeAll(async () => {
  system = await SafetySystem.start();
  worker = await system.startWorker();
}, 90_000);
afterAll(() => system.stop(), 30_000);

type Execute = Extract<CreateRunRequest, { kind: 'execute' }>['input'];
const start = (run_id: string, input: Execute): Promise<Run> =>
  system.runs.start({ kind: 'execute', run_id, limit: 1, input });
async function ended(run: Run): Promise<Run> {
  for (;;) {
    const current = await system.runs.get(run.run_id, { waitSeconds: 30 });
    if (isTerminal(current.status)) return current;
  }
}
const sandboxesOf = (run: Run) => system.sandboxes.list({ metadata: { ae_run_id: run.run_id } });
/** Until the command itself has begun. */
async function executing(run: Run): Promise<void> {
  for (;;) {
    const { steps } = await system.runs.get(run.run_id);
    if (steps.some(({ name }) => name === 'execute')) return;
    await sleep(50);
  }
}
/** USD that the steps of a run say were used. */
const costOfSteps = (run: Run): number =>
  run.steps.reduce((sum, { cost }) => sum + Math.round((cost ?? 0) * 1e6), 0) / 1e6;

it('another worker finishes what one left when it was killed, without an orphan', async () => {
  const run = await start('killed-worker', { command: 'sleep 3; echo done', timeout_seconds: 20 });
  await executing(run);
  const [orphan] = await sandboxesOf(run);
  await worker.kill();
  worker = await system.startWorker();
  const end = await ended(run);
  expect(end).toMatchObject({ status: 'succeeded', result: { stdout: 'done\n' } });
  expect(orphan).toBeDefined();
  expect(await sandboxesOf(run)).toEqual([]);
  expect(end.budget.held).toBe(0);
  // The attempt that died could not tell what it used: only the second one is charged.
  expect(end.budget.spent).toBe(end.result?.cost);
});

it('a sandbox is gone ten seconds after the only worker was killed', async () => {
  const run = await start('no-worker', { command: 'sleep 20; echo done', timeout_seconds: 60 });
  await executing(run);
  expect(await sandboxesOf(run)).toHaveLength(1);
  await worker.kill();
  const killedAt = performance.now();
  while ((await sandboxesOf(run)).length > 0) await sleep(100);
  expect(performance.now() - killedAt).toBeLessThan(10_000);
  worker = await system.startWorker();
  expect(await ended(run)).toMatchObject({ status: 'succeeded', result: { stdout: 'done\n' } });
}, 120_000);

it('a worker that is asked to stop hands its commands over', async () => {
  const run = await start('handed-over', { command: 'sleep 8; echo done', timeout_seconds: 30 });
  await executing(run);
  const next = system.startWorker();
  expect(await worker.stop()).toBe(0);
  worker = await next;
  const end = await ended(run);
  expect(end).toMatchObject({ status: 'succeeded', result: { stdout: 'done\n' } });
  expect(end.steps.filter(({ name }) => name === 'execute').length).toBe(2);
  expect(end.budget).toMatchObject({ held: 0, spent: costOfSteps(end) });
  expect(await sandboxesOf(run)).toEqual([]);
});

it('a sandbox server that dies is a failed attempt, charged once', async () => {
  const run = await start('dead-sandboxes', { command: 'sleep 2; echo done', timeout_seconds: 20 });
  await executing(run);
  await system.killSandboxServer();
  await system.startSandboxServer();
  const end = await ended(run);
  expect(end).toMatchObject({ status: 'succeeded', result: { stdout: 'done\n' } });
  expect(end.budget).toMatchObject({ held: 0, spent: costOfSteps(end) });
});

it('a control plane that dies loses no result', async () => {
  const run = await start('dead-control-plane', { command: 'sleep 2; echo done' });
  await executing(run);
  await system.killControlPlane();
  await sleep(3000);
  await system.startControlPlane();
  const end = await ended(run);
  expect(end).toMatchObject({ status: 'succeeded', result: { stdout: 'done\n' } });
  expect(end.budget.held).toBe(0);
});

it('a decision that reached the control plane while no worker ran is found', async () => {
  const run = await start('decided-alone', { command: 'git push --force origin topic' });
  let approval_id: string | undefined;
  while (approval_id === undefined) ({ approval_id } = await system.runs.get(run.run_id));
  await worker.kill();
  const decision = { decision: 'reject', reason: 'nobody was there' } as const;
  // It is stored; that the run could not be told is said.
  await system.approvals.decide(approval_id, decision).catch(() => undefined);
  worker = await system.startWorker();
  await system.approvals.decide(approval_id, decision);
  expect(await ended(run)).toMatchObject({ status: 'denied', error: { code: 'policy_denied' } });
});
