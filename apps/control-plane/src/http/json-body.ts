import { json } from 'express';
import type { Request, RequestHandler, Response } from 'express';
import { HttpProblem } from './http-problem.ts';

/** Largest body: a run's files (1 MiB of text) with room for their escapes. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

const parseAnyBody: RequestHandler = json({
  limit: MAX_BODY_BYTES,
  strict: true,
  type: 'application/json',
});
const utf8 = new TextDecoder();

/**
 * The JSON body of a request. Nearly every client sends plain UTF-8 of a known length, which is read here; what is
 * compressed, sent in chunks or of another charset is left to Express.
 * @throws HttpProblem `unsupported_media_type`, `invalid_request`, or an error of Express' body parser.
 */
export function readJson(request: Request, response: Response): Promise<unknown> {
  const { headers } = request;
  const isPlain =
    headers['content-type'] === 'application/json' &&
    headers['content-encoding'] === undefined &&
    Number(headers['content-length']) <= MAX_BODY_BYTES;
  return isPlain ? readPlain(request) : readAny(request, response);
}

function readPlain(request: Request): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const [first = Buffer.of()] = chunks;
        try {
          resolve(parse(utf8.decode(chunks.length > 1 ? Buffer.concat(chunks) : first)));
        } catch {
          reject(notJson());
        }
      })
      .on('error', () => reject(notJson()));
  });
}

/** As Express parses: a body of nothing is an empty object, and a lone string or number is none. */
function parse(text: string): unknown {
  if (text === '') return {};
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new SyntaxError('not an object or array');
  return value;
}

async function readAny(request: Request, response: Response): Promise<unknown> {
  if (!request.is('application/json')) {
    throw new HttpProblem('unsupported_media_type', 'send "Content-Type: application/json"');
  }
  await new Promise<void>((resolve, reject) => {
    void parseAnyBody(request, response, (error?: unknown) => {
      if (error instanceof Error) reject(error);
      else resolve();
    });
  });
  return request.body;
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
  return notJson();
}

function notJson(): HttpProblem {
  return new HttpProblem('invalid_request', 'the body is not valid JSON or the path is not valid');
}
