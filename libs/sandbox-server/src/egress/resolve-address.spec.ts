import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { normalizeHost, type Host } from '@ae/network-rules';
import { classifyAddress, dnsLookup, resolveHost } from './resolve-address.ts';

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

describe('dnsLookup', () => {
  const A = 1;

  /** A name server that answers each question for an IPv4 address with the next of `answers`. */
  async function nameServer(answers: readonly (readonly number[])[]) {
    const asked: string[] = [];
    const socket = createSocket('udp4');
    socket.on('message', (query, { port, address }) => {
      let at = 12;
      const labels: string[] = [];
      while (query.readUInt8(at) !== 0) {
        const length = query.readUInt8(at);
        labels.push(query.toString('latin1', at + 1, at + 1 + length));
        at += length + 1;
      }
      const question = query.subarray(12, at + 5);
      const isV4 = query.readUInt16BE(at + 1) === A;
      const found = isV4 ? answers[asked.length] : undefined;
      if (isV4) asked.push(labels.join('.'));
      const head = Buffer.alloc(12);
      query.copy(head, 0, 0, 2);
      head.writeUInt16BE(0x8180, 2);
      head.writeUInt16BE(1, 4);
      head.writeUInt16BE(found === undefined ? 0 : 1, 6);
      const record = [0xc0, 12, 0, A, 0, 1, 0, 0, 0, 0, 0, 4, ...(found ?? [])];
      const answer = found === undefined ? [] : record;
      socket.send(Buffer.concat([head, question, Buffer.from(answer)]), port, address);
    });
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return { asked, server: `127.0.0.1:${socket.address().port}`, close: () => socket.close() };
  }

  it('asks once, so that a name which then leads elsewhere does not', async () => {
    const names = await nameServer([
      [93, 184, 216, 34],
      [127, 0, 0, 1],
    ]);
    const lookup = dnsLookup([names.server]);
    const host = hostOf('rebinding.test');
    expect(await resolveHost(host, lookup, classifyAddress)).toEqual({
      outcome: 'resolved',
      addresses: ['93.184.216.34'],
    });
    expect(names.asked).toEqual(['rebinding.test']);
    expect(await resolveHost(host, lookup, classifyAddress)).toMatchObject({
      rule: 'blocked_address',
    });
    expect(await resolveHost(host, lookup, classifyAddress)).toMatchObject({
      rule: 'unresolvable',
    });
    names.close();
  });
});
