import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { recordedProgress, temporaryFolder, writeText } from './fakes.ts';
import { createPart } from './part.mjs';
import { awaitEarlierParts } from './presence.mjs';

const supervise = fileURLToPath(new URL('./supervise.mjs', import.meta.url));

/**
 * Holds the lock on its database as the Temporal server does: to the end, which takes a while, and
 * ends with an error where another has it. argv: the database, a file that it writes when it is
 * up, how long its end takes in milliseconds (-1: it does not end).
 */
const program = `
import { writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
const [database, file, endMs] = process.argv.slice(2);
new DatabaseSync(database).exec('BEGIN EXCLUSIVE');
writeFileSync(file, '');
process.on('SIGTERM', () => {
  if (Number(endMs) >= 0) setTimeout(() => process.exit(0), Number(endMs));
});
setInterval(() => undefined, 1000);`;

describe('awaitEarlierParts', () => {
  const folder = temporaryFolder();
  const own = join(folder.path, 'program.mjs');
  let state = '';
  let count = 0;
  const parts: { stop: () => Promise<void> }[] = [];

  beforeAll(() => writeText(own, program));
  beforeEach(() => {
    state = join(folder.path, String((count += 1)));
    mkdirSync(state);
  });
  afterEach(async () => {
    for (const part of parts.splice(0)) await part.stop();
  });
  afterAll(() => folder.remove());

  const presence = (): string => join(state, 'parts', 'temporal');
  const upFile = (start: string): string => join(state, `${start}.up`);
  const spec = (start: string, endMs: number) => ({
    name: 'temporal',
    command: process.execPath,
    args: [supervise, process.execPath, own, join(state, 'db'), upFile(start), String(endMs)],
    cwd: folder.path,
    log: join(state, `${start}.log`),
    presence: presence(),
  });

  /**
   * Starts the program from a launcher that is killed then; ends when that one is gone. With
   * `leader` the first process of the part is killed before, so that nobody asks the program to end.
   */
  async function startAndKillLauncher(
    endMs: number,
    { leader = false }: { leader?: boolean } = {},
  ): Promise<void> {
    const launcher = join(state, 'launcher.mjs');
    writeText(
      launcher,
      `import { createPart } from ${JSON.stringify(new URL('./part.mjs', import.meta.url).href)};
       import { existsSync } from 'node:fs';
       const progress = { note() {}, step: (_, work) => work(() => {}) };
       const ready = async () => existsSync(${JSON.stringify(upFile('first'))});
       const spec = { ...${JSON.stringify(spec('first', endMs))}, env: process.env };
       await createPart({ ...spec, progress, ready, lost() {} }).start();
       console.log('up');
       setInterval(() => {}, 1000);`,
    );
    const child = spawn(process.execPath, [launcher], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    if (leader) {
      child.kill('SIGSTOP');
      process.kill(group(), 'SIGKILL');
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  const databaseIsFree = (): boolean => {
    const database = new DatabaseSync(join(state, 'db'));
    try {
      database.exec('BEGIN EXCLUSIVE');
      return true;
    } catch {
      return false;
    } finally {
      database.close();
    }
  };
  const group = (): number =>
    (JSON.parse(readFileSync(`${presence()}.json`, 'utf8')) as { group: number }).group;
  const wait = (
    patience?: Parameters<typeof awaitEarlierParts>[2],
    progress = recordedProgress(),
  ): Promise<void> => awaitEarlierParts(join(state, 'parts'), progress, patience);

  it('lets the next start take the database that an earlier one still holds', async () => {
    await startAndKillLauncher(700);
    expect(databaseIsFree()).toBe(false);
    const progress = recordedProgress();
    await wait(undefined, progress);
    expect(progress.lines).toEqual(['waiting for the end of an earlier start (temporal)']);
    expect(databaseIsFree()).toBe(true);

    const next = createPart({
      ...spec('second', 0),
      env: process.env,
      ready: () => Promise.resolve(existsSync(upFile('second'))),
      progress,
      lost: () => undefined,
    });
    parts.push(next);
    await next.start();
    expect(databaseIsFree()).toBe(false);
  }, 30_000);

  it('ends what a part left that was killed with its launcher', async () => {
    await startAndKillLauncher(0, { leader: true });
    expect(databaseIsFree()).toBe(false);
    await wait();
    expect(databaseIsFree()).toBe(true);
  }, 30_000);

  it('kills what does not end', async () => {
    await startAndKillLauncher(-1);
    await wait({ endMs: 200 });
    expect(databaseIsFree()).toBe(true);
  }, 30_000);

  it('names what it cannot end', async () => {
    await startAndKillLauncher(-1);
    const earlier = group();
    // As after a launcher that was killed before it knew what it had started.
    writeFileSync(`${presence()}.json`, '');
    await expect(wait({ endMs: 200, killedMs: 100 })).rejects.toThrow(
      'temporal of an earlier start does not end: end it, then run this again.',
    );
    process.kill(-earlier, 'SIGKILL');
    await wait();
  }, 30_000);

  it('leaves a process alone that has the number of a part that is gone', async () => {
    await startAndKillLauncher(0);
    await wait();
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], {
      detached: true,
      stdio: 'ignore',
    });
    writeFileSync(`${presence()}.json`, JSON.stringify({ group: stranger.pid }));
    const progress = recordedProgress();
    await wait({ endMs: 0 }, progress);
    expect(progress.lines).toEqual([]);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  }, 30_000);

  it('is over at once where nothing was started', async () => {
    await wait();
    // A copy of the state directory may hold files in place of the pipes.
    writeText(`${presence()}.pipe`, '');
    await wait();
  });
});
