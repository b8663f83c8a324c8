import { PolicyGate } from '../decision/policy-gate.ts';
import { loadPostgresParser } from './postgres-parser.ts';
import type { PostgresParser } from './postgres-parser.ts';

describe("PostgreSQL's own parser", () => {
  let postgres: PostgresParser;
  beforeAll(async () => {
    postgres = await loadPostgresParser();
  });

  const verdict = (sql: string): string | undefined => {
    const effects = postgres.effects(sql);
    if (effects === undefined) return undefined;
    const verdicts = effects.map((effect) => effect.verdict);
    return verdicts.includes('deny') ? 'deny' : verdicts.includes('approve') ? 'approve' : 'allow';
  };

  it.each([
    ['DROP TABLE a, b CASCADE', 'deny'],
    ['DELETE FROM t', 'deny'],
    ['DELETE FROM t WHERE true', 'deny'],
    ['WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x', 'deny'],
    ['UPDATE t SET a = 1', 'deny'],
    ["COPY t TO PROGRAM 'id'", 'deny'],
    ['EXPLAIN ANALYZE DELETE FROM t', 'deny'],
    ['TRUNCATE t', 'deny'],
    ['ALTER TABLE t DROP COLUMN c', 'approve'],
    ['DROP INDEX i', 'approve'],
    ['EXPLAIN DELETE FROM t', 'allow'],
    ['DELETE FROM t WHERE id = 1', 'allow'],
    ["SELECT 'DROP TABLE t'", 'allow'],
    ['DROP TABLE pg_temp.x', 'allow'],
    ['DROP TABL x', undefined],
  ])('%s: %s', (sql, expected) => {
    expect(verdict(sql)).toBe(expected);
  });

  it('is asked by a gate that has it, for its dialect and for psql', () => {
    const asked: string[] = [];
    const spy: PostgresParser = {
      effects: (sql) => {
        asked.push(sql);
        return postgres.effects(sql);
      },
    };
    const gate = new PolicyGate({}, { postgres: spy });
    const sql = 'DELETE FROM ONLY t';
    expect(gate.checkAction('query_database', { sql, dialect: 'postgresql' }).allowed).toBe(false);
    expect(gate.checkCodeExecution(`psql -c '${sql}'`).allowed).toBe(false);
    expect(gate.checkAction('query_database', { sql, dialect: 'mysql' }).allowed).toBe(false);
    expect(asked).toEqual([sql, sql]);
  });

  it('never lifts what the other reading found', () => {
    const gate = new PolicyGate({}, { postgres });
    const sql = 'SELECT 1; DROP TABL x; DROP TABLE users';
    expect(gate.checkAction('query_database', { sql, dialect: 'postgresql' }).allowed).toBe(false);
  });
});
