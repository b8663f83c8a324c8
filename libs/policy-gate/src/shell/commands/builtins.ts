import { Options, NO_VALUES, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import { quote } from '../shell.ts';
import { isSecretVariable } from '../secret-variable.ts';
import type { Stream } from '../value.ts';
import { SILENT, Taint, UNKNOWN, UNKNOWN_STREAM, isExact } from '../value.ts';
import type { Handler } from './run-call.ts';
import { runText } from './run-call.ts';

function evaluate(shell: Shell, call: Call): Stream {
  const taint = call.args.reduce((sum, arg) => sum | arg.taint, 0);
  const text = call.args.map((arg) => arg.text).join(' ');
  return runText(shell, call, { text, taint });
}

function source(shell: Shell, call: Call): Stream {
  const [file, ...rest] = call.args;
  if (file === undefined) return SILENT;
  const stream =
    file.text === '/dev/stdin' || file.text === '-'
      ? (call.stdin ?? UNKNOWN_STREAM)
      : shell.readFile(file, call.state, false);
  const { positional } = call.state;
  if (rest.length > 0) call.state.positional = rest.map((arg) => arg.text);
  const output = runText(shell, call, stream);
  call.state.positional = positional;
  // What the file defines is not known: names of commands built from variables stay unresolved.
  if (stream.text === UNKNOWN) {
    for (const [name, variable] of call.state.variables) {
      call.state.variables.set(name, { ...variable, text: UNKNOWN });
    }
    return { text: UNKNOWN, taint: 0 };
  }
  return output;
}

function changeDirectory(shell: Shell, call: Call): Stream {
  const target = call.args.find((arg) => arg.text === '-' || !arg.text.startsWith('-'));
  const { state } = call;
  const text = target?.text ?? state.lookup('HOME')?.text ?? state.home;
  if (text === '-') state.cwd = UNKNOWN;
  else state.cwd = shell.classify(text, state).path;
  return SILENT;
}

const DECLARE = optionSpec('');
/** `export -p`, `declare -x`: prints every variable with its value. */
const PRINTED: Stream = Object.freeze({ text: UNKNOWN, taint: Taint.secret });

function declare(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, DECLARE);
  if (options.operands.length === 0 && (options.has('-p', '-x') || call.name === 'export')) {
    return PRINTED;
  }
  for (const operand of options.operands) {
    const equals = operand.text.indexOf('=');
    if (equals <= 0) continue;
    let name = operand.text.slice(0, equals);
    let text = operand.text.slice(equals + 1);
    if (name.endsWith('+')) {
      name = name.slice(0, -1);
      text = (call.state.lookup(name)?.text ?? '') + text;
    }
    if (options.has('-l')) text = text.toLowerCase();
    else if (options.has('-u')) text = text.toUpperCase();
    if (call.name === 'local') shell.hide(call.state, name);
    // A name reference reads as whatever the named variable holds.
    if (options.has('-n')) text = call.state.lookup(text)?.text ?? UNKNOWN;
    shell.assign(call.state, name, { text, taint: operand.taint });
  }
  return SILENT;
}

const READ = optionSpec('-u -p -d -n -N -t -i -a');

/** Standard input, or what `-u` names. */
function inputOf(call: Call, options: Options): Stream {
  const descriptor = options.value('-u')?.text;
  if (descriptor === undefined) return call.stdin ?? UNKNOWN_STREAM;
  return call.state.files.get(`/dev/fd/${descriptor}`) ?? UNKNOWN_STREAM;
}

function read(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, READ);
  const { state } = call;
  const stdin = inputOf(call, options);
  const newline = stdin.text.indexOf('\n');
  const line = newline < 0 ? stdin.text : stdin.text.slice(0, newline);
  const known = stdin.text !== UNKNOWN;
  if (state.stdin === call.stdin && known) {
    state.stdin = { text: newline < 0 ? '' : stdin.text.slice(newline + 1), taint: stdin.taint };
  }
  const array = options.value('-a');
  const words = known ? line.trim().split(/\s+/) : [UNKNOWN];
  if (array !== undefined) {
    shell.assign(state, array.text, { text: words[0] ?? '', taint: stdin.taint, elements: words });
    return SILENT;
  }
  const names = options.operands.map((operand) => operand.text);
  if (names.length === 0) names.push('REPLY');
  for (const [index, name] of names.entries()) {
    const last = index === names.length - 1;
    const text = known ? (last ? words.slice(index).join(' ') : (words[index] ?? '')) : UNKNOWN;
    shell.assign(state, name, { text, taint: stdin.taint });
  }
  return SILENT;
}

function readLines(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, optionSpec('-d -n -O -s -u -C -c'));
  const name = options.operands[0]?.text ?? 'MAPFILE';
  const stdin = inputOf(call, options);
  const elements = stdin.text.replace(/\n$/, '').split('\n');
  shell.assign(call.state, name, { text: elements[0] ?? '', taint: stdin.taint, elements });
  return SILENT;
}

function set(_shell: Shell, call: Call): Stream {
  if (call.args.length === 0) return { text: UNKNOWN, taint: Taint.secret };
  const marker = call.args.findIndex((arg) => arg.text === '--');
  if (marker >= 0) call.state.positional = call.args.slice(marker + 1).map((arg) => arg.text);
  else if (call.args[0] !== undefined && !/^[-+]/.test(call.args[0].text)) {
    call.state.positional = call.args.map((arg) => arg.text);
  }
  return SILENT;
}

function unset(shell: Shell, call: Call): Stream {
  for (const arg of call.args) {
    if (arg.text === '-f') return SILENT;
    if (arg.text === 'HISTFILE') shell.assign(call.state, arg.text, { text: '', taint: 0 });
    call.state.variables.delete(arg.text);
  }
  return SILENT;
}

function shift(_shell: Shell, call: Call): Stream {
  const count = Number(call.args[0]?.text ?? '1');
  const { positional } = call.state;
  if (positional !== undefined && Number.isInteger(count))
    call.state.positional = positional.slice(count);
  return SILENT;
}

function alias(_shell: Shell, call: Call): Stream {
  for (const arg of call.args) {
    const equals = arg.text.indexOf('=');
    if (equals > 0) call.state.aliases.set(arg.text.slice(0, equals), arg.text.slice(equals + 1));
  }
  return SILENT;
}

/** `trap 'rm -rf "$tmp"' EXIT`: it runs, only later. */
function trap(shell: Shell, call: Call): Stream {
  const [action] = call.args;
  if (action === undefined || action.text === '-' || action.text.startsWith('-')) return SILENT;
  return runText(shell, call, { text: action.text, taint: action.taint });
}

/** `echo 'rm -rf /' | at now`: it runs, only later. */
function later(shell: Shell, call: Call): Stream {
  if (call.stdin !== undefined) runText(shell, call, call.stdin);
  return SILENT;
}

/** The lines of a crontab, without their times. */
function crontab(shell: Shell, call: Call): Stream {
  const table = call.args.some((arg) => arg.text === '-') ? call.stdin : undefined;
  for (const line of table?.text.split('\n') ?? []) {
    const command = /^\s*(?:@\w+|(?:\S+\s+){4}\S+)\s+(.+)$/.exec(line)?.[1];
    if (command !== undefined && !line.trimStart().startsWith('#')) {
      shell.evaluateText(command, call.state, call.span);
    }
  }
  return SILENT;
}

/** `hash -p /bin/rm wipe` gives a program another name. */
function hash(_shell: Shell, call: Call): Stream {
  const [option, program, name] = call.args;
  if (option?.text === '-p' && program !== undefined && name !== undefined) {
    call.state.aliases.set(name.text, quote(program.text));
  }
  return SILENT;
}

function enable(shell: Shell, call: Call): Stream {
  if (new Options(call.args, NO_VALUES).has('-f')) {
    shell.report(
      'exec',
      'load',
      'approve',
      'shell.load-builtin',
      'loads foreign code into the shell',
      call.span,
    );
  }
  return SILENT;
}

function printWorkingDirectory(_shell: Shell, call: Call): Stream {
  return { text: `${call.state.cwd}\n`, taint: 0 };
}

/** `printenv`, `env` without a command: the whole environment, with the keys in it. */
function printEnvironment(shell: Shell, call: Call): Stream {
  const name = call.args.find((arg) => !arg.text.startsWith('-'))?.text;
  if (name !== undefined && isExact(name)) {
    const secret = isSecretVariable(name);
    if (secret) {
      shell.report(
        'credential_read',
        'environment',
        'approve',
        'credentials.read-variable',
        'prints a credential of the environment',
        call.span,
        { target: name },
      );
    }
    return { text: call.state.lookup(name)?.text ?? UNKNOWN, taint: secret ? Taint.secret : 0 };
  }
  return { text: UNKNOWN, taint: Taint.secret };
}

const silent: Handler = () => SILENT;

export const BUILTINS: Readonly<Record<string, Handler>> = {
  eval: evaluate,
  source,
  '.': source,
  cd: changeDirectory,
  pushd: changeDirectory,
  popd: silent,
  export: declare,
  declare,
  typeset: declare,
  local: declare,
  readonly: declare,
  read,
  mapfile: readLines,
  readarray: readLines,
  set,
  unset,
  shift,
  alias,
  trap,
  hash,
  at: later,
  batch: later,
  crontab,
  enable,
  pwd: printWorkingDirectory,
  printenv: printEnvironment,
  ':': silent,
  true: silent,
  false: silent,
  test: silent,
  '[': silent,
  exit: silent,
  return: silent,
  break: silent,
  continue: silent,
  wait: silent,
  shopt: silent,
  unalias: silent,
  type: () => UNKNOWN_STREAM,
  which: (_shell, call) => {
    const name = call.args.find((arg) => !arg.text.startsWith('-'))?.text;
    return name !== undefined && isExact(name)
      ? { text: `/usr/bin/${name}\n`, taint: 0 }
      : UNKNOWN_STREAM;
  },
};
