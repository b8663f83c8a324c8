import type { CreateRequest } from '../lifecycle/sandbox-registry.ts';
import { Refusal } from './answer.ts';

/** E2B's default, and the longest life: a day. Both in seconds. */
const DEFAULT_TIMEOUT_S = 300;
const MAX_TIMEOUT_S = 86_400;

type Body = Readonly<Record<string, unknown>>;

/** Templates by name. This machine has one image, its own programs; `base` is E2B's default. */
export const TEMPLATES: readonly string[] = ['base'];

/** Fields of a create request that ask for what this server does not have. */
const UNSUPPORTED_FIELDS = ['mcp', 'volumeMounts', 'iam'] as const;

function isObject(value: unknown): value is Body {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function timeoutMs(body: Body): number {
  const seconds = body['timeout'] ?? DEFAULT_TIMEOUT_S;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0) {
    throw new Refusal(400, 'timeout must be a number of seconds, zero or more');
  }
  if (seconds > MAX_TIMEOUT_S) {
    throw new Refusal(400, `timeout must be at most ${MAX_TIMEOUT_S} seconds`);
  }
  return seconds * 1000;
}

function textMap(body: Body, field: string): Record<string, string> {
  const value = body[field] ?? {};
  if (!isObject(value) || !Object.values(value).every((item) => typeof item === 'string')) {
    throw new Refusal(400, `${field} must be an object of strings`);
  }
  return value as Record<string, string>;
}

function environment(body: Body): Record<string, string> {
  const envs = textMap(body, 'envVars');
  for (const [name, value] of Object.entries(envs)) {
    if (name === '' || /[=\0]/.test(name) || value.includes('\0')) {
      throw new Refusal(400, 'envVars has a name or value that an environment cannot hold');
    }
  }
  return envs;
}

/** Asking for network and getting none, or getting more than asked, must never be silent. */
function refuseNetwork(body: Body): void {
  if (body['allow_internet_access'] === true) {
    throw new Refusal(501, 'internet access is not supported: sandboxes here have no network');
  }
  const network = body['network'] ?? {};
  if (!isObject(network)) throw new Refusal(400, 'network must be an object');
  const allowed = network['allowOut'];
  const asksForHosts = allowed !== undefined && !(Array.isArray(allowed) && allowed.length === 0);
  if (asksForHosts || network['egressProxy'] !== undefined || network['rules'] !== undefined) {
    throw new Refusal(501, 'a network allowlist is not supported: sandboxes here have no network');
  }
}

export function createRequest(body: Body): CreateRequest {
  const template = body['templateID'] ?? 'base';
  if (typeof template !== 'string') throw new Refusal(400, 'templateID must be a string');
  if (!TEMPLATES.includes(template)) {
    throw new Refusal(
      400,
      `template '${template}' does not exist; there is: ${TEMPLATES.join(', ')}`,
    );
  }
  for (const field of UNSUPPORTED_FIELDS) {
    if (body[field] !== undefined && body[field] !== null) {
      throw new Refusal(501, `${field} is not supported by this server`);
    }
  }
  if (body['autoPause'] === true) {
    throw new Refusal(501, 'pausing is not supported by this server');
  }
  refuseNetwork(body);
  if (body['secure'] !== undefined && typeof body['secure'] !== 'boolean') {
    throw new Refusal(400, 'secure must be a boolean');
  }
  return {
    template,
    metadata: textMap(body, 'metadata'),
    envs: environment(body),
    secure: body['secure'] !== false,
    timeoutMs: timeoutMs(body),
  };
}
