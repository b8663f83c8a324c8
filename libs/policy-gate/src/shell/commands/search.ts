import { commandName, runText } from './run-call.ts';
import type { Handler } from './run-call.ts';
import { deleteTarget } from './files.ts';
import { LIMITS } from '../limits.ts';
import { isShellName } from './shell-names.ts';
import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { SILENT, STAR, Taint, UNKNOWN, UNKNOWN_STREAM, isExact } from '../value.ts';

/** Tests of find that narrow what it returns to a part of the tree. */
const NARROWING: ReadonlySet<string> = new Set([
  '-name',
  '-iname',
  '-path',
  '-ipath',
  '-wholename',
  '-regex',
  '-iregex',
  '-mtime',
  '-mmin',
  '-atime',
  '-amin',
  '-ctime',
  '-cmin',
  '-newer',
  '-size',
  '-empty',
  '-user',
  '-uid',
  '-perm',
  '-inum',
  '-links',
  '-samefile',
  '-xtype',
  '-nouser',
  '-nogroup',
  '-lname',
]);
const EXECUTING: ReadonlySet<string> = new Set(['-exec', '-execdir', '-ok', '-okdir']);

/**
 * find: what it prints is a pattern of paths below its starting points, and `-delete` or `-exec`
 * act on that pattern.
 */
function find(shell: Shell, call: Call): Stream {
  const starts: Value[] = [];
  let index = 0;
  for (; index < call.args.length; index += 1) {
    const arg = call.args[index];
    if (arg === undefined) break;
    if (['-H', '-L', '-P', '-O1', '-O2', '-O3'].includes(arg.text)) continue;
    if (/^[-(!]/.test(arg.text) || arg.text === ',') break;
    starts.push(arg);
  }
  if (starts.length === 0)
    starts.push({ text: '.', taint: 0, start: call.span.start, end: call.span.end });
  const expression = call.args.slice(index);
  const found = findResults(starts, expression);
  for (let at = 0; at < expression.length; at += 1) {
    const arg = expression[at];
    if (arg === undefined) break;
    if (arg.text === '-delete') {
      // -delete removes what matches, and directories only when they are empty: a tree goes only
      // where nothing narrows what is found.
      for (const target of found)
        deleteTarget(shell, call, target, target.text.endsWith(`/${STAR}`));
    } else if (EXECUTING.has(arg.text)) {
      const end = expression.findIndex(
        (item, position) => position > at && (item.text === ';' || item.text === '+'),
      );
      const inner = expression.slice(at + 1, end < 0 ? undefined : end);
      runFor(shell, call, inner, found, '{}');
      at = end < 0 ? expression.length : end;
    } else if (arg.text === '-fprint' || arg.text === '-fls' || arg.text === '-fprintf') {
      const file = expression[at + 1];
      if (file !== undefined) shell.writeFile(file.text, false, file, call.state);
    }
  }
  return { text: found.map((value) => `${value.text}\n`).join(''), taint: 0 };
}

function findResults(starts: readonly Value[], expression: readonly Value[]): Value[] {
  let name: string | undefined;
  let narrowed = false;
  let inverted = false;
  let alternatives = false;
  for (const [index, arg] of expression.entries()) {
    const { text } = arg;
    if (EXECUTING.has(text)) break;
    if (text === '!' || text === '-not') inverted = true;
    else if (text === '-o' || text === '-or') alternatives = true;
    else if (NARROWING.has(text)) {
      if (!inverted) narrowed = true;
      if ((text === '-name' || text === '-iname') && !inverted)
        name ??= expression[index + 1]?.text;
      inverted = false;
    } else if (text === '-type' && expression[index + 1]?.text !== 'f') inverted = false;
  }
  const piece =
    name === undefined || alternatives
      ? undefined
      : name.replaceAll('*', STAR).replaceAll('?', '\u0002');
  return starts.map((start) => {
    const base = start.text.endsWith('/') ? start.text.slice(0, -1) : start.text;
    if (piece !== undefined && !/^[\u0001\u0002.]*$/.test(piece)) {
      return { ...start, text: `${base}/${STAR}/${piece}` };
    }
    return narrowed
      ? { ...start, text: `${base}/${STAR}/some${STAR}` }
      : { ...start, text: `${base}/${STAR}` };
  });
}

/** Runs a command once with `placeholder` standing for all that was found. */
function runFor(
  shell: Shell,
  call: Call,
  inner: readonly Value[],
  found: readonly Value[],
  placeholder: string,
): void {
  const [name] = inner;
  if (name === undefined || !shell.enter()) return;
  if (found.length > LIMITS.items) shell.limit('items', call.span);
  for (const target of found.slice(0, LIMITS.items)) {
    const words = inner.map((word) =>
      word.text.includes(placeholder)
        ? {
            ...word,
            text: word.text.split(placeholder).join(target.text),
            taint: word.taint | target.taint,
          }
        : word,
    );
    const [first, ...rest] = words;
    if (first !== undefined) shell.call(first, rest, call.stdin, call.span, call.state);
  }
  shell.leave();
}

const XARGS = optionSpec(
  '-I -L -n -P -s -d -E -a -J -R --replace --max-lines --max-args --max-procs --max-chars --delimiter --arg-file --eof',
);

function xargs(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, XARGS, true);
  const command = call.args.slice(options.firstOperand);
  const file = options.value('-a', '--arg-file');
  const input =
    file === undefined ? (call.stdin ?? UNKNOWN_STREAM) : shell.readFile(file, call.state, false);
  return runWithInput(
    shell,
    call,
    command,
    input,
    options.value('-I', '--replace', '-J')?.text ??
      (options.has('-i', '--replace') ? '{}' : undefined),
  );
}

function runWithInput(
  shell: Shell,
  call: Call,
  command: readonly Value[],
  input: Stream,
  placeholder: string | undefined,
): Stream {
  const [first] = command;
  if (first === undefined) return { text: UNKNOWN, taint: input.taint };
  const lines = input.text
    .split(placeholder === undefined ? /[\s]+/ : /\n+/)
    .filter((line) => line !== '');
  if (lines.length > LIMITS.items) shell.limit('items', call.span);
  const texts = lines.length > 0 ? lines.slice(0, LIMITS.items) : [UNKNOWN];
  const items = texts.map((text) => ({
    text,
    taint: input.taint,
    start: call.span.start,
    end: call.span.end,
  }));
  if (placeholder !== undefined) {
    runFor(shell, call, command, items, placeholder);
    return { text: UNKNOWN, taint: input.taint };
  }
  if (!shell.enter()) return UNKNOWN_STREAM;
  // A shell or an interpreter that gets its code from the input.
  const last = command.at(-1)?.text;
  const name = commandName(first.text);
  if (last !== undefined && last.startsWith('-') && last.endsWith('c') && isShellName(name)) {
    const output = runText(shell, call, { text: texts.join(' '), taint: input.taint });
    shell.leave();
    return output;
  }
  const output = shell.call(
    first,
    [...command.slice(1), ...items],
    undefined,
    call.span,
    call.state,
  );
  shell.leave();
  return { text: output.text, taint: output.taint | (input.taint & Taint.secret) };
}

const PARALLEL = optionSpec(
  '-j -a -I -N -n -L -S --jobs --arg-file --colsep --delay --joblog --results --timeout --retries',
);

function parallel(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, PARALLEL, true);
  const rest = call.args.slice(options.firstOperand);
  const marker = rest.findIndex((arg) => /^:::\+?$/.test(arg.text));
  const command = marker < 0 ? rest : rest.slice(0, marker);
  const given = marker < 0 ? undefined : rest.slice(marker + 1);
  const lines =
    given?.map((arg) => arg.text) ??
    (call.stdin ?? UNKNOWN_STREAM).text.split('\n').filter((line) => line !== '');
  const taint = given === undefined ? (call.stdin?.taint ?? 0) : 0;
  if (command.length === 0) {
    return runText(shell, call, { text: lines.join('\n') || UNKNOWN, taint });
  }
  if (lines.length > LIMITS.items) shell.limit('items', call.span);
  const template = command.map((arg) => arg.text).join(' ');
  if (!shell.enter()) return UNKNOWN_STREAM;
  for (const line of (lines.length === 0 ? [UNKNOWN] : lines).slice(0, LIMITS.items)) {
    const text = /\{[^ ]*\}/.test(template)
      ? template.replace(/\{[^ ]*\}/g, () => line)
      : `${template} ${line}`;
    runText(shell, call, { text, taint });
  }
  shell.leave();
  return UNKNOWN_STREAM;
}

/** `fd -x cmd`, `fd -X cmd`. */
function fd(shell: Shell, call: Call): Stream {
  const at = call.args.findIndex((arg) =>
    ['-x', '-X', '--exec', '--exec-batch'].includes(arg.text),
  );
  if (at >= 0) {
    const target: Value = {
      text: `./${STAR}/some${STAR}`,
      taint: 0,
      start: call.span.start,
      end: call.span.end,
    };
    const inner = call.args.slice(at + 1);
    const placed = inner.some((arg) => arg.text.includes('{}'))
      ? inner
      : [...inner, { ...target, text: '{}' }];
    runFor(shell, call, placed, [target], '{}');
  }
  return { text: `./${STAR}/some${STAR}\n`, taint: 0 };
}

function list(_shell: Shell, call: Call): Stream {
  const directory = call.args.find((arg) => !arg.text.startsWith('-'))?.text;
  if (directory !== undefined && !isExact(directory)) return { text: `${directory}\n`, taint: 0 };
  return { text: UNKNOWN, taint: 0 };
}

export const SEARCH: Readonly<Record<string, Handler>> = {
  find,
  gfind: find,
  fd,
  fdfind: fd,
  xargs,
  gxargs: xargs,
  parallel,
  ls: list,
  seq: () => ({ text: '1\n2\n', taint: 0 }),
  date: () => ({ text: '20000101\n', taint: 0 }),
  mktemp: () => ({ text: '/tmp/tmp.1\n', taint: 0 }),
  dirname: (_shell, call) => {
    const text = call.args.at(-1)?.text ?? UNKNOWN;
    const slash = text.lastIndexOf('/');
    return { text: slash < 0 ? '.' : text.slice(0, slash) || '/', taint: 0 };
  },
  basename: (_shell, call) => {
    const text = call.args.find((arg) => !arg.text.startsWith('-'))?.text ?? UNKNOWN;
    return { text: text.slice(text.lastIndexOf('/') + 1), taint: 0 };
  },
  realpath: (_shell, call) => ({ text: call.args.at(-1)?.text ?? UNKNOWN, taint: 0 }),
  readlink: (_shell, call) => ({ text: call.args.at(-1)?.text ?? UNKNOWN, taint: 0 }),
  nproc: () => ({ text: '4\n', taint: 0 }),
  whoami: () => ({ text: 'agent\n', taint: 0 }),
  uname: () => ({ text: 'Linux\n', taint: 0 }),
  sleep: () => SILENT,
};
