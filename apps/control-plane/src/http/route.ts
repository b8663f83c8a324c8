import type { ProblemCode } from '@ae/contracts';
import type { z } from 'zod';
import type { Principal, Scope } from './principal.ts';

/** What a handler is given: everything already validated. */
export interface RouteRequest<P, Q, B> {
  params: P;
  query: Q;
  body: B;
  principal: Principal;
  /** Aborts when the caller went away, where the row `waits`. */
  signal: AbortSignal | undefined;
}

export interface RouteAnswer<R> {
  body?: R;
  headers?: Record<string, string>;
}

/** One row of the API: the router and the OpenAPI document are both made from it. */
export interface Route<P = unknown, Q = unknown, B = unknown, R = unknown> {
  method: 'get' | 'post' | 'delete';
  /** Below `/api/v1/safety`, parameters in braces: `/budget/{run_id}`. */
  path: string;
  summary: string;
  scope: Scope;
  params?: z.ZodType<P>;
  query?: z.ZodType<Q>;
  body?: z.ZodType<B>;
  status: 200 | 201 | 202 | 204;
  response?: z.ZodType<R>;
  /** What it may answer beside 400, 401, 403, 429 and 503, which every route may. */
  problems: ProblemCode[];
  /** The action that is asked for: a refusal of such a request is recorded in the audit log. */
  asksFor?: (body: unknown) => string;
  /** Whether it may wait for something to happen: then its handler is given a signal, which keeps the answer in memory. */
  waits?: true;
  handle(request: RouteRequest<P, Q, B>): Promise<RouteAnswer<R>>;
}

/** Keeps the types of a row together; tables hold rows of different types. */
export function route<P, Q, B, R>(row: Route<P, Q, B, R>): Route {
  return row;
}
