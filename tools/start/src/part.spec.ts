import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { recordedProgress, temporaryFolder, writeText } from './fakes.ts';
import { createPart } from './part.mjs';
import type { PartSpec } from './part.mjs';

const supervise = fileURLToPath(new URL('./supervise.mjs', import.meta.url));

/** Writes its process id to the file it is given, when it is up. */
const program = `
import { appendFileSync } from 'node:fs';
appendFileSync(process.argv[2], process.pid + '\\n');
console.log('up');
if (process.env.AE_EXIT_ON_STDIN_CLOSE === '1') process.stdin.on('end', () => process.exit(0)).resume();
setInterval(() => undefined, 1000);`;

describe('createPart', () => {
  const folder = temporaryFolder();
  let count = 0;
  let pids = '';
  afterAll(() => folder.remove());

  function part(changes: Partial<PartSpec> = {}): {
    part: ReturnType<typeof createPart>;
    progress: ReturnType<typeof recordedProgress>;
    lost: Promise<Error>;
  } {
    count += 1;
    const script = join(folder.path, `program-${count}.mjs`);
    writeText(script, program);
    const file = (pids = join(folder.path, `pids-${count}`));
    const progress = recordedProgress();
    let give: (error: Error) => void;
    const lost = new Promise<Error>((resolve) => (give = resolve));
    const created = createPart({
      name: 'part',
      command: process.execPath,
      args: [script, file],
      env: process.env,
      cwd: folder.path,
      log: join(folder.path, `part-${count}.log`),
      presence: join(folder.path, `part-${count}`),
      ready: () => Promise.resolve(existsSync(file)),
      progress,
      lost: (error) => give(error),
      ...changes,
      patience: { readyMs: 10_000, restarts: 2, backoffMs: 10, ...changes.patience },
    });
    return { part: created, progress, lost };
  }
  const started = (): number[] =>
    existsSync(pids) ? readFileSync(pids, 'utf8').trim().split('\n').map(Number) : [];
  const runs = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
  };

  it('runs from start to stop, with its output in the log', async () => {
    const { part: running } = part();
    await running.start();
    const [pid] = started();
    expect(runs(pid!)).toBe(true);
    await running.stop();
    expect(runs(pid!)).toBe(false);
    expect(readFileSync(join(folder.path, `part-${count}.log`), 'utf8')).toBe('up\n');
  });

  it('starts it again when it ends by itself, and gives up after the last try', async () => {
    const { part: running, progress, lost } = part();
    await running.start();
    for (const tries of [1, 2, 3]) {
      await until(() => started().length === tries);
      process.kill(started().at(-1)!, 'SIGKILL');
    }
    expect((await lost).message).toMatch(/part ended with SIGKILL/);
    expect(progress.lines).toContain('part starts again in 0.01 s (1 of 2)');
    expect(progress.lines).toContain('part starts again in 0.02 s (2 of 2)');
    expect(started()).toHaveLength(3);
  }, 30_000);

  it('does not start it again once it is stopped', async () => {
    const { part: running } = part({ patience: { backoffMs: 200 } });
    await running.start();
    process.kill(started()[0]!, 'SIGKILL');
    await running.stop();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(started()).toHaveLength(1);
  });

  it('fails to start with the end of the log', async () => {
    const failing = part({ args: ['-e', 'console.log("the cause"); process.exit(3)'] });
    await expect(failing.part.start()).rejects.toThrow(/part ended with code 3\.[^]*the cause/);
    const absent = part({ command: join(folder.path, 'absent') });
    await expect(absent.part.start()).rejects.toThrow(/part does not start: .*ENOENT/);
  });

  it('ends what is not ready in time', async () => {
    const slow = part({ ready: () => Promise.resolve(false), patience: { readyMs: 1000 } });
    await expect(slow.part.start()).rejects.toThrow(/part is not ready after 1 s/);
    expect(started().some(runs)).toBe(false);
  });

  it('kills what does not end on SIGTERM', async () => {
    const { part: running } = part({ patience: { stopMs: 200 } });
    writeText(
      join(folder.path, `program-${count}.mjs`),
      `process.on('SIGTERM', () => undefined);${program}`,
    );
    await running.start();
    await running.stop();
    expect(runs(started()[0]!)).toBe(false);
  });

  it.each([
    ['a program that watches its standard input', [], { AE_EXIT_ON_STDIN_CLOSE: '1' }],
    ['a supervised program that does not', [supervise, process.execPath], {}],
  ])(
    'does not outlive a launcher that is killed: %s',
    async (_what, before, env) => {
      const script = join(folder.path, 'orphan.mjs');
      const file = (pids = join(folder.path, `orphan-${before.length}`));
      writeText(script, program);
      const launcher = join(folder.path, `launcher-${before.length}.mjs`);
      const spec = {
        name: 'part',
        command: process.execPath,
        args: [...before, script, file],
        env: { ...process.env, ...env },
        cwd: folder.path,
        log: join(folder.path, 'orphan.log'),
        presence: join(folder.path, 'orphan'),
      };
      writeText(
        launcher,
        `import { createPart } from ${JSON.stringify(new URL('./part.mjs', import.meta.url).href)};
       import { existsSync } from 'node:fs';
       const progress = { note() {}, step: (_, work) => work(() => {}) };
       await createPart({ ...${JSON.stringify(spec)}, progress, lost() {}, ready: async () => existsSync(${JSON.stringify(file)}) }).start();
       setInterval(() => {}, 1000);`,
      );
      const child = spawn(process.execPath, [launcher], { stdio: 'inherit' });
      const exited = once(child, 'exit');
      await until(() => started().length === 1);
      child.kill('SIGKILL');
      await exited;
      await until(() => !runs(started()[0]!));
      expect(started()).toHaveLength(1);
    },
    30_000,
  );
});
