import { domainToASCII } from 'node:url';

import type { AddressClass } from './address.ts';
import { classifyIPv4, classifyIPv6, parseIPv4, parseIPv6 } from './address.ts';

export interface Host {
  /** Canonical text: lower-case ASCII name, dotted IPv4, or `[ipv6]` in full groups. */
  name: string;
  kind: 'name' | 'ip';
  addressClass: AddressClass;
}

/** Names that resolve inside the machine or the cloud it runs on. */
const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
  'metadata.azure.internal',
]);
const LOOPBACK_NAMES: ReadonlySet<string> = new Set([
  'localhost',
  'localhost.localdomain',
  'ip6-localhost',
  'ip6-loopback',
]);
const PRIVATE_SUFFIXES = ['.internal', '.local', '.localdomain', '.lan', '.home.arpa', '.corp'];
/** Public wildcard DNS services that answer with the address written in the name. */
const ECHO_SUFFIXES = ['.nip.io', '.sslip.io', '.xip.io', '.localtest.me', '.lvh.me'];

/**
 * Brings a host to one spelling, so that two spellings of one host compare equal: case, one
 * trailing dot, punycode (UTS 46), percent-encoding, every spelling of an IP address.
 * Undefined when the text can be no host.
 */
export function normalizeHost(text: string): Host | undefined {
  let host = text.trim();
  if (host.includes('%') && !host.includes(':')) {
    try {
      host = decodeURIComponent(host);
    } catch {
      return undefined;
    }
  }
  const v6 = parseIPv6(host);
  if (v6 !== undefined) {
    const addressClass = classifyIPv6(v6);
    const mapped = v6.slice(0, 5).every((part) => part === 0) && v6[5] === 0xffff;
    if (mapped) {
      return ipv4Host((v6[6] ?? 0) * 65536 + (v6[7] ?? 0));
    }
    return { name: `[${v6.map((part) => part.toString(16)).join(':')}]`, kind: 'ip', addressClass };
  }
  if (host === '' || /[\s/\\?#@:[\]<>^|]/.test(host)) return undefined;
  const ascii = domainToASCII(host);
  const name = (ascii === '' ? host.toLowerCase() : ascii).replace(/\.$/, '');
  const v4 = parseIPv4(name);
  if (v4 !== undefined) return Number.isNaN(v4) ? undefined : ipv4Host(v4);
  if (ascii === '' && !/^[a-z0-9._-]+$/.test(name)) return undefined;
  if (name === '' || name.length > 253 || name.split('.').some((label) => label === '')) {
    return undefined;
  }
  return { name, kind: 'name', addressClass: classifyName(name) };
}

function ipv4Host(value: number): Host {
  const name = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
  return { name, kind: 'ip', addressClass: classifyIPv4(value) };
}

function classifyName(name: string): AddressClass {
  if (METADATA_NAMES.has(name)) return 'metadata';
  if (LOOPBACK_NAMES.has(name) || name.endsWith('.localhost')) return 'loopback';
  if (PRIVATE_SUFFIXES.some((suffix) => name.endsWith(suffix))) return 'private';
  if (ECHO_SUFFIXES.some((suffix) => name.endsWith(suffix) || name === suffix.slice(1))) {
    return 'private';
  }
  return 'public';
}
