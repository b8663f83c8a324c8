import type { AddressClass } from './address.ts';
import { matchesAllowlist } from './allowlist.ts';
import type { Host } from './host.ts';
import { normalizeHost } from './host.ts';

export interface NetworkPolicy {
  /** Every list must match; an empty list does not restrict. */
  allowlists: readonly (readonly string[])[];
  /** Loopback, private and link-local targets may be named (metadata never). */
  allowPrivate: boolean;
}

export type NetworkAnswer =
  | { outcome: 'allowed'; host: string }
  | { outcome: 'not_allowed'; host: string }
  | { outcome: 'blocked_address'; host: string; addressClass: AddressClass }
  | { outcome: 'invalid'; host: string };

const SCHEMES: ReadonlySet<string> = new Set([
  'http:',
  'https:',
  'ws:',
  'wss:',
  'ftp:',
  'ftps:',
  'sftp:',
  'ssh:',
  'git:',
  'git+ssh:',
  'postgres:',
  'postgresql:',
  'mysql:',
  'redis:',
  'rediss:',
  'mongodb:',
  'amqp:',
]);

/**
 * The host a URL really leads to. A text without a scheme is read the way curl reads it (http).
 * Undefined for what is no URL, for schemes that are no network protocol (file:, gopher:, ...) and
 * for text whose reading differs between parsers (control characters, backslashes).
 */
export function hostOfUrl(text: string): Host | undefined {
  // Parsers disagree about these (WHATWG strips or rewrites them): refuse rather than choose one.
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return undefined;
  const absolute = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(text) ? text : `http://${text}`;
  // Non-special schemes are parsed by other rules; read every one by the rules of http.
  const schemeEnd = absolute.indexOf(':');
  if (!SCHEMES.has(absolute.slice(0, schemeEnd + 1).toLowerCase())) return undefined;
  let url: URL;
  try {
    url = new URL(`http${absolute.slice(schemeEnd)}`);
  } catch {
    return undefined;
  }
  return normalizeHost(url.hostname);
}

/** Judges one host by address first (a list cannot open metadata), then by the lists. */
export function checkHost(
  host: Host | undefined,
  text: string,
  policy: NetworkPolicy,
): NetworkAnswer {
  if (host === undefined) return { outcome: 'invalid', host: text };
  if (host.addressClass === 'metadata') {
    return { outcome: 'blocked_address', host: host.name, addressClass: host.addressClass };
  }
  if (host.addressClass !== 'public' && !policy.allowPrivate) {
    return { outcome: 'blocked_address', host: host.name, addressClass: host.addressClass };
  }
  for (const list of policy.allowlists) {
    if (list.length > 0 && !matchesAllowlist(host.name, list))
      return { outcome: 'not_allowed', host: host.name };
  }
  return { outcome: 'allowed', host: host.name };
}
