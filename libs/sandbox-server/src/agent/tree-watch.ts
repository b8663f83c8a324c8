/**
 * A folder, or a whole tree, under inotify by way of `fs.watch`, which says no more than that
 * there was something with a name. What it was is told by looking at the name and comparing with
 * what was there before. Looking is synchronous: nothing may happen in between.
 */
import { lstatSync, readdirSync, statSync, watch, type FSWatcher, type Stats } from 'node:fs';
import { join } from 'node:path';
import { nameOf, onDisk } from './file-name.ts';
import { fileError, ProtocolError } from './protocol-error.ts';

/** Of all watches of a sandbox: each folder costs the kernel a watch, each entry our memory. */
const MAX_FOLDERS = 10_000;
const MAX_ENTRIES = 100_000;
/** Half of Linux's default for the queue of inotify: events nobody waits for any more count there. */
const MAX_EVENTS_AT_ONCE = 8192;

export type ChangeType =
  | 'EVENT_TYPE_CREATE'
  | 'EVENT_TYPE_WRITE'
  | 'EVENT_TYPE_REMOVE'
  | 'EVENT_TYPE_RENAME'
  | 'EVENT_TYPE_CHMOD';

export interface Change {
  readonly path: string;
  type: ChangeType;
}

/** What the watches of a sandbox use together. */
export class WatchBudget {
  folders = 0;
  entries = 0;
  readonly watches = new Set<TreeWatch>();
  #atOnce = 0;

  /**
   * The kernel drops events beyond its queue, and Node does not say so. But then the queue was
   * full, and all of it comes in one turn of the loop.
   */
  countEvent(): void {
    if (this.#atOnce === 0) {
      setImmediate(() => {
        this.#atOnce = 0;
      });
    }
    this.#atOnce += 1;
    if (this.#atOnce !== MAX_EVENTS_AT_ONCE) return;
    for (const watch of this.watches) watch.fail(exhausted('events may be lost'));
  }
}

/** What is compared; a whole `Stats` is several times as large. */
interface Entry {
  readonly ino: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeMs: number;
  last: ChangeType;
}

interface Folder {
  readonly watcher: FSWatcher;
  readonly entries: Map<string, Entry>;
}

interface Listener {
  /** All that happened at once, in order. */
  onChanges(changes: readonly Change[]): void;
  /** The watch has ended: there is more than it may hold. */
  onError(error: ProtocolError): void;
}

function look(path: string): Stats | undefined {
  try {
    return lstatSync(onDisk(path));
  } catch {
    return undefined;
  }
}

function entryOf({ ino, mode, uid, gid, size, mtimeMs }: Stats, last: ChangeType): Entry {
  return { ino, mode, uid, gid, size, mtimeMs, last };
}

function exhausted(what: string): ProtocolError {
  return new ProtocolError('resource_exhausted', `there is too much to watch: ${what}`);
}

function errnoOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

function startWatch(
  path: string,
  onEvent: (event: 'rename' | 'change', name: string) => void,
): FSWatcher {
  try {
    return watch(onDisk(path), 'buffer', (event, name) => {
      if (name !== null) onEvent(event, nameOf(name));
    });
  } catch (error) {
    // Of inotify these are limits of the user, not of a disk.
    if (['ENOSPC', 'EMFILE'].includes(errnoOf(error))) throw exhausted('the kernel has no room');
    throw error;
  }
}

/** What a change of content or of attributes was; both at once are a write and then a change. */
function changesBetween(before: Entry, after: Stats): ChangeType[] {
  if (after.isDirectory()) return ['EVENT_TYPE_CHMOD'];
  const isOther =
    before.mode !== after.mode || before.uid !== after.uid || before.gid !== after.gid;
  const isTouched = before.mtimeMs !== after.mtimeMs;
  // A write sets both times to now. They differ after `utimes`, and after a later change of mode.
  const isSetApart = Math.abs(after.mtimeMs - after.ctimeMs) >= 1;
  const isWritten =
    before.size !== after.size || (after.size > 0 && isTouched && (!isSetApart || isOther));
  if (isWritten) return isOther ? ['EVENT_TYPE_WRITE', 'EVENT_TYPE_CHMOD'] : ['EVENT_TYPE_WRITE'];
  if (isOther || isTouched) return ['EVENT_TYPE_CHMOD'];
  // It had happened when we looked before, on account of an earlier event.
  if (before.last !== 'EVENT_TYPE_CREATE') return [before.last];
  return [after.size > 0 ? 'EVENT_TYPE_WRITE' : 'EVENT_TYPE_CHMOD'];
}

export class TreeWatch {
  readonly #root: string;
  readonly #recursive: boolean;
  readonly #budget: WatchBudget;
  readonly #listener: Listener;
  readonly #folders = new Map<string, Folder>();
  /** Names that vanished in this turn, by inode: a new name for one of them makes it a rename. */
  readonly #vanished = new Map<number, Change>();
  #changes: Change[] = [];

  /**
   * @throws ProtocolError `not_found`, `invalid_argument` when `root` is no folder,
   *   `resource_exhausted` when there is too much below it
   */
  constructor(root: string, recursive: boolean, budget: WatchBudget, listener: Listener) {
    this.#root = root;
    this.#recursive = recursive;
    this.#budget = budget;
    this.#listener = listener;
    budget.watches.add(this);
    try {
      this.#watch(root, false);
    } catch (error) {
      this.close();
      throw fileError(error, root);
    }
  }

  /** Path below the root; `.` for the root itself. */
  nameOf({ path }: Change): string {
    if (path === this.#root) return '.';
    return path.slice(this.#root === '/' ? 1 : this.#root.length + 1);
  }

  close(): void {
    this.#budget.watches.delete(this);
    for (const path of this.#folders.keys()) this.#unwatch(path);
  }

  /** Ends the watch, and tells why. */
  fail(error: ProtocolError): void {
    this.close();
    this.#listener.onError(error);
  }

  /** @param tell whether what is in it already is new to the caller */
  #watch(path: string, tell: boolean): void {
    if (this.#budget.folders >= MAX_FOLDERS) throw exhausted(`over ${MAX_FOLDERS} folders`);
    // inotify would take a file too.
    if (!statSync(onDisk(path)).isDirectory()) {
      throw new ProtocolError('invalid_argument', `path '${path}' is not a directory`);
    }
    const watcher = startWatch(path, (event, name) => {
      this.#budget.countEvent();
      this.#guard(() => this.#seen(path, name, event));
    });
    watcher.on('error', () => {
      // Of a folder that is gone: the one above tells of it.
    });
    this.#budget.folders += 1;
    this.#folders.set(path, { watcher, entries: new Map() });
    for (const name of readdirSync(onDisk(path), 'buffer').map(nameOf)) {
      const stats = look(join(path, name));
      if (stats === undefined) continue;
      this.#add(path, name, stats, tell);
      // It was written before there was a watch that could tell.
      if (tell && stats.isFile() && stats.size > 0)
        this.#tell(join(path, name), 'EVENT_TYPE_WRITE');
    }
  }

  #add(folder: string, name: string, stats: Stats, tell: boolean): void {
    const entries = this.#folders.get(folder)?.entries;
    if (entries === undefined) return;
    if (!entries.has(name)) {
      if (this.#budget.entries >= MAX_ENTRIES) throw exhausted(`over ${MAX_ENTRIES} entries`);
      this.#budget.entries += 1;
    }
    entries.set(name, entryOf(stats, 'EVENT_TYPE_CREATE'));
    const path = join(folder, name);
    if (tell) {
      const renamed = this.#vanished.get(stats.ino);
      if (renamed !== undefined) renamed.type = 'EVENT_TYPE_RENAME';
      this.#tell(path, 'EVENT_TYPE_CREATE');
    }
    if (!this.#recursive || !stats.isDirectory()) return;
    // What a renamed folder holds is not new.
    const isNew = tell && !this.#vanished.has(stats.ino);
    try {
      this.#watch(path, isNew);
    } catch (error) {
      if (!['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error))) throw error;
    }
  }

  #seen(folder: string, name: string, event: 'rename' | 'change'): void {
    const entries = this.#folders.get(folder)?.entries;
    if (entries === undefined) return;
    const path = join(folder, name);
    const known = entries.get(name);
    const stats = look(path);
    if (stats === undefined) {
      if (known !== undefined) this.#remove(folder, name, known);
      // An event of the folder itself carries the folder's own name.
      else if (folder === this.#root && look(folder) === undefined) this.#rootGone();
    } else if (known === undefined || known.ino !== stats.ino) {
      if (known !== undefined) this.#unwatch(path);
      this.#add(folder, name, stats, true);
    } else if (event === 'change') {
      for (const type of changesBetween(known, stats)) {
        known.last = type;
        this.#tell(path, type);
      }
      entries.set(name, entryOf(stats, known.last));
    }
  }

  #remove(folder: string, name: string, { ino }: Entry): void {
    const path = join(folder, name);
    this.#unwatch(path);
    if (this.#folders.get(folder)?.entries.delete(name) === true) this.#budget.entries -= 1;
    this.#vanished.set(ino, this.#tell(path, 'EVENT_TYPE_REMOVE'));
  }

  #rootGone(): void {
    this.close();
    this.#tell(this.#root, 'EVENT_TYPE_REMOVE');
  }

  /** Stops to watch a folder and those below it. */
  #unwatch(path: string): void {
    const folder = this.#folders.get(path);
    if (folder === undefined) return;
    this.#folders.delete(path);
    this.#budget.folders -= 1;
    this.#budget.entries -= folder.entries.size;
    folder.watcher.close();
    for (const name of folder.entries.keys()) this.#unwatch(join(path, name));
  }

  #tell(path: string, type: ChangeType): Change {
    const change = { path, type };
    // The kernel's events come in batches; both names of a rename are in one.
    if (this.#changes.push(change) === 1) {
      setImmediate(() => {
        const changes = this.#changes;
        this.#changes = [];
        this.#vanished.clear();
        this.#listener.onChanges(changes);
      });
    }
    return change;
  }

  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.fail(fileError(error, this.#root));
    }
  }
}
