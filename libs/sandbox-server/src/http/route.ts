import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SandboxRecord } from '../lifecycle/sandbox-record.ts';
import type { SandboxRegistry } from '../lifecycle/sandbox-registry.ts';
import { readJsonObject, Refusal } from './answer.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/** One request of the REST interface. */
export interface Call {
  readonly registry: SandboxRegistry;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** What the path's group holds: the sandbox's id on most routes, else empty. */
  readonly id: string;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: RegExp;
  readonly handler: (call: Call) => Promise<void> | void;
}

export function bodyOf({ request }: Call): Promise<Record<string, unknown>> {
  return readJsonObject(request, MAX_BODY_BYTES);
}

/** @throws Refusal 404, which the SDK reads as a sandbox that is gone. */
export function recordOf({ registry, id }: Call): SandboxRecord {
  const record = registry.get(id);
  if (record === undefined) throw notFound(id);
  return record;
}

export function notFound(id: string): Refusal {
  return new Refusal(404, `sandbox '${id}' not found`);
}
