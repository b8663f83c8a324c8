/**
 * One sandbox as an attacker's caller sees it: E2B's protocol over fetch, without the SDK, whose
 * manners (checks, retries, deadlines of its own) would stand in the way.
 */
import { gzipSync } from 'node:zlib';

/** Longer than any answer may take, so that a server that hangs is told as one. */
const CALL_TIMEOUT_MS = 30_000;
/** Between the moment a command's time is over and that of giving up on its end. */
const GRACE_MS = 20_000;
const HEADER_BYTES = 5;
const END_OF_STREAM = 0x02;
const LIFE_S = 600;

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  /** -1: the command has no end, because the sandbox has. */
  readonly exitCode: number;
  /** How it ended, e.g. "exit status 0" or "signal: killed". */
  readonly status: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A command that runs on while its caller does something else. */
export interface Background {
  readonly pid: number;
  readonly ended: Promise<Outcome>;
}

interface Event {
  readonly start?: { readonly pid: number };
  readonly data?: { readonly stdout?: string; readonly stderr?: string };
  readonly end?: { readonly exitCode: number; readonly status: string };
}

interface Message {
  readonly event?: Event;
  /** Only in the frame that ends a stream. */
  readonly error?: { readonly code: string; readonly message: string };
}

function requestFrame(message: unknown): Uint8Array<ArrayBuffer> {
  const body = Buffer.from(JSON.stringify(message));
  const frame = new Uint8Array(HEADER_BYTES + body.length);
  new DataView(frame.buffer).setUint32(1, body.length);
  frame.set(body, HEADER_BYTES);
  return frame;
}

/** The messages of a Connect stream as they come, the one that ends it included. */
async function* messages(body: AsyncIterable<Uint8Array>): AsyncGenerator<Message> {
  let held = Buffer.alloc(0);
  for await (const chunk of body) {
    held = Buffer.concat([held, chunk]);
    while (held.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + held.readUInt32BE(1);
      if (held.length < end) break;
      const message = JSON.parse(held.toString('utf8', HEADER_BYTES, end)) as Message;
      if ((held.readUInt8(0) & END_OF_STREAM) === 0 || message.error !== undefined) yield message;
      held = held.subarray(end);
    }
  }
}

function gone(error: unknown): Outcome {
  return { stdout: '', stderr: String(error), exitCode: -1, status: 'no end' };
}

export class GuestSession {
  readonly id: string;
  readonly accessToken: string;
  readonly #url: string;
  readonly #apiKey: string;

  constructor(url: string, apiKey: string, id: string, accessToken: string) {
    this.#url = url;
    this.#apiKey = apiKey;
    this.id = id;
    this.accessToken = accessToken;
  }

  /** @throws Error with the server's own words when it does not create one */
  static async create(url: string, apiKey: string): Promise<GuestSession> {
    const answer = await fetch(`${url}/v2/sandboxes`, {
      method: 'POST',
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      body: JSON.stringify({ templateID: 'base', timeout: LIFE_S, secure: true }),
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    if (answer.status !== 201) {
      throw new Error(`no sandbox was created: ${answer.status} ${await answer.text()}`);
    }
    const { sandboxID, envdAccessToken } = (await answer.json()) as Record<string, string>;
    return new GuestSession(url, apiKey, sandboxID ?? '', envdAccessToken ?? '');
  }

  /** Runs a line of bash until it ends or its time is over, then it is killed. */
  async run(command: string, timeoutMs = CALL_TIMEOUT_MS): Promise<Outcome> {
    return (await this.start(command, timeoutMs)).ended;
  }

  /** @throws Error when the command does not start */
  async start(command: string, timeoutMs = CALL_TIMEOUT_MS): Promise<Background> {
    let stream: AsyncGenerator<Message>;
    let first: Message | undefined;
    try {
      const answer = await fetch(`${this.#url}/process.Process/Start`, {
        method: 'POST',
        headers: {
          ...this.#headers(),
          'content-type': 'application/connect+json',
          'connect-protocol-version': '1',
          'connect-timeout-ms': String(timeoutMs),
        },
        body: requestFrame({
          process: { cmd: '/bin/bash', args: ['-l', '-c', command] },
          stdin: false,
        }),
        signal: AbortSignal.timeout(timeoutMs + GRACE_MS),
      });
      if (answer.status !== 200 || answer.body === null) {
        throw new Error(`the command did not start: ${answer.status} ${await answer.text()}`);
      }
      stream = messages(answer.body);
      first = (await stream.next()).value as Message | undefined;
    } catch (error) {
      return { pid: 0, ended: Promise.resolve(gone(error)) };
    }
    if (first?.error !== undefined) {
      return { pid: 0, ended: Promise.resolve(gone(first.error.message)) };
    }
    return { pid: first?.event?.start?.pid ?? 0, ended: this.#outcome(stream) };
  }

  async #outcome(stream: AsyncGenerator<Message>): Promise<Outcome> {
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    const text = (name: 'stdout' | 'stderr'): string =>
      Buffer.concat(output[name]).toString('utf8');
    try {
      for await (const { event, error } of stream) {
        if (error !== undefined) throw new Error(error.message);
        for (const name of ['stdout', 'stderr'] as const) {
          const data = event?.data?.[name];
          if (data !== undefined) output[name].push(Buffer.from(data, 'base64'));
        }
        if (event?.end !== undefined) {
          const { exitCode, status } = event.end;
          return { stdout: text('stdout'), stderr: text('stderr'), exitCode, status };
        }
      }
      throw new Error('the stream has no end');
    } catch (error) {
      return { ...gone(error), stdout: text('stdout') };
    }
  }

  /** Kills a command that was started, and all it started. */
  async end({ pid, ended }: Background): Promise<void> {
    const message = { process: { pid }, signal: 'SIGNAL_SIGKILL' };
    await this.call('process.Process/SendSignal', message);
    await ended;
  }

  /** The words of one line that bash prints. */
  async lines(command: string): Promise<string[]> {
    const { stdout } = await this.run(command);
    return stdout.trim() === '' ? [] : stdout.trim().split('\n');
  }

  async isAlive(): Promise<boolean> {
    return (await this.run('echo alive')).stdout === 'alive\n';
  }

  /** A unary call, e.g. `filesystem.Filesystem/ListDir`. */
  call(method: string, message: unknown): Promise<Answer> {
    return this.request('POST', `/${method}`, {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(message),
    });
  }

  read(path: string): Promise<Answer> {
    return this.request('GET', `/files?path=${encodeURIComponent(path)}`);
  }

  write(path: string, content: string | Buffer): Promise<Answer> {
    return this.request('POST', `/files?path=${encodeURIComponent(path)}`, {
      headers: { 'content-type': 'application/octet-stream' },
      body: typeof content === 'string' ? content : new Uint8Array(content),
    });
  }

  /** As {@link write}, with the content compressed on the way. */
  writeCompressed(path: string, content: Buffer): Promise<Answer> {
    return this.request('POST', `/files?path=${encodeURIComponent(path)}`, {
      headers: { 'content-type': 'application/octet-stream', 'content-encoding': 'gzip' },
      body: new Uint8Array(gzipSync(content, { level: 1 })),
    });
  }

  /** A request as it is; status 0 when no whole answer came, with the reason as its body. */
  async request(
    method: string,
    target: string,
    options: {
      headers?: Record<string, string>;
      body?: string | Uint8Array<ArrayBuffer>;
      timeoutMs?: number;
    } = {},
  ): Promise<Answer> {
    try {
      const answer = await fetch(`${this.#url}${target}`, {
        method,
        headers: { ...this.#headers(), ...options.headers },
        ...(options.body === undefined ? {} : { body: options.body }),
        redirect: 'manual',
        signal: AbortSignal.timeout(options.timeoutMs ?? CALL_TIMEOUT_MS),
      });
      return { status: answer.status, headers: answer.headers, body: await answer.text() };
    } catch (error) {
      return { status: 0, headers: new Headers(), body: String(error) };
    }
  }

  /** False when there was no such sandbox any more. */
  async kill(): Promise<boolean> {
    const answer = await fetch(`${this.#url}/sandboxes/${this.id}`, {
      method: 'DELETE',
      headers: { 'x-api-key': this.#apiKey },
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    return answer.status === 204;
  }

  /** Whether the server still has it. */
  async isListed(): Promise<boolean> {
    const answer = await fetch(`${this.#url}/sandboxes/${this.id}`, {
      headers: { 'x-api-key': this.#apiKey },
      signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
    });
    await answer.arrayBuffer();
    return answer.status === 200;
  }

  #headers(): Record<string, string> {
    return {
      'e2b-sandbox-id': this.id,
      'e2b-sandbox-port': '49983',
      'x-access-token': this.accessToken,
    };
  }
}
