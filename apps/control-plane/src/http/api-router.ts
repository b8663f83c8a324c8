import { Router, json } from 'express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { ApiKeys } from './api-keys.ts';
import { HttpProblem } from './http-problem.ts';
import { ANONYMOUS } from './principal.ts';
import type { Principal } from './principal.ts';
import type { RateLimits } from './rate-limit.ts';
import type { Route } from './route.ts';
import { validate } from './validate.ts';

/** Largest body: a run's files (1 MiB of text) with room for their escapes. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** Called for each refused request that asked for an action, before it is answered. */
export type RecordRefusal = (refusal: {
  principal: Principal;
  action: string;
  code: string;
}) => Promise<void>;

export interface ApiRouterOptions {
  routes: readonly Route[];
  keys: ApiKeys;
  limits: RateLimits;
  recordRefusal: RecordRefusal;
}

/** What the middleware of one request knows, in `response.locals`. */
export interface RequestState {
  requestId: string;
  principal?: Principal;
}

export function stateOf(response: Response): RequestState {
  return response.locals as RequestState;
}

/**
 * Serves the rows of the API. A request passes: key, rate, body, validation, handler. Whatever
 * refuses a request that asked for an action is recorded before the answer goes out.
 */
export function createApiRouter(options: ApiRouterOptions): Router {
  const router = Router({ caseSensitive: true });
  const parseBody = json({ limit: MAX_BODY_BYTES, strict: true, type: 'application/json' });
  const methods = new Map<string, string[]>();

  for (const row of options.routes) {
    const path = row.path.replaceAll(/\{(\w+)\}/g, ':$1');
    methods.set(path, [...(methods.get(path) ?? []), row.method.toUpperCase()]);
    router[row.method](
      path,
      authenticate(options, row),
      ...(row.body ? [requireJson, parseBody] : []),
      serve(row),
      recordRefusal(options, row),
    );
  }
  for (const [path, allowed] of methods) {
    router.all(path, (request, response) => {
      response.setHeader('Allow', allowed.join(', '));
      throw new HttpProblem(
        'method_not_allowed',
        `${request.method} is not served here; use ${allowed.join(' or ')}`,
      );
    });
  }
  return router;
}

/** Finds the principal of the key, takes one of its requests, and asks for the scope of the row. */
export function authenticate(
  options: Pick<ApiRouterOptions, 'keys' | 'limits'>,
  row: Pick<Route, 'scope'>,
): RequestHandler {
  return async (request, response, next) => {
    const principal = options.keys.authenticate(request.headers.authorization);
    if (!principal) {
      await options.limits.takeRefusedKey(request.ip ?? '');
      throw new HttpProblem('unauthenticated', 'send a valid key: "Authorization: Bearer ae_..."');
    }
    stateOf(response).principal = principal;
    await options.limits.takeRequest(`${principal.tenant_id}/${principal.user_id}`);
    if (!principal.scopes.has(row.scope)) {
      throw new HttpProblem('forbidden', `this needs a key with the scope "${row.scope}"`);
    }
    next();
  };
}

function requireJson(request: Request, _response: Response, next: NextFunction): void {
  if (!request.is('application/json')) {
    throw new HttpProblem('unsupported_media_type', 'send "Content-Type: application/json"');
  }
  next();
}

function serve(row: Route): RequestHandler {
  return async (request, response) => {
    const { principal = ANONYMOUS } = stateOf(response);
    const answer = await row.handle({
      params: row.params ? validate(row.params, request.params, '') : undefined,
      query: row.query ? validate(row.query, request.query, '') : undefined,
      body: row.body ? validate(row.body, request.body) : undefined,
      principal,
      get signal() {
        return closeSignal(response);
      },
    });
    response.status(row.status);
    for (const [name, value] of Object.entries(answer.headers ?? {}))
      response.setHeader(name, value);
    if (answer.body === undefined) response.end();
    else response.json(answer.body);
  };
}

/** Aborts when the client goes away; made for the few handlers that ask, since most answer at once. */
function closeSignal(response: Response): AbortSignal {
  const closed = new AbortController();
  if (response.destroyed) closed.abort();
  else response.once('close', () => closed.abort());
  return closed.signal;
}

function recordRefusal(options: ApiRouterOptions, row: Route) {
  return async (error: unknown, request: Request, response: Response, next: NextFunction) => {
    const { asksFor } = row;
    const code = refusalCode(error);
    if (!asksFor || code === undefined) {
      next(error);
      return;
    }
    const { principal } = stateOf(response);
    // A flood without a key is recorded up to its rate and no further: records are for ever.
    if (principal || code !== 'rate_limited') {
      const action = asksFor(request.body);
      await options.recordRefusal({ principal: principal ?? ANONYMOUS, action, code });
    }
    next(error);
  };
}

/** The code of a refusal that no decision record stands for yet; undefined for a broken part. */
function refusalCode(error: unknown): string | undefined {
  if (error instanceof HttpProblem) return error.status < 500 ? error.code : undefined;
  return isBodyError(error) ? bodyProblem(error).code : undefined;
}

interface BodyError extends Error {
  type: string;
  status: number;
}

/** Whether an error was thrown by Express' body parser or path decoder. */
export function isBodyError(error: unknown): error is BodyError {
  return (
    error instanceof Error &&
    'status' in error &&
    typeof error.status === 'number' &&
    error.status >= 400 &&
    error.status < 500
  );
}

export function bodyProblem(error: BodyError): HttpProblem {
  if (error.status === 413) {
    return new HttpProblem(
      'payload_too_large',
      `a body may have ${String(MAX_BODY_BYTES)} bytes at most`,
    );
  }
  if (error.status === 404) return new HttpProblem('not_found', 'there is no such file');
  if (error.status === 415) {
    return new HttpProblem('unsupported_media_type', 'send uncompressed or gzip JSON in UTF-8');
  }
  return new HttpProblem('invalid_request', 'the body is not valid JSON or the path is not valid');
}
