import { randomUUID } from 'node:crypto';
import type { AgentCalls } from './agent-calls.ts';
import { keepAlive, type EventSink } from './event-sink.ts';
import { fileEntry, type FileEntry } from './file-entry.ts';
import type { FileMetadata } from './file-metadata.ts';
import { guestPath } from './guest-path.ts';
import { flag, text, type Message } from './message.ts';
import { ProtocolError } from './protocol-error.ts';
import { TreeWatch, WatchBudget, type Change, type ChangeType } from './tree-watch.ts';

/** Watchers that are asked for their events: nothing else ends them. */
const MAX_POLLED_WATCHERS = 64;
/** Of events that wait for a slow caller; what an event costs, beside its name. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const EVENT_BYTES = 256;

/** `filesystem.FilesystemEvent` of envd. */
interface FilesystemEvent {
  name: string;
  type: ChangeType;
  entry?: FileEntry;
}

/** The events of one watch, until someone takes them. */
class WatchQueue {
  readonly #watch: TreeWatch;
  readonly #notes: FileMetadata;
  readonly #includeEntry: boolean;
  #waiting: Change[] = [];
  #waitingBytes = 0;
  #error: ProtocolError | undefined;
  /** Called when there is something to take. */
  onWaiting: () => void = () => undefined;

  constructor(request: Message, budget: WatchBudget, notes: FileMetadata) {
    this.#notes = notes;
    this.#includeEntry = flag(request, 'includeEntry') ?? false;
    // A guest has no network mounts, so that allowing them changes nothing.
    flag(request, 'allowNetworkMounts');
    const root = guestPath(text(request, 'path'));
    this.#watch = new TreeWatch(root, flag(request, 'recursive') ?? false, budget, {
      onChanges: (changes) => this.#add(changes),
      onError: (error) => {
        this.#error = error;
        this.onWaiting();
      },
    });
  }

  /** @throws ProtocolError `resource_exhausted` once events were lost: the watch has ended */
  async take(): Promise<FilesystemEvent[]> {
    const error = this.#waiting.length === 0 ? this.#error : undefined;
    if (error !== undefined) throw error;
    // The error comes after what happened before it.
    if (this.#error !== undefined) setImmediate(() => this.onWaiting());
    const changes = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const events: FilesystemEvent[] = [];
    for (const change of changes) events.push(await this.#event(change));
    return events;
  }

  close(): void {
    this.#watch.close();
  }

  #add(changes: readonly Change[]): void {
    if (this.#error !== undefined) return;
    for (const change of changes) {
      this.#waitingBytes += EVENT_BYTES + change.path.length;
      this.#waiting.push(change);
    }
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#waiting = [];
      this.close();
      this.#error = new ProtocolError(
        'resource_exhausted',
        'more happened than was taken: the watch has ended',
      );
    }
    this.onWaiting();
  }

  async #event(change: Change): Promise<FilesystemEvent> {
    const event = { name: this.#watch.nameOf(change), type: change.type };
    if (!this.#includeEntry) return event;
    // It may be gone, or something else by now.
    const entry = await fileEntry(change.path, this.#notes).catch(() => undefined);
    return entry === undefined ? event : { ...event, entry };
  }
}

async function streamEvents(queue: WatchQueue, sink: EventSink): Promise<void> {
  let isOpen = true;
  let wake: () => void = () => undefined;
  const stopKeepalive = keepAlive(sink, { keepalive: {} });
  sink.onClose(() => {
    isOpen = false;
    wake();
  });
  try {
    sink.send({ start: {} });
    let isSlow = false;
    sink.onDrain(() => {
      isSlow = false;
      wake();
    });
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- set by a listener
    while (isOpen) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
        queue.onWaiting = resolve;
      });
      for (const event of isSlow ? [] : await queue.take()) {
        if (!sink.send({ filesystem: event })) isSlow = true;
      }
      await woken;
    }
  } finally {
    stopKeepalive();
    queue.close();
  }
}

/** Watching folders: as a stream, and by watchers that are asked for what happened since. */
export function watchCalls(notes: FileMetadata): AgentCalls {
  const budget = new WatchBudget();
  const polled = new Map<string, WatchQueue>();

  function find(request: Message): [id: string, queue: WatchQueue] {
    const id = text(request, 'watcherId') ?? '';
    const queue = polled.get(id);
    if (queue === undefined) throw new ProtocolError('not_found', `there is no watcher '${id}'`);
    return [id, queue];
  }

  return {
    unary: {
      '/filesystem.Filesystem/CreateWatcher': (request) => {
        if (polled.size >= MAX_POLLED_WATCHERS) {
          throw new ProtocolError('resource_exhausted', `over ${MAX_POLLED_WATCHERS} watchers`);
        }
        const queue = new WatchQueue(request, budget, notes);
        const watcherId = randomUUID();
        polled.set(watcherId, queue);
        return { watcherId };
      },
      '/filesystem.Filesystem/GetWatcherEvents': async (request) => ({
        events: await find(request)[1].take(),
      }),
      '/filesystem.Filesystem/RemoveWatcher': (request) => {
        const [id, queue] = find(request);
        polled.delete(id);
        queue.close();
        return {};
      },
    },
    streaming: {
      '/filesystem.Filesystem/WatchDir': (request, sink) =>
        streamEvents(new WatchQueue(request, budget, notes), sink),
    },
  };
}
