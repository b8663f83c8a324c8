import { Resolver } from 'node:dns/promises';
import { normalizeHost, type AddressClass, type Host } from '@ae/network-rules';

/** Addresses of a name; none, or a rejection, when it has none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

const QUERY_TIMEOUT_MS = 3_000;
const QUERY_TRIES = 2;
const LOOKUP_TIMEOUT_MS = 10_000;

/**
 * Asks the name servers of this machine, or `servers` (`address:port`). Not the system's own resolver: that one reads the hosts
 * file, appends search domains and occupies the threads that the server's files need.
 */
export function dnsLookup(servers?: readonly string[]): Lookup {
  const resolver = new Resolver({ timeout: QUERY_TIMEOUT_MS, tries: QUERY_TRIES });
  if (servers !== undefined) resolver.setServers(servers);
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  };
}

/** What an address of a DNS answer is; whatever is no address at all is `reserved`. */
export function classifyAddress(address: string): AddressClass {
  const host = normalizeHost(address);
  return host?.kind === 'ip' ? host.addressClass : 'reserved';
}

export type Resolution =
  | { readonly outcome: 'resolved'; readonly addresses: readonly string[] }
  | { readonly outcome: 'refused'; readonly rule: 'unresolvable' | 'blocked_address' };

function bare(address: string): string {
  return address.replace(/^\[|\]$/g, '');
}

async function lookedUp(lookup: Lookup, name: string): Promise<readonly string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<readonly string[]>((resolve) => {
    timer = setTimeout(resolve, LOOKUP_TIMEOUT_MS, []);
  });
  try {
    return await Promise.race([lookup(name), late]);
  } catch {
    return [];
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The addresses to connect to, as they were checked: a second look at the name could be answered
 * otherwise. One address that is not public refuses all, since a name that leads inside as well
 * is either wrong or an attack.
 */
export async function resolveHost(
  host: Host,
  lookup: Lookup,
  addressClass: (address: string) => AddressClass,
): Promise<Resolution> {
  // Judged with the target already.
  if (host.kind === 'ip') return { outcome: 'resolved', addresses: [bare(host.name)] };
  const found = await lookedUp(lookup, host.name);
  if (found.length === 0) return { outcome: 'refused', rule: 'unresolvable' };
  if (found.some((address) => addressClass(address) !== 'public')) {
    return { outcome: 'refused', rule: 'blocked_address' };
  }
  const addresses = found.map((address) => bare(normalizeHost(address)?.name ?? address));
  return { outcome: 'resolved', addresses: [...new Set(addresses)] };
}
