import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import { quote } from '../shell.ts';
import type { Stream } from '../value.ts';
import { UNKNOWN } from '../value.ts';
import type { Handler } from './run-call.ts';

const GLOBAL = optionSpec('-C -c --git-dir --work-tree --namespace --config-env --exec-path');
/** Settings whose value git runs. */
const RUNNING = [
  'core.sshcommand',
  'core.pager',
  'core.editor',
  'core.fsmonitor',
  'diff.external',
  'sequence.editor',
  'gpg.program',
];

/** What git runs for others: aliases, `bisect run`, `submodule foreach`, `rebase --exec`. */
function git(shell: Shell, call: Call): Stream {
  const { state, span } = call;
  for (const [index, arg] of call.args.entries()) {
    if (arg.text !== '-c') continue;
    const setting = call.args[index + 1]?.text ?? '';
    const equals = setting.indexOf('=');
    const name = setting.slice(0, equals).toLowerCase();
    const value = setting.slice(equals + 1);
    if (name.startsWith('alias.')) {
      shell.evaluateText(value.startsWith('!') ? value.slice(1) : `git ${value}`, state, span);
    } else if (name === 'clean.requireforce' && value !== 'true') {
      // What --force would be asked for on the command line.
      if (call.args.some((word) => word.text === 'clean'))
        shell.evaluateText('git clean --force', state, span);
    } else if (RUNNING.includes(name) && value !== 'true' && value !== 'false') {
      shell.evaluateText(value, state, span);
    }
  }
  const global = new Options(call.args, GLOBAL, true);
  const words = call.args.slice(global.firstOperand);
  const [subcommand, second, ...rest] = words.map((word) => word.text);
  if (subcommand === 'submodule' && second === 'foreach') {
    shell.evaluateText(rest.filter((word) => !word.startsWith('--')).join(' '), state, span);
  } else if (subcommand === 'bisect' && second === 'run') {
    shell.evaluateText(rest.map(quote).join(' '), state, span);
  } else if (subcommand === 'rebase') {
    const exec = new Options(words, optionSpec('-x --exec --onto -s -X')).value('-x', '--exec');
    if (exec !== undefined) shell.evaluateText(exec.text, state, span);
  } else if (subcommand === 'show' || subcommand === 'cat-file') {
    for (const word of words.slice(1)) {
      const colon = word.text.indexOf(':');
      if (colon > 0) shell.readFile({ ...word, text: word.text.slice(colon + 1) }, state, true);
    }
  }
  return { text: UNKNOWN, taint: 0 };
}

export const GIT: Readonly<Record<string, Handler>> = { git };
