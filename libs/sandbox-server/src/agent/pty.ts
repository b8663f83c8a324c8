/**
 * Pseudo-terminals without native code: `script` of util-linux holds the terminal and passes on
 * what is typed and shown, `stty` of coreutils sets its size.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { count, isMessage, type Message } from './message.ts';
import { ProtocolError } from './protocol-error.ts';

/** Columns and rows are unsigned 16-bit numbers to the kernel. */
const MAX_SIDE = 0xffff;
const DEFAULT_SIZE = { cols: 80, rows: 24 };
const MAX_COMPLAINT_CHARS = 1024;

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** The `script` process: its standard streams are the terminal's other end. */
export type TerminalHolder = ChildProcessByStdio<Writable, Readable, Readable>;

export interface Terminal {
  /** The process in the terminal, which leads its session. */
  readonly pid: number;
  readonly holder: TerminalHolder;
  resize(size: TerminalSize): Promise<void>;
}

/**
 * The size in the `pty` of a request; undefined when it has none.
 *
 * @throws ProtocolError `invalid_argument` for sides that are not 1 to 65535
 */
export function terminalSize(request: Message): TerminalSize | undefined {
  const pty = request['pty'];
  if (pty === undefined || pty === null) return undefined;
  if (!isMessage(pty)) throw new ProtocolError('invalid_argument', 'pty must be an object');
  const size = pty['size'];
  if (size === undefined || size === null) return DEFAULT_SIZE;
  if (!isMessage(size)) throw new ProtocolError('invalid_argument', 'pty.size must be an object');
  const sides = { cols: count(size, 'cols') ?? 0, rows: count(size, 'rows') ?? 0 };
  if (Object.values(sides).some((side) => side < 1 || side > MAX_SIDE)) {
    throw new ProtocolError('invalid_argument', `cols and rows must be 1 to ${MAX_SIDE}`);
  }
  return sides;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** What the shell in the terminal does: it says who and where it is, and becomes the command. */
function entryScript(
  command: string,
  args: readonly string[],
  shell: string,
  { cols, rows }: TerminalSize,
): string {
  return [
    `stty sane cols ${cols} rows ${rows} || exit 1`,
    'echo "$$ $(tty)" >&3 || exit 1',
    'exec 3>&-',
    `export SHELL=${quoted(shell)}`,
    `exec ${[command, ...args].map(quoted).join(' ')}`,
  ].join('; ');
}

async function resize(tty: string, { cols, rows }: TerminalSize): Promise<void> {
  const args = ['-F', tty, 'cols', String(cols), 'rows', String(rows)];
  await new Promise<void>((resolve, reject) => {
    const fail = (): void =>
      reject(new ProtocolError('failed_precondition', 'the terminal cannot be resized'));
    const stty = spawn('stty', args, { stdio: 'ignore' });
    stty.once('error', fail);
    stty.once('exit', (code) => (code === 0 ? resolve() : fail()));
  });
}

/** Why there is no terminal: nothing to make one with, or no room for one more. */
function noTerminal(complaint: string): ProtocolError {
  return /ENOENT|not found|invalid option|unrecognized|usage/i.test(complaint)
    ? new ProtocolError(
        'unimplemented',
        `pseudo-terminals need script of util-linux and stty in the sandbox: ${complaint}`,
      )
    : new ProtocolError('resource_exhausted', `cannot open a pseudo-terminal: ${complaint}`);
}

/** Starts `script` for a command in a terminal of its own, which {@link terminalOf} waits for. */
export function spawnInTerminal(
  command: string,
  args: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly size: TerminalSize;
  },
): TerminalHolder {
  const { cwd, env, size } = options;
  const entry = entryScript(command, args, env['SHELL'] ?? '/bin/sh', size);
  return spawn('script', ['-q', '-e', '-f', '-c', entry, '/dev/null'], {
    cwd,
    detached: true,
    env: { TERM: 'xterm-256color', ...env, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
}

/** What `script` said, to either stream, until it ended. */
async function complaintOf(holder: TerminalHolder): Promise<string> {
  let text = '';
  for (const stream of [holder.stdout, holder.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text = (text + String(chunk)).slice(-MAX_COMPLAINT_CHARS);
    });
  }
  await once(holder, 'close');
  return text.trim();
}

/**
 * Resolves when the command runs in its terminal. Nothing is read of its output before.
 *
 * @throws ProtocolError `unimplemented` where the guest has no `script`, `resource_exhausted`
 *   when there is no room for a terminal or its processes
 */
export async function terminalOf(holder: TerminalHolder): Promise<Terminal> {
  const report = holder.stdio[3] as Readable;
  const [pid, tty] = await new Promise<[number, string]>((resolve, reject) => {
    let said = '';
    report.setEncoding('latin1').on('data', (text: string) => {
      said += text;
      const [, reportedPid, reportedTty] = /^(\d+) (\/dev\/pts\/\d+)\n/.exec(said) ?? [];
      if (reportedTty !== undefined) resolve([Number(reportedPid), reportedTty]);
    });
    report.once('error', () => undefined);
    holder.once('error', (error) => reject(noTerminal(error.message)));
    holder.once('exit', () => {
      void complaintOf(holder).then((text) => reject(noTerminal(text)));
    });
  });
  holder.removeAllListeners('exit');
  report.destroy();
  return { pid, holder, resize: (size) => resize(tty, size) };
}
