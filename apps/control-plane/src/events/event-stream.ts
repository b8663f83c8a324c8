import type { Event } from '@ae/contracts';
import type { RequestHandler, Response } from 'express';
import { HttpProblem } from '../http/http-problem.ts';
import type { EventLog } from './event-log.ts';
import { isAfter, isCursor } from './event-log.ts';

const PAGE = 200;
const KEEP_ALIVE_MS = 15_000;
/** A client that reads nothing for this long is cut off; it resumes by its last id. */
const SLOW_CLIENT_MS = 30_000;

/** `GET /events`: the log as server-sent events, from `Last-Event-ID` or from now on. */
export function eventStream(log: EventLog, closing: AbortSignal): RequestHandler {
  return async (request, response) => {
    const resumeAfter = request.header('Last-Event-ID');
    if (resumeAfter !== undefined && !isCursor(resumeAfter)) {
      throw new HttpProblem('invalid_request', 'Last-Event-ID must be the id of an event', {
        errors: [{ path: '/headers/last-event-id', message: 'not a cursor' }],
      });
    }
    const newest = await log.newest();
    // A cursor ahead of the log is of an earlier log: it would hear nothing for ever.
    let cursor = resumeAfter === undefined || isAfter(resumeAfter, newest) ? newest : resumeAfter;

    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, closing]);
    response.once('close', () => ended.abort());
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Accel-Buffering': 'no',
    });
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    // The cursor at once: a client that is cut off before its first event resumes from here too.
    response.write(`retry: 1000\nid: ${cursor}\n\n`);
    const wake = new Wake();
    const stop = log.onAppend(() => wake.call());
    const keepAlive = setInterval(() => response.write(': keep-alive\n\n'), KEEP_ALIVE_MS);
    signal.addEventListener('abort', () => wake.call());
    try {
      while (!signal.aborted) {
        const events = await log.read(cursor, PAGE);
        for (const event of events) {
          cursor = event.id;
          if (!response.write(message(event))) await drained(response, signal);
        }
        if (events.length < PAGE) await wake.wait();
      }
    } finally {
      stop();
      clearInterval(keepAlive);
      response.end();
    }
  };
}

function message(event: Event): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Resolves when the client has read what was written, or cuts it off. */
function drained(response: Response, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    const timer = setTimeout(() => response.destroy(), SLOW_CLIENT_MS);
    response.once('drain', done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}

/** Lets one loop sleep until it is called; a call while it is awake is kept for the next sleep. */
class Wake {
  #called = false;
  #resolve: (() => void) | undefined;

  call(): void {
    this.#called = true;
    this.#resolve?.();
  }

  async wait(): Promise<void> {
    if (!this.#called) await new Promise<void>((resolve) => (this.#resolve = resolve));
    this.#called = false;
    this.#resolve = undefined;
  }
}
