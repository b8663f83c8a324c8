import type { Logger } from '@ae/telemetry';
import type { ErrorRequestHandler, RequestHandler } from 'express';
import { stateOf } from './api-router.ts';
import { HttpProblem } from './http-problem.ts';
import { bodyProblem, isBodyError } from './json-body.ts';
import { problemOfPart } from './part-problem.ts';
import { setSecurityHeaders } from './security-headers.ts';

/** Answers what no route serves. */
export const notFound: RequestHandler = (request) => {
  throw new HttpProblem('not_found', `nothing is served at ${request.path}; see /openapi.json`);
};

/** The one place where errors become problem+json. What it does not know is logged, never shown. */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const problem = toHttpProblem(error);
    const { requestId } = stateOf(response);
    if (problem.status >= 500) {
      logger.error({ err: error, request_id: requestId, code: problem.code }, problem.message);
    }
    setSecurityHeaders(response);
    response.setHeader('X-Request-Id', requestId);
    if (problem.details.retryAfterSeconds !== undefined) {
      response.setHeader('Retry-After', String(problem.details.retryAfterSeconds));
    } else if (problem.status === 503) {
      response.setHeader('Retry-After', '1');
    }
    if (problem.code === 'unauthenticated') response.setHeader('WWW-Authenticate', 'Bearer');
    response
      .status(problem.status)
      .type('application/problem+json')
      .send(JSON.stringify(problem.toProblem({ instance: request.path, requestId })));
  };
}

export function toHttpProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  const partProblem = problemOfPart(error);
  if (partProblem) return partProblem;
  if (isBodyError(error)) return bodyProblem(error);
  return new HttpProblem('internal', 'the request failed here; its id is in the log', {
    cause: error,
  });
}
