import type { Effect, Verdict } from '../effects/effect.ts';
import { isAlwaysTrue } from './always-true.ts';
import type { Token } from './tokenize-sql.ts';
import { MAX_TOKENS, readingsOf, tokenizeSql } from './tokenize-sql.ts';

/** What the statements of an SQL text do to the data; reading alone gives no effects. */
export function analyzeSql(sql: string, dialect?: string): Effect[] {
  const effects: Effect[] = [];
  for (const reading of readingsOf(sql, dialect)) {
    let tokens = 0;
    for (const statement of tokenizeSql(sql, reading)) {
      tokens += statement.length;
      analyzeStatement(statement, effects, 0);
    }
    if (tokens >= MAX_TOKENS) {
      add(effects, 'limit', 'approve', 'sql.limit', 'is more SQL than is analysed', false);
    }
  }
  return effects;
}

function add(
  effects: Effect[],
  operation: string,
  verdict: Verdict,
  rule: string,
  message: string,
  irreversible: boolean,
  suggestion?: string,
): void {
  // Two readings of one text mostly say the same.
  if (effects.some((known) => known.rule_id === rule && known.message === message)) return;
  const effect: Effect = {
    kind: 'database',
    operation,
    irreversible,
    rule_id: rule,
    verdict,
    message,
  };
  if (suggestion !== undefined) effect.suggestion = suggestion;
  effects.push(effect);
}

/** Objects whose loss is loss of data. */
const DATA_OBJECTS: ReadonlySet<string> = new Set([
  'DATABASE',
  'SCHEMA',
  'TABLE',
  'KEYSPACE',
  'TABLESPACE',
  'CATALOG',
  'OWNED',
  'PLUGGABLE',
  'DATASET',
  'COLUMNFAMILY',
]);
/** Verbs that change or destroy, wherever a procedural statement hides them. */
const VERBS: ReadonlySet<string> = new Set([
  'DROP',
  'TRUNCATE',
  'DELETE',
  'UPDATE',
  'ALTER',
  'GRANT',
  'EXEC',
  'EXECUTE',
  'MERGE',
]);

type Judge = (statement: Statement, effects: Effect[], depth: number) => void;

/** The tokens of one statement from its verb on. */
class Statement {
  readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  word(index: number): string {
    const token = this.tokens[index];
    return token?.kind === 'word' ? token.text : '';
  }

  has(...words: readonly string[]): boolean {
    return this.tokens.some(({ kind, text }) => kind === 'word' && words.includes(text));
  }

  find(word: string): number {
    return this.tokens.findIndex(({ kind, text }) => kind === 'word' && text === word);
  }

  from(index: number): Statement {
    return new Statement(this.tokens.slice(index));
  }
}

function analyzeStatement(tokens: readonly Token[], effects: Effect[], depth: number): void {
  if (depth > 8) {
    add(effects, 'limit', 'approve', 'sql.limit', 'is nested deeper than is analysed', false);
    return;
  }
  const first = tokens.findIndex(({ text }) => text !== '(' && text !== ')' && text !== '@');
  const statement = new Statement(tokens.slice(Math.max(0, first)));
  judgeFunctions(statement, effects, depth);
  const verb = statement.word(0);
  const judge = Object.hasOwn(STATEMENTS, verb) ? STATEMENTS[verb] : undefined;
  if (judge !== undefined) judge(statement, effects, depth);
  else if (statement.tokens[0]?.text === '\\') judgeMeta(statement, effects);
}

/** What follows inside a statement that only leads to others: `IF ... DROP`, `BEGIN ... END`. */
function inner(statement: Statement, effects: Effect[], depth: number): void {
  const at = statement.tokens.findIndex(
    ({ kind, text }, index) => index > 0 && kind === 'word' && VERBS.has(text),
  );
  if (at > 0) analyzeStatement(statement.tokens.slice(at), effects, depth + 1);
}

function drop(statement: Statement, effects: Effect[]): void {
  const { tokens } = statement;
  const object = DATA_OBJECTS.has(statement.word(1))
    ? statement.word(1)
    : DATA_OBJECTS.has(statement.word(2))
      ? statement.word(2)
      : statement.word(1);
  const temporary =
    ['TEMPORARY', 'TEMP'].includes(statement.word(1)) ||
    tokens.some(({ text }) => text === 'PG_TEMP' || text === '#');
  if (temporary || tokens.length < 3) return;
  if (DATA_OBJECTS.has(object)) {
    const what = object === 'OWNED' ? 'everything somebody owns' : `a ${object.toLowerCase()}`;
    const advice = 'Rename it, or take a backup first.';
    add(effects, 'drop', 'deny', 'sql.drop', `drops ${what}`, true, advice);
  } else {
    const what = object.toLowerCase() || 'database object';
    add(effects, 'drop', 'approve', 'sql.drop-object', `drops a ${what}`, true);
  }
}

/** Parts of a table that go without its data. */
const HARMLESS_PARTS: ReadonlySet<string> = new Set([
  'CONSTRAINT',
  'INDEX',
  'DEFAULT',
  'NOT',
  'IDENTITY',
  'FOREIGN',
  'PRIMARY',
  'CHECK',
  'KEY',
  'EXPRESSION',
]);

function alter(statement: Statement, effects: Effect[]): void {
  const { tokens } = statement;
  const object = statement.word(1);
  const drops = tokens.some(
    ({ kind, text }, index) =>
      kind === 'word' && text === 'DROP' && !HARMLESS_PARTS.has(statement.word(index + 1)),
  );
  if (object === 'ROLE' || object === 'USER' || object === 'LOGIN' || object === 'GROUP') {
    const grave = statement.has('SUPERUSER', 'CREATEROLE', 'SYSADMIN', 'BYPASSRLS');
    const verdict = grave ? 'deny' : 'approve';
    const rule = grave ? 'sql.administrator' : 'sql.alter-access';
    const message = grave ? 'makes somebody the administrator' : 'changes who may use the server';
    add(effects, 'alter', verdict, rule, message, false);
  } else if (object === 'SYSTEM' || object === 'SERVER' || object === 'DATABASE') {
    add(effects, 'alter', 'approve', 'sql.service', 'changes how the server runs', false);
  } else if (statement.has('DISABLE') && statement.has('TRIGGER', 'ROW', 'CONSTRAINT', 'RULE')) {
    add(
      effects,
      'alter',
      'approve',
      'sql.alter-access',
      'takes a protection of the data away',
      false,
    );
  } else if (object === 'TABLE' && statement.word(3) === 'DELETE') {
    judgeRows(statement.from(3).tokens, 'DELETE', effects);
  } else if (drops) {
    const message = 'drops a column or a partition with its data';
    add(effects, 'alter_drop', 'approve', 'sql.alter-drop', message, true);
  } else if (statement.has('RENAME', 'OWNER')) {
    const message = 'renames an object that programs use, or gives it away';
    add(effects, 'rename', 'approve', 'sql.alter-rename', message, false);
  }
}

function create(statement: Statement, effects: Effect[]): void {
  const object = statement.word(1);
  if (['USER', 'ROLE', 'LOGIN', 'GROUP'].includes(object)) {
    if (statement.has('SUPERUSER')) {
      add(effects, 'alter', 'deny', 'sql.administrator', 'makes somebody the administrator', false);
    } else add(effects, 'access', 'approve', 'sql.access', 'creates an account', false);
  } else if (object === 'OR' && statement.word(2) === 'REPLACE' && statement.word(3) === 'TABLE') {
    add(effects, 'replace', 'approve', 'sql.replace-table', 'replaces a table with its data', true);
  } else if (object === 'EXTENSION' || object === 'ASSEMBLY' || statement.has('SONAME')) {
    add(effects, 'exec', 'approve', 'sql.extension', 'loads code into the server', false);
  } else if (object === 'EVENT' || object === 'SUBSCRIPTION' || object === 'PUBLICATION') {
    add(effects, 'service', 'approve', 'sql.service', 'schedules or copies data by itself', false);
  } else if (
    /^(?:LANGUAGE)$/.test(object) ||
    (statement.has('LANGUAGE') && statement.has('C', 'PLPYTHONU', 'PLPYTHON3U', 'PLPERLU'))
  ) {
    add(effects, 'exec', 'approve', 'sql.extension', 'loads code into the server', false);
  }
}

function copy(statement: Statement, effects: Effect[]): void {
  if (statement.has('PROGRAM')) {
    add(effects, 'exec', 'deny', 'sql.exec', "runs a program on the database's machine", false);
  } else if (statement.tokens.at(-1)?.kind === 'string' && statement.has('TO')) {
    add(
      effects,
      'export',
      'approve',
      'sql.export',
      "writes a file on the database's machine",
      false,
    );
  }
}

function grant(statement: Statement, effects: Effect[]): void {
  add(effects, 'access', 'approve', 'sql.access', 'changes who may do what', false);
  if (statement.word(0) === 'GRANT' && statement.has('SYSADMIN', 'SUPER', 'DBA', 'RDS_SUPERUSER')) {
    add(effects, 'alter', 'deny', 'sql.administrator', 'makes somebody the administrator', false);
  }
}

function service(message: string, verdict: Verdict = 'approve', irreversible = false): Judge {
  return (_statement, effects) => {
    add(effects, 'service', verdict, 'sql.service', message, irreversible);
  };
}

function logs(statement: Statement, effects: Effect[]): void {
  if (!statement.has('LOGS', 'LOG', 'MASTER', 'BINARY', 'SLAVE', 'REPLICA')) return;
  const message = 'deletes the logs that a server is restored or followed from';
  add(effects, 'logs', 'deny', 'sql.logs', message, true);
}

function merge(statement: Statement, effects: Effect[]): void {
  const deletes = statement.tokens.some(
    ({ text }, index) => text === 'DELETE' && statement.word(index - 1) === 'THEN',
  );
  if (!deletes) return;
  const on = statement.find('ON');
  const when = statement.find('WHEN');
  const all = on > 0 && isAlwaysTrue(statement.tokens.slice(on + 1, when < 0 ? undefined : when));
  const message = all ? 'deletes every row of a table' : 'deletes the rows that match a source';
  add(
    effects,
    'delete',
    all ? 'deny' : 'approve',
    all ? 'sql.delete-all' : 'sql.merge-delete',
    message,
    true,
  );
}

function set(statement: Statement, effects: Effect[]): void {
  if (statement.has('GLOBAL', 'PERSIST', 'PASSWORD')) {
    add(effects, 'service', 'approve', 'sql.service', 'changes how the server runs', false);
  }
}

function prepare(statement: Statement, effects: Effect[], depth: number): void {
  judgeStrings(statement, effects, depth);
  const as = statement.find('AS');
  if (as > 0) analyzeStatement(statement.tokens.slice(as + 1), effects, depth + 1);
}

function explain(statement: Statement, effects: Effect[], depth: number): void {
  if (!statement.has('ANALYZE', 'ANALYSE')) return;
  inner(statement, effects, depth);
}

function begin(statement: Statement, effects: Effect[], depth: number): void {
  if (statement.tokens.length > 1) analyzeStatement(statement.tokens.slice(1), effects, depth + 1);
}

const STATEMENTS: Readonly<Record<string, Judge>> = {
  DROP: drop,
  TRUNCATE(_statement, effects) {
    const advice = 'Delete the rows that are meant, with WHERE.';
    add(effects, 'truncate', 'deny', 'sql.truncate', 'empties a table', true, advice);
  },
  DELETE(statement, effects) {
    judgeRows(statement.tokens, 'DELETE', effects);
  },
  UPDATE(statement, effects) {
    judgeRows(statement.tokens, 'UPDATE', effects);
  },
  ALTER: alter,
  CREATE: create,
  COPY: copy,
  GRANT: grant,
  REVOKE: grant,
  DENY: grant,
  MERGE: merge,
  SET: set,
  PREPARE: prepare,
  EXPLAIN: explain,
  EXEC: judgeStrings,
  EXECUTE: judgeStrings,
  CALL: judgeStrings,
  DO: judgeStrings,
  BEGIN: begin,
  IF: inner,
  ELSE: inner,
  WHILE: inner,
  LOOP: inner,
  DECLARE: inner,
  USE: inner,
  WITH: withClause,
  SHUTDOWN: service('stops the server or a session'),
  KILL: service('stops the server or a session'),
  DETACH: service('takes a table or a database away from the server'),
  FLUSH: service('makes the server forget or lock what it holds'),
  CHANGE: service('changes where the server copies from'),
  RESTORE: service('overwrites a database with a backup', 'approve', true),
  PURGE: logs,
  RESET: logs,
  FLUSHALL(_statement, effects) {
    add(effects, 'drop', 'deny', 'redis.destructive', 'deletes a whole database', true);
  },
  FLUSHDB(_statement, effects) {
    add(effects, 'drop', 'deny', 'redis.destructive', 'deletes a whole database', true);
  },
  VACUUM(statement, effects) {
    if (statement.has('FULL'))
      service('locks tables while it rewrites them')(statement, effects, 0);
  },
  LOAD(statement, effects) {
    if (statement.has('INFILE', 'EXTENSION')) {
      add(
        effects,
        'export',
        'approve',
        'sql.export',
        "reads a file of the database's machine",
        false,
      );
    }
  },
  INSERT(statement, effects) {
    if (statement.word(1) === 'OVERWRITE') {
      add(
        effects,
        'replace',
        'approve',
        'sql.replace-table',
        'replaces a table with its data',
        true,
      );
    }
  },
  PRAGMA(statement, effects) {
    if (statement.has('WRITABLE_SCHEMA'))
      service('opens the schema itself to writes')(statement, effects, 0);
  },
};

/** psql: `\! command` leaves the database, `\copy ... to program` does as well. */
function judgeMeta(statement: Statement, effects: Effect[]): void {
  if (statement.tokens[1]?.text === '!') {
    add(effects, 'exec', 'approve', 'sql.exec', 'runs a shell command from the client', false);
  } else if (statement.word(1) === 'COPY' && statement.has('PROGRAM')) {
    add(effects, 'exec', 'deny', 'sql.exec', 'runs a program from the client', false);
  }
}

/** Data-changing statements inside a CTE. */
function withClause(statement: Statement, effects: Effect[]): void {
  for (const [index, { kind, text }] of statement.tokens.entries()) {
    const before = statement.tokens[index - 1]?.text;
    if (kind !== 'word' || (before !== '(' && before !== ')')) continue;
    if (text === 'DELETE' || text === 'UPDATE') {
      judgeRows(statement.tokens.slice(index), text, effects);
    } else if (text === 'MERGE') merge(statement.from(index), effects);
  }
}

/** Functions and procedures that reach out of the database. */
const REACHING: Readonly<Record<string, readonly [Verdict, string, string]>> = {
  XP_CMDSHELL: ['deny', 'sql.exec', "runs a program on the database's machine"],
  SP_OACREATE: ['deny', 'sql.exec', "runs a program on the database's machine"],
  SYS_EXEC: ['deny', 'sql.exec', "runs a program on the database's machine"],
  SYS_EVAL: ['deny', 'sql.exec', "runs a program on the database's machine"],
  PG_READ_FILE: ['deny', 'sql.exec', "reads files of the database's machine"],
  PG_READ_BINARY_FILE: ['deny', 'sql.exec', "reads files of the database's machine"],
  PG_LS_DIR: ['approve', 'sql.export', "reads files of the database's machine"],
  LOAD_FILE: ['deny', 'sql.exec', "reads files of the database's machine"],
  LO_EXPORT: ['deny', 'sql.exec', "writes files of the database's machine"],
  LO_IMPORT: ['deny', 'sql.exec', "reads files of the database's machine"],
  XP_REGWRITE: ['deny', 'sql.exec', "changes the registry of the database's machine"],
  UTL_HTTP: ['approve', 'sql.export', 'talks to other machines from the database'],
  UTL_FILE: ['approve', 'sql.export', "reads or writes files of the database's machine"],
  DBLINK_EXEC: ['approve', 'sql.export', 'runs statements on another database'],
  OPENROWSET: ['approve', 'sql.export', 'reads from elsewhere through the database'],
  PG_TERMINATE_BACKEND: ['approve', 'sql.service', 'ends sessions of others'],
  PG_RELOAD_CONF: ['approve', 'sql.service', 'changes how the server runs'],
  SP_CONFIGURE: ['approve', 'sql.service', 'changes how the server runs'],
  SP_DROPLOGIN: ['approve', 'sql.access', 'removes an account'],
  SP_ADDSRVROLEMEMBER: ['deny', 'sql.administrator', 'makes somebody the administrator'],
};

function judgeFunctions(statement: Statement, effects: Effect[], depth: number): void {
  const { tokens } = statement;
  for (const [index, { kind, text }] of tokens.entries()) {
    if (kind !== 'word') continue;
    if (Object.hasOwn(REACHING, text)) {
      const [verdict, rule, message] = REACHING[text] ?? ['approve', 'sql.exec', ''];
      add(effects, 'exec', verdict, rule, message, false);
    } else if (
      (text === 'OUTFILE' || text === 'DUMPFILE') &&
      statement.word(index - 1) === 'INTO'
    ) {
      const program = tokens.some(
        (token) => token.kind === 'string' && /<\?php|\.(?:php|jsp|aspx?|sh|so)$/i.test(token.text),
      );
      const message = program
        ? "writes a program on the database's machine"
        : "writes a file on the database's machine";
      add(
        effects,
        'export',
        program ? 'deny' : 'approve',
        program ? 'sql.exec' : 'sql.export',
        message,
        false,
      );
    } else if (text === 'SP_EXECUTESQL' || text === 'DBLINK_EXEC') {
      judgeStrings(statement, effects, depth);
    }
  }
}

/** EXEC('drop ...'), DO $$ ... $$, EXECUTE 'drop ...': the text inside is SQL again. */
function judgeStrings(statement: Statement, effects: Effect[], depth: number): void {
  for (const { kind, text } of statement.tokens) {
    if (kind !== 'string') continue;
    for (const body of tokenizeSql(text)) {
      const hidden = new Statement(body);
      if (hidden.has('EXECUTE', 'EXEC')) {
        const at = Math.max(hidden.find('EXECUTE'), hidden.find('EXEC'));
        judgeStringsDeeper(hidden.from(at), effects, depth);
      }
      const at = body.findIndex((token) => token.kind === 'word' && VERBS.has(token.text));
      if (at >= 0) analyzeStatement(body.slice(at), effects, depth + 1);
    }
  }
}

function judgeStringsDeeper(statement: Statement, effects: Effect[], depth: number): void {
  if (depth < 8) judgeStrings(statement, effects, depth + 1);
}

/** DELETE and UPDATE: the same as losing the table where nothing, or nothing real, limits them. */
function judgeRows(tokens: readonly Token[], verb: 'DELETE' | 'UPDATE', effects: Effect[]): void {
  let depth = 0;
  let where = -1;
  let limited = false;
  let stop = tokens.length;
  for (const [index, { kind, text }] of tokens.entries()) {
    if (text === '(' && kind === 'symbol') depth += 1;
    else if (text === ')' && kind === 'symbol') {
      depth -= 1;
      if (depth < 0) {
        stop = index;
        break;
      }
    } else if (depth === 0 && kind === 'word') {
      if (text === 'WHERE' && where < 0) where = index;
      else if (text === 'RETURNING' || text === 'ORDER') stop = Math.min(stop, index);
      else if (text === 'LIMIT' || text === 'TOP') limited = true;
      else if (text === 'JOIN' && verb === 'UPDATE') limited = true;
    }
  }
  if (verb === 'UPDATE' && !tokens.some(({ text }) => text === 'SET')) return;
  if (verb === 'DELETE' && tokens.length < 2) return;
  const condition = where < 0 ? [] : tokens.slice(where + 1, Math.max(stop, where + 1));
  const all = condition.length === 0 ? !limited : isAlwaysTrue(condition);
  if (!all) return;
  const advice = 'Name the rows with WHERE.';
  if (verb === 'DELETE') {
    add(
      effects,
      'delete_all',
      'deny',
      'sql.delete-all',
      'deletes every row of a table',
      true,
      advice,
    );
  } else {
    add(
      effects,
      'update_all',
      'deny',
      'sql.update-all',
      'changes every row of a table',
      true,
      advice,
    );
  }
}
