import { DatabaseSync } from 'node:sqlite';

/** Opens the control plane's own database: WAL, durable on commit, patient with other writers. */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA busy_timeout = 5000;
    CREATE TABLE IF NOT EXISTS records (
      position   INTEGER PRIMARY KEY AUTOINCREMENT,
      collection TEXT NOT NULL,
      id         TEXT NOT NULL,
      status     TEXT NOT NULL,
      json       TEXT NOT NULL,
      UNIQUE (collection, id)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS records_by_status ON records (collection, status, position);
    CREATE TABLE IF NOT EXISTS events (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      json     TEXT NOT NULL
    ) STRICT;
  `);
  return database;
}
