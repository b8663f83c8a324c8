import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readmeExamples } from '@ae/test-support';

const CLI = fileURLToPath(new URL('../../sandbox-server/src/cli.ts', import.meta.url));

describe('README.md', () => {
  let server: ChildProcess;
  let url = '';
  beforeAll(async () => {
    server = spawn(process.execPath, [CLI, '--port', '0'], {
      env: { PATH: process.env['PATH'], AE_SANDBOX_API_KEY: 'local' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(server.stdout!, 'data')) as [Buffer];
    url = (JSON.parse(line.toString()) as { listening: string }).listening;
  });
  afterAll(async () => {
    server.kill('SIGTERM');
    await once(server, 'exit');
  });

  for (const example of readmeExamples(fileURLToPath(new URL('..', import.meta.url)))) {
    it(example.title, async () => {
      await expect(example.run({ env: { AE_SANDBOX_URL: url } })).resolves.toBeUndefined();
    });
  }
});
