import type { IncomingMessage, ServerResponse } from 'node:http';

/** A refusal of the REST interface: E2B's body is `{code, message}` with the HTTP status as code. */
export class Refusal extends Error {
  readonly status: number;
  /** The status, or a word of the Connect protocol where the caller speaks that. */
  readonly code: number | string;

  constructor(status: number, message: string, code: number | string = status) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** The one value of a header; undefined when it is not there. */
export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

export function answerJson(response: ServerResponse, status: number, body?: unknown): void {
  if (response.headersSent || response.destroyed) return;
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': bytes.length,
  });
  response.end(bytes);
}

export function answerRefusal(
  response: ServerResponse,
  status: number,
  message: string,
  code: number | string = status,
): void {
  // The rest of a refused body is not read, so the connection cannot serve another request.
  if (!response.headersSent && (status === 408 || status === 413)) {
    response.setHeader('connection', 'close');
  }
  answerJson(response, status, { code, message });
}

export async function readJsonObject(
  request: IncomingMessage,
  maxBytes: number,
): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) throw new Refusal(413, `the body is over ${maxBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  if (size === 0) return {};
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refusal(400, 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'the body is not a JSON object');
  }
  return value as Record<string, unknown>;
}
