import fc from 'fast-check';

import { analyzeSql } from './sql-effects.ts';

function verdict(sql: string): 'allow' | 'approve' | 'deny' {
  const verdicts = analyzeSql(sql).map((effect) => effect.verdict);
  return verdicts.includes('deny') ? 'deny' : verdicts.includes('approve') ? 'approve' : 'allow';
}

describe('analyzeSql', () => {
  it.each([
    'DROP TABLE users',
    'drop table if exists "users" cascade;',
    'DROP/**/DATABASE prod',
    'SELECT 1; DROP SCHEMA public CASCADE',
    '/*!50000 DROP TABLE users */',
    'TRUNCATE users',
    'TRUNCATE TABLE users',
    'DELETE FROM users',
    'delete from users;',
    'DELETE FROM users WHERE 1=1',
    "DELETE FROM users WHERE 'a'='a'",
    'DELETE FROM users WHERE true',
    'DELETE FROM users WHERE id = 1 OR 1=1',
    'DELETE FROM users -- WHERE id = 1',
    'BEGIN; DELETE FROM users; COMMIT',
    'WITH gone AS (DELETE FROM users RETURNING *) SELECT * FROM gone',
    'EXPLAIN ANALYZE DELETE FROM users',
    "EXEC('DROP TABLE users')",
    'DO $$ BEGIN DROP TABLE users; END $$',
    "EXEC xp_cmdshell 'dir'",
    "COPY t FROM PROGRAM 'id'",
    'UPDATE users SET admin = true',
    'UPDATE users SET a = 1 WHERE 1=1',
    'DELETE FROM users WHERE id > 0',
    'DELETE FROM users WHERE id IS NOT NULL',
    "DELETE FROM users WHERE name LIKE '%'",
    'DELETE FROM users WHERE id = 1 OR 2 > 1',
    'EXPLAIN (ANALYZE, BUFFERS) DELETE FROM users',
    'IF EXISTS (SELECT 1) DROP TABLE users',
    'USE master\nGO\nDROP DATABASE prod\nGO',
    'DELIMITER //\nDROP TABLE users//\nDELIMITER ;',
    "EXECUTE IMMEDIATE 'DROP TABLE users'",
    "EXEC sp_executesql N'DROP TABLE users'",
    "PREPARE s FROM 'DELETE FROM users'",
    'PREPARE s AS DELETE FROM users',
    "DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$",
    'MERGE INTO t USING s ON 1=1 WHEN MATCHED THEN DELETE',
    'ALTER ROLE agent SUPERUSER',
    'PURGE BINARY LOGS TO "x"',
    'RESET MASTER',
    'DROP OWNED BY bob',
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT 1 INTO OUTFILE '/var/www/x.php'",
    'ALTER TABLE t DELETE WHERE 1 = 1',
    "SELECT '\\'; DROP TABLE users; -- '",
    'SELECT 1 # 2; DROP TABLE users',
  ])('denies %s', (sql) => expect(verdict(sql)).toBe('deny'));

  it.each([
    'ALTER TABLE users DROP COLUMN email',
    'DROP INDEX users_email',
    'GRANT ALL ON users TO mallory',
    "SELECT 1 INTO OUTFILE '/tmp/x'",
    'ALTER TABLE t DISABLE ROW LEVEL SECURITY',
    'ALTER TABLE a RENAME TO b',
    "SET GLOBAL general_log = 'OFF'",
    'CREATE OR REPLACE TABLE t AS SELECT 1',
    'CREATE EXTENSION plpython3u',
    'MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE',
    "RESTORE DATABASE prod FROM DISK = 'x.bak'",
    'SELECT pg_terminate_backend(1)',
  ])('asks about %s', (sql) => expect(verdict(sql)).toBe('approve'));

  it.each([
    '',
    'SELECT * FROM users',
    "SELECT 'DROP TABLE users'",
    'SELECT "drop", `table` FROM t -- DROP TABLE users',
    '/* DROP TABLE users */ SELECT 1',
    "INSERT INTO log VALUES ('DELETE FROM users')",
    'DELETE FROM users WHERE id = 3',
    "UPDATE users SET name = 'x' WHERE id = 3",
    'DELETE FROM t WHERE a = 1 AND 1 = 1',
    'CREATE TABLE t (id int)',
    'ALTER TABLE t ADD COLUMN x int',
    'ALTER TABLE t DROP CONSTRAINT c',
    'EXPLAIN DELETE FROM users',
    'DROP TEMPORARY TABLE x',
    'SELECT * FROM a WHERE deleted = true',
    'REPLACE INTO t VALUES (1)',
    'DROP TABLE #temporary',
    'DROP TABLE IF EXISTS pg_temp.x',
    'DELETE FROM t WHERE a = 1 AND b > 0',
    'UPDATE t SET a = 1 WHERE id BETWEEN 1 AND 5',
    'UPDATE a JOIN b ON a.id = b.id SET a.x = b.x',
    'DELETE FROM t ORDER BY id LIMIT 10',
    'CREATE OR REPLACE VIEW v AS SELECT 1',
    'SET search_path TO app',
    "SELECT q'[DROP TABLE users]' FROM dual",
    "SELECT E'\\'; DROP TABLE users' ",
  ])('allows %s', (sql) => expect(verdict(sql)).toBe('allow'));

  it('sees a drop behind any harmless text', () => {
    const filler = fc.constantFrom(
      "SELECT 'it''s';",
      'SELECT "a;b";',
      '-- x\n',
      '/* ; */',
      'SELECT $$ ; $$;',
      'SELECT 1;',
      "SELECT '\\'';",
      ' ',
    );
    fc.assert(
      fc.property(fc.array(filler, { maxLength: 8 }), (parts) => {
        expect(verdict(`${parts.join(' ')} DROP TABLE users`)).toBe('deny');
      }),
    );
  });

  it('never throws, and says when it stops', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) =>
        expect(Array.isArray(analyzeSql(text))).toBe(true),
      ),
    );
    expect(verdict(`SELECT ${'1,'.repeat(60_000)} 1`)).toBe('approve');
  });
});
