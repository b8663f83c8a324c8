import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import type {
  Approval,
  BudgetStatus,
  Event,
  NewEvent,
  PolicyDecision,
  Problem,
  Run,
} from '@ae/contracts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};

const BASE = '/api/v1/safety';

const UNKNOWN_KEY: Problem = {
  type: 'about:blank',
  title: 'Unauthenticated',
  status: 401,
  code: 'unauthenticated',
  detail: 'This key is not known. Take the one in .ae/connection.json.',
};

/** What a spec puts in and what the page sent. */
export class TestControlPlane {
  readonly key = ['ae', 'test'.repeat(8)].join('_');
  budgets: BudgetStatus[] = [];
  runs: Run[] = [];
  approvals: Approval[] = [];
  decision: PolicyDecision | undefined;
  /** Every call of the API answers this while it is set. */
  failure: Problem | undefined;
  /** The stream's refusal of an unknown key comes without its body while it is set. */
  holdsRefusal = false;
  readonly received: { method: string; path: string; body: unknown }[] = [];
  readonly resumedAfter: (string | undefined)[] = [];
  readonly #log: Event[] = [];
  readonly #streams = new Set<ServerResponse>();
  readonly #root: string;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  /** @param root the folder of the built page */
  constructor(root: string) {
    this.#root = root;
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.cutStreams();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get streams(): number {
    return this.#streams.size;
  }

  publish(event: NewEvent): void {
    const id = String(this.#log.length + 1);
    const entry: Event = { ...event, id, timestamp: new Date().toISOString() };
    this.#log.push(entry);
    for (const stream of this.#streams) stream.write(frame(entry));
  }

  /** Breaks every stream, as a proxy that restarts does. */
  cutStreams(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const path = url.pathname.slice(BASE.length);
    const method = request.method ?? 'GET';
    if (!url.pathname.startsWith(BASE)) await this.#file(url.pathname, response);
    else if (this.failure) problem(response, this.failure);
    else if (request.headers.authorization !== `Bearer ${this.key}`) {
      if (this.holdsRefusal && path === '/events') response.writeHead(401).flushHeaders();
      else problem(response, UNKNOWN_KEY);
    } else if (path === '/events') this.#stream(request, response);
    else {
      if (method === 'POST') this.received.push({ method, path, body: await bodyOf(request) });
      json(response, this.#resource(method, path));
    }
  }

  #resource(method: string, path: string): unknown {
    if (path === '/budgets') return { budgets: this.budgets };
    if (path === '/approvals') return { approvals: this.approvals };
    if (path === '/check') return this.decision;
    if (path === '/runs' && method === 'GET') return { runs: this.runs };
    if (path === '/runs') return this.runs[0];
    if (path === '/budget/freeze' || path === '/budget/unfreeze') return this.#freeze(path);
    const id = decodeURIComponent(path.split('/')[2] ?? '');
    if (path.startsWith('/runs/')) return this.runs.find(({ run_id }) => run_id === id);
    return this.approvals.find(({ approval_id }) => approval_id === id);
  }

  #freeze(path: string): unknown {
    const { run_id } = this.received.at(-1)?.body as { run_id: string };
    const thawed = { ...this.budgets.find((budget) => budget.run_id === run_id) };
    delete thawed.frozen;
    return path === '/budget/freeze' ? { ...thawed, frozen: true } : thawed;
  }

  #stream(request: IncomingMessage, response: ServerResponse): void {
    const after = request.headers['last-event-id']?.toString();
    this.resumedAfter.push(after);
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(': connected\n\n');
    if (after !== undefined) {
      for (const event of this.#log.slice(Number(after))) response.write(frame(event));
    }
    this.#streams.add(response);
    response.on('close', () => this.#streams.delete(response));
  }

  async #file(pathname: string, response: ServerResponse): Promise<void> {
    const name = pathname === '/' ? 'index.html' : normalize(pathname);
    try {
      const content = await readFile(join(this.#root, name));
      response.writeHead(200, {
        'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
        'content-security-policy': "default-src 'self'; base-uri 'none'; object-src 'none'",
        'x-content-type-options': 'nosniff',
      });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  }
}

function frame(event: Event): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function problem(response: ServerResponse, body: Problem): void {
  response.writeHead(body.status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString());
}
