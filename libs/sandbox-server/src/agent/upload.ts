import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { FileMetadata, Metadata } from './file-metadata.ts';
import { onDisk } from './file-name.ts';
import { fileError, ProtocolError } from './protocol-error.ts';

/** `EntryInfo` of envd's HTTP interface. */
export interface WrittenFile {
  path: string;
  name: string;
  type: 'file';
  metadata?: Metadata;
}

/**
 * Opens a regular file without waiting for another to open its other end: a fifo would block, a
 * device would not be a file.
 *
 * @throws ProtocolError `invalid_argument` for anything else, and the errors of `open`
 */
export async function openRegular(path: string, flags: number): Promise<[FileHandle, Stats]> {
  const file = await open(onDisk(path), flags | constants.O_NONBLOCK, 0o644);
  const stats = await file.stat();
  if (stats.isFile()) return [file, stats];
  await file.close();
  throw new ProtocolError(
    'invalid_argument',
    stats.isDirectory() ? `path '${path}' is a directory` : `path '${path}' is not a regular file`,
  );
}

interface CreatedFile {
  readonly path: string;
  readonly ino: number;
}

/**
 * The files of one request. They are written in place, so that a file that is there keeps its
 * inode, mode and links; the request that fails takes back what it made.
 */
export class Upload {
  readonly #notes: FileMetadata;
  readonly #metadata: Metadata | undefined;
  readonly #folders: string[] = [];
  readonly #files: CreatedFile[] = [];

  constructor(notes: FileMetadata, metadata: Metadata | undefined) {
    this.#notes = notes;
    this.#metadata = metadata;
  }

  /** @throws ProtocolError after which a file that was there before is empty, not half written */
  async write(path: string, content: AsyncIterable<Buffer>): Promise<WrittenFile> {
    try {
      await this.#makeFolder(dirname(path));
      const [file, stats] = await this.#open(path);
      try {
        await file.writeFile(content);
        await this.#notes.set(stats, path, this.#metadata);
      } catch (error) {
        await file.truncate();
        throw error;
      } finally {
        await file.close();
      }
    } catch (error) {
      throw fileError(error, path);
    }
    return {
      path,
      name: basename(path),
      type: 'file',
      ...(this.#metadata === undefined ? {} : { metadata: this.#metadata }),
    };
  }

  /** Removes the files and folders it created, unless others have taken their place meanwhile. */
  async takeBack(): Promise<void> {
    for (const { path, ino } of this.#files) {
      const found = await lstat(onDisk(path)).catch(() => undefined);
      if (found?.ino === ino) await unlink(onDisk(path)).catch(() => undefined);
    }
    for (const folder of this.#folders.toReversed()) {
      await rmdir(onDisk(folder)).catch(() => undefined);
    }
  }

  async #open(path: string): Promise<[FileHandle, Stats]> {
    const { O_WRONLY, O_CREAT, O_EXCL, O_TRUNC } = constants;
    try {
      const opened = await openRegular(path, O_WRONLY | O_CREAT | O_EXCL);
      this.#files.push({ path, ino: opened[1].ino });
      return opened;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return openRegular(path, O_WRONLY | O_CREAT | O_TRUNC);
    }
  }

  async #makeFolder(path: string): Promise<void> {
    try {
      await mkdir(onDisk(path));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // What is there may be no folder: then opening the file says so.
      if (code === 'EEXIST') return;
      if (code !== 'ENOENT') throw error;
      await this.#makeFolder(dirname(path));
      await mkdir(onDisk(path));
    }
    this.#folders.push(path);
  }
}
