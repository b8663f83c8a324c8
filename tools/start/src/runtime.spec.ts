import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder, writeScript, writeText } from './fakes.ts';
import { chooseNode } from './runtime.mjs';

describe('chooseNode', () => {
  const folder = temporaryFolder();
  const withNode = join(folder.path, 'with');
  const without = join(folder.path, 'without');
  const locked = join(withNode, 'node_modules', '.bin', 'node');

  beforeAll(() => {
    writeScript(locked, '');
    writeText(join(without, '.nvmrc'), '24.21.0\n');
  });
  afterAll(() => folder.remove());

  it('goes on with the locked Node', () => {
    const { execPath } = process;
    expect(chooseNode({ root: withNode, execPath })).toEqual({ path: locked, current: false });
  });

  it('knows when it already runs on it', () => {
    const execPath = realpathSync(locked);
    expect(chooseNode({ root: withNode, execPath })).toEqual({ path: locked, current: true });
  });

  it.each(['22.22.2', '22.23.0', '24.0.0'])('stays on Node %s where there is none', (version) => {
    const choice = chooseNode({ root: without, execPath: '/node', version });
    expect(choice).toEqual({ path: '/node', current: true });
  });

  it.each(['18.20.0', '20.20.2', '22.22.1'])('says what to install on Node %s', (version) => {
    expect(() => chooseNode({ root: without, version })).toThrow(/install Node 24\.21\.0/);
  });
});

describe('stopWithStarter', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());

  it('bug: a SIGTERM to npm left the system running', async () => {
    const runtime = fileURLToPath(new URL('./runtime.mjs', import.meta.url));
    const program = join(folder.path, 'program.mjs');
    const starter = join(folder.path, 'starter.mjs');
    writeText(
      program,
      `import { stopWithStarter } from ${JSON.stringify(runtime)};
      stopWithStarter(() => { console.log('stopped'); process.exit(); });
      setInterval(() => undefined, 1000);
      console.log('ready');`,
    );
    writeText(
      starter,
      `import { spawn } from 'node:child_process';
      const env = { ...process.env, npm_lifecycle_event: 'start' };
      spawn(process.execPath, [${JSON.stringify(program)}], { env, stdio: 'inherit' });`,
    );
    const npm = spawn(process.execPath, [starter], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    npm.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      if (said === 'ready\n') npm.kill('SIGTERM');
    });
    // The pipe closes when the program ended as well, which holds it too.
    await once(npm.stdout, 'close');
    expect(said).toBe('ready\nstopped\n');
  });
});
