import { MAX_VELOCITY, NEVER } from './budget-store.ts';
import { MAX_ID_LENGTH } from './command-checks.ts';
import { MAX_MICROS } from './money.ts';

/** `PRAGMA user_version` of a file with the tables below. */
export const SCHEMA_VERSION = 2;

const AMOUNT = `BETWEEN 0 AND ${MAX_MICROS}`;
const CROSSINGS = `('50', '80', '100', '50,80', '50,100', '80,100', '50,80,100')`;
const INSTANT = `BETWEEN 0 AND ${NEVER}`;

/**
 * Money is integer micro-USD, instants are epoch milliseconds; what never expires does so at {@link NEVER}. The CHECKs
 * are the last line of defence: the store checks before it writes. What most budgets do not have is NULL.
 */
export const SCHEMA = `
CREATE TABLE budgets (
  run_id      TEXT    NOT NULL PRIMARY KEY CHECK (length(run_id) BETWEEN 1 AND 256),
  max_spend   INTEGER NOT NULL CHECK (max_spend BETWEEN 1 AND ${MAX_MICROS}),
  spent       INTEGER NOT NULL CHECK (spent ${AMOUNT}),
  held        INTEGER NOT NULL CHECK (held BETWEEN 0 AND max_spend),
  seq         INTEGER NOT NULL CHECK (seq >= 1),
  expires_at  INTEGER NOT NULL CHECK (expires_at ${INSTANT}),
  -- How many rows of units there are: none need be looked for where it is 0.
  unit_limits INTEGER NOT NULL DEFAULT 0 CHECK (unit_limits BETWEEN 0 AND 3),
  frozen      INTEGER NOT NULL DEFAULT 0 CHECK (frozen IN (0, 1)),
  parent      TEXT    CHECK (length(parent) BETWEEN 1 AND 256),
  -- Of children: what tells one from an earlier one, what it spent in windows that are over, what its parent is known
  -- to be charged with.
  incarnation TEXT    CHECK (length(incarnation) BETWEEN 1 AND 64),
  earlier     INTEGER NOT NULL DEFAULT 0 CHECK (earlier ${AMOUNT}),
  paid        INTEGER NOT NULL DEFAULT 0 CHECK (paid ${AMOUNT}),
  carve       TEXT    CHECK (carve IN ('pending', 'closing', 'closed')),
  window      TEXT    CHECK (window IN ('day', 'month')),
  ends_at     INTEGER CHECK (ends_at ${INSTANT}),
  -- The bucket: micro-USD a minute, what is in it, and since when.
  velocity    INTEGER CHECK (velocity BETWEEN 1 AND ${MAX_VELOCITY}),
  level       INTEGER CHECK (level ${AMOUNT}),
  level_at    INTEGER CHECK (level_at ${INSTANT}),
  loop_calls  INTEGER CHECK (loop_calls >= 1),
  loop_ms     INTEGER CHECK (loop_ms >= 1),
  CHECK ((incarnation IS NULL) = (parent IS NULL)),
  CHECK (parent IS NOT NULL OR (carve IS NULL AND earlier = 0 AND paid = 0)),
  CHECK ((window IS NULL) = (ends_at IS NULL)),
  CHECK ((velocity IS NULL) = (level IS NULL) AND (velocity IS NULL) = (level_at IS NULL)),
  CHECK ((loop_calls IS NULL) = (loop_ms IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX budgets_by_expiry ON budgets (expires_at);

-- The limits of a budget beside money.
CREATE TABLE units (
  run_id    TEXT    NOT NULL REFERENCES budgets (run_id) ON DELETE CASCADE,
  unit      TEXT    NOT NULL CHECK (unit IN ('tokens', 'steps', 'sandbox_ms')),
  max_units INTEGER NOT NULL CHECK (max_units BETWEEN 1 AND ${MAX_MICROS}),
  spent     INTEGER NOT NULL CHECK (spent ${AMOUNT}),
  held      INTEGER NOT NULL CHECK (held BETWEEN 0 AND max_units),
  earlier   INTEGER NOT NULL CHECK (earlier ${AMOUNT}),
  paid      INTEGER NOT NULL CHECK (paid ${AMOUNT}),
  PRIMARY KEY (run_id, unit)
) STRICT, WITHOUT ROWID;

-- What each id of a run stands for: holds by their hold id, spends by their idempotency key.
CREATE TABLE operations (
  run_id     TEXT    NOT NULL REFERENCES budgets (run_id) ON DELETE CASCADE,
  kind       TEXT    NOT NULL CHECK (kind IN ('hold', 'spend')),
  id         TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND ${MAX_ID_LENGTH}),
  state      TEXT    NOT NULL CHECK (state IN ('active', 'committed', 'released', 'expired')),
  held       INTEGER NOT NULL CHECK (held ${AMOUNT}),
  expires_at INTEGER NOT NULL CHECK (expires_at ${INSTANT}),
  charged    INTEGER CHECK (charged ${AMOUNT}),
  mark       TEXT    NOT NULL CHECK (mark IN ('', 'late', 'unheld')),
  -- Thresholds that it reached, in per cent.
  crossed    TEXT    CHECK (crossed IN ${CROSSINGS}),
  -- The end of the window in which it did.
  crossed_in INTEGER CHECK (crossed_in ${INSTANT}),
  -- When it was committed or released.
  settled_at INTEGER CHECK (settled_at ${INSTANT}),
  held_tokens        INTEGER CHECK (held_tokens ${AMOUNT}),
  held_steps         INTEGER CHECK (held_steps ${AMOUNT}),
  held_sandbox_ms    INTEGER CHECK (held_sandbox_ms ${AMOUNT}),
  charged_tokens     INTEGER CHECK (charged_tokens ${AMOUNT}),
  charged_steps      INTEGER CHECK (charged_steps ${AMOUNT}),
  charged_sandbox_ms INTEGER CHECK (charged_sandbox_ms ${AMOUNT}),
  PRIMARY KEY (run_id, kind, id),
  CHECK ((state = 'committed') = (charged IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX holds_by_expiry ON operations (run_id, expires_at) WHERE state = 'active';

CREATE INDEX operations_by_age ON operations (run_id, coalesce(settled_at, expires_at)) WHERE state <> 'active';

-- What is set aside for each child of a run, and what was charged for it in all.
CREATE TABLE children (
  run_id      TEXT    NOT NULL REFERENCES budgets (run_id) ON DELETE CASCADE,
  child       TEXT    NOT NULL CHECK (length(child) BETWEEN 1 AND 256),
  incarnation TEXT    NOT NULL CHECK (length(incarnation) BETWEEN 1 AND 64),
  settled_at  INTEGER CHECK (settled_at ${INSTANT}),
  -- Thresholds that its charges have reached in the window that ended then, in per cent.
  crossed     TEXT    CHECK (crossed IN ${CROSSINGS}),
  crossed_in  INTEGER NOT NULL CHECK (crossed_in ${INSTANT}),
  held        INTEGER NOT NULL CHECK (held ${AMOUNT}),
  charged     INTEGER NOT NULL CHECK (charged ${AMOUNT}),
  held_tokens        INTEGER CHECK (held_tokens ${AMOUNT}),
  held_steps         INTEGER CHECK (held_steps ${AMOUNT}),
  held_sandbox_ms    INTEGER CHECK (held_sandbox_ms ${AMOUNT}),
  charged_tokens     INTEGER CHECK (charged_tokens ${AMOUNT}),
  charged_steps      INTEGER CHECK (charged_steps ${AMOUNT}),
  charged_sandbox_ms INTEGER CHECK (charged_sandbox_ms ${AMOUNT}),
  PRIMARY KEY (run_id, child, incarnation)
) STRICT, WITHOUT ROWID;

CREATE INDEX children_unsettled ON children (run_id, child, incarnation) WHERE settled_at IS NULL;
CREATE INDEX children_by_age ON children (run_id, settled_at) WHERE settled_at IS NOT NULL;

-- How often a call was admitted since its first, for the loop limit.
CREATE TABLE calls (
  run_id TEXT    NOT NULL REFERENCES budgets (run_id) ON DELETE CASCADE,
  call   TEXT    NOT NULL CHECK (length(call) BETWEEN 1 AND ${MAX_ID_LENGTH}),
  count  INTEGER NOT NULL CHECK (count >= 1),
  since  INTEGER NOT NULL CHECK (since ${INSTANT}),
  PRIMARY KEY (run_id, call)
) STRICT, WITHOUT ROWID;

CREATE INDEX calls_by_age ON calls (run_id, since);
`;

/**
 * Makes the tables above of those of version 1, which had limits of money alone. A value that is corrupt there is copied
 * as it is: it concerns its run, not the file.
 */
export const MIGRATION_FROM_1 = `
PRAGMA ignore_check_constraints = 1;
DROP INDEX budgets_by_expiry;
DROP INDEX holds_by_expiry;
ALTER TABLE budgets RENAME TO budgets_1;
ALTER TABLE operations RENAME TO operations_1;
${SCHEMA}
INSERT INTO budgets (run_id, max_spend, spent, held, seq, expires_at)
  SELECT run_id, max_spend, spent, held, seq, expires_at FROM budgets_1;
INSERT INTO operations (run_id, kind, id, state, held, expires_at, charged, mark)
  SELECT run_id, kind, id, state, held, expires_at, charged, mark FROM operations_1;
DROP TABLE operations_1;
DROP TABLE budgets_1;
PRAGMA ignore_check_constraints = 0;
`;

/** The statements of the store, prepared once. Parameters are bound in order: by name it takes three times as long. */
export const STATEMENTS = {
  begin: 'BEGIN IMMEDIATE',
  beginRead: 'BEGIN',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  budget: `
    SELECT max_spend, spent, held, seq, expires_at, unit_limits, frozen, parent, incarnation, earlier, paid, carve,
      window, ends_at, velocity, level, level_at, loop_calls, loop_ms,
      EXISTS (SELECT 1 FROM operations o
              WHERE o.run_id = b.run_id AND o.state = 'active' AND o.expires_at <= ?2) AS due
    FROM budgets b WHERE run_id = ?1 AND expires_at > ?2`,
  exists: 'SELECT 1 FROM budgets WHERE run_id = ?1 AND expires_at > ?2',
  page: 'SELECT run_id FROM budgets WHERE run_id > ?1 AND expires_at > ?2 ORDER BY run_id LIMIT ?3',
  insertBudget: `
    INSERT INTO budgets (run_id, max_spend, spent, held, seq, expires_at, unit_limits, parent, incarnation, carve, window,
      ends_at, velocity, level, level_at, loop_calls, loop_ms)
    VALUES (?1, ?2, 0, 0, 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
  updateBudget: 'UPDATE budgets SET spent = ?2, held = ?3, seq = ?4 WHERE run_id = ?1',
  updateBucket: 'UPDATE budgets SET level = ?2, level_at = ?3 WHERE run_id = ?1',
  updateTerms: `
    UPDATE budgets SET frozen = ?2, carve = ?3, ends_at = ?4, earlier = ?5, paid = ?6 WHERE run_id = ?1`,
  renewBudget: 'UPDATE budgets SET expires_at = ?2 WHERE run_id = ?1',
  deleteBudget: 'DELETE FROM budgets WHERE run_id = ?1',
  deleteOld: `
    DELETE FROM budgets WHERE run_id IN
      (SELECT run_id FROM budgets WHERE expires_at <= ?1 ORDER BY expires_at LIMIT 8)`,
  units: 'SELECT unit, max_units, spent, held, earlier, paid FROM units WHERE run_id = ?1',
  insertUnit: `
    INSERT INTO units (run_id, unit, max_units, spent, held, earlier, paid)
    VALUES (?1, ?2, ?3, 0, 0, 0, 0)`,
  updateUnit: `
    UPDATE units SET spent = ?3, held = ?4, earlier = ?5, paid = ?6 WHERE run_id = ?1 AND unit = ?2`,
  operation: `
    SELECT state, held, expires_at, charged, mark, crossed, crossed_in, held_tokens, held_steps, held_sandbox_ms,
      charged_tokens, charged_steps, charged_sandbox_ms
    FROM operations WHERE run_id = ?1 AND kind = ?2 AND id = ?3`,
  insertOperation: `
    INSERT INTO operations (run_id, kind, id, state, expires_at, charged, mark, crossed, crossed_in, settled_at,
      charged_tokens, charged_steps, charged_sandbox_ms, held, held_tokens, held_steps, held_sandbox_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)`,
  // What an id holds never changes.
  updateOperation: `
    UPDATE operations SET state = ?4, expires_at = ?5, charged = ?6, mark = ?7, crossed = ?8, crossed_in = ?9, settled_at = ?10,
      charged_tokens = ?11, charged_steps = ?12, charged_sandbox_ms = ?13
    WHERE run_id = ?1 AND kind = ?2 AND id = ?3`,
  due: `
    SELECT total(held) AS held, total(held_tokens) AS held_tokens, total(held_steps) AS held_steps,
      total(held_sandbox_ms) AS held_sandbox_ms
    FROM operations WHERE run_id = ?1 AND state = 'active' AND expires_at <= ?2`,
  expireHolds: `
    UPDATE operations SET state = 'expired'
    WHERE run_id = ?1 AND state = 'active' AND expires_at <= ?2`,
  holds: `
    SELECT id, held, expires_at, held_tokens, held_steps, held_sandbox_ms FROM operations
    WHERE run_id = ?1 AND state = 'active' AND expires_at > ?2
    ORDER BY expires_at, kind, id LIMIT ?3`,
  hasHolds: `SELECT 1 FROM operations WHERE run_id = ?1 AND state = 'active' LIMIT 1`,
  hasChildren: 'SELECT 1 FROM children WHERE run_id = ?1 AND settled_at IS NULL LIMIT 1',
  forgetOperations: `
    DELETE FROM operations WHERE run_id = ?1 AND (kind, id) IN
      (SELECT kind, id FROM operations
       WHERE run_id = ?1 AND state <> 'active' AND coalesce(settled_at, expires_at) < ?2
       ORDER BY coalesce(settled_at, expires_at) LIMIT ?3)`,
  child: `
    SELECT settled_at, crossed, crossed_in, held, charged, held_tokens, held_steps, held_sandbox_ms,
      charged_tokens, charged_steps, charged_sandbox_ms
    FROM children WHERE run_id = ?1 AND child = ?2 AND incarnation = ?3`,
  putChild: `
    REPLACE INTO children (run_id, child, incarnation, settled_at, crossed, crossed_in, held, charged,
      held_tokens, held_steps, held_sandbox_ms, charged_tokens, charged_steps, charged_sandbox_ms)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`,
  children: `
    SELECT child, incarnation, held, held_tokens, held_steps, held_sandbox_ms
    FROM children WHERE run_id = ?1 AND settled_at IS NULL AND (child, incarnation) > (?2, ?3)
    ORDER BY child, incarnation LIMIT ?4`,
  forgetChildren: `
    DELETE FROM children WHERE run_id = ?1 AND (child, incarnation) IN
      (SELECT child, incarnation FROM children WHERE run_id = ?1 AND settled_at < ?2
       ORDER BY settled_at LIMIT ?3)`,
  call: 'SELECT count, since FROM calls WHERE run_id = ?1 AND call = ?2',
  countCall: `
    INSERT INTO calls (run_id, call, count, since) VALUES (?1, ?2, 1, ?3)
    ON CONFLICT (run_id, call) DO UPDATE SET count = count + 1`,
  forgetCalls: 'DELETE FROM calls WHERE run_id = ?1 AND since <= ?2',
  ping: 'SELECT 1 FROM budgets LIMIT 1',
} as const;
