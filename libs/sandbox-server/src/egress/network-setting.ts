import { isAllowlistEntry } from '@ae/network-rules';
import { Refusal } from '../http/answer.ts';

/** What a sandbox may reach. */
export type NetworkSetting =
  | { readonly mode: 'none' }
  /** Entries are as in a policy's allowlist: hosts, or `*.` and a suffix. */
  | { readonly mode: 'allowlist'; readonly entries: readonly string[] };

/** E2B's word for every address. */
export const ALL_TRAFFIC = '0.0.0.0/0';

const MOST_ENTRIES = 1000;

function textList(network: Readonly<Record<string, unknown>>, field: string): string[] {
  const value = network[field] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw new Refusal(400, `network.${field} must be a list of strings`);
  }
  if (value.length > MOST_ENTRIES) {
    throw new Refusal(400, `network.${field} must have at most ${MOST_ENTRIES} entries`);
  }
  return value;
}

function entryOf(text: string): string {
  if (/^[\d.:a-f]+\/\d+$/i.test(text)) {
    throw new Refusal(501, `network.allowOut: address ranges are not supported, got '${text}'`);
  }
  if (!isAllowlistEntry(text)) {
    throw new Refusal(400, `network.allowOut: '${text}' is neither a host nor *.<name>`);
  }
  return text.trim();
}

/**
 * The outgoing part of E2B's network configuration. An absent or empty `allowOut` is no network
 * here; for a policy, an empty list would not restrict.
 *
 * @param deniesAll whether the request denies all else by other means than `denyOut`
 * @throws Refusal 400, 501
 */
export function outgoingSetting(
  network: Readonly<Record<string, unknown>>,
  deniesAll: boolean,
): NetworkSetting {
  for (const field of ['egressProxy', 'rules']) {
    if (network[field] !== undefined && network[field] !== null) {
      throw new Refusal(501, `network.${field} is not supported by this server`);
    }
  }
  const denied = textList(network, 'denyOut');
  const entries = textList(network, 'allowOut').map(entryOf);
  if (entries.length === 0) return { mode: 'none' };
  if (!deniesAll && !denied.includes(ALL_TRAFFIC)) {
    // In E2B this allows everything; to give less in silence would be as wrong as to give it.
    throw new Refusal(
      501,
      `network.allowOut is supported together with denyOut: ['${ALL_TRAFFIC}'] only`,
    );
  }
  return { mode: 'allowlist', entries };
}

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
  const deniesAll = body['allow_internet_access'] === false;
  return outgoingSetting(network as Readonly<Record<string, unknown>>, deniesAll);
}
