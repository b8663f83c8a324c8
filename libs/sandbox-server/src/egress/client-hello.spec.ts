import { Duplex } from 'node:stream';
import { connect, type ConnectionOptions } from 'node:tls';
import { normalizeHost, type Host } from '@ae/network-rules';
import fc from 'fast-check';
import {
  asksForAnotherHello,
  helloNames,
  readClientHello,
  readSecondHello,
  type ClientHello,
} from './client-hello.ts';

/** What a TLS client sends first. */
function helloOf(options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        done();
        resolve(chunk);
      },
    });
    connect({ ...options, socket });
  });
}

/** The record's one message in records of `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    records.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 0xff]), piece);
  }
  return Buffer.concat(records);
}

/** Adds an extension to a hello. */
function withExtension(hello: Buffer, type: number, body: Buffer): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(body.length, 2);
  const longer = Buffer.concat([hello, head, body]);
  const added = 4 + body.length;
  longer.writeUInt16BE(hello.readUInt16BE(3) + added, 3);
  longer.writeUIntBE(hello.readUIntBE(6, 3) + added, 6, 3);
  const sessionEnd = 44 + longer.readUInt8(43);
  const ciphersEnd = sessionEnd + 2 + longer.readUInt16BE(sessionEnd);
  const extensions = ciphersEnd + 1 + longer.readUInt8(ciphersEnd);
  longer.writeUInt16BE(longer.readUInt16BE(extensions) + added, extensions);
  return longer;
}

function hostOf(text: string): Host {
  return normalizeHost(text)!;
}

describe('a client`s hello', () => {
  let hello: Buffer;
  beforeAll(async () => {
    hello = await helloOf({ servername: 'a.example' });
  });

  it('is read, of TLS 1.2 and of 1.3', async () => {
    const old = await helloOf({ servername: 'a.example', maxVersion: 'TLSv1.2' });
    for (const bytes of [hello, old]) {
      expect(readClientHello(bytes)).toEqual({
        serverName: 'a.example',
        hidesName: false,
        length: bytes.length,
      });
    }
  });

  it('is read however it is cut', () => {
    for (let length = 0; length < hello.length; length += 1) {
      expect(readClientHello(hello.subarray(0, length))).toBeUndefined();
    }
    for (const size of [1, 2, 3, 7, 100]) {
      const cut = inRecords(hello, size);
      expect(readClientHello(cut)).toMatchObject({ serverName: 'a.example', length: cut.length });
    }
    const more = Buffer.concat([hello, Buffer.from('behind')]);
    expect(readClientHello(more)).toMatchObject({ length: hello.length });
  });

  it('names one host and hides none', () => {
    const read = readClientHello(hello) as ClientHello;
    expect(helloNames(read, hostOf('a.example'))).toBe(true);
    expect(helloNames(read, hostOf('A.EXAMPLE.'))).toBe(true);
    expect(helloNames(read, hostOf('b.example'))).toBe(false);
    expect(helloNames({ ...read, serverName: 'A.example.' }, hostOf('a.example'))).toBe(true);
    expect(helloNames({ ...read, serverName: '%61.example' }, hostOf('a.example'))).toBe(false);
    expect(helloNames({ ...read, serverName: undefined }, hostOf('a.example'))).toBe(false);
    for (const type of [0xfe0d, 0xffce]) {
      const hiding = readClientHello(withExtension(hello, type, Buffer.alloc(8))) as ClientHello;
      expect(hiding).toMatchObject({ serverName: 'a.example', hidesName: true });
      expect(helloNames(hiding, hostOf('a.example'))).toBe(false);
    }
  });

  it('names no host when it leads to an address', async () => {
    const nameless = readClientHello(await helloOf({})) as ClientHello;
    expect(nameless.serverName).toBeUndefined();
    expect(helloNames(nameless, hostOf('93.184.216.34'))).toBe(true);
    expect(helloNames({ ...nameless, serverName: 'b.example' }, hostOf('93.184.216.34'))).toBe(
      false,
    );
  });

  it('is refused with two names, with a broken name, or with more behind it in its record', () => {
    const name = (text: string): Buffer => {
      const bytes = Buffer.from(text, 'latin1');
      const list = Buffer.from([0, bytes.length + 3, 0, 0, bytes.length]);
      return Buffer.concat([list, bytes]);
    };
    expect(readClientHello(withExtension(hello, 0, name('b.example')))).toBe('no_hello');
    const record = Buffer.concat([hello, Buffer.from('x')]);
    record.writeUInt16BE(hello.length - 5 + 1, 3);
    expect(readClientHello(record)).toBe('no_hello');
    const at = hello.indexOf('a.example');
    for (const [offset, value] of [
      [at, 0],
      [at + 1, 0x20],
      [at - 1, 200],
      [at - 3, 1],
    ] as const) {
      const broken = Buffer.from(hello);
      broken[offset] = value;
      expect(readClientHello(broken)).toBe('no_hello');
    }
  });

  it.each([
    ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['HTTP', 'GET / HTTP/1.1\r\n\r\n'],
    ['SSL 2', '\x80\x2e\x01\x00\x02'],
    ['application data', '\x17\x03\x03\x00\x01x'],
    ['an empty record', '\x16\x03\x01\x00\x00'],
    ['a server`s hello', '\x16\x03\x03\x00\x04\x02\x00\x00\x00'],
    ['a long hello', '\x16\x03\x01\x00\x04\x01\x10\x00\x00'],
  ])('is not %s', (_name, text) => {
    expect(readClientHello(Buffer.from(text, 'latin1'))).toBe('no_hello');
  });

  it('is read of any bytes without an error, and never before it is whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(hello.length), (noise, at) => {
        readClientHello(Buffer.from(noise));
        readSecondHello(Buffer.from(noise));
        asksForAnotherHello(Buffer.from(noise));
        const mixed = Buffer.concat([hello.subarray(0, at), noise]);
        const read = readClientHello(mixed);
        if (typeof read === 'object') expect(read.length).toBeLessThanOrEqual(mixed.length);
      }),
    );
  });

  it('may follow early data when it is the second', () => {
    const early = Buffer.from('\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x02xx', 'latin1');
    const second = Buffer.concat([early, hello]);
    expect(readClientHello(second)).toBe('no_hello');
    expect(readSecondHello(second)).toMatchObject({ serverName: 'a.example' });
  });
});
