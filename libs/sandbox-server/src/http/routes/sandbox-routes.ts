import type { SandboxRecord } from '../../lifecycle/sandbox-record.ts';
import { answerJson } from '../answer.ts';
import { createRequest, timeoutMs } from '../create-body.ts';
import { selectPage, selectRunning } from '../list-query.ts';
import { networkInfo } from './network-routes.ts';
import { bodyOf, notFound, recordOf, type Call, type Route } from '../route.ts';

/**
 * The version of envd whose protocol the agent speaks. From 0.6.4 on the SDK sends all that it
 * knows; what the agent lacks it answers with `unimplemented`.
 */
const ENVD_VERSION = '0.6.4';

/** What every answer about a sandbox begins with. */
function named(record: SandboxRecord): Record<string, unknown> {
  return {
    sandboxID: record.id,
    templateID: record.template,
    alias: record.template,
    clientID: 'local',
    envdVersion: ENVD_VERSION,
  };
}

/** What a caller needs to reach a sandbox's agent. */
export function session(record: SandboxRecord): Record<string, unknown> {
  return {
    ...named(record),
    envdAccessToken: record.accessToken,
    domain: null,
  };
}

function listed(record: SandboxRecord): Record<string, unknown> {
  return {
    ...named(record),
    startedAt: record.startedAt.toISOString(),
    endAt: record.endAt.toISOString(),
    state: record.state,
    metadata: record.metadata,
    cpuCount: Math.max(1, Math.round(record.limits.cpus)),
    memoryMB: record.limits.memoryMb,
    diskSizeMB: record.limits.diskMb,
  };
}

async function create(call: Call): Promise<void> {
  const { registry, response } = call;
  const wanted = createRequest(await bodyOf(call), registry.templates);
  const record = await registry.create(wanted);
  if (response.destroyed) {
    // The caller left while it started, and would never learn the id.
    await registry.kill(record.id);
    return;
  }
  answerJson(response, 201, session(record));
}

function listRunning({ registry, response, query }: Call): void {
  answerJson(response, 200, selectRunning(registry.list(), query).map(listed));
}

function list({ registry, response, query }: Call): void {
  const page = selectPage(registry.list(), query);
  if (page.nextToken !== undefined) response.setHeader('x-next-token', page.nextToken);
  answerJson(response, 200, page.records.map(listed));
}

function show(call: Call): void {
  const record = recordOf(call);
  answerJson(call.response, 200, {
    ...listed(record),
    envdAccessToken: record.accessToken,
    allowInternetAccess: false,
    ...networkInfo(record.network),
    domain: null,
    lifecycle: { autoResume: record.autoResume, onTimeout: record.onTimeout },
  });
}

async function kill({ registry, response, id }: Call): Promise<void> {
  if (!(await registry.kill(id))) throw notFound(id);
  answerJson(response, 204);
}

async function setTimeoutOf(call: Call): Promise<void> {
  const { registry, response, id } = call;
  const wanted = timeoutMs(await bodyOf(call));
  if (!registry.setTimeout(id, wanted)) throw notFound(id);
  answerJson(response, 204);
}

/** Older SDKs use the unversioned paths; but for the list, both mean the same. */
export const sandboxRoutes: readonly Route[] = [
  { method: 'POST', path: /^\/(?:v2\/)?sandboxes$/, handler: create },
  { method: 'GET', path: /^\/sandboxes$/, handler: listRunning },
  { method: 'GET', path: /^\/v2\/sandboxes$/, handler: list },
  // `/sandboxes/metrics` is a call of its own, not a sandbox that is gone.
  { method: 'GET', path: /^\/(?:v2\/)?sandboxes\/(?!metrics$)([^/]+)$/, handler: show },
  { method: 'DELETE', path: /^\/(?:v2\/)?sandboxes\/([^/]+)$/, handler: kill },
  { method: 'POST', path: /^\/(?:v2\/)?sandboxes\/([^/]+)\/timeout$/, handler: setTimeoutOf },
];
