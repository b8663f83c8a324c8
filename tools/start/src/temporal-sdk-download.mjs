/**
 * Lets @temporalio/testing fetch its dev server into a folder: `node temporal-sdk-download.mjs
 * CHECKOUT FOLDER`. A process of its own, since a download cannot be given up in any other way.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [root = '', downloadDir = ''] = process.argv.slice(2);
const { TestWorkflowEnvironment } = createRequire(join(root, 'package.json'))(
  '@temporalio/testing',
);
const environment = await TestWorkflowEnvironment.createLocal({
  server: { executable: { type: 'cached-download', downloadDir } },
});
await environment.teardown();
