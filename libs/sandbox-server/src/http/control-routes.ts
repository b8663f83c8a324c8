import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SandboxRecord } from '../lifecycle/sandbox-record.ts';
import { NoCapacityError, type SandboxRegistry } from '../lifecycle/sandbox-registry.ts';
import { answerJson, readJsonObject, Refusal } from './answer.ts';
import { createRequest, timeoutMs } from './create-body.ts';
import { selectPage } from './list-query.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/**
 * The version of envd whose protocol the agent speaks. From 0.6.4 on the SDK sends all that it
 * knows; what the agent lacks it answers with `unimplemented`.
 */
const ENVD_VERSION = '0.6.4';

interface Call {
  readonly registry: SandboxRegistry;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** The sandbox's id from the path. */
  readonly id: string;
}

type Handler = (call: Call) => Promise<void> | void;

function session(record: SandboxRecord): Record<string, unknown> {
  return {
    sandboxID: record.id,
    templateID: record.template,
    alias: record.template,
    clientID: 'local',
    envdVersion: ENVD_VERSION,
    envdAccessToken: record.accessToken,
    domain: null,
  };
}

function listed(record: SandboxRecord, registry: SandboxRegistry): Record<string, unknown> {
  return {
    sandboxID: record.id,
    templateID: record.template,
    alias: record.template,
    clientID: 'local',
    envdVersion: ENVD_VERSION,
    startedAt: record.startedAt.toISOString(),
    endAt: record.endAt.toISOString(),
    state: 'running',
    metadata: record.metadata,
    cpuCount: Math.max(1, Math.round(registry.limits.cpus)),
    memoryMB: registry.limits.memoryMb,
    diskSizeMB: registry.limits.diskMb,
  };
}

function notFound(id: string): Refusal {
  return new Refusal(404, `sandbox '${id}' not found`);
}

async function create({ registry, request, response }: Call): Promise<void> {
  const wanted = createRequest(await readJsonObject(request, MAX_BODY_BYTES));
  let record: SandboxRecord;
  try {
    record = await registry.create(wanted);
  } catch (error) {
    if (error instanceof NoCapacityError) throw new Refusal(503, error.message);
    throw error;
  }
  if (response.destroyed) {
    // The caller left while it started, and would never learn the id.
    await registry.kill(record.id);
    return;
  }
  answerJson(response, 201, session(record));
}

function list({ registry, response, query }: Call): void {
  const page = selectPage(registry.list(), query);
  if (page.nextToken !== undefined) response.setHeader('x-next-token', page.nextToken);
  answerJson(
    response,
    200,
    page.records.map((record) => listed(record, registry)),
  );
}

function show({ registry, response, id }: Call): void {
  const record = registry.get(id);
  if (record === undefined) throw notFound(id);
  answerJson(response, 200, {
    ...listed(record, registry),
    envdAccessToken: record.accessToken,
    allowInternetAccess: false,
    domain: null,
    lifecycle: { autoResume: false, onTimeout: 'kill' },
  });
}

async function kill({ registry, response, id }: Call): Promise<void> {
  if (!(await registry.kill(id))) throw notFound(id);
  answerJson(response, 204);
}

async function setTimeoutOf({ registry, request, response, id }: Call): Promise<void> {
  const wanted = timeoutMs(await readJsonObject(request, MAX_BODY_BYTES));
  if (!registry.setTimeout(id, wanted)) throw notFound(id);
  answerJson(response, 204);
}

/** Connecting may prolong a sandbox's life, never shorten it. */
async function connect({ registry, request, response, id }: Call): Promise<void> {
  const body = await readJsonObject(request, MAX_BODY_BYTES);
  const record = registry.get(id);
  if (record === undefined) throw notFound(id);
  if (body['timeout'] !== undefined) {
    const wanted = timeoutMs(body);
    if (Date.now() + wanted > record.endAt.getTime()) registry.setTimeout(id, wanted);
  }
  answerJson(response, 200, session(record));
}

function unsupported(): never {
  throw new Refusal(501, 'this call is not supported by this server');
}

/** Older SDKs use the unversioned paths; both mean the same. */
const ROUTES: readonly [method: string, path: RegExp, handler: Handler][] = [
  ['POST', /^\/(?:v2\/)?sandboxes$/, create],
  ['GET', /^\/(?:v2\/)?sandboxes$/, list],
  ['GET', /^\/(?:v2\/)?sandboxes\/([^/]+)$/, show],
  ['DELETE', /^\/(?:v2\/)?sandboxes\/([^/]+)$/, kill],
  ['POST', /^\/(?:v2\/)?sandboxes\/([^/]+)\/timeout$/, setTimeoutOf],
  ['POST', /^\/(?:v2\/)?sandboxes\/([^/]+)\/connect$/, connect],
];

/** Serves one request of E2B's REST interface. */
export async function serveControl(
  registry: SandboxRegistry,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  for (const [method, path, handler] of ROUTES) {
    const match = request.method === method ? path.exec(url.pathname) : null;
    if (match === null) continue;
    await handler({ registry, request, response, query: url.searchParams, id: match[1] ?? '' });
    return;
  }
  // Not 404: the SDK reads that as a sandbox that is gone.
  unsupported();
}
