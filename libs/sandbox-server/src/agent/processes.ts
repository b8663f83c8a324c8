import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { AgentCalls } from './agent-calls.ts';
import { keepAlive, type EventSink } from './event-sink.ts';
import { CommandMarks } from './command-mark.ts';
import { guestPath, HOME } from './guest-path.ts';
import { child, count, flag, text, texts, textMap, type Message } from './message.ts';
import { signalTree, type CommandRoot } from './process-tree.ts';
import { ProtocolError } from './protocol-error.ts';
import {
  spawnInTerminal,
  terminalOf,
  terminalSize,
  type Terminal,
  type TerminalHolder,
} from './pty.ts';

interface ProcessEvent {
  data?: { stdout?: string; stderr?: string; pty?: string };
  end?: { exitCode: number; exited: boolean; status: string; error?: string };
}

type CommandProcess = ChildProcessByStdio<Writable | null, Readable, Readable>;

interface Running extends CommandRoot {
  readonly tag: string | undefined;
  readonly config: Message;
  readonly child: CommandProcess;
  /** Of a command in a pseudo-terminal. */
  readonly terminal: Terminal | undefined;
  readonly followers: Map<EventSink, (event: ProcessEvent) => void>;
  sentBytes: number;
  ended?: ProcessEvent;
}

export interface ProcessLimits {
  /** Bytes of output of one command that are handed on; the rest is read and dropped. */
  maxOutputBytes: number;
}

/**
 * After a command has ended, a child it left behind may hold its output open for ever. We wait
 * for the end of the output only as long as something still comes.
 */
const QUIET_AFTER_EXIT_MS = 100;

/** The longest that a timer can wait; a sandbox does not live longer. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export class Processes {
  readonly #running = new Map<number, Running>();
  readonly #environment: Record<string, string>;
  readonly #limits: ProcessLimits;
  readonly #marks = new CommandMarks();

  constructor(environment: Record<string, string>, limits: ProcessLimits) {
    this.#environment = {
      PATH: '/opt/ae/agent/bin:/opt/ae/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin',
      HOME,
      USER: 'user',
      LOGNAME: 'user',
      SHELL: '/bin/bash',
      LANG: 'C.UTF-8',
      ...environment,
    };
    this.#limits = limits;
  }

  list(): { processes: { config: Message; pid: number; tag?: string }[] } {
    const processes = [...this.#running.values()].map(({ config, pid, tag }) => ({
      config,
      pid,
      ...(tag === undefined ? {} : { tag }),
    }));
    return { processes };
  }

  async start(request: Message, sink: EventSink): Promise<void> {
    const size = terminalSize(request);
    const config = child(request, 'process');
    const command = text(config, 'cmd');
    if (command === undefined || command === '') {
      throw new ProtocolError('invalid_argument', 'process.cmd is required');
    }
    const args = texts(config, 'args');
    if ([command, ...args].some((word) => word.includes('\0'))) {
      throw new ProtocolError('invalid_argument', 'a command must not contain a NUL byte');
    }
    const cwd = guestPath(text(config, 'cwd'));
    if (!(await stat(cwd).catch(() => undefined))?.isDirectory()) {
      throw new ProtocolError('invalid_argument', `cwd '${cwd}' does not exist`);
    }
    const env = { ...this.#environment, ...textMap(config, 'envs') };
    const [started, mark] = this.#marks.spawning(() =>
      size === undefined
        ? (spawn(command, args, {
            cwd,
            detached: true,
            env,
            stdio: [flag(request, 'stdin') === false ? 'ignore' : 'pipe', 'pipe', 'pipe'],
          }) as CommandProcess)
        : spawnInTerminal(command, args, { cwd, env, size }),
    );
    const terminal = size === undefined ? undefined : await terminalOf(started as TerminalHolder);
    const pid = terminal?.pid ?? (await pidOf(started, command));
    const running: Running = {
      pid,
      mark,
      tag: text(request, 'tag'),
      config,
      child: started,
      terminal,
      followers: new Map(),
      sentBytes: 0,
    };
    this.#running.set(pid, running);
    this.#watch(running);
    if (sink.timeoutMs !== undefined) {
      const timer = setTimeout(() => kill(running), Math.min(sink.timeoutMs, MAX_TIMEOUT_MS));
      started.once('exit', () => clearTimeout(timer));
    }
    await this.#follow(running, sink);
  }

  connect(request: Message, sink: EventSink): Promise<void> {
    return this.#follow(this.#find(request), sink);
  }

  signal(request: Message): Record<string, never> {
    const running = this.#find(request);
    const wanted = request['signal'];
    if (wanted === 'SIGNAL_SIGKILL' || wanted === 9) kill(running);
    else if (wanted === 'SIGNAL_SIGTERM' || wanted === 15) signalTree(running, 'SIGTERM');
    else throw new ProtocolError('invalid_argument', 'signal must be SIGKILL or SIGTERM');
    return {};
  }

  async sendInput(request: Message): Promise<Record<string, never>> {
    const running = this.#find(request);
    const { stdin } = running.child;
    const input = child(request, 'input');
    const typed = text(input, 'pty');
    if ((typed !== undefined) !== (running.terminal !== undefined)) {
      throw new ProtocolError(
        'failed_precondition',
        running.terminal === undefined
          ? 'the process has no terminal'
          : 'the process has a terminal: its input is pty',
      );
    }
    if (stdin === null || stdin.writableEnded) {
      throw new ProtocolError('failed_precondition', 'the process has no open input');
    }
    const bytes = Buffer.from(typed ?? text(input, 'stdin') ?? '', 'base64');
    await new Promise<void>((resolve, reject) => {
      stdin.write(bytes, (error) => {
        if (error) reject(new ProtocolError('failed_precondition', 'the process closed its input'));
        else resolve();
      });
    });
    return {};
  }

  closeInput(request: Message): Record<string, never> {
    const running = this.#find(request);
    if (running.terminal !== undefined) {
      throw new ProtocolError('failed_precondition', 'a terminal is not closed: send it 0x04');
    }
    running.child.stdin?.end();
    return {};
  }

  /** Sets the size of a process's terminal. */
  async update(request: Message): Promise<Record<string, never>> {
    const { terminal } = this.#find(request);
    if (terminal === undefined) {
      throw new ProtocolError('failed_precondition', 'the process has no terminal');
    }
    const size = terminalSize(request);
    if (size !== undefined) await terminal.resize(size);
    return {};
  }

  #find(request: Message): Running {
    const selector = child(request, 'process');
    const pid = count(selector, 'pid');
    const tag = text(selector, 'tag');
    if (pid === undefined && tag === undefined) {
      throw new ProtocolError('invalid_argument', 'process.pid or process.tag is required');
    }
    const found =
      pid === undefined
        ? [...this.#running.values()].find((one) => one.tag === tag)
        : this.#running.get(pid);
    if (found === undefined) {
      throw new ProtocolError('not_found', `process ${String(pid ?? tag)} is not running`);
    }
    return found;
  }

  #watch(running: Running): void {
    const { child: watched, terminal } = running;
    let quiet: NodeJS.Timeout | undefined;
    const emit = (event: ProcessEvent): void => {
      for (const deliver of running.followers.values()) deliver(event);
    };
    const forward = (stream: 'stdout' | 'stderr' | 'pty') => (chunk: Buffer) => {
      quiet?.refresh();
      const room = this.#limits.maxOutputBytes - running.sentBytes;
      running.sentBytes += chunk.length;
      if (room <= 0 || running.ended !== undefined) return;
      emit({ data: { [stream]: chunk.subarray(0, room).toString('base64') } });
    };
    watched.stdout.on('data', forward(terminal === undefined ? 'stdout' : 'pty'));
    watched.stderr.on('data', forward(terminal === undefined ? 'stderr' : 'pty'));
    watched.stdin?.on('error', () => {
      // The command closed its input; a later write reports it to its caller.
    });
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (running.ended !== undefined) return;
      clearTimeout(quiet);
      this.#running.delete(running.pid);
      running.ended = {
        end: ending(code, signal, running.sentBytes > this.#limits.maxOutputBytes),
      };
      emit(running.ended);
    };
    const endWhenQuiet = (code: number | null, signal: NodeJS.Signals | null): void => {
      const seen = running.sentBytes;
      // What has arrived meanwhile is read before the callback runs.
      setImmediate(() => {
        if (running.ended !== undefined) return;
        const held = watched.stdout.isPaused() || watched.stderr.isPaused();
        if (held || running.sentBytes !== seen) waitForQuiet(code, signal);
        else end(code, signal);
      });
    };
    const waitForQuiet = (code: number | null, signal: NodeJS.Signals | null): void => {
      quiet = setTimeout(endWhenQuiet, QUIET_AFTER_EXIT_MS, code, signal);
    };
    watched.once('exit', waitForQuiet);
    watched.once('close', end);
  }

  /** Streams events to one caller until the command ends or the caller goes. */
  #follow(running: Running, sink: EventSink): Promise<void> {
    return new Promise((resolve) => {
      const { stdout, stderr } = running.child;
      const stopKeepalive = keepAlive(sink, { event: { keepalive: {} } });
      const leave = (): void => {
        stopKeepalive();
        running.followers.delete(sink);
        stdout.resume();
        stderr.resume();
        resolve();
      };
      const deliver = (event: ProcessEvent): void => {
        // A caller that does not keep up holds the command back instead of filling our memory.
        if (!sink.send({ event })) {
          stdout.pause();
          stderr.pause();
        }
        if (event.end !== undefined) leave();
      };
      sink.send({ event: { start: { pid: running.pid } } });
      sink.onDrain(() => {
        stdout.resume();
        stderr.resume();
      });
      sink.onClose(leave);
      running.followers.set(sink, deliver);
      if (running.ended !== undefined) deliver(running.ended);
    });
  }
}

/** Ends the command, all it started and the holder of its terminal. */
function kill(running: Running): void {
  signalTree(running, 'SIGKILL');
  running.terminal?.holder.kill('SIGKILL');
}

async function pidOf(started: CommandProcess, command: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    started.once('spawn', resolve);
    started.once('error', (error) =>
      reject(new ProtocolError('invalid_argument', `cannot start '${command}': ${error.message}`)),
    );
  });
  return Number(started.pid);
}

export function processCalls(processes: Processes): AgentCalls {
  return {
    unary: {
      '/process.Process/List': () => processes.list(),
      '/process.Process/Update': (request) => processes.update(request),
      '/process.Process/SendInput': (request) => processes.sendInput(request),
      '/process.Process/CloseStdin': (request) => processes.closeInput(request),
      '/process.Process/SendSignal': (request) => processes.signal(request),
    },
    streaming: {
      '/process.Process/Start': (request, sink) => processes.start(request, sink),
      '/process.Process/Connect': (request, sink) => processes.connect(request, sink),
    },
  };
}

const SIGNAL_WORDS: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
};

function ending(
  code: number | null,
  signal: NodeJS.Signals | null,
  overflowed: boolean,
): NonNullable<ProcessEvent['end']> {
  const status =
    signal === null ? `exit status ${String(code)}` : `signal: ${SIGNAL_WORDS[signal] ?? signal}`;
  const error = overflowed ? 'output limit exceeded' : code === 0 ? undefined : status;
  return {
    exitCode: signal === null ? (code ?? 255) : 128 + constants.signals[signal],
    exited: signal === null,
    status,
    ...(error === undefined ? {} : { error }),
  };
}
