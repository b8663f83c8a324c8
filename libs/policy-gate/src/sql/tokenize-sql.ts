/** A token of SQL: words and symbols in upper case, strings and quoted names marked by kind. */
export interface Token {
  kind: 'word' | 'symbol' | 'string' | 'name' | 'number';
  text: string;
}

/** How a dialect reads the characters that dialects read differently. */
export interface Reading {
  /** `#` begins a comment (MySQL, BigQuery). */
  hashComments: boolean;
  /** A backslash in a string escapes (MySQL, BigQuery, ClickHouse, Snowflake). */
  backslashEscapes: boolean;
}

export const MAX_TOKENS = 20_000;

const MYSQL_LIKE: Reading = { hashComments: true, backslashEscapes: true };
const STANDARD: Reading = { hashComments: false, backslashEscapes: false };
const READINGS: Readonly<Record<string, Reading>> = {
  mysql: MYSQL_LIKE,
  mariadb: MYSQL_LIKE,
  bigquery: MYSQL_LIKE,
  clickhouse: { hashComments: true, backslashEscapes: true },
  snowflake: { hashComments: false, backslashEscapes: true },
  postgresql: STANDARD,
  postgres: STANDARD,
  sqlite: STANDARD,
  mssql: STANDARD,
  oracle: STANDARD,
};

/**
 * The readings a text may have: one where the dialect is known or where no character of it is read
 * differently, else both, so that the graver one counts.
 */
export function readingsOf(sql: string, dialect: string | undefined): readonly Reading[] {
  const name = dialect?.toLowerCase() ?? '';
  const known = Object.hasOwn(READINGS, name) ? READINGS[name] : undefined;
  if (known !== undefined) return [known];
  return sql.includes('#') || sql.includes('\\') ? [MYSQL_LIKE, STANDARD] : [STANDARD];
}

/**
 * Splits SQL into statements of tokens. Comments are dropped, except MySQL's executable ones
 * (`/*! ... *\/`), which the server runs and which are therefore read. Ends of statements are `;`,
 * psql's `\g`, a line with `GO`, and whatever a `DELIMITER` line says.
 */
export function tokenizeSql(sql: string, reading: Reading = STANDARD): Token[][] {
  return new Tokenizer(sql, reading).run();
}

class Tokenizer {
  private readonly sql: string;
  private readonly reading: Reading;
  private readonly statements: Token[][] = [];
  private current: Token[] = [];
  private index = 0;
  private count = 0;
  private delimiter: string | undefined;

  constructor(sql: string, reading: Reading) {
    this.sql = sql;
    this.reading = reading;
  }

  run(): Token[][] {
    while (this.index < this.sql.length && this.count < MAX_TOKENS) this.step();
    this.end();
    return this.statements;
  }

  private end(): void {
    if (this.current.length > 0) this.statements.push(this.current);
    this.current = [];
  }

  private push(kind: Token['kind'], text: string, to: number): void {
    this.count += 1;
    this.current.push({ kind, text });
    this.index = to;
  }

  private step(): void {
    const { sql, index } = this;
    const character = sql.charAt(index);
    const next = sql.charAt(index + 1);
    if (this.delimiter !== undefined && sql.startsWith(this.delimiter, index)) {
      this.end();
      this.index += this.delimiter.length;
    } else if (character <= ' ' || character === '\u00a0') this.index += 1;
    else if (character === '-' && next === '-') this.index = lineEnd(sql, index);
    else if (character === '#' && this.reading.hashComments) this.index = lineEnd(sql, index);
    else if (character === '/' && next === '*') this.comment();
    else if (character === '*' && next === '/') this.index += 2;
    else if (character === ';' || (character === '\\' && /[gG;]/.test(next))) {
      this.end();
      this.index += character === ';' ? 1 : 2;
    } else if (character === "'") this.quoted("'", 'string');
    else if (character === '"' || character === '`') this.quoted(character, 'name');
    else if (character === '[') {
      const close = sql.indexOf(']', index);
      const to = close < 0 ? sql.length : close;
      this.push('name', sql.slice(index + 1, to).toUpperCase(), to + 1);
    } else if (character === '$' && /^\$\w*\$/.test(sql.slice(index, index + 64))) {
      const tag = /^\$\w*\$/.exec(sql.slice(index, index + 64))?.[0] ?? '$$';
      const close = sql.indexOf(tag, index + tag.length);
      const to = close < 0 ? sql.length : close;
      this.push('string', sql.slice(index + tag.length, to), to + tag.length);
    } else if (/[qQ]/.test(character) && next === "'") this.oracleQuoted();
    else if (isWordStart(character)) this.word();
    else if (/\d/.test(character)) {
      let to = index + 1;
      while (to < sql.length && /[0-9.]/.test(sql.charAt(to))) to += 1;
      this.push('number', sql.slice(index, to), to);
    } else this.push('symbol', character, index + 1);
  }

  private comment(): void {
    const { sql, index } = this;
    const runs = sql.charAt(index + 2) === '!' ? 3 : sql.startsWith('M!', index + 2) ? 4 : 0;
    if (runs === 0) {
      const close = sql.indexOf('*/', index + 2);
      this.index = close < 0 ? sql.length : close + 2;
      return;
    }
    this.index += runs;
    while (/\d/.test(sql.charAt(this.index))) this.index += 1;
  }

  private quoted(quote: string, kind: 'string' | 'name'): void {
    const { sql, index, reading } = this;
    // PostgreSQL's E'...' escapes whatever the setting.
    const before = this.current.at(-1);
    const escaped = before?.kind === 'word' && before.text === 'E';
    const escapes = quote === "'" && (reading.backslashEscapes || escaped);
    let at = index + 1;
    for (; at < sql.length; at += 1) {
      const character = sql.charAt(at);
      if (character === '\\' && escapes) at += 1;
      else if (character === quote) {
        if (sql.charAt(at + 1) !== quote) break;
        at += 1;
      }
    }
    const inner = sql.slice(index + 1, at);
    this.push(kind, kind === 'name' ? inner.toUpperCase() : inner, at + 1);
  }

  /** `q'[it's]'` */
  private oracleQuoted(): void {
    const { sql, index } = this;
    const opening = sql.charAt(index + 2);
    const closing = `${{ '[': ']', '(': ')', '{': '}', '<': '>' }[opening] ?? opening}'`;
    const close = sql.indexOf(closing, index + 3);
    const to = close < 0 ? sql.length : close;
    this.push('string', sql.slice(index + 3, to), to + closing.length);
  }

  private word(): void {
    const { sql, index } = this;
    let to = index + 1;
    while (to < sql.length && isWordPart(sql.charAt(to))) to += 1;
    const word = sql.slice(index, to).toUpperCase();
    const alone = /(?:^|\n)[ \t]*$/.test(sql.slice(Math.max(0, index - 40), index));
    if (word === 'DELIMITER' && alone) {
      const line = sql.slice(to, lineEnd(sql, to)).trim();
      this.delimiter = line === '' || line === ';' ? undefined : line.slice(0, 16);
      this.index = lineEnd(sql, to);
    } else if (
      word === 'GO' &&
      alone &&
      /^[ \t]*(?:\d+[ \t]*)?(?:\r?\n|$)/.test(sql.slice(to, to + 40))
    ) {
      this.end();
      this.index = to;
    } else this.push('word', word, to);
  }
}

function isWordStart(character: string): boolean {
  return /[A-Za-z_\u0080-\uffff]/.test(character);
}

function isWordPart(character: string): boolean {
  return /[A-Za-z0-9_$\u0080-\uffff]/.test(character);
}

function lineEnd(sql: string, from: number): number {
  const newline = sql.indexOf('\n', from);
  return newline < 0 ? sql.length : newline + 1;
}
