import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { temporaryFolder } from './fakes.ts';
import { takeLauncherLock } from './launcher-lock.mjs';

describe('takeLauncherLock', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());

  it('is held by one process at a time and free again when that one is killed', async () => {
    const module = new URL('./launcher-lock.mjs', import.meta.url).href;
    const holder = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { takeLauncherLock } from ${JSON.stringify(module)};
         const release = await takeLauncherLock(${JSON.stringify(folder.path)});
         console.log(typeof release);
         setInterval(() => release, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const exited = once(holder, 'exit');
    const [said] = (await once(holder.stdout, 'data')) as [Buffer];
    expect(said.toString().trim()).toBe('function');
    expect(await takeLauncherLock(folder.path)).toBeUndefined();
    holder.kill('SIGKILL');
    await exited;
    const release = await takeLauncherLock(folder.path);
    expect(release).toBeDefined();
    release?.();
  });
});
