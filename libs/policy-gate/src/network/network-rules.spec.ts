import * as rules from '@ae/network-rules';

import { isAllowlistEntry, matchesAllowlist, normalizeHost } from '../index.ts';

describe('the rules of hosts', () => {
  it('are those that the sandbox server enforces', () => {
    expect({ isAllowlistEntry, matchesAllowlist, normalizeHost }).toEqual({
      isAllowlistEntry: rules.isAllowlistEntry,
      matchesAllowlist: rules.matchesAllowlist,
      normalizeHost: rules.normalizeHost,
    });
  });
});
