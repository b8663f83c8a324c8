export type { AddressClass } from './address.ts';
export {
  coversEntry,
  intersectAllowlists,
  isAllowlistEntry,
  matchesAllowlist,
} from './allowlist.ts';
export { normalizeHost } from './host.ts';
export type { Host } from './host.ts';
export { checkHost, hostOfUrl } from './network-check.ts';
export type { NetworkAnswer, NetworkPolicy } from './network-check.ts';
