import type { Stats } from 'node:fs';
import { lstat, readlink, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { FileMetadata, Metadata } from './file-metadata.ts';
import { nameOf, onDisk } from './file-name.ts';

/** `filesystem.EntryInfo` of envd, in protobuf's JSON form (64-bit integers are strings). */
export interface FileEntry {
  name: string;
  type: 'FILE_TYPE_FILE' | 'FILE_TYPE_DIRECTORY' | 'FILE_TYPE_SYMLINK';
  path: string;
  size: string;
  mode: number;
  permissions: string;
  owner: string;
  group: string;
  modifiedTime: string;
  symlinkTarget?: string;
  metadata?: Metadata;
}

function permissions(entry: Stats): string {
  const kind = entry.isDirectory() ? 'd' : entry.isSymbolicLink() ? 'L' : '-';
  const bits = [6, 3, 0].map((shift) => {
    const triple = entry.mode >> shift;
    return (triple & 4 ? 'r' : '-') + (triple & 2 ? 'w' : '-') + (triple & 1 ? 'x' : '-');
  });
  return kind + bits.join('');
}

async function linkTarget(path: string): Promise<{ target: string; stats: Stats | undefined }> {
  const link = onDisk(path);
  try {
    return { target: nameOf(await realpath(link, 'buffer')), stats: await stat(link) };
  } catch {
    // A dangling link or a loop: the text of the link is all there is to tell.
    return { target: nameOf(await readlink(link, 'buffer')), stats: undefined };
  }
}

export async function fileEntry(path: string, notes: FileMetadata): Promise<FileEntry> {
  const own = await lstat(onDisk(path));
  const link = own.isSymbolicLink() ? await linkTarget(path) : undefined;
  const seen = link?.stats ?? own;
  const metadata = notes.of(seen);
  return {
    name: basename(path),
    type: seen.isDirectory()
      ? 'FILE_TYPE_DIRECTORY'
      : seen.isSymbolicLink()
        ? 'FILE_TYPE_SYMLINK'
        : 'FILE_TYPE_FILE',
    path,
    size: String(seen.size),
    mode: own.mode & 0o777,
    permissions: permissions(own),
    owner: 'user',
    group: 'user',
    modifiedTime: own.mtime.toISOString(),
    ...(link === undefined ? {} : { symlinkTarget: link.target }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}
