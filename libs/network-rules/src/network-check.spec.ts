import fc from 'fast-check';
import {
  coversEntry,
  intersectAllowlists,
  isAllowlistEntry,
  matchesAllowlist,
} from './allowlist.ts';
import { normalizeHost } from './host.ts';
import { checkHost, hostOfUrl } from './network-check.ts';

const OPEN = { allowlists: [], allowPrivate: false };

describe('matchesAllowlist', () => {
  it.each<[string, string, boolean]>([
    ['example.com', 'example.com', true],
    ['EXAMPLE.com.', 'example.com', true],
    ['api.example.com', '*.example.com', true],
    ['a.b.example.com', '*.example.com', true],
    ['example.com', '*.example.com', false],
    ['evil-example.com', '*.example.com', false],
    ['example.com.evil.test', '*.example.com', false],
    ['api.example.com', 'example.com', false],
    ['bücher.example', 'xn--bcher-kva.example', true],
    ['xn--bcher-kva.example', 'bücher.example', true],
    ['93.184.216.34', '93.184.216.34', true],
    ['0x5d.0xb8.0xd8.0x22', '93.184.216.34', true],
    ['1572395042', '93.184.216.34', true],
    ['[::ffff:93.184.216.34]', '93.184.216.34', true],
    ['1.2.3.4', '*.3.4', false],
    ['', '*', false],
    ['anything.example', '*', true],
    ['example.com', '', false],
  ])('%s in [%s]: %s', (host, entry, expected) => {
    expect(matchesAllowlist(host, [entry])).toBe(expected);
  });

  it('an empty list matches nothing', () =>
    expect(matchesAllowlist('example.com', [])).toBe(false));

  it('a suffix entry never matches another registrable name', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,10}$/);
    fc.assert(
      fc.property(label, label, (prefix, name) => {
        expect(matchesAllowlist(`${prefix}${name}.test`, [`*.${name}.test`])).toBe(false);
        expect(matchesAllowlist(`${prefix}.${name}.test`, [`*.${name}.test`])).toBe(true);
      }),
    );
  });

  it('knows what can stand in a list', () => {
    expect(['*', 'a.example', '*.a.example', '10.0.0.1', '[::1]'].every(isAllowlistEntry)).toBe(
      true,
    );
    expect(
      ['', '*.', '*.com*', 'a/b', 'http://a', 'a b', '*.1.2.3.4', 'a.*.b'].some(isAllowlistEntry),
    ).toBe(false);
  });
});

describe('addresses', () => {
  it.each<[string, string]>([
    ['127.0.0.1', 'loopback'],
    ['127.1', 'loopback'],
    ['0', 'loopback'],
    ['2130706433', 'loopback'],
    ['0177.0.0.1', 'loopback'],
    ['0x7f000001', 'loopback'],
    ['[::1]', 'loopback'],
    ['[0:0:0:0:0:0:0:1]', 'loopback'],
    ['[::ffff:7f00:1]', 'loopback'],
    ['localhost.', 'loopback'],
    ['app.localhost', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.31.255.255', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.0.1', 'private'],
    ['100.64.0.1', 'private'],
    ['[fd12:3456::1]', 'private'],
    ['169.254.1.1', 'link_local'],
    ['[fe80::1%25eth0]', 'link_local'],
    ['169.254.169.254', 'metadata'],
    ['2852039166', 'metadata'],
    ['0xa9fea9fe', 'metadata'],
    ['0251.0376.0251.0376', 'metadata'],
    ['169.16689662', 'metadata'],
    ['[::ffff:169.254.169.254]', 'metadata'],
    ['[64:ff9b::a9fe:a9fe]', 'metadata'],
    ['[fd00:ec2::254]', 'metadata'],
    ['[fd00:ec2::23]', 'metadata'],
    ['[fd20:ce::254]', 'metadata'],
    ['[64:ff9b:1::a9fe:a9fe]', 'metadata'],
    ['[64:ff9b::808:808]', 'public'],
    ['[64:ff9b:1::808:808]', 'private'],
    ['[2002:7f00:1::]', 'loopback'],
    ['[2002:808:808::]', 'public'],
    ['[2606:4700::5efe:10.0.0.1]', 'private'],
    ['[2606:4700::200:5efe:a9fe:a9fe]', 'metadata'],
    ['[2606:4700::5efe:8.8.8.8]', 'public'],
    ['[2001::1]', 'reserved'],
    ['[2001:2::1]', 'reserved'],
    ['[2001:db8::1]', 'reserved'],
    ['[3fff:fff::1]', 'reserved'],
    ['[100::1]', 'reserved'],
    ['[4000::1]', 'reserved'],
    ['[5f00::1]', 'reserved'],
    ['192.88.99.1', 'reserved'],
    ['metadata.google.internal.', 'metadata'],
    ['１６９.254.169.254', 'metadata'],
    ['169.254.169.254.nip.io', 'private'],
    ['8.8.8.8', 'public'],
    ['[2606:4700::1111]', 'public'],
    ['example.com', 'public'],
  ])('%s is %s', (host, expected) => {
    expect(normalizeHost(host)?.addressClass).toBe(expected);
  });

  it.each(['', '1.2.3.4.5', '256.1.1.1', 'a b', 'a/b', '[::g]', '[1:2]', '..', 'a..b'])(
    '%j is no host',
    (host) => {
      expect(normalizeHost(host)).toBeUndefined();
    },
  );

  it('every spelling of an IPv4 address is the same host', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
        const bytes = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256);
        const dotted = bytes.join('.');
        const spellings = [
          String(value),
          `0x${value.toString(16)}`,
          bytes.map((byte) => `0${byte.toString(8)}`).join('.'),
          bytes.map((byte) => `0x${byte.toString(16)}`).join('.'),
          `[::ffff:${dotted}]`,
          `${dotted}.`,
        ];
        for (const spelling of spellings) expect(normalizeHost(spelling)?.name).toBe(dotted);
      }),
    );
  });
});

describe('URLs', () => {
  it.each<[string, string | undefined]>([
    ['https://example.com/path', 'example.com'],
    ['example.com/path', 'example.com'],
    ['https://example.com@evil.test/', 'evil.test'],
    ['https://example.com:443@evil.test', 'evil.test'],
    ['https://evil.test#@example.com', 'evil.test'],
    ['https://evil.test?@example.com', 'evil.test'],
    ['https://user:p%40ss@example.com', 'example.com'],
    ['postgres://u:p@db.example.com:5432/x', 'db.example.com'],
    ['HTTPS://EXAMPLE.COM', 'example.com'],
    ['https://[::1]:8080/', '[0:0:0:0:0:0:0:1]'],
    ['http://evil.test\\@example.com', undefined],
    ['http://exa mple.com', undefined],
    ['http://example.com\u0000.evil.test', undefined],
    ['file:///etc/passwd', undefined],
    ['gopher://example.com', undefined],
    ['javascript:alert(1)', undefined],
    ['', undefined],
  ])('%s leads to %s', (url, expected) => {
    expect(hostOfUrl(url)?.name).toBe(expected);
  });

  it('metadata stays closed, whatever a list says', () => {
    const host = normalizeHost('169.254.169.254');
    const policy = { allowlists: [['169.254.169.254', '*']], allowPrivate: true };
    expect(checkHost(host, 'x', policy).outcome).toBe('blocked_address');
    expect(checkHost(normalizeHost('10.0.0.1'), 'x', OPEN).outcome).toBe('blocked_address');
    expect(checkHost(undefined, 'x', OPEN).outcome).toBe('invalid');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl()), (text) => {
        expect(['allowed', 'blocked_address', 'invalid']).toContain(
          checkHost(hostOfUrl(text), text, OPEN).outcome,
        );
      }),
    );
  });
});

describe('intersectAllowlists', () => {
  const label = fc.constantFrom('a', 'b', 'eu', 'x');
  const name = fc
    .array(label, { minLength: 1, maxLength: 3 })
    .map((labels) => [...labels, 'example', 'com'].join('.'));
  const entry = fc.oneof(
    name,
    name.map((of) => `*.${of}`),
    name.map((of) => ` *.${of.toUpperCase()} `),
    fc.constantFrom('*', '*.example.com', '192.0.2.1', '0xc0000201'),
  );
  const list = fc.array(entry, { maxLength: 5 });

  it('means the hosts that are in both lists, and no other', () => {
    fc.assert(
      fc.property(list, list, fc.oneof(name, fc.constant('192.0.2.1')), (one, other, host) => {
        const isInBoth = matchesAllowlist(host, one) && matchesAllowlist(host, other);
        expect(matchesAllowlist(host, intersectAllowlists(one, other))).toBe(isInBoth);
      }),
      { numRuns: 5000 },
    );
  });

  it('covers an entry by a list that means all its hosts', () => {
    expect(coversEntry(['*.example.com'], '*.eu.example.com')).toBe(true);
    expect(coversEntry(['*.eu.example.com'], '*.example.com')).toBe(false);
    expect(coversEntry(['*.example.com'], '*')).toBe(false);
    expect(coversEntry(['*'], '*')).toBe(true);
    expect(coversEntry([], 'example.com')).toBe(false);
  });
});
