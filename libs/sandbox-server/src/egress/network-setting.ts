import { Refusal } from '../http/answer.ts';

/** What a sandbox may reach. */
export type NetworkSetting =
  | { readonly mode: 'none' }
  /** Entries are as in a policy's allowlist: hosts, or `*.` and a suffix. */
  | { readonly mode: 'allowlist'; readonly entries: readonly string[] };

/**
 * What a create request asks for. Asking for network and getting none, or getting more than asked,
 * must never be silent. `allow_internet_access: true` is what the SDKs before 2.50 send unasked, so
 * it means this server's default, which is none: the event `network_default_applied` tells it.
 *
 * @throws Refusal 400, 501
 */
export function networkSetting(body: Readonly<Record<string, unknown>>): NetworkSetting {
  const internet = body['allow_internet_access'] ?? false;
  if (typeof internet !== 'boolean') {
    throw new Refusal(400, 'allow_internet_access must be a boolean');
  }
  const network = body['network'] ?? {};
  if (typeof network !== 'object' || Array.isArray(network)) {
    throw new Refusal(400, 'network must be an object');
  }
  const { allowOut, egressProxy, rules } = network as Readonly<Record<string, unknown>>;
  const asksForHosts =
    allowOut !== undefined && !(Array.isArray(allowOut) && allowOut.length === 0);
  if (asksForHosts || egressProxy !== undefined || rules !== undefined) {
    throw new Refusal(501, 'a network allowlist is not supported: sandboxes here have no network');
  }
  return { mode: 'none' };
}
