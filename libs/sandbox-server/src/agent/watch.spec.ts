/** Watching folders of a real guest, as a stream through E2B's SDK and by raw polling calls. */
import {
  FileNotFoundError,
  FilesystemEventType,
  InvalidArgumentError,
  type FilesystemEvent,
} from 'e2b';
import { describeGuest, startGuest, until, type TestGuest } from '../testing/guest-fixture.ts';

interface RawEvent {
  name: string;
  type: string;
  entry?: { path: string; size: string; metadata?: object };
}

describeGuest('watching', () => {
  let guest: TestGuest;
  let folders = 0;

  beforeAll(async () => {
    guest = await startGuest();
  });

  afterAll(async () => {
    await guest.server.stop();
  });

  const call = (name: string, message: object): Promise<Record<string, unknown>> =>
    guest.call(`/filesystem.Filesystem/${name}`, message);

  /** A new folder with `prepare` run in it, watched; what `act` makes of it as `TYPE name`. */
  async function changes(
    prepare: string,
    act: string,
    last: string,
    options: object = {},
  ): Promise<string[]> {
    const folder = `watched${(folders += 1)}`;
    await guest.run(`mkdir ${folder}; cd ${folder}; ${prepare}`);
    const { watcherId } = await call('CreateWatcher', { path: folder, ...options });
    expect((await guest.run(`cd ${folder}; ${act}`)).stderr).toBe('');
    const seen: string[] = [];
    await until(async () => {
      const { events } = (await call('GetWatcherEvents', { watcherId })) as { events: RawEvent[] };
      seen.push(...events.map(({ type, name }) => `${type.slice('EVENT_TYPE_'.length)} ${name}`));
      return seen.includes(last);
    });
    expect(await call('RemoveWatcher', { watcherId })).toEqual({});
    return seen.filter((event, index) => event !== seen[index - 1]);
  }

  it.each([
    ['a new file', 'true', 'echo 1 > a', ['CREATE a', 'WRITE a']],
    ['an empty file', 'true', 'touch a', ['CREATE a', 'CHMOD a']],
    ['a write', 'echo 1 > a', 'echo 2 >> a', ['WRITE a']],
    ['a write of the same size', 'echo 1 > a; sleep 0.02', 'echo 2 > a', ['WRITE a']],
    ['a mode', 'echo 1 > a', 'chmod 600 a', ['CHMOD a']],
    ['a time', 'echo 1 > a', 'touch -d 2001-01-01 a', ['CHMOD a']],
    ['a removal', 'echo 1 > a', 'rm a', ['REMOVE a']],
    ['a rename', 'echo 1 > a', 'mv a b', ['RENAME a', 'CREATE b']],
    ['a rename over another', 'echo 1 > a; echo > b', 'mv a b', ['RENAME a', 'CREATE b']],
    ['a replacement', 'echo 1 > a', 'rm a; mkdir a; mkdir z', ['REMOVE a', 'CREATE a', 'CREATE z']],
    ['a link', 'true', 'ln -s /nowhere a', ['CREATE a']],
    ['a folder, not what is in it', 'mkdir a', 'echo > a/x; rmdir a 2>&-; mkdir b', ['CREATE b']],
    ['an odd name', 'true', `touch "$(printf 'a\\377')"`, ['CREATE a\uefff', 'CHMOD a\uefff']],
    ['its own end', 'true', 'cd ..; rmdir watched*', ['REMOVE .']],
  ])('tells of %s', async (_name, prepare, act, expected) => {
    expect(await changes(prepare, act, expected.at(-1) ?? '')).toEqual(expected);
    await guest.run('rm -rf watched*');
  });

  it.each([
    ['a write below', 'mkdir -p a/b; echo 1 > a/b/c', 'echo 2 >> a/b/c', ['WRITE a/b/c']],
    [
      'new folders and what was written in them meanwhile',
      'true',
      'mkdir -p a/b/c; echo 1 > a/b/c/d',
      ['CREATE a', 'CREATE a/b', 'CREATE a/b/c', 'CREATE a/b/c/d', 'WRITE a/b/c/d'],
    ],
    [
      'a folder that was renamed, by its new name',
      'mkdir -p a/b; touch a/b/c',
      'mv a z; sleep 0.1; echo 1 > z/b/c; mkdir z/new; rm -r z/b',
      ['RENAME a', 'CREATE z', 'WRITE z/b/c', 'CREATE z/new', 'REMOVE z/b/c', 'REMOVE z/b'],
    ],
    [
      'a folder that came from elsewhere',
      'mkdir -p ../came/in; echo 1 > ../came/in/x',
      'mv ../came .; sleep 0.1; rm came/in/x',
      ['CREATE came', 'CREATE came/in', 'CREATE came/in/x', 'WRITE came/in/x', 'REMOVE came/in/x'],
    ],
    ['no link to elsewhere', 'ln -s /tmp out', 'touch /tmp/x; touch in', ['CREATE in', 'CHMOD in']],
  ])('tells of a whole tree: %s', async (_name, prepare, act, expected) => {
    expect(await changes(prepare, act, expected.at(-1) ?? '', { recursive: true })).toEqual(
      expected,
    );
    await guest.run('rm -rf watched*');
  });

  it('streams what happens, with the entry when it is asked for', async () => {
    const { files } = guest.sandbox;
    await files.makeDir('streamed');
    const seen: FilesystemEvent[] = [];
    const handle = await files.watchDir('streamed', (event) => void seen.push(event), {
      recursive: true,
      includeEntry: true,
    });
    await files.write('streamed/new/file', 'text', { metadata: { by: 'ada' } });
    await until(() =>
      seen.some(({ type, name }) => type === FilesystemEventType.WRITE && name === 'new/file'),
    );
    const entry = seen.findLast(({ type }) => type === FilesystemEventType.WRITE)?.entry;
    expect(entry).toMatchObject({ path: '/home/user/streamed/new/file', size: 4 });
    await files.remove('streamed/new/file');
    await until(() =>
      seen.some(({ type, name }) => type === FilesystemEventType.REMOVE && name === 'new/file'),
    );
    expect(seen.at(-1)?.entry).toBeUndefined();
    await handle.stop();
    await files.remove('streamed');
  });

  it('refuses what is no folder and what is not there', async () => {
    const { files } = guest.sandbox;
    await files.write('plain', 'x');
    await expect(files.watchDir('nowhere', () => undefined)).rejects.toBeInstanceOf(
      FileNotFoundError,
    );
    await expect(files.watchDir('plain', () => undefined)).rejects.toBeInstanceOf(
      InvalidArgumentError,
    );
    expect(await call('CreateWatcher', { path: 'nowhere' })).toMatchObject({ code: 'not_found' });
    expect(await call('CreateWatcher', { path: 1 })).toMatchObject({ code: 'invalid_argument' });
    for (const name of ['GetWatcherEvents', 'RemoveWatcher']) {
      expect(await call(name, { watcherId: 'none' })).toMatchObject({ code: 'not_found' });
      expect(await call(name, {})).toMatchObject({ code: 'not_found' });
    }
  });

  it('is bounded in folders, in watchers and in events that wait', async () => {
    await guest.run('mkdir -p many && cd many && seq 10001 | xargs mkdir');
    const tooMany = await call('CreateWatcher', { path: 'many', recursive: true });
    expect(tooMany).toMatchObject({ code: 'resource_exhausted' });
    await guest.run('rm -r many; mkdir many');

    // A watch that was refused, or closed, holds nothing.
    const created = await Promise.all(
      Array.from({ length: 65 }, () => call('CreateWatcher', { path: 'many', recursive: true })),
    );
    const ids = created.flatMap(({ watcherId }) => (watcherId === undefined ? [] : [watcherId]));
    expect(ids).toHaveLength(64);
    expect(created.find(({ code }) => code !== undefined)?.['code']).toBe('resource_exhausted');
    for (const watcherId of ids.slice(1)) await call('RemoveWatcher', { watcherId });

    const watcherId = ids[0];
    const { promise: ended, resolve: onExit } = Promise.withResolvers<Error | undefined>();
    await guest.sandbox.files.watchDir('many', () => undefined, { onExit });
    await guest.run('cd many; seq 9000 | xargs printf "%0200d\\n" | xargs touch');
    await until(async () => {
      const { code } = await call('GetWatcherEvents', { watcherId });
      return code === 'resource_exhausted';
    });
    expect(String(await ended)).toContain('resource_exhausted');
    expect(await call('RemoveWatcher', { watcherId })).toEqual({});
    expect(await changes('true', 'mkdir a', 'CREATE a')).toEqual(['CREATE a']);
  });
});
