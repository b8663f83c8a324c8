import type { BudgetStatus, Problem } from '@ae/contracts';
import { budgetStatusSchema, problemSchema } from '@ae/contracts';
import type { CircuitBreakerPolicy, RetryPolicy } from 'cockatiel';
import {
  BrokenCircuitError,
  ConsecutiveBreaker,
  DelegateBackoff,
  ExponentialBackoff,
  TaskCancelledError,
  circuitBreaker,
  handleWhen,
  retry,
} from 'cockatiel';
import { pathSegment } from './path-segment.ts';
import { retryAfterSeconds } from './retry-after.ts';
import { SafetyError } from './safety-error.ts';

export interface SafetyClientOptions {
  /** Where the control plane is: `http://127.0.0.1:8787`. Credentials in it are refused. */
  baseUrl: string;
  /** Sent as `Authorization: Bearer`. It appears in no error. */
  apiKey: string;
  /** Limit of one attempt in milliseconds. 5000 by default. */
  timeoutMs?: number;
  retry?: {
    /** Tries of a call that is safe to repeat, the first included. 4 by default; 1 never repeats. */
    maxAttempts?: number;
    /** Longest wait between two tries in milliseconds. 2000 by default. */
    maxDelayMs?: number;
  };
  /** By default the global `fetch`. */
  fetch?: typeof fetch;
}

/** What a schema of the contract can do with an answer. */
export interface AnswerSchema<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

export interface SafetyRequest<T> {
  method: 'GET' | 'POST' | 'DELETE';
  /** Segments below `/api/v1/safety`, not encoded. */
  path: readonly string[];
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  /** What the answer has to be. Absent: there is nothing to read in it. */
  answer?: AnswerSchema<T>;
  /** Whether a second request after a lost answer changes nothing more than the first. */
  repeatable: boolean;
  signal?: AbortSignal | undefined;
  /** Seconds the server may hold the answer back (long poll). */
  waitSeconds?: number | undefined;
}

interface RawAnswer {
  status: number;
  text: string;
  retryAfter: string | null;
}

const API_PATH = '/api/v1/safety';
const DEFAULT_TIMEOUT_MS = 5000;
const DEFAULT_MAX_ATTEMPTS = 4;
const DEFAULT_MAX_DELAY_MS = 2000;
const FIRST_DELAY_MS = 100;
/** Failures in a row after which the control plane is left alone for a while. */
const BREAK_AFTER = 8;
/** How long it is left alone before one call probes it. */
const HALF_OPEN_AFTER_MS = 2000;

/** One control plane as a client reaches it: attempts with a limit, retries, a circuit breaker. */
export class Connection {
  readonly #base: string;
  readonly #apiKey: string;
  readonly #timeoutMs: number;
  readonly #maxDelayMs: number;
  readonly #fetch: typeof fetch;
  readonly #retry: RetryPolicy;
  readonly #breaker: CircuitBreakerPolicy;

  /** @throws TypeError when the address or the key cannot be used. */
  constructor(options: SafetyClientOptions) {
    this.#base = baseOf(options.baseUrl);
    // A header refuses other characters with an error that quotes the whole value.
    if (!/^[\x21-\x7e]+$/.test(options.apiKey)) {
      throw new TypeError('apiKey must be printable ASCII without spaces: check the variable');
    }
    this.#apiKey = options.apiKey;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#maxDelayMs = options.retry?.maxDelayMs ?? DEFAULT_MAX_DELAY_MS;
    this.#fetch = options.fetch ?? fetch;
    this.#retry = retry(
      handleWhen((error) => this.#isPassing(error)),
      {
        maxAttempts: (options.retry?.maxAttempts ?? DEFAULT_MAX_ATTEMPTS) - 1,
        backoff: this.#backoff(),
      },
    );
    this.#breaker = circuitBreaker(
      handleWhen((error) => error instanceof NoAnswer).orWhenResult(isGatewayFailure),
      { halfOpenAfter: HALF_OPEN_AFTER_MS, breaker: new ConsecutiveBreaker(BREAK_AFTER) },
    );
  }

  /**
   * @throws SafetyError when there is no answer, a problem, or an answer that is not of the contract;
   * the reason of `signal` when that ended the call.
   */
  async request<T = undefined>(request: SafetyRequest<T>): Promise<T> {
    const { signal } = request;
    signal?.throwIfAborted();
    const url = this.#urlOf(request);
    const call = request.repeatable
      ? this.#retry.execute(({ attempt }) => this.#attempt(url, request, attempt), signal)
      : this.#attempt(url, request, 0);
    return endedBy(signal, call);
  }

  async #attempt<T>(url: string, request: SafetyRequest<T>, attempt: number): Promise<T> {
    request.signal?.throwIfAborted();
    const answer = await this.#send(url, request);
    // The first try deleted it and its answer was lost.
    if (request.method === 'DELETE' && attempt > 0 && answer.status === 404) return undefined as T;
    if (answer.status < 200 || answer.status > 299) throw this.#errorOf(answer);
    if (request.answer === undefined) return undefined as T;
    const parsed = request.answer.safeParse(jsonOf(answer.text));
    if (!parsed.success) {
      throw new SafetyError(
        'invalid_response',
        `the control plane answered ${request.method} /${request.path[0] ?? ''} with something ` +
          'that is not of the contract: check that baseUrl and the versions fit',
        { status: answer.status },
      );
    }
    return parsed.data;
  }

  /** Long polls stay out of the breaker: as its probe one would keep the other calls waiting. */
  async #send(url: string, request: SafetyRequest<unknown>): Promise<RawAnswer> {
    const send = (): Promise<RawAnswer> => this.#exchange(url, request);
    try {
      return await (request.waitSeconds ? send() : this.#breaker.execute(send, request.signal));
    } catch (error) {
      if (error instanceof BrokenCircuitError) {
        throw new SafetyError(
          'control_plane_unavailable',
          'the control plane failed several times in a row and is left alone for a moment',
          { retryAfterSeconds: HALF_OPEN_AFTER_MS / 1000 },
        );
      }
      if (error instanceof NoAnswer) {
        throw new SafetyError('control_plane_unavailable', error.message, { cause: error.cause });
      }
      if (error instanceof TaskCancelledError) request.signal?.throwIfAborted();
      throw error;
    }
  }

  async #exchange(url: string, request: SafetyRequest<unknown>): Promise<RawAnswer> {
    const timeout = AbortSignal.timeout(this.#timeoutMs + (request.waitSeconds ?? 0) * 1000);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    try {
      const response = await this.#fetch(url, {
        method: request.method,
        headers: {
          accept: 'application/json, application/problem+json',
          authorization: `Bearer ${this.#apiKey}`,
          ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        redirect: 'error',
        signal,
      });
      return {
        status: response.status,
        text: await response.text(),
        retryAfter: response.headers.get('retry-after'),
      };
    } catch (error) {
      request.signal?.throwIfAborted();
      throw new NoAnswer(
        timeout.aborted
          ? `the control plane at ${this.#base} did not answer in time`
          : `the control plane at ${this.#base} cannot be reached: is it running?`,
        { cause: error },
      );
    }
  }

  #urlOf({ path, query = {} }: SafetyRequest<unknown>): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) parameters.set(name, String(value));
    }
    const search = parameters.size > 0 ? `?${parameters.toString()}` : '';
    return [this.#base + API_PATH, ...path.map(pathSegment)].join('/') + search;
  }

  #errorOf(answer: RawAnswer): SafetyError {
    const { status } = answer;
    const retryAfter = retryAfterSeconds(answer.retryAfter);
    const problem = problemOf(answer.text.replaceAll(this.#apiKey, '[api key]'));
    if (!problem) {
      return status >= 500
        ? new SafetyError('control_plane_unavailable', `the control plane answered ${status}`, {
            status,
            retryAfterSeconds: retryAfter,
          })
        : new SafetyError(
            'invalid_response',
            `${this.#base} answered ${status} without a problem: is it a control plane?`,
            { status, retryAfterSeconds: retryAfter },
          );
    }
    return new SafetyError(problem.code, problem.detail, {
      status,
      problem,
      charged: problem.charged,
      remaining: budgetOf(problem)?.remaining,
      retryAfterSeconds: retryAfter,
    });
  }

  /** Whether the same request may succeed a moment later. */
  #isPassing(error: unknown): boolean {
    if (!(error instanceof SafetyError)) return false;
    const wait = error.retryAfterSeconds;
    if (wait !== undefined && wait * 1000 > this.#maxDelayMs) return false;
    if (error.code === 'control_plane_unavailable') return !isRefusedByBreaker(error);
    return error.status === 503 || error.status === 429;
  }

  #backoff(): DelegateBackoff<{ result: object }, ReturnType<ExponentialBackoff<unknown>['next']>> {
    const exponential = new ExponentialBackoff({
      initialDelay: Math.min(FIRST_DELAY_MS, this.#maxDelayMs),
      maxDelay: this.#maxDelayMs,
    });
    return new DelegateBackoff((context, previous) => {
      const state = previous ? previous.next(undefined) : exponential.next();
      const asked = 'error' in context.result ? context.result.error : undefined;
      const wait = asked instanceof SafetyError ? (asked.retryAfterSeconds ?? 0) * 1000 : 0;
      return { delay: Math.max(state.duration, wait), state };
    });
  }
}

/** There was no complete answer. */
class NoAnswer extends Error {}

function isRefusedByBreaker(error: SafetyError): boolean {
  return error.status === undefined && error.cause === undefined;
}

/** A 5xx that is no problem document comes from something in front of the control plane. */
function isGatewayFailure(answer: unknown): boolean {
  const { status, text } = answer as RawAnswer;
  return status >= 500 && problemOf(text) === undefined;
}

function baseOf(baseUrl: string): string {
  const url = URL.parse(baseUrl);
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new TypeError('baseUrl must be an http or https address without credentials');
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemOf(text: string): Problem | undefined {
  const parsed = problemSchema.safeParse(jsonOf(text));
  return parsed.success ? parsed.data : undefined;
}

function budgetOf(problem: Problem): BudgetStatus | undefined {
  const parsed = budgetStatusSchema.safeParse(problem.budget);
  return parsed.success ? parsed.data : undefined;
}

/** Settles as `work` does, or with the reason of `signal` as soon as that is aborted. */
async function endedBy<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (!signal) return work;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}
