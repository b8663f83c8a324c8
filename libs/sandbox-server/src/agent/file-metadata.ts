/**
 * What callers note on a file as they write it (`X-Metadata-*`). envd keeps it in extended
 * attributes; Node cannot set those, so the agent keeps it itself, by the file's inode: it follows
 * a file that is renamed and goes with one that is replaced.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { lstat } from 'node:fs/promises';
import { onDisk } from './file-name.ts';
import { ProtocolError } from './protocol-error.ts';

export type Metadata = Readonly<Record<string, string>>;

const HEADER_PREFIX = 'x-metadata-';
/** As if the attributes were there: the prefix of each key counts, and 255 bytes are a name's most. */
const ATTRIBUTE_PREFIX = 'user.e2b.';
const MAX_KEY_BYTES = 255 - ATTRIBUTE_PREFIX.length;
const MAX_FILE_BYTES = 4096;
/** Of all files of a sandbox, with what keeping it costs. */
const MAX_BYTES = 8 * 1024 * 1024;
const NOTE_BYTES = 256;

interface Inode {
  readonly dev: number;
  readonly ino: number;
}

interface Note {
  readonly path: string;
  readonly metadata: Metadata;
}

function sizeOf(metadata: Metadata): number {
  return Object.entries(metadata).reduce(
    (sum, [key, value]) => sum + ATTRIBUTE_PREFIX.length + key.length + value.length,
    0,
  );
}

function costOf({ path, metadata }: Note): number {
  return NOTE_BYTES + path.length + sizeOf(metadata);
}

function keyOf({ dev, ino }: Inode): string {
  return `${dev}:${ino}`;
}

/**
 * The metadata that a request brings, by lower-case key; undefined when it brings none.
 *
 * @throws ProtocolError `invalid_argument` for text that is not printable ASCII or is too long
 */
export function metadataOf(headers: IncomingHttpHeaders): Metadata | undefined {
  const entries = Object.entries(headers)
    .filter(([name]) => name.startsWith(HEADER_PREFIX))
    .map(([name, value]) => [name.slice(HEADER_PREFIX.length), String(value)] as const);
  if (entries.length === 0) return undefined;
  for (const [key, value] of entries) {
    if (key === '' || key.length > MAX_KEY_BYTES || !/^[\x20-\x7e]*$/.test(value)) {
      throw new ProtocolError(
        'invalid_argument',
        `metadata needs keys of 1 to ${MAX_KEY_BYTES} characters and values of printable ASCII`,
      );
    }
  }
  const metadata = Object.fromEntries(entries);
  if (sizeOf(metadata) > MAX_FILE_BYTES) {
    throw new ProtocolError(
      'invalid_argument',
      `the metadata of a file is over ${MAX_FILE_BYTES} bytes`,
    );
  }
  return metadata;
}

export class FileMetadata {
  readonly #notes = new Map<string, Note>();
  #bytes = 0;

  of(file: Inode): Metadata | undefined {
    return this.#notes.get(keyOf(file))?.metadata;
  }

  /**
   * Replaces what is noted on the file that is `path` now.
   *
   * @throws ProtocolError `resource_exhausted` when there is no more room
   */
  async set(file: Inode, path: string, metadata: Metadata | undefined): Promise<void> {
    const key = keyOf(file);
    this.#drop(key);
    if (metadata === undefined) return;
    const note = { path, metadata };
    if (this.#bytes + costOf(note) > MAX_BYTES) await this.#dropGone();
    if (this.#bytes + costOf(note) > MAX_BYTES) {
      throw new ProtocolError('resource_exhausted', 'no space left for metadata of files', 507);
    }
    this.#notes.set(key, note);
    this.#bytes += costOf(note);
  }

  #drop(key: string): void {
    const note = this.#notes.get(key);
    if (note === undefined) return;
    this.#notes.delete(key);
    this.#bytes -= costOf(note);
  }

  /** The file may be anywhere; one that is not where it was written counts as removed. */
  async #dropGone(): Promise<void> {
    for (const [key, { path }] of this.#notes) {
      const found = await lstat(onDisk(path)).catch(() => undefined);
      if (found === undefined || keyOf(found) !== key) this.#drop(key);
    }
  }
}
