import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { AuditError } from './audit-error.ts';
import type {
  AuditEntry,
  AuditLog,
  AuditPage,
  AuditQuery,
  AuditRecord,
  AuditVerification,
} from './audit-log.ts';
import { MAX_SCAN, checkedQuery, openOrThrow, pageOf } from './audit-page.ts';
import { checkEntry, checkTenantId } from './entry-rules.ts';
import type { CheckedEntry } from './entry-rules.ts';
import { GroupCommit } from './group-commit.ts';
import { ChainVerifier, EMPTY_CHAIN, GENESIS_HASH, openStored, sealEntry } from './hash-chain.ts';
import type { ChainHead, StoredRecord } from './hash-chain.ts';

const SCHEMA_VERSION = 1;

/** How long a call waits for another process, in milliseconds. */
const BUSY_TIMEOUT = 2000;

/** The longest pause between two tries, in milliseconds. */
const BUSY_PAUSE = 3;

/** Records that `verify` reads before it lets other work of the process go on. */
const VERIFY_CHUNK = 500;

/** `kind`, `action`, `decision_id` and `run_id` repeat what `body` says, for the filters. */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS audit_record (
    tenant_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL,
    context TEXT,
    kind TEXT NOT NULL,
    action TEXT NOT NULL,
    decision_id TEXT NOT NULL,
    run_id TEXT,
    PRIMARY KEY (tenant_id, sequence)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS audit_record_decision
    ON audit_record (tenant_id, decision_id, sequence);
  CREATE INDEX IF NOT EXISTS audit_record_run
    ON audit_record (tenant_id, run_id, sequence) WHERE run_id IS NOT NULL;
  CREATE TABLE IF NOT EXISTS audit_head (
    tenant_id TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    hash TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** The head of a chain and the last sequence among its records. */
interface Ends extends ChainHead {
  last: number;
}

interface Row {
  sequence: number;
  body: string;
  hash: string;
  context: string | null;
  kind: string;
  action: string;
  decision_id: string;
  run_id: string | null;
}

/**
 * The log in one SQLite file, which several processes of one machine may share. Every commit is
 * flushed to the disk before its appends resolve (WAL, synchronous=FULL); appends that arrive
 * together share a commit.
 */
export class SqliteAuditLog implements AuditLog {
  readonly #database: DatabaseSync;
  readonly #commits: GroupCommit<CheckedEntry, AuditRecord>;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  readonly #readHead: StatementSync;
  readonly #writeHead: StatementSync;
  readonly #insert: StatementSync;
  readonly #readLast: StatementSync;
  readonly #readEnds: StatementSync;
  readonly #readUp: StatementSync;
  #closing: Promise<void> | undefined;

  /**
   * Opens or creates the file (mode 0600); its folder must exist. `:memory:` is for tests.
   *
   * @throws {@link AuditError} `store_unavailable` when the file cannot be opened or was written
   * by a newer version.
   */
  constructor(options: { path: string }) {
    try {
      this.#database = openDatabase(options.path);
    } catch (cause) {
      throw cause instanceof AuditError
        ? cause
        : new AuditError(
            'store_unavailable',
            'the audit file cannot be opened: its folder must exist and be writable',
            { cause },
          );
    }
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#begin = prepare('BEGIN IMMEDIATE');
    this.#commit = prepare('COMMIT');
    this.#rollback = prepare('ROLLBACK');
    this.#readHead = prepare('SELECT sequence, hash FROM audit_head WHERE tenant_id = ?');
    this.#writeHead = prepare(
      `INSERT INTO audit_head (tenant_id, sequence, hash) VALUES (?, ?, ?)
       ON CONFLICT (tenant_id) DO UPDATE SET sequence = excluded.sequence, hash = excluded.hash`,
    );
    this.#insert = prepare(
      `INSERT INTO audit_record
       (tenant_id, sequence, body, hash, context, kind, action, decision_id, run_id)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#readLast = prepare(
      'SELECT max(sequence) AS sequence FROM audit_record WHERE tenant_id = ?',
    );
    // One statement reads both at one instant.
    this.#readEnds = prepare(
      `SELECT coalesce(max(head.sequence), 0) AS sequence,
              coalesce(max(head.hash), '${GENESIS_HASH}') AS hash,
              (SELECT coalesce(max(sequence), 0) FROM audit_record WHERE tenant_id = ?1) AS last
       FROM audit_head AS head WHERE tenant_id = ?1`,
    );
    this.#readUp = prepare(
      `SELECT * FROM audit_record WHERE tenant_id = ? AND sequence > ? AND sequence <= ?
       ORDER BY sequence LIMIT ${VERIFY_CHUNK}`,
    );
    this.#commits = new GroupCommit((entries) => this.#append(entries));
  }

  async append(entry: AuditEntry): Promise<AuditRecord> {
    this.#mustBeOpen();
    const checked = checkEntry(entry);
    return this.#commits.add(checked, 1024 + (checked.context?.length ?? 0));
  }

  async list(query: AuditQuery): Promise<AuditPage> {
    this.#mustBeOpen();
    const { tenant_id, limit, before, kind, action, decision_id, run_id } = checkedQuery(query);
    const indexed = decision_id ?? run_id;
    return this.#call(() => {
      const newest = Math.min(before - 1, this.#last(tenant_id));
      // Without an index the reading is bounded by a window of sequences.
      const scanned = indexed === undefined && (kind ?? action) !== undefined;
      const oldest = scanned ? Math.max(1, newest - MAX_SCAN + 1) : 1;
      const filters = Object.entries({ kind, action, decision_id, run_id }).filter(
        (filter): filter is [string, string] => filter[1] !== undefined,
      );
      const rows = this.#database
        .prepare(
          `SELECT sequence, body, hash, context FROM audit_record
           WHERE tenant_id = ? AND sequence BETWEEN ? AND ?
           ${filters.map(([column]) => `AND ${column} = ?`).join(' ')}
           ORDER BY sequence DESC LIMIT ?`,
        )
        .all(
          tenant_id,
          oldest,
          newest,
          ...filters.map(([, value]) => value),
          limit,
        ) as unknown as Row[];
      const records = rows.map((row) => openOrThrow(storedOf(row)));
      return pageOf(records, records.length === limit ? (rows.at(-1)?.sequence ?? 1) : oldest);
    });
  }

  async verify(tenantId: string): Promise<AuditVerification> {
    this.#mustBeOpen();
    checkTenantId(tenantId);
    const { last, ...head } = (await this.#call(() =>
      this.#readEnds.get(tenantId),
    )) as unknown as Ends;
    const verifier = new ChainVerifier(tenantId);
    for (;;) {
      const from = verifier.head.sequence;
      const rows = (await this.#call(() =>
        this.#readUp.all(tenantId, from, last),
      )) as unknown as Row[];
      for (const row of rows) {
        const reason = verifier.nextStored(storedOf(row)) ?? filterFault(row);
        if (reason !== undefined) {
          const found = verifier.head.sequence;
          const sequence = reason === 'index_mismatch' ? found : found + 1;
          return { valid: false, sequence, reason };
        }
      }
      if (rows.length < VERIFY_CHUNK) return verifier.end(head);
      await setImmediate();
      this.#mustBeOpen();
    }
  }

  async ping(): Promise<void> {
    this.#mustBeOpen();
    await this.#call(() => this.#readHead.get(''));
  }

  close(): Promise<void> {
    this.#closing ??= this.#commits.idle().then(() => this.#database.close());
    return this.#closing;
  }

  #append(entries: CheckedEntry[]): Promise<AuditRecord[]> {
    return this.#call(() =>
      this.#transaction(() => {
        const now = new Date();
        const heads = new Map<string, ChainHead>();
        const records = entries.map((entry) => {
          const { tenant_id, kind, action, decision_id, run_id } = entry.fields;
          const head = heads.get(tenant_id) ?? this.#head(tenant_id);
          const { record, stored } = sealEntry(entry, head, now);
          heads.set(tenant_id, record);
          this.#insert.run(
            tenant_id,
            stored.sequence,
            stored.body,
            stored.hash,
            stored.context ?? null,
            kind,
            action,
            decision_id,
            run_id ?? null,
          );
          return record;
        });
        for (const [tenantId, { sequence, hash }] of heads) {
          this.#writeHead.run(tenantId, sequence, hash);
        }
        return records;
      }),
    );
  }

  #head(tenantId: string): ChainHead {
    return (this.#readHead.get(tenantId) as unknown as ChainHead | undefined) ?? EMPTY_CHAIN;
  }

  #last(tenantId: string): number {
    return Number(this.#readLast.get(tenantId)?.['sequence'] ?? 0);
  }

  #transaction<T>(work: () => T): T {
    this.#begin.run();
    try {
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#rollback.run();
      throw error;
    }
  }

  #mustBeOpen(): void {
    if (this.#closing !== undefined) {
      throw new AuditError('store_unavailable', 'the audit log is closed');
    }
  }

  /**
   * Runs a call of the store and turns its errors into those of this library. While another process
   * holds the file it tries again, often and without blocking: SQLite's own waiting blocks the
   * thread and backs off so far that a busy neighbour starves it.
   */
  async #call<T>(work: () => T): Promise<T> {
    const deadline = Date.now() + BUSY_TIMEOUT;
    for (;;) {
      try {
        return work();
      } catch (cause) {
        const code = resultCode(cause);
        if (code !== SQLITE_BUSY || Date.now() > deadline) throw auditErrorOf(cause, code);
      }
      await sleep(1 + Math.random() * (BUSY_PAUSE - 1));
    }
  }
}

function auditErrorOf(cause: unknown, code: number | undefined): AuditError {
  if (cause instanceof AuditError) return cause;
  return code === SQLITE_CONSTRAINT
    ? new AuditError(
        'corrupt_record',
        'the head of an audit chain does not fit its records; run verify on its tenant',
        { cause },
      )
    : new AuditError('store_unavailable', 'the audit file did not take the call', { cause });
}

const SQLITE_BUSY = 5;
const SQLITE_CONSTRAINT = 19;

/** The primary result code of an SQLite error (https://sqlite.org/rescode.html). */
function resultCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('errcode' in error)) return undefined;
  return Number(error.errcode) & 0xff;
}

function openDatabase(path: string): DatabaseSync {
  // SQLite would make the file with the mode of the umask; its -wal and -shm follow the file's.
  if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600));
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
    // The switch to WAL does not wait by busy_timeout when another process is making it.
    const deadline = Date.now() + BUSY_TIMEOUT;
    for (;;) {
      try {
        database.exec('PRAGMA journal_mode = WAL');
        break;
      } catch (error) {
        if (resultCode(error) !== SQLITE_BUSY || Date.now() > deadline) throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      }
    }
    database.exec('PRAGMA synchronous = FULL');
    const version = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version > SCHEMA_VERSION) {
      throw new AuditError(
        'store_unavailable',
        `the audit file has schema ${version}; this version reads ${SCHEMA_VERSION}: update it`,
      );
    }
    if (version < SCHEMA_VERSION) database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function storedOf({ sequence, body, hash, context }: Row): StoredRecord {
  return { sequence, body, hash, context: context ?? undefined };
}

function filterFault(row: Row): 'index_mismatch' | undefined {
  const record = openStored(storedOf(row));
  const same =
    record?.kind === row.kind &&
    record.action === row.action &&
    record.decision_id === row.decision_id &&
    record.run_id === (row.run_id ?? undefined);
  return same ? undefined : 'index_mismatch';
}
