import type { Effect, Verdict } from '../effects/effect.ts';

/** A token of SQL: words and symbols in upper case, strings and quoted names marked by kind. */
interface Token {
  kind: 'word' | 'symbol' | 'string' | 'name' | 'number';
  text: string;
}

const MAX_TOKENS = 50_000;

/**
 * Splits SQL of any common dialect into statements of tokens. Comments are dropped, except MySQL's
 * executable ones (`/*! ... *\/`), which the server runs and which are therefore read.
 */
export function tokenizeSql(sql: string): Token[][] {
  const statements: Token[][] = [];
  let current: Token[] = [];
  let index = 0;
  let count = 0;
  const end = (): void => {
    if (current.length > 0) statements.push(current);
    current = [];
  };
  while (index < sql.length && count < MAX_TOKENS) {
    const character = sql.charAt(index);
    const next = sql.charAt(index + 1);
    if (character <= ' ' || character === '\u00a0') index += 1;
    else if (character === '-' && next === '-') index = lineEnd(sql, index);
    else if (character === '#') index = lineEnd(sql, index);
    else if (character === '/' && next === '*') {
      if (sql.charAt(index + 2) === '!' || sql.startsWith('M!', index + 2)) {
        index += sql.charAt(index + 2) === '!' ? 3 : 4;
        while (/\d/.test(sql.charAt(index))) index += 1;
      } else {
        const close = sql.indexOf('*/', index + 2);
        index = close < 0 ? sql.length : close + 2;
      }
    } else if (character === '*' && next === '/') index += 2;
    else if (character === ';' || (character === '\\' && /[gG;]/.test(next))) {
      end();
      index += character === ';' ? 1 : 2;
    } else {
      count += 1;
      if (character === "'") {
        const close = quoteEnd(sql, index, "'");
        current.push({ kind: 'string', text: sql.slice(index + 1, close - 1) });
        index = close;
      } else if (character === '"' || character === '`') {
        const close = quoteEnd(sql, index, character);
        current.push({ kind: 'name', text: sql.slice(index + 1, close - 1).toUpperCase() });
        index = close;
      } else if (character === '[') {
        const close = sql.indexOf(']', index);
        const to = close < 0 ? sql.length : close;
        current.push({ kind: 'name', text: sql.slice(index + 1, to).toUpperCase() });
        index = to + 1;
      } else if (character === '$' && /^\$[A-Za-z_]*\$/.test(sql.slice(index, index + 64))) {
        const tag = /^\$[A-Za-z_]*\$/.exec(sql.slice(index, index + 64))?.[0] ?? '$$';
        const close = sql.indexOf(tag, index + tag.length);
        const to = close < 0 ? sql.length : close;
        current.push({ kind: 'string', text: sql.slice(index + tag.length, to) });
        index = to + tag.length;
      } else if (/[A-Za-z_\u0080-\uffff]/.test(character)) {
        let to = index + 1;
        while (to < sql.length && /[A-Za-z0-9_$\u0080-\uffff]/.test(sql.charAt(to))) to += 1;
        current.push({ kind: 'word', text: sql.slice(index, to).toUpperCase() });
        index = to;
      } else if (/\d/.test(character)) {
        let to = index + 1;
        while (to < sql.length && /[0-9.]/.test(sql.charAt(to))) to += 1;
        current.push({ kind: 'number', text: sql.slice(index, to) });
        index = to;
      } else {
        current.push({ kind: 'symbol', text: character });
        index += 1;
      }
    }
  }
  end();
  return statements;
}

function lineEnd(sql: string, from: number): number {
  const newline = sql.indexOf('\n', from);
  return newline < 0 ? sql.length : newline + 1;
}

function quoteEnd(sql: string, from: number, quote: string): number {
  for (let index = from + 1; index < sql.length; index += 1) {
    const character = sql.charAt(index);
    if (character === '\\' && quote === "'") index += 1;
    else if (character === quote) {
      if (sql.charAt(index + 1) === quote) index += 1;
      else return index + 1;
    }
  }
  return sql.length + 1;
}

/** What the statements of an SQL text do to the data; reading alone gives no effects. */
export function analyzeSql(sql: string): Effect[] {
  const effects: Effect[] = [];
  let tokens = 0;
  for (const statement of tokenizeSql(sql)) {
    tokens += statement.length;
    analyzeStatement(statement, effects, 0);
  }
  if (tokens >= MAX_TOKENS) {
    effects.push(effect('limit', 'approve', 'sql.limit', 'is more SQL than is analysed', false));
  }
  return effects;
}

function effect(
  operation: string,
  verdict: Verdict,
  rule: string,
  message: string,
  irreversible: boolean,
  suggestion?: string,
): Effect {
  const result: Effect = {
    kind: 'database',
    operation,
    irreversible,
    rule_id: rule,
    verdict,
    message,
  };
  if (suggestion !== undefined) result.suggestion = suggestion;
  return result;
}

/** Objects whose loss is loss of data. */
const DATA_OBJECTS: ReadonlySet<string> = new Set([
  'DATABASE',
  'SCHEMA',
  'TABLE',
  'KEYSPACE',
  'TABLESPACE',
  'CATALOG',
]);

function analyzeStatement(tokens: readonly Token[], effects: Effect[], depth: number): void {
  if (depth > 8) {
    effects.push(
      effect('limit', 'approve', 'sql.limit', 'is nested deeper than is analysed', false),
    );
    return;
  }
  let start = 0;
  // psql's `\c db` and the like, EXPLAIN (which runs nothing unless ANALYZE is there).
  if (tokens[0]?.text === '(') start = 1;
  const word = (index: number): string => {
    const token = tokens[start + index];
    return token?.kind === 'word' ? token.text : '';
  };
  if (word(0) === 'EXPLAIN' || word(0) === 'DESCRIBE') {
    if (!tokens.some((token) => token.text === 'ANALYZE')) return;
    start += tokens.findIndex((token) => token.text === 'ANALYZE') + 1;
  }
  if (word(0) === 'BEGIN' && tokens.length > 2) {
    analyzeStatement(tokens.slice(start + 1), effects, depth + 1);
    return;
  }
  switch (word(0)) {
    case 'DROP': {
      const object = DATA_OBJECTS.has(word(1))
        ? word(1)
        : DATA_OBJECTS.has(word(2))
          ? word(2)
          : word(1);
      const temporary = word(1) === 'TEMPORARY' || word(1) === 'TEMP';
      if (temporary) return;
      if (DATA_OBJECTS.has(object)) {
        effects.push(
          effect(
            'drop',
            'deny',
            'sql.drop',
            `drops a ${object.toLowerCase()}`,
            true,
            'Rename it, or take a backup first.',
          ),
        );
      } else {
        effects.push(
          effect(
            'drop',
            'approve',
            'sql.drop-object',
            `drops a ${object.toLowerCase() || 'database object'}`,
            true,
          ),
        );
      }
      return;
    }
    case 'TRUNCATE':
      effects.push(
        effect(
          'truncate',
          'deny',
          'sql.truncate',
          'empties a table',
          true,
          'Delete the rows that are meant, with WHERE.',
        ),
      );
      return;
    case 'DELETE':
      judgeRows(tokens.slice(start), 'DELETE', effects);
      return;
    case 'UPDATE':
      judgeRows(tokens.slice(start), 'UPDATE', effects);
      return;
    case 'ALTER':
      if (
        tokens.some(
          (token, index) =>
            token.text === 'DROP' &&
            token.kind === 'word' &&
            ['COLUMN', 'PARTITION', ''].includes(columnWord(tokens[index + 1])),
        )
      ) {
        effects.push(
          effect(
            'alter_drop',
            'approve',
            'sql.alter-drop',
            'drops a column or a partition with its data',
            true,
          ),
        );
      } else if (word(1) === 'SYSTEM' || word(1) === 'USER' || word(1) === 'ROLE') {
        effects.push(
          effect(
            'alter',
            'approve',
            'sql.alter-access',
            'changes the server or who may use it',
            false,
          ),
        );
      }
      return;
    case 'GRANT':
    case 'REVOKE':
      effects.push(effect('access', 'approve', 'sql.access', 'changes who may do what', false));
      return;
    case 'CREATE':
      if (word(1) === 'USER' || word(1) === 'ROLE' || word(1) === 'LOGIN') {
        effects.push(effect('access', 'approve', 'sql.access', 'creates an account', false));
      }
      return;
    case 'COPY':
      if (tokens.some((token) => token.text === 'PROGRAM')) {
        effects.push(
          effect('exec', 'deny', 'sql.exec', "runs a program on the database's machine", false),
        );
      }
      return;
    case 'EXEC':
    case 'EXECUTE':
    case 'CALL':
    case 'DO':
      judgeDynamic(tokens.slice(start), effects, depth);
      return;
    case 'SHUTDOWN':
    case 'KILL':
      effects.push(
        effect('service', 'approve', 'sql.service', 'stops the server or a session', false),
      );
      return;
    case 'FLUSHALL':
    case 'FLUSHDB':
      effects.push(effect('drop', 'deny', 'redis.destructive', 'deletes a whole database', true));
      return;
    case 'REINDEX':
    case 'VACUUM':
      return;
    case 'WITH':
    case 'SELECT':
    case 'MERGE':
    case 'REPLACE':
      judgeInside(tokens, effects);
      return;
    default:
      if (tokens[0]?.text === '\\') judgeMeta(tokens, effects);
  }
}

function columnWord(token: Token | undefined): string {
  return token?.kind === 'word' &&
    [
      'COLUMN',
      'PARTITION',
      'CONSTRAINT',
      'INDEX',
      'DEFAULT',
      'NOT',
      'IDENTITY',
      'FOREIGN',
      'PRIMARY',
      'CHECK',
    ].includes(token.text)
    ? token.text
    : '';
}

/** psql: `\! command` leaves the database. */
function judgeMeta(tokens: readonly Token[], effects: Effect[]): void {
  if (tokens[1]?.text === '!') {
    effects.push(
      effect('exec', 'approve', 'sql.exec', 'runs a shell command from the client', false),
    );
  }
}

/** Data-changing statements inside a CTE, and SELECT that does more than read. */
function judgeInside(tokens: readonly Token[], effects: Effect[]): void {
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word') continue;
    const opens = tokens[index - 1]?.text === '(' || tokens[index - 1]?.text === ')';
    if (
      (token.text === 'DELETE' || token.text === 'UPDATE') &&
      opens &&
      tokens[0]?.text === 'WITH'
    ) {
      judgeRows(tokens.slice(index), token.text, effects);
    }
    if (
      token.text === 'XP_CMDSHELL' ||
      token.text === 'PG_READ_FILE' ||
      token.text === 'LOAD_FILE'
    ) {
      effects.push(effect('exec', 'deny', 'sql.exec', "reaches the database's machine", false));
    }
    if (
      (token.text === 'OUTFILE' || token.text === 'DUMPFILE') &&
      tokens[index - 1]?.text === 'INTO'
    ) {
      effects.push(
        effect('export', 'approve', 'sql.export', "writes a file on the database's machine", false),
      );
    }
    if (token.text === 'PG_TERMINATE_BACKEND') {
      effects.push(effect('service', 'approve', 'sql.service', 'ends sessions of others', false));
    }
  }
}

/** EXEC('drop ...'), DO $$ ... $$: the text inside is SQL again. */
function judgeDynamic(tokens: readonly Token[], effects: Effect[], depth: number): void {
  for (const token of tokens) {
    if (token.text === 'XP_CMDSHELL') {
      effects.push(
        effect('exec', 'deny', 'sql.exec', "runs a program on the database's machine", false),
      );
    }
    if (token.kind !== 'string') continue;
    for (const statement of tokenizeSql(token.text)) {
      for (const [index, inner] of statement.entries()) {
        if (
          ['DROP', 'TRUNCATE', 'DELETE', 'UPDATE'].includes(inner.text) &&
          inner.kind === 'word'
        ) {
          analyzeStatement(statement.slice(index), effects, depth + 1);
          break;
        }
      }
    }
  }
}

/** DELETE and UPDATE: the same as losing the table where nothing, or nothing real, limits them. */
function judgeRows(tokens: readonly Token[], verb: 'DELETE' | 'UPDATE', effects: Effect[]): void {
  let depth = 0;
  let where = -1;
  let stop = tokens.length;
  for (const [index, token] of tokens.entries()) {
    if (token.text === '(' && token.kind === 'symbol') depth += 1;
    else if (token.text === ')' && token.kind === 'symbol') {
      depth -= 1;
      if (depth < 0) {
        stop = index;
        break;
      }
    } else if (depth === 0 && token.kind === 'word' && token.text === 'WHERE') where = index;
    else if (depth === 0 && token.kind === 'word' && token.text === 'LIMIT')
      where = where < 0 ? -2 : where;
  }
  if (verb === 'UPDATE' && !tokens.some((token) => token.text === 'SET')) return;
  if (verb === 'DELETE' && !tokens.some((token) => token.text === 'FROM') && tokens.length < 2)
    return;
  const condition = where < 0 ? [] : tokens.slice(where + 1, stop);
  if (where === -2) return;
  if (where >= 0 && condition.length > 0 && !isAlwaysTrue(condition)) return;
  effects.push(
    verb === 'DELETE'
      ? effect(
          'delete_all',
          'deny',
          'sql.delete-all',
          'deletes every row of a table',
          true,
          'Name the rows with WHERE.',
        )
      : effect(
          'update_all',
          'approve',
          'sql.update-all',
          'changes every row of a table',
          true,
          'Name the rows with WHERE.',
        ),
  );
}

/** `1=1`, `TRUE`, `'a'='a'`, `x OR 1=1`. */
function isAlwaysTrue(condition: readonly Token[]): boolean {
  let part: Token[] = [];
  const parts: Token[][] = [part];
  let conjunction = false;
  for (const token of condition) {
    if (token.kind === 'word' && token.text === 'OR') {
      part = [];
      parts.push(part);
    } else {
      if (token.kind === 'word' && token.text === 'AND') conjunction = true;
      if (token.text !== '(' && token.text !== ')') part.push(token);
    }
  }
  if (conjunction) return false;
  return parts.some(([left, operator, right, more]) => {
    if (left === undefined) return false;
    if (operator === undefined)
      return left.text === 'TRUE' || (left.kind === 'number' && left.text !== '0');
    return (
      more === undefined &&
      operator.text === '=' &&
      right !== undefined &&
      left.kind === right.kind &&
      left.text === right.text
    );
  });
}
