import { checkHost, normalizeHost, type Host } from '@ae/network-rules';
import type { EgressEvent } from '../events/server-event.ts';

/** Why a connection is refused. */
export type RefusalRule = Exclude<EgressEvent['rule'], 'allowlist'>;

/** Where a guest wants to go: the host in one spelling, and the port. */
export interface Target {
  readonly host: Host;
  readonly port: number;
}

export type Verdict =
  | { readonly outcome: 'allowed'; readonly target: Target }
  | { readonly outcome: 'refused'; readonly rule: RefusalRule };

/** What a guest wrote, in two parts. */
export interface Authority {
  readonly host: string;
  readonly port: number;
}

/** An address in brackets or a name, then the port. No user, no path, nothing that parsers read in two ways. */
const AUTHORITY = /^(\[[^\]@/?#\\]*\]|[^:[\]@/?#\\]+)(?::(\d{1,5}))?$/;

/** The `host:port` of a CONNECT, a URL or a Host header; undefined when it is anything else. */
export function parseAuthority(text: string, defaultPort?: number): Authority | undefined {
  const match = AUTHORITY.exec(text);
  if (match === null) return undefined;
  const port = match[2] === undefined ? defaultPort : Number(match[2]);
  if (port === undefined || port < 1 || port > 65_535) return undefined;
  return { host: match[1] ?? '', port };
}

/** Whether the allowlist lets a guest go there, as far as the name tells. */
export function judgeTarget(
  entries: readonly string[],
  ports: readonly number[],
  { host: text, port }: Authority,
): Verdict {
  const host = normalizeHost(text);
  // Unlike a policy's, the list of a sandbox restricts when it is empty.
  const allowlists = entries.length === 0 ? [['']] : [entries];
  const answer = checkHost(host, text, { allowlists, allowPrivate: false });
  if (answer.outcome === 'invalid' || host === undefined) {
    return { outcome: 'refused', rule: 'invalid_host' };
  }
  if (answer.outcome === 'blocked_address') return { outcome: 'refused', rule: 'blocked_address' };
  if (answer.outcome === 'not_allowed') return { outcome: 'refused', rule: 'not_in_allowlist' };
  if (!ports.includes(port)) return { outcome: 'refused', rule: 'port_not_allowed' };
  return { outcome: 'allowed', target: { host, port } };
}
