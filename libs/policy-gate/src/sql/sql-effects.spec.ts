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
  ])('denies %s', (sql) => expect(verdict(sql)).toBe('deny'));

  it.each([
    'UPDATE users SET admin = true',
    'UPDATE users SET a = 1 WHERE 1=1',
    'ALTER TABLE users DROP COLUMN email',
    'DROP INDEX users_email',
    'GRANT ALL ON users TO mallory',
    "SELECT 1 INTO OUTFILE '/tmp/x'",
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
