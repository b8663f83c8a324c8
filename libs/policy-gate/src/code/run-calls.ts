import { Taint, UNKNOWN } from '../shell/value.ts';
import type { Site } from './call-site.ts';
import { fromStream, main, option, word } from './call-site.ts';
import type { CodeValue } from './code-value.ts';
import { NOTHING, exactText, taintOf, text, textOf, unknown } from './code-value.ts';

/** Runs `run` in the directory that `cwd` names. */
function inDirectory<T>(site: Site, run: () => T): T {
  const { state, shell } = site.machine;
  const given = option(site, 'cwd');
  if (given?.is !== 'text') return run();
  const outer = state.cwd;
  state.cwd = shell.classify(given.text, state).path;
  const result = run();
  state.cwd = outer;
  return result;
}

const BARE: ReadonlySet<string> = new Set(['exec', 'spawn', 'execFile', 'unlink', 'rm']);

export function runShell(site: Site, command: CodeValue | undefined): CodeValue {
  const { shell, state } = site.machine;
  const line = textOf(command);
  const taint = taintOf(command) & ~Taint.secretVariable;
  if (line === UNKNOWN) {
    // Without an import an `exec` may be anybody's.
    if (BARE.has(site.path)) return unknown(taint);
    if ((taint & Taint.network) !== 0) flowToExec(site);
    else {
      shell.report(
        'exec',
        'subprocess',
        'approve',
        'code.exec-unresolved',
        'runs a command that cannot be resolved',
        site.span,
      );
    }
    return unknown(taint);
  }
  noteShell(site, line.trim().split(/\s+/, 1)[0] ?? '');
  if ((taint & Taint.decoded) !== 0) decodedRuns(site);
  return inDirectory(site, () => fromStream(shell.evaluateText(line, state, site.span)));
}

export function runWords(site: Site, words: readonly CodeValue[]): CodeValue {
  const { shell, state } = site.machine;
  const [program, ...rest] = words;
  if (program === undefined) return NOTHING;
  const first = word(program, site.span);
  if (first.text === UNKNOWN) return runShell(site, program);
  noteShell(site, first.text);
  if (!shell.enter()) return NOTHING;
  const args = rest.flatMap((value) =>
    value.is === 'list'
      ? value.items.map((item) => word(item, site.span))
      : [word(value, site.span)],
  );
  const stream = inDirectory(site, () => shell.call(first, args, undefined, site.span, state));
  shell.leave();
  return fromStream(stream);
}

/** A shell that is started: with a socket beside it, somebody else types. */
function noteShell({ machine }: Site, program: string): void {
  const base = program.slice(program.lastIndexOf('/') + 1);
  if (/^(?:ba|z|da|k|a)?sh$|^cmd(?:\.exe)?$|^powershell(?:\.exe)?$/.test(base)) {
    machine.traits.add('shell');
  }
}

export function flowToExec({ machine, span }: Site): void {
  machine.shell.report(
    'flow',
    'network_to_exec',
    'deny',
    'flow.network-to-exec',
    'runs what it fetches from the network, unseen',
    span,
    {
      irreversible: true,
      suggestion: 'Save it to a file, read it, and run it as a second action.',
    },
  );
}

export function decodedRuns({ machine, span }: Site): void {
  machine.shell.report(
    'flow',
    'decode_to_exec',
    'approve',
    'flow.decode-to-exec',
    'runs text that was hidden by an encoding',
    span,
  );
}

export function runCode(site: Site): CodeValue | undefined {
  const { machine, args } = site;
  const source = main(site);
  // `setTimeout(fn)`: a function is no text.
  if (source === undefined || source.is === 'function' || source.is === 'method') return undefined;
  const timer = site.path === 'setTimeout' || site.path === 'setInterval';
  const texts = site.path === 'Function' ? args.positional.slice(-1) : [source];
  for (const value of texts) {
    const taint = taintOf(value);
    const known = exactText(value);
    if ((taint & Taint.network) !== 0) flowToExec(site);
    else if (known !== undefined) {
      if ((taint & Taint.decoded) !== 0) decodedRuns(site);
      machine.evaluateText(known);
    } else if ((taint & Taint.decoded) !== 0) {
      machine.shell.report(
        'flow',
        'decode_to_exec',
        'deny',
        'flow.decode-to-exec',
        'runs what it decodes, unseen',
        site.span,
      );
    } else if (!timer && value.is !== 'list') {
      machine.shell.report(
        'exec',
        'eval',
        'approve',
        'code.eval-unresolved',
        'evaluates code that cannot be resolved',
        site.span,
      );
    }
  }
  return undefined;
}

export function kill(site: Site): CodeValue {
  const [process, signal] = site.args.positional;
  return runWords(site, [
    text('kill'),
    text(`-${exactText(signal) ?? 'TERM'}`),
    text(textOf(process)),
  ]);
}

export function fork({ machine, args, span }: Site): undefined {
  const itself = textOf(args.positional[0]).endsWith('__filename');
  if (machine.endless > 0 || itself) {
    machine.shell.report(
      'exec',
      'fork_bomb',
      'deny',
      'shell.fork-bomb',
      'starts copies of itself without end',
      span,
    );
  }
  return undefined;
}
