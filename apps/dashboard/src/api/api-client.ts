import type { ApiError } from './api-error.ts';
import type * as z from 'zod/mini';
import { errorOf, unexpectedAnswer, unreachable } from './api-error.ts';

const BASE = '/api/v1/safety';
/** Longest wait for an answer, in milliseconds. */
const TIMEOUT = 15_000;

type Call = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };

/** Calls of the control plane with one key. Every failure is an {@link ApiError}. */
export class ApiClient {
  readonly #key: string;
  readonly #onUnauthenticated: (error: ApiError) => void;

  /** @param onUnauthenticated told when the control plane does not know the key (any more) */
  constructor(key: string, onUnauthenticated: (error: ApiError) => void) {
    this.#key = key;
    this.#onUnauthenticated = onUnauthenticated;
  }

  get<T>(path: string, schema: z.ZodMiniType<T>, signal?: AbortSignal): Promise<T> {
    return this.#call(path, { signal: withTimeout(signal) }, schema);
  }

  post<T>(path: string, body: unknown, schema: z.ZodMiniType<T>): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(body), signal: withTimeout() };
    return this.#call(path, init, schema);
  }

  /** The stream of events from the one after `lastEventId` on, else from the present. */
  async events(lastEventId: string | undefined, signal: AbortSignal): Promise<Response> {
    const resume = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    const headers = { accept: 'text/event-stream', ...resume };
    const response = await this.#fetch('/events', { headers, signal });
    const type = response.headers.get('content-type') ?? '';
    if (!type.startsWith('text/event-stream')) throw unexpectedAnswer(response.status);
    return response;
  }

  async #call<T>(path: string, init: Call, schema: z.ZodMiniType<T>): Promise<T> {
    const response = await this.#fetch(path, init);
    let body: unknown;
    try {
      body = await response.json();
    } catch (error) {
      throw error instanceof SyntaxError ? unexpectedAnswer(response.status) : unreachable();
    }
    const parsed = schema.safeParse(body);
    if (!parsed.success) throw unexpectedAnswer(response.status);
    return parsed.data;
  }

  async #fetch(path: string, init: Call): Promise<Response> {
    const headers = { authorization: `Bearer ${this.#key}`, ...init.headers };
    let response: Response;
    try {
      response = await fetch(BASE + path, { ...init, headers, cache: 'no-store' });
    } catch {
      throw unreachable();
    }
    if (response.ok) return response;
    const error = await errorOf(response);
    if (error.status === 401) this.#onUnauthenticated(error);
    throw error;
  }
}

function withTimeout(signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(TIMEOUT);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}
