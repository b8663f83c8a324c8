import { randomUUID } from 'node:crypto';
import { mkdir, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deployNameSchema } from '@ae/contracts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import type { Deployment } from '../activities/activity-types.ts';
import { codeOf } from '../error-code.ts';

const VERSION_LENGTH = 16;
/** What `rename` says when the destination is a folder that holds something. */
const OCCUPIED = new Set(['ENOTEMPTY', 'EEXIST']);

/**
 * Deploys artefacts to folders of this machine: `<root>/<name>/releases/<version>`, and `current`, a
 * symbolic link to one of them. The version is made from the artefact's digest, so the same artefact
 * deployed again changes nothing. A reader of `current` sees one version or the other, whole.
 */
export class DirectoryTarget {
  readonly #root: string;
  readonly #artifacts: ArtifactStore;

  constructor(root: string, artifacts: ArtifactStore) {
    this.#root = root;
    this.#artifacts = artifacts;
  }

  /**
   * @param digest of the manifest
   * @throws ArtifactError when the store does not have it as it was
   */
  async deploy(name: string, digest: string): Promise<Deployment> {
    const target = join(this.#root, deployNameSchema.parse(name));
    const { files } = await this.#artifacts.manifest(digest);
    const version = digest.slice(0, VERSION_LENGTH);
    const releases = join(target, 'releases');
    await mkdir(releases, { recursive: true });
    await this.#release(join(releases, version), files);
    await pointTo(join(target, 'current'), join('releases', version));
    return { target: name, files: Object.keys(files).length, version };
  }

  async #release(release: string, files: Readonly<Record<string, string>>): Promise<void> {
    const temporary = `${release}.${randomUUID()}`;
    try {
      await mkdir(temporary);
      for (const [path, digest] of Object.entries(files)) {
        const destination = join(temporary, path);
        await mkdir(dirname(destination), { recursive: true });
        await writeFile(destination, await this.#artifacts.content(digest), { flush: true });
      }
      await rename(temporary, release);
    } catch (error) {
      // Renaming onto a release that exists fails: it is the same, whole, from an earlier attempt.
      if (!OCCUPIED.has(codeOf(error) ?? '')) throw error;
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
}

async function pointTo(link: string, to: string): Promise<void> {
  if ((await readlink(link).catch(() => undefined)) === to) return;
  const temporary = `${link}.${randomUUID()}`;
  try {
    await symlink(to, temporary);
    await rename(temporary, link);
  } finally {
    await rm(temporary, { force: true });
  }
}
