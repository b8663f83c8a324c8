/** @jest-environment node */
import { ApiError, unreachable } from '../api/api-error.ts';
import { LiveConnection } from './live-connection.ts';
import type { SseMessage } from './sse-parser.ts';

/** One connection as the server sees it. */
class Stream {
  readonly resumeAfter: string | undefined;
  readonly signal: AbortSignal;
  readonly response: Response;
  #controller!: ReadableStreamDefaultController<Uint8Array>;

  constructor(resumeAfter: string | undefined, signal: AbortSignal) {
    this.resumeAfter = resumeAfter;
    this.signal = signal;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        signal.addEventListener('abort', () => controller.error(new Error('aborted')));
      },
    });
    this.response = new Response(body);
  }

  send(text: string): void {
    this.sendBytes(new TextEncoder().encode(text));
  }

  sendBytes(bytes: Uint8Array): void {
    this.#controller.enqueue(bytes);
  }

  end(): void {
    this.#controller.close();
  }

  breakOff(): void {
    this.#controller.error(new TypeError('network error'));
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

function follow() {
  const streams: Stream[] = [];
  const messages: SseMessage[] = [];
  const refusals: ApiError[] = [];
  let connections = 0;
  const connection = new LiveConnection({
    open: (resumeAfter, signal) => {
      const refusal = refusals.shift();
      if (refusal) return Promise.reject(refusal);
      const stream = new Stream(resumeAfter, signal);
      streams.push(stream);
      return Promise.resolve(stream.response);
    },
    onMessages: (batch) => messages.push(...batch),
    onConnected: () => (connections += 1),
    random: () => 0.999,
  });
  connection.start();
  return {
    connection,
    streams,
    refusals,
    data: () => messages.map(({ data }) => data),
    connections: () => connections,
  };
}

describe('LiveConnection', () => {
  it('resumes after the last whole event, so that none is lost or comes twice', async () => {
    const { connection, streams, data, connections } = follow();
    await settled();
    streams[0]!.send('id: 1\ndata: one\n\nid: 2\ndata: two\n\nid: 3\ndata: thr');
    await settled();
    streams[0]!.breakOff();
    await settled();
    expect(connection.state().connected).toBe(false);
    connection.retryNow();
    await settled();
    expect(streams[1]!.resumeAfter).toBe('2');
    streams[1]!.send('id: 3\ndata: three\n\n');
    await settled();
    expect(data()).toEqual(['one', 'two', 'three']);
    expect(connections()).toBe(2);
    connection.stop();
  });

  it('keeps a character whole that is cut between two pieces', async () => {
    const { connection, streams, data } = follow();
    await settled();
    const bytes = new TextEncoder().encode('data: 𝄞\n\n');
    streams[0]!.sendBytes(bytes.slice(0, 8));
    await settled();
    streams[0]!.sendBytes(bytes.slice(8));
    await settled();
    expect(data()).toEqual(['𝄞']);
    connection.stop();
  });

  it('waits longer after each failure, and as long as the server asks', async () => {
    const { connection, streams, refusals } = follow();
    await settled();
    const asked = new ApiError({ code: 'rate_limited', title: '', detail: '', retryAfter: 30 });
    refusals.push(unreachable(), unreachable(), asked);
    streams[0]!.end();
    const pauses: number[] = [];
    for (let failure = 0; failure < 4; failure += 1) {
      await settled();
      const { retryAt, lostAt, error } = connection.state();
      pauses.push((retryAt ?? 0) - Date.now());
      expect(lostAt).toBeDefined();
      expect(error).toBeDefined();
      connection.retryNow();
    }
    expect(pauses[1]).toBeGreaterThan(pauses[0]!);
    expect(pauses[2]).toBeGreaterThan(pauses[1]!);
    expect(pauses[3]).toBeGreaterThan(20_000);
    connection.stop();
  });

  it('starts at the present when the server does not know the place any more', async () => {
    const { connection, streams, refusals } = follow();
    await settled();
    streams[0]!.send('id: 9\ndata: x\n\n');
    await settled();
    refusals.push(new ApiError({ code: 'invalid_request', title: '', detail: '', status: 400 }));
    streams[0]!.end();
    await settled();
    connection.retryNow();
    await settled();
    connection.retryNow();
    await settled();
    expect(streams[1]!.resumeAfter).toBeUndefined();
    connection.stop();
  });

  it('lets go of the stream when it is stopped and makes no other', async () => {
    const { connection, streams } = follow();
    await settled();
    connection.stop();
    await settled();
    expect(streams).toHaveLength(1);
    expect(streams[0]!.signal.aborted).toBe(true);
  });
});
