import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { AgentCalls } from './agent-calls.ts';
import { keepAlive, type EventSink } from './event-sink.ts';
import { guestPath, HOME } from './guest-path.ts';
import { child, count, flag, text, texts, textMap, type Message } from './message.ts';
import { signalTree } from './process-tree.ts';
import { ProtocolError } from './protocol-error.ts';

interface ProcessEvent {
  data?: { stdout?: string; stderr?: string };
  end?: { exitCode: number; exited: boolean; status: string; error?: string };
}

interface Running {
  readonly pid: number;
  readonly tag: string | undefined;
  readonly config: Message;
  readonly child: ChildProcessByStdio<Writable | null, Readable, Readable>;
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

/** Commands are taken first when memory is short; the agent has to survive to report it. */
const COMMAND_OOM_SCORE = '500';

export class Processes {
  readonly #running = new Map<number, Running>();
  readonly #environment: Record<string, string>;
  readonly #limits: ProcessLimits;

  constructor(environment: Record<string, string>, limits: ProcessLimits) {
    this.#environment = {
      PATH: '/opt/ae/bin:/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin',
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
    if (request['pty'] !== undefined && request['pty'] !== null) {
      throw new ProtocolError('unimplemented', 'pseudo-terminals are not supported by this server');
    }
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
    const started = spawn(command, args, {
      cwd,
      detached: true,
      env: { ...this.#environment, ...textMap(config, 'envs') },
      stdio: [flag(request, 'stdin') === false ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
    const pid = await new Promise<number>((resolve, reject) => {
      started.once('spawn', () => resolve(Number(started.pid)));
      started.once('error', (error) =>
        reject(
          new ProtocolError('invalid_argument', `cannot start '${command}': ${error.message}`),
        ),
      );
    });
    try {
      writeFileSync(`/proc/${pid}/oom_score_adj`, COMMAND_OOM_SCORE);
    } catch {
      // It has ended already.
    }
    const running: Running = {
      pid,
      tag: text(request, 'tag'),
      config,
      child: started,
      followers: new Map(),
      sentBytes: 0,
    };
    this.#running.set(pid, running);
    this.#watch(running);
    if (sink.timeoutMs !== undefined) {
      const timer = setTimeout(() => signalTree(pid, 'SIGKILL'), sink.timeoutMs);
      started.once('exit', () => clearTimeout(timer));
    }
    await this.#follow(running, sink);
  }

  connect(request: Message, sink: EventSink): Promise<void> {
    return this.#follow(this.#find(request), sink);
  }

  signal(request: Message): Record<string, never> {
    const { pid } = this.#find(request);
    const wanted = request['signal'];
    if (wanted === 'SIGNAL_SIGKILL' || wanted === 9) signalTree(pid, 'SIGKILL');
    else if (wanted === 'SIGNAL_SIGTERM' || wanted === 15) signalTree(pid, 'SIGTERM');
    else throw new ProtocolError('invalid_argument', 'signal must be SIGKILL or SIGTERM');
    return {};
  }

  async sendInput(request: Message): Promise<Record<string, never>> {
    const { stdin } = this.#find(request).child;
    if (stdin === null || stdin.writableEnded) {
      throw new ProtocolError('failed_precondition', 'the process has no open input');
    }
    const input = child(request, 'input');
    if (input['pty'] !== undefined) {
      throw new ProtocolError('unimplemented', 'pseudo-terminals are not supported by this server');
    }
    const bytes = Buffer.from(text(input, 'stdin') ?? '', 'base64');
    await new Promise<void>((resolve, reject) => {
      stdin.write(bytes, (error) => {
        if (error) reject(new ProtocolError('failed_precondition', 'the process closed its input'));
        else resolve();
      });
    });
    return {};
  }

  closeInput(request: Message): Record<string, never> {
    this.#find(request).child.stdin?.end();
    return {};
  }

  #find(request: Message): Running {
    const selector = child(request, 'process');
    const pid = count(selector, 'pid');
    const tag = text(selector, 'tag');
    const found =
      pid === undefined
        ? [...this.#running.values()].find((one) => tag !== undefined && one.tag === tag)
        : this.#running.get(pid);
    if (found === undefined) {
      throw new ProtocolError('not_found', `process ${String(pid ?? tag)} is not running`);
    }
    return found;
  }

  #watch(running: Running): void {
    const { child: watched } = running;
    let quiet: NodeJS.Timeout | undefined;
    const emit = (event: ProcessEvent): void => {
      for (const deliver of running.followers.values()) deliver(event);
    };
    const forward = (stream: 'stdout' | 'stderr') => (chunk: Buffer) => {
      quiet?.refresh();
      const room = this.#limits.maxOutputBytes - running.sentBytes;
      running.sentBytes += chunk.length;
      if (room <= 0 || running.ended !== undefined) return;
      emit({ data: { [stream]: chunk.subarray(0, room).toString('base64') } });
    };
    watched.stdout.on('data', forward('stdout'));
    watched.stderr.on('data', forward('stderr'));
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

export function processCalls(processes: Processes): AgentCalls {
  return {
    unary: {
      '/process.Process/List': () => processes.list(),
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
