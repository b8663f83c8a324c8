import { readFile, readdir } from 'node:fs/promises';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { tracingPlugin } from './tracing-plugin.ts';
import { bundleWorkflows } from './workflow-bundle.ts';

/**
 * Workflows of an older worker go on with the newest code: it has to take the same steps. A failure
 * here would break the runs that are under way when it is deployed.
 */
const histories = new URL('./testing/histories/', import.meta.url);
const logger = new DefaultLogger('ERROR');
let workflowBundle: { code: string };
const options = () => ({ workflowBundle, plugins: [tracingPlugin()] });

beforeAll(async () => {
  Runtime.install({ logger });
  workflowBundle = await bundleWorkflows(logger);
}, 60_000);

const names = await readdir(histories);

it.each(names)('takes the recorded steps of %s', async (name) => {
  const history: unknown = JSON.parse(await readFile(new URL(name, histories), 'utf8'));
  await Worker.runReplayHistory(options(), history);
});

it('would notice another step', async () => {
  const text = await readFile(new URL('executed.json', histories), 'utf8');
  const history: unknown = JSON.parse(text.replaceAll('safeExecuteCode', 'somethingElse'));
  await expect(Worker.runReplayHistory(options(), history)).rejects.toThrow(
    /[Nn]ondeterminism|somethingElse/,
  );
});
