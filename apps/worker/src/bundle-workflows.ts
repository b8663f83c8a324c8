/** The program of the Nx target `bundle`: run it from the built files. */
import { writeFile } from 'node:fs/promises';
import { DefaultLogger } from '@temporalio/worker';
import { BUNDLE_FILE, bundleWorkflows } from './workflow-bundle.ts';

const { code } = await bundleWorkflows(new DefaultLogger('WARN'));
await writeFile(BUNDLE_FILE, code);
