import { judgeByKnowledge } from '../../knowledge/judge.ts';
import type { Call, Shell } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { Taint, UNKNOWN, hasGlob, isExact } from '../value.ts';
import { BUILTINS } from './builtins.ts';
import { DATABASES } from './databases.ts';
import { EDITORS } from './editors.ts';
import { FILES } from './files.ts';
import { GIT } from './git.ts';
import { INTERPRETERS } from './interpreters.ts';
import { NETWORK } from './network.ts';
import { POWERSHELL } from './powershell.ts';
import { SEARCH } from './search.ts';
import { TEXT } from './text.ts';
import { UPLOADS } from './uploads.ts';
import { WINDOWS } from './windows.ts';
import { WRAPPERS, unwrap } from './wrappers.ts';

export type Handler = (shell: Shell, call: Call) => Stream;

const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  ...Object.entries(BUILTINS),
  ...Object.entries(FILES),
  ...Object.entries(GIT),
  ...Object.entries(TEXT),
  ...Object.entries(NETWORK),
  ...Object.entries(INTERPRETERS),
  ...Object.entries(SEARCH),
  ...Object.entries(DATABASES),
  ...Object.entries(EDITORS),
  ...Object.entries(UPLOADS),
  ...Object.entries(POWERSHELL),
  ...Object.entries(WINDOWS),
]);

/** `/usr/bin/python3.12` is python, `rm.exe` is rm. */
export function commandName(text: string): string {
  let name = text.slice(text.lastIndexOf('/') + 1);
  if (name === '' || name === '.') return text;
  if (name.endsWith('.exe')) name = name.slice(0, -4);
  const version = /^(python|perl|ruby|php|node|nodejs|lua|pwsh|pip|clang|gcc)-?[0-9][0-9.]*$/.exec(
    name,
  );
  return version?.[1] ?? name;
}

/** Judges one expanded command and says what it prints. */
export function runCall(shell: Shell, call: Call, word: Value): Stream {
  const { state, span } = call;
  const slash = call.name.lastIndexOf('/');
  if (!isExact(call.name)) {
    const base = call.name.slice(slash + 1);
    if (slash < 0 || base === '' || !isExact(base)) {
      if (word.taint & Taint.network) {
        flowToExec(shell, call, Taint.network);
      } else if (hasGlob(call.name) || call.name.includes(UNKNOWN)) {
        shell.unresolved('runs a command whose name cannot be resolved', span);
      }
      return { text: UNKNOWN, taint: word.taint };
    }
  }
  if (slash >= 0) {
    // A file that this script wrote or downloaded, and now runs.
    const written = state.files.get(shell.classify(call.name, state).path);
    if (written !== undefined) return runText(shell, call, written);
  }
  let name = commandName(call.name);
  let { args } = call;
  if (
    args[0]?.text === 'compose' &&
    (name === 'docker' || name === 'podman' || name === 'nerdctl')
  ) {
    name = 'docker-compose';
    args = args.slice(1);
  }
  const normalized: Call = { ...call, name, args };
  judgeByKnowledge(shell, normalized);
  if (printsShellSetup(name, args)) return { text: UNKNOWN, taint: Taint.shellSetup };
  const wrapper = WRAPPERS.get(name);
  if (wrapper !== undefined) return unwrap(shell, normalized, wrapper);
  const handler = HANDLERS.get(name);
  if (handler !== undefined) return handler(shell, normalized);
  if (name.startsWith('mkfs.')) judgeByKnowledge(shell, { ...normalized, name: 'mkfs' });
  return { text: UNKNOWN, taint: call.stdin?.taint ?? 0 };
}

/** Tools whose output is meant to be evaluated, and the words that make them print it. */
const SHELL_SETUP: ReadonlySet<string> = new Set(
  'direnv starship zoxide pyenv rbenv nodenv goenv jenv fnm brew thefuck mise rtx asdf opam dircolors lesspipe conda mamba micromamba luarocks keychain docker-machine minikube atuin mcfly navi pipx register-python-argcomplete kubectl helm gh npm pip uv rustup'.split(
    ' ',
  ),
);
const SETUP_WORDS: ReadonlySet<string> = new Set(
  'hook init env shellenv completion completions activate alias path -b --alias docker-env shell.bash shell.zsh completion-script generate-shell-completion'.split(
    ' ',
  ),
);

function printsShellSetup(name: string, args: readonly Value[]): boolean {
  if (!SHELL_SETUP.has(name)) return false;
  return args.length === 0
    ? name === 'lesspipe' || name === 'dircolors'
    : args.slice(0, 2).some(({ text }) => SETUP_WORDS.has(text));
}

/** Something that came from elsewhere is run. */
export function flowToExec(shell: Shell, call: Call, taint: number): void {
  const network = (taint & Taint.network) !== 0;
  shell.report(
    'flow',
    network ? 'network_to_exec' : 'decode_to_exec',
    'deny',
    network ? 'flow.network-to-exec' : 'flow.decode-to-exec',
    network ? 'runs what it fetches from the network, unseen' : 'runs what it decodes, unseen',
    call.span,
    {
      irreversible: true,
      suggestion: 'Save it to a file, read it, and run it as a second action.',
    },
  );
}

/** Runs text as shell code: known text is evaluated, unknown text is judged by where it came from. */
export function runText(shell: Shell, call: Call, stream: Stream, state = call.state): Stream {
  const { text, taint } = stream;
  if ((taint & Taint.network) !== 0) {
    flowToExec(shell, call, taint);
    return { text: UNKNOWN, taint };
  }
  if (text.replaceAll(UNKNOWN, '').trim() === '' && text.includes(UNKNOWN)) {
    if ((taint & Taint.decoded) !== 0) flowToExec(shell, call, taint);
    else if ((taint & (Taint.shellSetup | Taint.file)) === 0) {
      shell.unresolved('runs text that cannot be resolved', call.span);
    } else shell.limits.add('unresolved');
    return { text: UNKNOWN, taint };
  }
  if ((taint & Taint.decoded) !== 0) {
    shell.report(
      'flow',
      'decode_to_exec',
      'approve',
      'flow.decode-to-exec',
      'runs text that was hidden by an encoding',
      call.span,
    );
  }
  return shell.evaluateText(text, state, call.span);
}
