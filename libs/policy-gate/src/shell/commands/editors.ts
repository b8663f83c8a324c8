import { writeEffect } from '../../effects/file-effects.ts';
import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import type { Stream } from '../value.ts';
import { SILENT, UNKNOWN, UNKNOWN_STREAM } from '../value.ts';
import type { Handler } from './run-call.ts';

/** A command of an editor that leaves for the shell: `:!cmd`, `:r !cmd`, `:w !cmd`, `:%!cmd`. */
const BANG = /(?:^|[|\n])\s*:?(?:[%.$,0-9]*|silent\s+|r(?:ead)?\s+|w(?:rite)?\s+)?!\s*([^\n]+)/g;

function runBangs(shell: Shell, call: Call, text: string): void {
  for (const match of text.matchAll(BANG)) {
    shell.evaluateText(match[1] ?? '', call.state, call.span);
  }
}

const VI = optionSpec('-c -S -u -U -i -T -w -W -s -t -r --cmd --servername');
const ED = optionSpec('-p --prompt');

/** vi and its relatives run commands by option or from their input, and write what they open. */
function visual(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, call.name === 'ed' ? ED : VI);
  for (const [index, arg] of call.args.entries()) {
    if (arg.text === '-c' || arg.text === '--cmd') {
      runBangs(shell, call, call.args[index + 1]?.text ?? '');
    } else if (arg.text.startsWith('+')) runBangs(shell, call, arg.text.slice(1));
  }
  if (call.stdin !== undefined) runBangs(shell, call, call.stdin.text);
  const readOnly = call.name === 'view' || options.has('-R', '-M');
  if (readOnly) return UNKNOWN_STREAM;
  for (const file of options.operands) openForWriting(shell, call, file);
  return UNKNOWN_STREAM;
}

function openForWriting(shell: Shell, call: Call, file: Call['args'][number]): void {
  if (file.text.startsWith('+')) return;
  const target = shell.classify(file.text, call.state);
  const effect = writeEffect(
    target,
    'overwrite',
    shell.spanOf({ start: file.start, end: file.end }),
  );
  // A person sits in front of an editor: opening is not yet changing.
  if (effect.verdict !== 'allow') shell.emit({ ...effect, verdict: 'approve' });
}

function plainEditor(shell: Shell, call: Call): Stream {
  for (const file of new Options(call.args, optionSpec('-l -g --goto --line')).operands) {
    openForWriting(shell, call, file);
  }
  return UNKNOWN_STREAM;
}

/** `emacs --batch --eval '(shell-command "...")'` */
function emacs(shell: Shell, call: Call): Stream {
  for (const [index, arg] of call.args.entries()) {
    if (!/^-?-(?:eval|execute|f)$/.test(arg.text)) continue;
    const lisp = call.args[index + 1]?.text ?? '';
    for (const match of lisp.matchAll(
      /\((?:async-)?shell-command(?:-to-string)?\s+"((?:[^"\\]|\\.)*)"/g,
    )) {
      shell.evaluateText((match[1] ?? '').replaceAll('\\"', '"'), call.state, call.span);
    }
    if (/\((?:delete-directory|delete-file|call-process|start-process)/.test(lisp)) {
      shell.unresolved('runs Lisp that deletes or runs something', call.span);
    }
  }
  return plainEditor(shell, call);
}

/** `make -f -`: the recipes of a makefile that stands on the input or was written before. */
function make(shell: Shell, call: Call): Stream {
  const options = new Options(call.args, optionSpec('-f -C -j -l -o -W -I --file --directory'));
  for (const { text } of options.operands) {
    if (text.startsWith('SHELL=')) shell.evaluateText(text.slice(6), call.state, call.span);
  }
  const file = options.value('-f', '--file', '--makefile');
  const source =
    file === undefined
      ? undefined
      : file.text === '-'
        ? call.stdin
        : shell.readFile(file, call.state, false);
  if (source === undefined || source.text === UNKNOWN) return UNKNOWN_STREAM;
  for (const line of source.text.split('\n')) {
    const recipe =
      /^\t\s*[-@+]*(.+)$/.exec(line)?.[1] ?? /^[^#=]*?:[^=;]*;\s*(.+)$/.exec(line)?.[1];
    if (recipe !== undefined) {
      shell.evaluateText(recipe.replaceAll('$$', '$'), call.state.fork(), call.span);
    }
  }
  return UNKNOWN_STREAM;
}

/** `expect -c 'spawn rm ...'` */
function expect(shell: Shell, call: Call): Stream {
  const script = new Options(call.args, optionSpec('-c -f')).value('-c');
  const text = `${script?.text ?? ''}\n${call.stdin?.text ?? ''}`;
  for (const match of text.matchAll(
    /(?:^|[;\n])\s*(?:spawn|exec|system)\s+(?:-\w+\s+)*([^;\n]+)/g,
  )) {
    shell.evaluateText(match[1] ?? '', call.state, call.span);
  }
  return UNKNOWN_STREAM;
}

/** `gdb -ex 'shell rm ...'` */
function debuggerCommands(shell: Shell, call: Call): Stream {
  for (const [index, arg] of call.args.entries()) {
    if (!/^--?(?:ex|iex|eval-command|init-eval-command|o|one-line)$/.test(arg.text)) continue;
    const command = call.args[index + 1]?.text ?? '';
    const inner = /^\s*(?:shell|!|platform shell|make)\s*(.+)$/.exec(command)?.[1];
    const code = /^\s*(?:python|py|script)\s+(.+)$/.exec(command)?.[1];
    if (inner !== undefined) shell.evaluateText(inner, call.state, call.span);
    else if (code !== undefined || /\bcall\s+(?:\(\w+\)\s*)?system\b/.test(command)) {
      shell.unresolved('runs code inside a debugged program', call.span);
    }
  }
  return SILENT;
}

export const EDITORS: Readonly<Record<string, Handler>> = {
  vi: visual,
  vim: visual,
  nvim: visual,
  view: visual,
  ex: visual,
  ed: visual,
  nano: plainEditor,
  emacs,
  code: plainEditor,
  cursor: plainEditor,
  subl: plainEditor,
  micro: plainEditor,
  make,
  gmake: make,
  expect,
  gdb: debuggerCommands,
  lldb: debuggerCommands,
};
