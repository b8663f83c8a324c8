import { cp, lstat, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AgentCalls } from './agent-calls.ts';
import { fileEntry, type FileEntry } from './file-entry.ts';
import type { FileMetadata } from './file-metadata.ts';
import { nameOf, onDisk } from './file-name.ts';
import { guestPath, namedGuestPath } from './guest-path.ts';
import { count, text, type Message } from './message.ts';
import { fileError, ProtocolError } from './protocol-error.ts';

/** A listing longer than this is refused: a guest must not exhaust the caller's memory. */
const MAX_LISTED_ENTRIES = 100_000;

async function onPath<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Home and temporary folders are file systems of their own: between them a move is a copy. */
async function move(source: string, destination: string): Promise<void> {
  try {
    await rename(onDisk(source), onDisk(destination));
    return;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
  }
  const isNew = await lstat(destination).then(
    () => false,
    () => true,
  );
  try {
    await cp(source, destination, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
    });
  } catch (error) {
    if (isNew) await rm(destination, { recursive: true, force: true });
    throw error;
  }
  await rm(source, { recursive: true });
}

/** The calls on names and folders; `notes` is what entries tell beside the file system. */
export function filesystemCalls(notes: FileMetadata): AgentCalls {
  function entryOf(path: string): Promise<FileEntry> {
    return fileEntry(path, notes);
  }

  function statCall(request: Message): Promise<{ entry: FileEntry }> {
    const path = namedGuestPath(text(request, 'path'));
    return onPath(path, async () => ({ entry: await entryOf(path) }));
  }

  function makeDirCall(request: Message): Promise<{ entry: FileEntry }> {
    const path = namedGuestPath(text(request, 'path'));
    return onPath(path, async () => {
      // `mkdir -p` answers the first folder it made, and undefined when there was none to make.
      if ((await mkdir(onDisk(path), { recursive: true })) === undefined) {
        throw new ProtocolError('already_exists', `path '${path}' already exists`);
      }
      return { entry: await entryOf(path) };
    }).catch(async (error: unknown) => {
      const existing = await stat(onDisk(path)).catch(() => undefined);
      if (existing !== undefined && !existing.isDirectory()) {
        throw new ProtocolError('invalid_argument', `path '${path}' exists and is not a directory`);
      }
      throw error;
    });
  }

  function moveCall(request: Message): Promise<{ entry: FileEntry }> {
    const source = namedGuestPath(text(request, 'source'));
    const destination = namedGuestPath(text(request, 'destination'));
    return onPath(source, async () => {
      await lstat(onDisk(source));
      await mkdir(onDisk(dirname(destination)), { recursive: true });
      await move(source, destination);
      return { entry: await entryOf(destination) };
    });
  }

  function removeCall(request: Message): Promise<Record<string, never>> {
    const path = namedGuestPath(text(request, 'path'));
    return onPath(path, async () => {
      await rm(onDisk(path), { recursive: true, force: true });
      return {};
    });
  }

  function listDirCall(request: Message): Promise<{ entries: FileEntry[] }> {
    const root = guestPath(text(request, 'path'));
    const depth = Math.max(1, count(request, 'depth') ?? 1);
    const entries: FileEntry[] = [];

    async function walk(folder: string, level: number): Promise<void> {
      for (const name of (await readdir(onDisk(folder), 'buffer')).map(nameOf).sort()) {
        const path = join(folder, name);
        // The guest may remove what was just listed; that is not an error of the listing.
        const entry = await entryOf(path).catch(() => undefined);
        if (entry === undefined) continue;
        if (entries.push(entry) > MAX_LISTED_ENTRIES) {
          throw new ProtocolError('resource_exhausted', `'${root}' has too many entries to list`);
        }
        const isFolder = entry.type === 'FILE_TYPE_DIRECTORY' && entry.symlinkTarget === undefined;
        if (isFolder && level < depth) await walk(path, level + 1);
      }
    }

    return onPath(root, async () => {
      await walk(root, 1);
      return { entries };
    });
  }

  return {
    unary: {
      '/filesystem.Filesystem/Stat': statCall,
      '/filesystem.Filesystem/MakeDir': makeDirCall,
      '/filesystem.Filesystem/Move': moveCall,
      '/filesystem.Filesystem/Remove': removeCall,
      '/filesystem.Filesystem/ListDir': listDirCall,
    },
  };
}
