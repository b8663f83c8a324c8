import { isAllowlistEntry, matchesAllowlist, normalizeHost } from '@ae/network-rules';
import fc from 'fast-check';
import { judgeTarget, parseAuthority } from './egress-rule.ts';

const PORTS = [80, 443];

/** Hosts as an attacker writes them: spellings, look-alikes, addresses, and plain noise. */
const label = fc.stringMatching(/^[a-zA-Z0-9-]{1,6}$/);
const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
const known = fc.constantFrom('a.example', 'b.a.example', 'xn--bcher-kva.example', '93.184.216.34');
const spelled = fc
  .oneof(known, name)
  .chain((host) =>
    fc.constantFrom(
      host,
      host.toUpperCase(),
      `${host}.`,
      `x${host}`,
      `${host}.evil.test`,
      host.replace('a', '%61'),
      host.replaceAll('.', '。'),
      `[::ffff:${host}]`,
    ),
  );
const address = fc.oneof(
  fc.ipV4Extended(),
  fc.ipV4(),
  fc.ipV6().map((text) => `[${text}]`),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }).map(String),
);
const host = fc.oneof(spelled, address, fc.string({ unit: 'binary' }));
const entry = fc.oneof(
  known,
  name,
  name.map((text) => `*.${text}`),
  fc.constantFrom('*', '*.a.example', 'bücher.example', '', '*.', ' a.example '),
  fc.string(),
);

describe('judgeTarget', () => {
  it('agrees with the policy about every host and every list', () => {
    fc.assert(
      fc.property(host, fc.array(entry, { maxLength: 4 }), (text, entries) => {
        const verdict = judgeTarget(entries, PORTS, { host: text, port: 443 });
        const isPublic = normalizeHost(text)?.addressClass === 'public';
        expect(verdict.outcome === 'allowed').toBe(isPublic && matchesAllowlist(text, entries));
      }),
      { numRuns: 2_000 },
    );
  });

  it('lets a host out that a list was made for', () => {
    fc.assert(
      fc.property(name, (text) => {
        const isPublic = normalizeHost(text)?.addressClass === 'public';
        fc.pre(isPublic && isAllowlistEntry(text));
        expect(judgeTarget([text], PORTS, { host: text, port: 80 }).outcome).toBe('allowed');
      }),
    );
  });

  it.each<[string, number, readonly string[], string]>([
    ['a.example', 443, [], 'not_in_allowlist'],
    ['b.example', 443, ['a.example'], 'not_in_allowlist'],
    ['a.example', 22, ['a.example'], 'port_not_allowed'],
    ['a.example', 8443, ['*'], 'port_not_allowed'],
    ['a..example', 443, ['*'], 'invalid_host'],
    ['localhost', 80, ['localhost'], 'blocked_address'],
    ['127.0.0.1', 80, ['127.0.0.1', '*'], 'blocked_address'],
    ['[::1]', 80, ['[::1]', '*'], 'blocked_address'],
    ['169.254.169.254', 80, ['169.254.169.254', '*'], 'blocked_address'],
    ['0xa9fea9fe', 80, ['*'], 'blocked_address'],
    ['[64:ff9b::7f00:1]', 80, ['*'], 'blocked_address'],
    ['[::ffff:10.0.0.1]', 80, ['*'], 'blocked_address'],
    ['metadata.google.internal', 80, ['*'], 'blocked_address'],
  ])('refuses %s:%d with %j: %s', (text, port, entries, rule) => {
    expect(judgeTarget(entries, PORTS, { host: text, port })).toEqual({ outcome: 'refused', rule });
  });
});

describe('parseAuthority', () => {
  it.each<[string, unknown]>([
    ['a.example:443', { host: 'a.example', port: 443 }],
    ['[::1]:80', { host: '[::1]', port: 80 }],
    ['a.example', undefined],
    ['a.example:', undefined],
    ['a.example:0', undefined],
    ['a.example:65536', undefined],
    ['a.example:443:443', undefined],
    ['a.example:+443', undefined],
    ['a.example:0x1bb', undefined],
    ['::1:80', undefined],
    ['a@b.example:443', undefined],
    ['a.example/:443', undefined],
    ['a.example#:443', undefined],
    ['a.example\\:443', undefined],
    [':443', undefined],
    ['', undefined],
  ])('%s', (text, expected) => {
    expect(parseAuthority(text)).toEqual(expected);
  });

  it('takes the default only where no port is named', () => {
    expect(parseAuthority('a.example', 80)).toEqual({ host: 'a.example', port: 80 });
    expect(parseAuthority('a.example:', 80)).toBeUndefined();
    expect(parseAuthority('a.example:81', 80)).toEqual({ host: 'a.example', port: 81 });
  });
});
