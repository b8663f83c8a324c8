import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { UNKNOWN, display, isExact } from '../value.ts';
import type { Handler } from './run-call.ts';

/** Judges SQL that a client is about to send. */
export function runSql(shell: Shell, call: Call, text: string, dialect?: string): void {
  for (const effect of shell.queryEffects(display(text), dialect))
    shell.emit({ ...effect, span: shell.spanOf(call.span) });
}

/** Clients that take SQL by option, by operand or by their input. */
function client(
  values: string,
  sqlOptions: readonly string[],
  sqlOperand?: number,
  dialect?: string,
): Handler {
  const spec = optionSpec(values);
  return (shell, call) => {
    const options = new Options(call.args, spec);
    // Nothing lasts: a dry run, a database in memory.
    if (options.has('--dry_run', '--dry-run') || options.operands[0]?.text === ':memory:') {
      return { text: UNKNOWN, taint: 0 };
    }
    readOpened(shell, call, options, sqlOperand);
    let given = false;
    for (const [index, arg] of call.args.entries()) {
      const next = call.args[index + 1];
      if (sqlOptions.includes(arg.text) && next !== undefined) {
        runSql(shell, call, next.text, dialect);
        given = true;
      }
    }
    for (const name of sqlOptions) {
      const value = options.value(name);
      if (value === undefined) continue;
      if (!call.args.some((arg) => arg.text === name)) runSql(shell, call, value.text, dialect);
      given = true;
    }
    const statement: Value | undefined =
      sqlOperand === undefined ? undefined : options.operands[sqlOperand];
    if (statement !== undefined) {
      for (const { text } of options.operands.slice(sqlOperand)) {
        const outside = /^\s*\.(?:shell|system)\s+([\s\S]+)$/.exec(text)?.[1];
        if (outside === undefined) runSql(shell, call, text, dialect);
        else shell.evaluateText(outside, call.state, call.span);
      }
      given = true;
    }
    const input = call.stdin;
    if (!given && input !== undefined && input.text !== UNKNOWN)
      runSql(shell, call, input.text, dialect);
    return { text: UNKNOWN, taint: 0 } satisfies Stream;
  };
}

/** `sqlite3 logins.json .dump`: the file itself may be what is secret. */
function readOpened(
  shell: Shell,
  call: Call,
  options: Options,
  sqlOperand: number | undefined,
): void {
  const [file] = options.operands;
  if (sqlOperand === 1 && file !== undefined && file.text.includes('/')) {
    shell.readFile(file, call.state, true);
  }
}

/** Commands of Redis that lose data or let code in. */
const REDIS_DESTRUCTIVE: Readonly<Record<string, string>> = {
  FLUSHALL: 'deletes every database of the server',
  FLUSHDB: 'deletes the whole database',
  SHUTDOWN: 'stops the server',
  SWAPDB: 'swaps whole databases',
};

function redis(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, optionSpec('-h -p -s -a -u -r -i -n -d -x --user --pass'));
  const words = options.operands.map((operand) => operand.text.toUpperCase());
  const piped =
    call.stdin !== undefined && isExact(call.stdin.text)
      ? call.stdin.text.toUpperCase().split(/\s+/)
      : [];
  const script = words[0] === 'EVAL' ? (words[1]?.match(/FLUSH(?:ALL|DB)|SHUTDOWN/g) ?? []) : [];
  for (const word of [words[0] ?? '', ...piped, ...script]) {
    const message = Object.hasOwn(REDIS_DESTRUCTIVE, word) ? REDIS_DESTRUCTIVE[word] : undefined;
    if (message !== undefined) {
      shell.report(
        'database',
        word.toLowerCase(),
        'deny',
        'redis.destructive',
        message,
        call.span,
        { irreversible: true },
      );
    }
  }
  if (words[0] === 'CONFIG' && words[1] === 'SET') {
    shell.report(
      'database',
      'config_set',
      'approve',
      'redis.config',
      'changes the configuration of the server',
      call.span,
    );
  }
  const piping = call.args.some((arg) => arg.text.includes('xargs'));
  if (words[0] === 'DEL' && (piping || words.some((word) => word.includes(UNKNOWN)))) {
    shell.report(
      'database',
      'delete_keys',
      'approve',
      'redis.delete-keys',
      'deletes keys that are not named',
      call.span,
    );
  }
  return { text: UNKNOWN, taint: 0 };
}

/** Calls of the mongo shell, compared in lower case and without white space. */
const MONGO_DESTRUCTIVE: readonly (readonly [string, string])[] = [
  ['.dropdatabase(', 'drops a whole database'],
  ['.drop(', 'drops a collection'],
  ['.deletemany({})', 'deletes every document'],
  ['.remove({})', 'deletes every document'],
  ['.dropuser(', 'drops a user'],
  ['.dropindexes(', 'drops indexes'],
];

function mongo(shell: Shell, call: Call): Stream {
  const options = new Options(
    call.args,
    optionSpec('-u -p --eval --username --password --host --port'),
  );
  const code = `${options.value('--eval')?.text ?? ''}\n${call.stdin?.text ?? ''}`
    .replace(/\s+/g, '')
    .toLowerCase();
  for (const [needle, message] of MONGO_DESTRUCTIVE) {
    if (code.includes(needle)) {
      shell.report('database', 'drop', 'deny', 'mongo.destructive', message, call.span, {
        irreversible: true,
      });
      break;
    }
  }
  return { text: UNKNOWN, taint: 0 };
}

/** Cypher has no tokenizer here: what deletes or drops is asked about. */
function cypher(shell: Shell, call: Call): Stream {
  const options = new Options(
    call.args,
    optionSpec('-a -u -p -d -f -P --address --username --password --database --file --param'),
  );
  const query = `${options.operands.map(({ text }) => text).join(' ')}\n${call.stdin?.text ?? ''}`;
  if (/\b(?:detach\s+delete|delete|drop|remove)\b/i.test(query)) {
    shell.report(
      'database',
      'delete',
      'approve',
      'database.cypher-delete',
      'deletes from a graph database',
      call.span,
      { irreversible: true },
    );
  }
  return { text: UNKNOWN, taint: 0 };
}

const PSQL =
  '-c -d -f -h -p -U -v -o -L -F -P -R -T -w --command --dbname --file --host --port --username --set --variable';
const MYSQL =
  '-e -D -h -P -S --execute --database --host --port --socket --user --protocol --default-character-set';

export const DATABASES: Readonly<Record<string, Handler>> = {
  psql: client(PSQL, ['-c', '--command'], undefined, 'postgresql'),
  pgcli: client(PSQL, ['-c', '--command'], undefined, 'postgresql'),
  mysql: client(`${MYSQL} -u`, ['-e', '--execute'], undefined, 'mysql'),
  mariadb: client(`${MYSQL} -u`, ['-e', '--execute'], undefined, 'mysql'),
  mycli: client(`${MYSQL} -u`, ['-e', '--execute'], undefined, 'mysql'),
  sqlite3: client('-cmd -init -separator -newline -nullvalue', ['-cmd'], 1),
  sqlite: client('-cmd -init', ['-cmd'], 1),
  duckdb: client('-c -cmd -init', ['-c', '-cmd'], 1),
  'clickhouse-client': client('-q -h -u -d --query --host --user --database --password', [
    '-q',
    '--query',
  ]),
  cockroach: client(
    '-e --execute --url --host --user',
    ['-e', '--execute'],
    undefined,
    'postgresql',
  ),
  sqlcmd: client('-Q -q -S -U -P -d -i', ['-Q', '-q']),
  snowsql: client('-q -a -u -d -s -r --query', ['-q', '--query']),
  bq: client('--project_id --location --dataset_id', [], 1),
  cqlsh: client('-e -u -p -k --execute', ['-e', '--execute']),
  trino: client('--execute --server --catalog --schema', ['--execute']),
  'redis-cli': redis,
  'valkey-cli': redis,
  mongo,
  mongosh: mongo,
  'cypher-shell': cypher,
  sqlplus: client('-L -S -M', []),
};
