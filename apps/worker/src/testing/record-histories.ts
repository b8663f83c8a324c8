/**
 * Records the histories that `replay.spec.ts` replays, from runs on real parts:
 * `node --conditions=@ae/source apps/worker/src/testing/record-histories.ts`.
 * Record again only when a change of a workflow is meant to break the runs that are under way.
 */
import { writeFile } from 'node:fs/promises';
import { workflowIdOf } from '@ae/contracts';
import type { CreateRunRequest } from '@ae/contracts';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { SafetySystem } from './safety-system.ts';

type Decision = 'approve' | 'reject' | undefined;

const site = {
  kind: 'build_and_deploy',
  limit: 1,
  input: {
    files: { 'index.html': 'hello' },
    build: 'mkdir dist && cp index.html dist',
    target: { kind: 'directory', name: 'site' },
  },
} as const satisfies CreateRunRequest;

const RECORDINGS: Record<string, [CreateRunRequest, Decision]> = {
  executed: [{ kind: 'execute', limit: 1, input: { command: 'echo done' } }, undefined],
  'denied-command': [{ kind: 'execute', limit: 1, input: { command: 'rm -rf /' } }, undefined],
  'approved-deployment': [site, 'approve'],
  'rejected-deployment': [site, 'reject'],
  'expired-approval': [
    { ...site, input: { ...site.input, approval_timeout_seconds: 1 } },
    undefined,
  ],
};

/** Leaves out what names the machine it was recorded on. */
function scrubbed(json: string): string {
  const history: unknown = JSON.parse(json, (key, value: unknown) => {
    if (key === 'stackTrace' || key === 'identity') return '';
    return typeof value === 'string' ? value.replaceAll(/\d+@[\w.-]+/g, 'worker') : value;
  });
  return JSON.stringify(history);
}

const system = await SafetySystem.start();
await system.startWorker();
const connection = await Connection.connect({ address: system.temporal.address });
const client = new Client({ connection });
for (const [name, [request, decision]] of Object.entries(RECORDINGS)) {
  const { run_id } = await system.runs.start({ ...request, run_id: name });
  if (decision) {
    let { approval_id, status } = await system.runs.get(run_id);
    while (approval_id === undefined || status !== 'waiting_approval') {
      ({ approval_id, status } = await system.runs.get(run_id));
    }
    await system.approvals.decide(approval_id, { decision, reason: 'recorded' });
  }
  const handle = client.workflow.getHandle(workflowIdOf(run_id));
  await handle.result();
  const file = new URL(`./histories/${name}.json`, import.meta.url);
  await writeFile(file, scrubbed(historyToJSON(await handle.fetchHistory())));
}
await connection.close();
await system.stop();
