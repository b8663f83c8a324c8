import { normalizeHost, type Host } from '@ae/network-rules';
import { classifyAddress, resolveHost } from './resolve-address.ts';

function hostOf(text: string): Host {
  return normalizeHost(text)!;
}

function resolved(addresses: readonly string[]): ReturnType<typeof resolveHost> {
  return resolveHost(hostOf('a.example'), async () => addresses, classifyAddress);
}

describe('resolveHost', () => {
  it.each([
    '127.0.0.1',
    '0.0.0.0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:a00:1',
    '::7f00:1',
    '64:ff9b::7f00:1',
    '64:ff9b::a9fe:a9fe',
    '64:ff9b:1::a00:1',
    '2002:7f00:1::',
    'fe80::1',
    'fe80::1%eth0',
    'fc00::1',
    'fd00:ec2::254',
    'ff02::1',
    'not an address',
    'b.example',
    '',
  ])('refuses a name that leads to %j, also among others', async (address) => {
    expect(await resolved([address])).toEqual({ outcome: 'refused', rule: 'blocked_address' });
    expect(await resolved(['93.184.216.34', address])).toEqual({
      outcome: 'refused',
      rule: 'blocked_address',
    });
  });

  it('answers the addresses that it checked', async () => {
    expect(await resolved(['93.184.216.34', '2606:4700::1111', '::ffff:93.184.216.34'])).toEqual({
      outcome: 'resolved',
      addresses: ['93.184.216.34', '2606:4700:0:0:0:0:0:1111'],
    });
  });

  it('looks a name up once and an address never', async () => {
    const asked: string[] = [];
    const lookup = async (name: string) => {
      asked.push(name);
      return ['93.184.216.34'];
    };
    await resolveHost(hostOf('A.Example.'), lookup, classifyAddress);
    expect(await resolveHost(hostOf('[2606:4700::1]'), lookup, classifyAddress)).toEqual({
      outcome: 'resolved',
      addresses: ['2606:4700:0:0:0:0:0:1'],
    });
    expect(asked).toEqual(['a.example']);
  });

  it('refuses a name without address, or whose lookup fails', async () => {
    const refused = { outcome: 'refused', rule: 'unresolvable' };
    expect(await resolved([])).toEqual(refused);
    const failing = () => Promise.reject(new Error('SERVFAIL'));
    expect(await resolveHost(hostOf('a.example'), failing, classifyAddress)).toEqual(refused);
  });
});
