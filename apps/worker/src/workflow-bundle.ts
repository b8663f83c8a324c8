import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import type { Logger as TemporalLogger } from '@temporalio/worker';
import { tracingPlugin } from './tracing-plugin.ts';

/** Whether this program runs from its TypeScript sources. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');

/** Where the Nx target `bundle` leaves the bundle, beside the built program. */
export const BUNDLE_FILE = new URL('./workflows.bundle.cjs', import.meta.url);

/** The workflows as one script: made now from the sources, or read as it was built. */
export async function workflowBundle(logger: TemporalLogger): Promise<{ code: string }> {
  return FROM_SOURCE ? bundleWorkflows(logger) : { code: await readFile(BUNDLE_FILE, 'utf8') };
}

export async function bundleWorkflows(logger: TemporalLogger): Promise<{ code: string }> {
  const extension = FROM_SOURCE ? 'ts' : 'js';
  return bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL(`./workflows/index.${extension}`, import.meta.url)),
    logger,
    plugins: [tracingPlugin()],
    webpackConfigHook: (config) =>
      FROM_SOURCE
        ? { ...config, resolve: { ...config.resolve, conditionNames: ['@ae/source', '...'] } }
        : config,
  });
}
