import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startTemporal, temporalBinary } from './temporal-server.ts';

const run = promisify(execFile);

describe('startTemporal', () => {
  const given = process.env['TEMPORAL_ADDRESS'];

  afterEach(() => {
    if (given === undefined) delete process.env['TEMPORAL_ADDRESS'];
    else process.env['TEMPORAL_ADDRESS'] = given;
  });

  it('keeps a workflow through kill -9 and a restart on the same address', async () => {
    delete process.env['TEMPORAL_ADDRESS'];
    const temporal = temporalBinary();
    const server = await startTemporal();
    try {
      const at = ['--address', server.address, '--workflow-id', 'kept'];
      const workflow = ['--type', 'none', '--task-queue', 'none'];
      await run(temporal, ['workflow', 'start', ...workflow, ...at]);
      await server.kill();
      await server.restart();
      const { stdout } = await run(temporal, ['workflow', 'describe', ...at]);
      expect(stdout).toMatch(/kept/);
    } finally {
      await server.stop();
    }
  }, 60_000);

  it('takes the server that TEMPORAL_ADDRESS names', async () => {
    process.env['TEMPORAL_ADDRESS'] = 'temporal.test:7233';
    const server = await startTemporal();
    expect(server.address).toBe('temporal.test:7233');
    await server.stop();
  });
});
