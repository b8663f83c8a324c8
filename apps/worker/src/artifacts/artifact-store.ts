import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { codeOf } from '../error-code.ts';

const digestSchema = z.string().regex(/^[0-9a-f]{64}$/);
const manifestSchema = z.strictObject({ files: z.record(z.string(), digestSchema) });

/** The files of an artefact: relative path to the SHA-256 of the content. */
export type Manifest = z.infer<typeof manifestSchema>;

/** What the sandbox gave cannot be kept, or what was kept is not what was given. */
export class ArtifactError extends Error {
  readonly code: 'artifact_path_refused' | 'artifact_corrupt' | 'artifact_missing';
  constructor(code: ArtifactError['code'], message: string) {
    super(message);
    this.name = 'ArtifactError';
    this.code = code;
  }
}

/**
 * Content-addressed store in a directory: every file once, by its SHA-256, and a manifest by the
 * SHA-256 of its canonical JSON. What is read is checked against its digest.
 */
export class ArtifactStore {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * Keeps the files durably and answers the digest of their manifest.
   * @throws ArtifactError for a path that is absolute, climbs out or names no file
   */
  async put(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
    const entries: [string, string][] = [];
    for (const [path, content] of Object.entries(files)) {
      assertInside(path);
      entries.push([path, await this.putContent(content)]);
    }
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    const manifest: Manifest = { files: Object.fromEntries(entries) };
    return this.putContent(Buffer.from(JSON.stringify(manifest)));
  }

  async manifest(digest: string): Promise<Manifest> {
    const parsed = manifestSchema.safeParse(JSON.parse((await this.content(digest)).toString()));
    if (!parsed.success) throw new ArtifactError('artifact_corrupt', `${digest} is no manifest`);
    for (const path of Object.keys(parsed.data.files)) assertInside(path);
    return parsed.data;
  }

  async content(digest: string): Promise<Buffer> {
    let content: Buffer;
    try {
      content = await readFile(this.#pathOf(digest));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      throw new ArtifactError('artifact_missing', `there is no artefact ${digest} on this machine`);
    }
    if (sha256(content) !== digest) {
      throw new ArtifactError('artifact_corrupt', `artefact ${digest} was changed in the store`);
    }
    return content;
  }

  async putContent(content: Uint8Array): Promise<string> {
    const digest = sha256(content);
    const path = this.#pathOf(digest);
    if (await exists(path)) return digest;
    await mkdir(dirname(path), { recursive: true });
    // Renamed when it is whole and on disk: a reader never sees half a file.
    const temporary = `${path}.${randomUUID()}`;
    try {
      await writeFile(temporary, content, { flush: true, mode: 0o600 });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return digest;
  }

  #pathOf(digest: string): string {
    const checked = digestSchema.parse(digest);
    return join(this.#root, checked.slice(0, 2), checked);
  }
}

function assertInside(path: string): void {
  const segments = path.split('/');
  if (path.includes('\0') || segments.some((part) => ['', '.', '..', '__proto__'].includes(part))) {
    throw new ArtifactError('artifact_path_refused', `the sandbox listed a file as ${path}`);
  }
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
