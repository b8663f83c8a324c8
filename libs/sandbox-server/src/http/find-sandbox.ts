import type { IncomingMessage } from 'node:http';
import type { SandboxRecord } from '../lifecycle/sandbox-record.ts';
import type { SandboxRegistry } from '../lifecycle/sandbox-registry.ts';
import { header, Refusal } from './answer.ts';
import { sameSecret } from './secret.ts';
import { SignedRequest } from './signature.ts';

/** The port on which E2B's sandboxes run their agent; no other port of a guest is exposed. */
const ENVD_PORT = '49983';

/** `<port>-<id>.<any domain>`, as the SDKs before 2.7 name a sandbox. */
const SANDBOX_HOST = /^(\d{1,5})-(i[0-9a-f]{20})\./;

function gone(what: string): Refusal {
  // What the SDK takes for a sandbox that has ended.
  return new Refusal(502, `${what} was not found`);
}

function byId(registry: SandboxRegistry, id: string, port: string): SandboxRecord {
  if (port !== ENVD_PORT) throw new Refusal(501, 'ports of a sandbox are not exposed');
  const record = registry.get(id);
  if (record === undefined) throw gone(`sandbox '${id}'`);
  return record;
}

function byToken(registry: SandboxRegistry, match: (token: string) => boolean) {
  return registry.list().find(({ accessToken }) => accessToken !== undefined && match(accessToken));
}

/**
 * The sandbox whose agent a request is for; undefined for a request to the server itself. An SDK
 * names it, by version and call, in the id header, in the host's name, or by nothing but the
 * token (file calls of 2.7 to 2.13) or the signature (signed file URLs).
 *
 * Finding is not permitting: see {@link authorise}.
 *
 * @throws Refusal 401 for a signature that no sandbox has made, 501 for another port than the
 *   agent's, 502 for a sandbox that is not there
 */
export function findSandbox(
  registry: SandboxRegistry,
  request: IncomingMessage,
  url: URL,
): SandboxRecord | undefined {
  const id = header(request, 'e2b-sandbox-id');
  if (id !== undefined) return byId(registry, id, header(request, 'e2b-sandbox-port') ?? ENVD_PORT);
  const [, hostPort, hostId] = SANDBOX_HOST.exec(request.headers.host?.toLowerCase() ?? '') ?? [];
  if (hostPort !== undefined && hostId !== undefined) return byId(registry, hostId, hostPort);
  const token = header(request, 'x-access-token');
  if (token !== undefined) {
    const record = byToken(registry, (expected) => sameSecret(token, expected));
    if (record === undefined) throw gone('the sandbox of this access token');
    return record;
  }
  const signed = SignedRequest.of(request.method, url);
  if (signed !== undefined) {
    const record = byToken(registry, (expected) => signed.isSignedWith(expected));
    if (record === undefined) throw new Refusal(401, 'invalid signature');
    return record;
  }
  return undefined;
}

/**
 * Whether the caller may use the sandbox's agent. The guest is never asked, and never learns the
 * token: a guest that could would make signed URLs of its own.
 *
 * @throws Refusal 401
 */
export function authorise(request: IncomingMessage, url: URL, record: SandboxRecord): void {
  const { accessToken } = record;
  if (accessToken === undefined) return;
  const token = header(request, 'x-access-token');
  const signed = token === undefined ? SignedRequest.of(request.method, url) : undefined;
  if (signed !== undefined) {
    if (!signed.isSignedWith(accessToken)) throw new Refusal(401, 'invalid signature');
    if (signed.isExpired(Date.now())) throw new Refusal(401, 'signature is already expired');
    return;
  }
  if (token === undefined || !sameSecret(token, accessToken)) {
    // Callers of plain HTTP read a number as the code, those of Connect a word.
    const code = url.pathname === '/files' ? 401 : 'unauthenticated';
    throw new Refusal(401, 'the access token is missing or wrong', code);
  }
}
