import { MAX_MICROS } from './money.ts';

/** `PRAGMA user_version` of a file with the tables below. */
export const SCHEMA_VERSION = 1;

/**
 * Money is integer micro-USD, instants are epoch milliseconds. The CHECKs are the last line of
 * defence: the store checks before it writes.
 */
export const SCHEMA = `
CREATE TABLE budgets (
  run_id     TEXT    NOT NULL PRIMARY KEY CHECK (length(run_id) BETWEEN 1 AND 256),
  max_spend  INTEGER NOT NULL CHECK (max_spend BETWEEN 1 AND ${MAX_MICROS}),
  spent      INTEGER NOT NULL CHECK (spent BETWEEN 0 AND ${MAX_MICROS}),
  held       INTEGER NOT NULL CHECK (held BETWEEN 0 AND max_spend),
  seq        INTEGER NOT NULL CHECK (seq >= 1),
  expires_at INTEGER NOT NULL CHECK (expires_at > 0)
) STRICT, WITHOUT ROWID;

CREATE INDEX budgets_by_expiry ON budgets (expires_at);

-- What each id of a run stands for: holds by their hold id, spends by their idempotency key.
CREATE TABLE operations (
  run_id     TEXT    NOT NULL REFERENCES budgets (run_id) ON DELETE CASCADE,
  kind       TEXT    NOT NULL CHECK (kind IN ('hold', 'spend')),
  id         TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 256),
  state      TEXT    NOT NULL CHECK (state IN ('active', 'committed', 'released', 'expired')),
  held       INTEGER NOT NULL CHECK (held BETWEEN 0 AND ${MAX_MICROS}),
  expires_at INTEGER NOT NULL CHECK (expires_at > 0),
  charged    INTEGER CHECK (charged BETWEEN 0 AND ${MAX_MICROS}),
  mark       TEXT    NOT NULL CHECK (mark IN ('', 'late', 'unheld')),
  PRIMARY KEY (run_id, kind, id),
  CHECK ((state = 'committed') = (charged IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_by_expiry ON operations (run_id, expires_at) WHERE state = 'active';
`;

/** The statements of the store, prepared once. */
export const STATEMENTS = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  budget: `
    SELECT run_id, max_spend, spent, seq,
      held - (SELECT coalesce(sum(o.held), 0) FROM operations o
              WHERE o.run_id = b.run_id AND o.state = 'active' AND o.expires_at <= :now) AS held,
      EXISTS (SELECT 1 FROM operations o
              WHERE o.run_id = b.run_id AND o.state = 'active' AND o.expires_at <= :now) AS due
    FROM budgets b WHERE run_id = :run_id AND expires_at > :now`,
  page: `
    SELECT run_id, max_spend, spent, seq,
      held - (SELECT coalesce(sum(o.held), 0) FROM operations o
              WHERE o.run_id = b.run_id AND o.state = 'active' AND o.expires_at <= :now) AS held
    FROM budgets b WHERE run_id > :after AND expires_at > :now ORDER BY run_id LIMIT :count`,
  insertBudget: `
    INSERT INTO budgets (run_id, max_spend, spent, held, seq, expires_at)
    VALUES (:run_id, :max_spend, 0, 0, 1, :expires_at)`,
  updateBudget: `
    UPDATE budgets SET spent = :spent, held = :held, seq = :seq WHERE run_id = :run_id`,
  renewBudget: 'UPDATE budgets SET expires_at = :expires_at WHERE run_id = :run_id',
  deleteBudget: 'DELETE FROM budgets WHERE run_id = :run_id',
  deleteOld: `
    DELETE FROM budgets WHERE run_id IN
      (SELECT run_id FROM budgets WHERE expires_at <= :now ORDER BY expires_at LIMIT 8)`,
  exists: 'SELECT 1 FROM budgets WHERE run_id = :run_id AND expires_at > :now',
  operation: `
    SELECT state, held, expires_at, charged, mark FROM operations
    WHERE run_id = :run_id AND kind = :kind AND id = :id`,
  putOperation: `
    INSERT INTO operations (run_id, kind, id, state, held, expires_at, charged, mark)
    VALUES (:run_id, :kind, :id, :state, :held, :expires_at, :charged, :mark)
    ON CONFLICT (run_id, kind, id) DO UPDATE SET state = excluded.state, held = excluded.held,
      expires_at = excluded.expires_at, charged = excluded.charged, mark = excluded.mark`,
  expireHolds: `
    UPDATE operations SET state = 'expired'
    WHERE run_id = :run_id AND state = 'active' AND expires_at <= :now`,
  ping: 'SELECT 1 FROM budgets LIMIT 1',
} as const;
