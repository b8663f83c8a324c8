import { normalizeHost } from './host.ts';

/**
 * Whether `host` (a name or an address, without scheme or port) is in `allowlist`.
 *
 * An entry is an exact host (`api.example.com`) or `*.` and a suffix: `*.example.com` means every
 * host below `example.com`, any number of labels deep, but not `example.com` itself and not
 * `evil-example.com`. `*` alone means any public host. Both sides are brought to one spelling first
 * (case, trailing dot, punycode, every spelling of an IP). An empty list matches nothing: whether
 * an empty list restricts is the caller's rule. An entry that can be no host matches nothing.
 */
export function matchesAllowlist(host: string, allowlist: readonly string[]): boolean {
  const target = normalizeHost(host);
  if (target === undefined) return false;
  return allowlist.some((entry) => matchesEntry(target.name, target.kind, entry.trim()));
}

function matchesEntry(name: string, kind: 'name' | 'ip', entry: string): boolean {
  if (entry === '*') return true;
  if (entry.startsWith('*.')) {
    if (kind === 'ip') return false;
    const suffix = normalizeHost(entry.slice(2));
    if (suffix?.kind !== 'name') return false;
    return name.length > suffix.name.length + 1 && name.endsWith(`.${suffix.name}`);
  }
  return normalizeHost(entry)?.name === name;
}

/** Whether every host that an entry means is in `allowlist`. */
export function coversEntry(allowlist: readonly string[], entry: string): boolean {
  const text = entry.trim();
  if (allowlist.some((item) => item.trim() === '*' || item.trim() === text)) return true;
  if (text === '*') return false;
  if (!text.startsWith('*.')) return matchesAllowlist(text, allowlist);
  // `*.eu.example.com` is within `*.example.com`: what holds below a host below it holds for all.
  const suffixes = allowlist.filter((item) => item.trim().startsWith('*.'));
  return matchesAllowlist(`x${text.slice(1)}`, suffixes);
}

/**
 * The entries that mean the hosts which are in both lists. Where the lists have none in common it is
 * empty, and means no host at all.
 */
export function intersectAllowlists(one: readonly string[], other: readonly string[]): string[] {
  const within = (entries: readonly string[], list: readonly string[]): string[] =>
    entries.map((entry) => entry.trim()).filter((entry) => coversEntry(list, entry));
  return [...new Set([...within(one, other), ...within(other, one)])];
}

/** Whether the text can stand in an allowlist: an exact host, `*` or `*.<name>`. */
export function isAllowlistEntry(entry: string): boolean {
  const text = entry.trim();
  if (text === '*') return true;
  const host = normalizeHost(text.startsWith('*.') ? text.slice(2) : text);
  if (host === undefined || text.slice(2).includes('*')) return false;
  return text.startsWith('*.')
    ? host.kind === 'name' && host.name.includes('.')
    : !text.includes('*');
}
