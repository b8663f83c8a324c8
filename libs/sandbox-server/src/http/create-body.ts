import { networkSetting } from '../egress/network-setting.ts';
import type { CreateRequest } from '../lifecycle/sandbox-registry.ts';
import type { TemplateCatalog } from '../templates/template-catalog.ts';
import { Refusal } from './answer.ts';

/** E2B's default, and the longest life: a day. Both in seconds. */
const DEFAULT_TIMEOUT_S = 300;
const MAX_TIMEOUT_S = 86_400;

type Body = Readonly<Record<string, unknown>>;

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

/** What happens when its time is over, and whether a call then wakes it. */
function timeoutAction(body: Body): Pick<CreateRequest, 'onTimeout' | 'autoResume'> {
  const { autoPause = false, autoPauseMemory, autoResume } = body;
  if (typeof autoPause !== 'boolean') throw new Refusal(400, 'autoPause must be a boolean');
  if (autoPauseMemory === false) {
    throw new Refusal(501, 'a pause that keeps files but no memory is not supported');
  }
  const resume = isObject(autoResume) ? autoResume['enabled'] : (autoResume ?? false);
  if (typeof resume !== 'boolean') throw new Refusal(400, 'autoResume must be {enabled: boolean}');
  return { onTimeout: autoPause ? 'pause' : 'kill', autoResume: resume };
}

export function createRequest(body: Body, templates: TemplateCatalog): CreateRequest {
  const name = body['templateID'] ?? 'base';
  if (typeof name !== 'string') throw new Refusal(400, 'templateID must be a string');
  const template = templates.find(name);
  if (template === undefined) {
    const names = templates.names.join(', ');
    throw new Refusal(400, `template '${name}' does not exist; there is: ${names}`);
  }
  for (const field of UNSUPPORTED_FIELDS) {
    const value = body[field] ?? undefined;
    // An empty list asks for nothing.
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) {
      throw new Refusal(501, `${field} is not supported by this server`);
    }
  }
  const network = networkSetting(body);
  if (body['secure'] !== undefined && typeof body['secure'] !== 'boolean') {
    throw new Refusal(400, 'secure must be a boolean');
  }
  return {
    template,
    network,
    wantsInternet: body['allow_internet_access'] === true,
    metadata: textMap(body, 'metadata'),
    envs: environment(body),
    secure: body['secure'] !== false,
    timeoutMs: timeoutMs(body),
    ...timeoutAction(body),
  };
}
