import { writeEffect } from '../../effects/file-effects.ts';
import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import { quote } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { Taint, UNKNOWN } from '../value.ts';
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
    } else if (name === 'gc.pruneexpire' && value === 'now') {
      shell.evaluateText('git gc --prune=now', state, span);
    } else if (RUNNING.includes(name) && value !== 'true' && value !== 'false') {
      shell.evaluateText(value, state, span);
    }
  }
  for (const { text } of call.args) {
    // git-remote-ext(1): the address is a command.
    if (text.startsWith('ext::')) shell.evaluateText(text.slice(5), state, span);
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
  } else if (subcommand === 'grep') {
    for (const word of words) {
      const pager = /^(?:-O|--open-files-in-pager=)(.+)$/.exec(word.text)?.[1];
      if (pager !== undefined) shell.evaluateText(pager, state, span);
    }
  } else if (subcommand === 'remote' && second === 'set-url') {
    state.remoteChanged = true;
  } else if (subcommand === 'push' && (state.remoteChanged || isAddress(pushTarget(words)))) {
    shell.report(
      'network',
      'push',
      'approve',
      'git.push-elsewhere',
      'pushes to an address that the repository did not name',
      span,
    );
  } else if (subcommand === 'bundle' && second === 'create') {
    return { text: UNKNOWN, taint: Taint.bulk };
  } else if (subcommand === 'add') {
    addFiles(shell, call, words, global.value('-C'));
  } else if (subcommand === 'checkout' || subcommand === 'restore' || subcommand === 'apply') {
    for (const word of words.slice(1)) {
      const target = shell.classify(word.text, state);
      if (target.targetClass === 'policy') {
        shell.emit(writeEffect(target, 'overwrite', shell.spanOf(span)));
      }
    }
  } else if (subcommand === 'show' || subcommand === 'cat-file') {
    for (const word of words.slice(1)) {
      const colon = word.text.indexOf(':');
      if (colon > 0) shell.readFile({ ...word, text: word.text.slice(colon + 1) }, state, true);
    }
  }
  return { text: UNKNOWN, taint: 0 };
}

function pushTarget(words: readonly Value[]): string {
  return (
    new Options(words, optionSpec('-o --push-option --repo --receive-pack')).operands[1]?.text ?? ''
  );
}

function isAddress(target: string): boolean {
  return /^(?:https?|ssh|git|ftps?):\/\/|^[\w.-]+@[\w.-]+:/.test(target);
}

/** A credential that is committed is a credential that is published. */
function addFiles(
  shell: Shell,
  call: Call,
  words: readonly Value[],
  directory: Value | undefined,
): void {
  const outer = call.state.cwd;
  if (directory !== undefined) call.state.cwd = shell.classify(directory.text, call.state).path;
  const dry = words.some(({ text }) => text === '-n' || text === '--dry-run');
  for (const word of words.slice(1)) {
    if (dry || word.text.startsWith('-')) continue;
    const { targetClass } = shell.classify(word.text, call.state);
    if (targetClass === 'secret' || targetClass === 'home') {
      shell.report(
        'credential_read',
        'commit',
        'approve',
        'credentials.commit',
        'commits a file that holds credentials',
        call.span,
        { target: word.text },
      );
    }
  }
  call.state.cwd = outer;
}

export const GIT: Readonly<Record<string, Handler>> = { git };
