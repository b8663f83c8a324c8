import { mkdtemp, readFile, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArtifactStore } from '../artifacts/artifact-store.ts';
import { DirectoryTarget } from './directory-target.ts';

let directory: string;
let store: ArtifactStore;
let target: DirectoryTarget;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ae-deploy-'));
  store = new ArtifactStore(join(directory, 'artifacts'));
  target = new DirectoryTarget(join(directory, 'www'), store);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const artifact = (text: string): Promise<string> =>
  store.put({ 'index.html': new TextEncoder().encode(text), 'js/app.js': new Uint8Array() });
const current = (name: string, file = 'index.html'): Promise<string> =>
  readFile(join(directory, 'www', name, 'current', file), 'utf8');

it('puts a release in place and points `current` at it', async () => {
  const digest = await artifact('one');
  const deployment = await target.deploy('site', digest);
  expect(deployment).toEqual({ target: 'site', files: 2, version: digest.slice(0, 16) });
  expect(await current('site')).toBe('one');
  expect(await current('site', 'js/app.js')).toBe('');
});

it('changes nothing when repeated, also many times at once', async () => {
  const digest = await artifact('one');
  const deployments = await Promise.all(
    Array.from({ length: 10 }, () => target.deploy('site', digest)),
  );
  expect(new Set(deployments.map(({ version }) => version)).size).toBe(1);
  expect(await readdir(join(directory, 'www', 'site', 'releases'))).toHaveLength(1);
  expect((await readdir(join(directory, 'www', 'site'))).sort()).toEqual(['current', 'releases']);
});

it('switches versions whole: a reader never finds `current` missing', async () => {
  const digests = [await artifact('one'), await artifact('two')];
  await target.deploy('site', digests[0]!);
  const seen = new Set<string>();
  const switches = (async () => {
    for (let turn = 0; turn < 20; turn += 1) await target.deploy('site', digests[turn % 2]!);
    return 'done';
  })();
  const soon = (): Promise<string> => new Promise((resolve) => setImmediate(resolve, 'not yet'));
  while ((await Promise.race([switches, soon()])) !== 'done') seen.add(await current('site'));
  for (const text of seen) expect(['one', 'two']).toContain(text);
  expect(await readlink(join(directory, 'www', 'site', 'current'))).toMatch(/^releases\//);
});

it.each(['..', 'a/b', '', 'UPPER', '-x'])('refuses the name %j', async (name) => {
  const digest = await artifact('one');
  await expect(target.deploy(name, digest)).rejects.toThrow();
  await expect(readdir(join(directory, 'www'))).rejects.toThrow();
});

it('leaves the old version when the new one cannot be read', async () => {
  await target.deploy('site', await artifact('one'));
  await expect(target.deploy('site', '0'.repeat(64))).rejects.toMatchObject({
    code: 'artifact_missing',
  });
  expect(await current('site')).toBe('one');
});
