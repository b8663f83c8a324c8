import { evaluateCode } from '../../code/evaluate-code.ts';
import type { CodeLanguage } from '../../code/evaluate-code.ts';
import { Options, optionSpec } from '../options.ts';
import type { Call, Shell } from '../shell.ts';
import type { Stream, Value } from '../value.ts';
import { SILENT, Taint, UNKNOWN, UNKNOWN_STREAM } from '../value.ts';
import type { Handler } from './run-call.ts';
import { flowToExec, runText } from './run-call.ts';
import { SHELL_NAMES } from './shell-names.ts';

const SHELL_OPTIONS = optionSpec('-c -o -O --rcfile --init-file +O +o');

function shellInterpreter(shell: Shell, call: Call): Stream {
  const { state } = call;
  const options = new Options(call.args, { short: 'oO', long: SHELL_OPTIONS.long }, true);
  const rest = call.args.slice(options.firstOperand);
  if (options.flags.has('-c') || options.flags.has('--command')) {
    const [code, ...positional] = rest;
    const child = state.fork();
    if (code === undefined) return SILENT;
    child.positional = positional.slice(1).map((arg) => arg.text);
    if (positional[0] !== undefined) shell.assign(child, '0', positional[0]);
    child.stdin = call.stdin;
    return runText(shell, call, { text: code.text, taint: code.taint }, child);
  }
  // `bash -n` parses only.
  const last = [...call.args].reverse().find((arg) => /^[-+]n$/.test(arg.text));
  if (last?.text === '-n') return SILENT;
  const [script, ...positional] = rest;
  if (script !== undefined && !options.flags.has('-s') && script.text !== '-') {
    const stream =
      script.text === '/dev/stdin'
        ? (call.stdin ?? UNKNOWN_STREAM)
        : shell.readFile(script, state, false);
    const child = state.fork();
    child.positional = positional.map((arg) => arg.text);
    return runText(shell, call, stream, child);
  }
  if (call.stdin === undefined) return { text: UNKNOWN, taint: 0 };
  const child = state.fork();
  child.stdin = undefined;
  const output = runText(shell, call, call.stdin, child);
  const driven = options.flags.has('-i') || call.stdin.text === UNKNOWN;
  return driven ? { text: UNKNOWN, taint: output.taint | Taint.shell } : output;
}

/** Options of Node whose program's value is printed. */
const PRINTING: ReadonlySet<string> = new Set(['-p', '--print', '-pe']);

interface Interpreter {
  language: CodeLanguage | undefined;
  /** Options whose value is code. */
  code: readonly string[];
  values: string;
}

const INTERPRETERS_BY_NAME: Readonly<Record<string, Interpreter>> = {
  python: { language: 'python', code: ['-c'], values: '-c -m -W -X' },
  pypy: { language: 'python', code: ['-c'], values: '-c -m -W -X' },
  py: { language: 'python', code: ['-c'], values: '-c -m' },
  ipython: { language: 'python', code: ['-c'], values: '-c -m' },
  node: {
    language: 'javascript',
    code: ['-e', '-p', '--eval', '--print', '-pe'],
    values: '-e -p -r -pe --eval --print --require --import --loader',
  },
  nodejs: {
    language: 'javascript',
    code: ['-e', '-p', '--eval', '--print'],
    values: '-e -p -r --eval --print --require',
  },
  bun: {
    language: 'javascript',
    code: ['-e', '--eval', '-p', '--print'],
    values: '-e -p -r --eval --print',
  },
  tsx: { language: 'javascript', code: ['-e', '--eval'], values: '-e --eval' },
  'ts-node': { language: 'javascript', code: ['-e', '--eval'], values: '-e -P --eval' },
  perl: { language: 'perl', code: ['-e', '-E'], values: '-e -E -I -M -m' },
  ruby: { language: 'ruby', code: ['-e'], values: '-e -I -r' },
  php: { language: 'php', code: ['-r'], values: '-r -d -c -B -E -R -S -t' },
  lua: { language: 'other', code: ['-e'], values: '-e -l' },
  Rscript: { language: 'other', code: ['-e'], values: '-e' },
  R: { language: 'other', code: ['-e'], values: '-e -f' },
  julia: {
    language: 'other',
    code: ['-e', '-E', '--eval', '--print'],
    values: '-e -E --eval --print -L',
  },
  pwsh: {
    language: 'other',
    code: ['-c', '-C', '-Command', '-command', '-Com'],
    values: '-c -C -Command -command -Com -File -EncodedCommand -ExecutionPolicy',
  },
  powershell: {
    language: 'other',
    code: ['-c', '-C', '-Command', '-command'],
    values: '-c -C -Command -command -File -EncodedCommand -ExecutionPolicy',
  },
  osascript: { language: 'other', code: ['-e'], values: '-e -l' },
  groovy: { language: 'other', code: ['-e'], values: '-e' },
  elixir: { language: 'other', code: ['-e', '--eval'], values: '-e --eval' },
};

/** `python -m http.server` over a home or the root: whoever asks gets the keys as well. */
function serve(shell: Shell, call: Call): void {
  const at = call.args.findIndex((arg) => arg.text === '--directory' || arg.text === '-d');
  const directory = at < 0 ? call.state.cwd : (call.args[at + 1]?.text ?? '');
  const { targetClass } = shell.classify(directory, call.state);
  if (['root', 'home', 'system', 'secret'].includes(targetClass)) {
    shell.report(
      'network',
      'serve',
      'approve',
      'exfiltration.serve',
      'serves a home or the whole machine over the network',
      call.span,
      { target: directory },
    );
  }
}

function interpreter(name: string, spec: Interpreter): Handler {
  const { language, code } = spec;
  const values = optionSpec(spec.values);
  return (shell, call) => {
    const options = new Options(call.args, values, true);
    if (options.flags.has('-EncodedCommand') || options.flags.has('-enc')) {
      flowToExec(shell, call, Taint.decoded);
      return UNKNOWN_STREAM;
    }
    const payload = options.value(...code);
    if (payload !== undefined && payload.text !== '-') {
      const prints = code.some(
        (option) => PRINTING.has(option) && options.value(option) === payload,
      );
      const text = prints ? `console.log((${payload.text}\n))` : payload.text;
      runCode(shell, call, { text, taint: payload.taint }, language);
      if (
        name === 'perl' &&
        [...options.flags].some((flag) => flag.startsWith('-i') || /^-p?i/.test(flag))
      ) {
        for (const file of call.args.slice(options.firstOperand))
          shell.writeFile(file.text, false, file, call.state);
      }
      return { text: UNKNOWN, taint: payload.taint };
    }
    if (options.flags.has('-m') && name === 'python') {
      const module = options.value('-m');
      if (module === undefined) return UNKNOWN_STREAM;
      if (module.text === 'http.server') serve(shell, call);
      // `python -m twine upload` is `twine upload`.
      const at = call.args.indexOf(module);
      return shell.call(module, call.args.slice(at + 1), call.stdin, call.span, call.state);
    }
    const script: Value | undefined = call.args[options.firstOperand];
    const fileOption = options.value('-File');
    const file = fileOption ?? script;
    if (file !== undefined && file.text !== '-') {
      const stream = shell.readFile(file, call.state, false);
      if (stream.text !== UNKNOWN || (stream.taint & ~Taint.file) !== 0)
        runCode(shell, call, stream, language);
      return { text: UNKNOWN, taint: 0 };
    }
    if (call.stdin !== undefined) runCode(shell, call, call.stdin, language);
    return { text: UNKNOWN, taint: call.stdin?.taint ?? 0 };
  };
}

function runCode(
  shell: Shell,
  call: Call,
  stream: Stream,
  language: CodeLanguage | undefined,
): void {
  if ((stream.taint & Taint.network) !== 0) {
    flowToExec(shell, call, stream.taint);
    return;
  }
  if (stream.text === UNKNOWN) {
    if ((stream.taint & Taint.decoded) !== 0) flowToExec(shell, call, stream.taint);
    else if ((stream.taint & Taint.file) === 0)
      shell.unresolved('runs code that cannot be resolved', call.span);
    return;
  }
  if (!shell.enter()) return;
  // The simple commands of PowerShell read like those of a shell.
  if (call.name === 'pwsh' || call.name === 'powershell') {
    shell.evaluateText(stream.text, call.state, call.span);
  }
  evaluateCode(stream.text, language ?? 'other', shell, call.state, {
    span: call.span,
    own: false,
  });
  shell.leave();
}

export const INTERPRETERS: Readonly<Record<string, Handler>> = Object.fromEntries([
  ...[...SHELL_NAMES].map((name) => [name, shellInterpreter] as const),
  ...Object.entries(INTERPRETERS_BY_NAME).map(
    ([name, spec]) => [name, interpreter(name, spec)] as const,
  ),
  [
    'deno',
    ((shell, call) => {
      const at = call.args.findIndex((arg) => arg.text === 'eval');
      const code =
        at < 0 ? undefined : call.args.slice(at + 1).find((arg) => !arg.text.startsWith('-'));
      if (code !== undefined)
        runCode(shell, call, { text: code.text, taint: code.taint }, 'javascript');
      return UNKNOWN_STREAM;
    }) satisfies Handler,
  ],
]);
