import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ArtifactStore } from './artifact-store.ts';

let directory: string;
let store: ArtifactStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'ae-artifacts-'));
  store = new ArtifactStore(directory);
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('gives back what was put, by the digest of the manifest', async () => {
  const digest = await store.put({ 'b.txt': bytes('B'), 'a/a.bin': new Uint8Array([0, 255]) });
  const { files } = await store.manifest(digest);
  expect(Object.keys(files)).toEqual(['a/a.bin', 'b.txt']);
  expect([...(await store.content(files['a/a.bin']!))]).toEqual([0, 255]);
});

it('gives the same digest for the same files in any order, and another for others', async () => {
  const digest = await store.put({ x: bytes('1'), y: bytes('2') });
  expect(await store.put({ y: bytes('2'), x: bytes('1') })).toBe(digest);
  expect(await store.put({ x: bytes('2'), y: bytes('1') })).not.toBe(digest);
});

it('survives many writers of the same content', async () => {
  const digests = await Promise.all(
    Array.from({ length: 20 }, () => store.put({ same: bytes('content') })),
  );
  expect(new Set(digests).size).toBe(1);
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  expect(files.filter((entry) => entry.isFile())).toHaveLength(2);
});

it.each(['../up', '/etc/passwd', 'a//b', 'a/./b', '', 'nul\0', 'a/../../b', '__proto__'])(
  'refuses the path %j',
  async (path) => {
    const files = Object.fromEntries([[path, bytes('x')]]);
    await expect(store.put(files)).rejects.toMatchObject({ code: 'artifact_path_refused' });
  },
);

it('notices a file that was changed or is gone', async () => {
  const digest = await store.put({ x: bytes('1') });
  await writeFile(join(directory, digest.slice(0, 2), digest), 'changed');
  await expect(store.manifest(digest)).rejects.toMatchObject({ code: 'artifact_corrupt' });
  await expect(store.content('0'.repeat(64))).rejects.toMatchObject({ code: 'artifact_missing' });
});
