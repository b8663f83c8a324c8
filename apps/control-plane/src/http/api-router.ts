import { Router } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import type { ApiKeys } from './api-keys.ts';
import { HttpProblem } from './http-problem.ts';
import { bodyProblem, isBodyError, readJson } from './json-body.ts';
import { ANONYMOUS } from './principal.ts';
import type { Principal } from './principal.ts';
import type { RateLimits } from './rate-limit.ts';
import type { Route, RouteAnswer } from './route.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { validate } from './validate.ts';

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

/** What is known of one request beside the request itself, in `response.locals`. */
export interface RequestState {
  requestId: string;
}

export function stateOf(response: Response): RequestState {
  return response.locals as RequestState;
}

/**
 * Serves the rows of the API below a path. A request passes: key, rate, body, validation, handler. Whatever refuses a
 * request that asked for an action is recorded before the answer goes out.
 */
export function createApiRouter(base: string, options: ApiRouterOptions): RequestHandler {
  const router = Router({ caseSensitive: true });
  const methods = new Map<string, string[]>();
  const fixed = new Map<string, RequestHandler>();

  for (const row of options.routes) {
    const path = base + row.path.replaceAll(/\{(\w+)\}/g, ':$1');
    const method = row.method.toUpperCase();
    const handler = serve(options, row);
    methods.set(path, [...(methods.get(path) ?? []), method]);
    router[row.method](path, handler);
    if (!path.includes(':')) fixed.set(`${method} ${path}`, handler);
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
  return (request, response, next) => {
    // A path without parameters needs no search: what has the load is of these.
    const handler = fixed.get(`${request.method} ${request.url}`) ?? router;
    return handler(request, response, next);
  };
}

/** For what is served beside the rows: goes on when {@link admit} does. */
export function authenticate(
  options: Pick<ApiRouterOptions, 'keys' | 'limits'>,
  row: Pick<Route, 'scope'>,
): RequestHandler {
  return async (request, _response, next) => {
    const principal = identify(options, request) ?? (await refuseKey(options, request));
    await admit(options, row, principal);
    next();
  };
}

/** One function from the key to the answer: middleware for each step would cost more than most handlers. */
function serve(options: ApiRouterOptions, row: Route): RequestHandler {
  return async (request, response) => {
    let principal: Principal | undefined;
    let body: unknown;
    try {
      principal = identify(options, request) ?? (await refuseKey(options, request));
      const admission = admit(options, row, principal);
      if (admission) await admission;
      if (row.body) body = await readJson(request, response);
      const answer = await row.handle({
        params: row.params ? validate(row.params, request.params, '') : undefined,
        query: row.query ? validate(row.query, request.query, '') : undefined,
        body: row.body ? validate(row.body, body) : undefined,
        principal,
        signal: row.waits && closeSignal(response),
      });
      send(response, row.status, answer);
    } catch (error) {
      await recordRefusal(options, row, { error, principal, body });
      throw error;
    }
  };
}

function identify({ keys }: Pick<ApiRouterOptions, 'keys'>, request: Request) {
  return keys.authenticate(request.headers.authorization);
}

async function refuseKey(
  { limits }: Pick<ApiRouterOptions, 'limits'>,
  request: Request,
): Promise<never> {
  await limits.takeRefusedKey(request.ip ?? '');
  throw new HttpProblem('unauthenticated', 'send a valid key: "Authorization: Bearer ae_..."');
}

/**
 * Takes one request of the principal, and asks for the scope of the row. Most often one is at hand, and there is
 * nothing to wait for: an await for each request would cost more than it seems, for it made what a request allocates
 * live until a full garbage collection.
 */
function admit(
  { limits }: Pick<ApiRouterOptions, 'limits'>,
  { scope }: Pick<Route, 'scope'>,
  { tenant_id, user_id, scopes }: Principal,
): Promise<void> | undefined {
  const assertScope = () => {
    if (scopes.has(scope)) return;
    throw new HttpProblem('forbidden', `this needs a key with the scope "${scope}"`);
  };
  const taken = limits.takeRequest(`${tenant_id}/${user_id}`);
  if (taken) return taken.then(assertScope);
  assertScope();
  return undefined;
}

/** Writes the whole answer at once. */
function send(
  response: Response,
  status: number,
  { body, headers = {} }: RouteAnswer<unknown>,
): void {
  const head = [...SECURITY_HEADERS, 'X-Request-Id', stateOf(response).requestId];
  for (const [name, value] of Object.entries(headers)) head.push(name, value);
  if (body === undefined) {
    response.writeHead(status, head).end();
    return;
  }
  const text = JSON.stringify(body);
  head.push('Content-Type', 'application/json; charset=utf-8');
  head.push('Content-Length', String(Buffer.byteLength(text)));
  response.writeHead(status, head).end(text);
}

/** Aborts when the client goes away. */
function closeSignal(response: Response): AbortSignal {
  const closed = new AbortController();
  if (response.destroyed) closed.abort();
  else response.once('close', () => closed.abort());
  return closed.signal;
}

async function recordRefusal(
  options: ApiRouterOptions,
  { asksFor }: Route,
  refused: { error: unknown; principal: Principal | undefined; body: unknown },
): Promise<void> {
  const { error, principal, body } = refused;
  const code = refusalCode(error);
  if (!asksFor || code === undefined) return;
  // A flood without a key is recorded up to its rate and no further: records are for ever.
  if (!principal && code === 'rate_limited') return;
  await options.recordRefusal({ principal: principal ?? ANONYMOUS, action: asksFor(body), code });
}

/** The code of a refusal that no decision record stands for yet; undefined for a broken part. */
function refusalCode(error: unknown): string | undefined {
  if (error instanceof HttpProblem) return error.status < 500 ? error.code : undefined;
  return isBodyError(error) ? bodyProblem(error).code : undefined;
}
