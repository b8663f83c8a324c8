import { EventEmitter } from 'node:events';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Event, NewEvent } from '@ae/contracts';
import { MAX_EVENTS } from './event-log.ts';
import type { EventLog } from './event-log.ts';

/** How many events are written between two cuts of the log. */
const CUT_INTERVAL = 1000;

/** The log of one process on one machine: what it appends it also announces. */
export class SqliteEventLog implements EventLog {
  readonly #appended = new EventEmitter().setMaxListeners(0);
  readonly #insert: StatementSync;
  readonly #newest: StatementSync;
  readonly #select: StatementSync;
  readonly #cut: StatementSync;

  constructor(database: DatabaseSync) {
    this.#insert = database.prepare('INSERT INTO events (json) VALUES (?)');
    this.#newest = database.prepare('SELECT coalesce(max(position), 0) AS newest FROM events');
    this.#select = database.prepare(
      'SELECT position, json FROM events WHERE position > ? ORDER BY position LIMIT ?',
    );
    this.#cut = database.prepare('DELETE FROM events WHERE position <= ?');
  }

  append(event: NewEvent): Promise<Event> {
    const timestamp = new Date().toISOString();
    const position = Number(
      this.#insert.run(JSON.stringify({ ...event, timestamp })).lastInsertRowid,
    );
    if (position % CUT_INTERVAL === 0) this.#cut.run(position - MAX_EVENTS);
    this.#appended.emit('event');
    return Promise.resolve({ ...event, id: String(position), timestamp });
  }

  newest(): Promise<string> {
    return Promise.resolve(String(this.#newest.get()?.['newest'] ?? 0));
  }

  read(after: string, limit: number): Promise<Event[]> {
    const position = Number(after.split('-', 1)[0]);
    const rows = this.#select.all(position, limit);
    return Promise.resolve(
      rows.map((row) => ({
        ...(JSON.parse(row['json'] as string) as Event),
        id: String(row['position']),
      })),
    );
  }

  onAppend(listener: () => void): () => void {
    this.#appended.on('event', listener);
    return () => this.#appended.off('event', listener);
  }
}
