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
