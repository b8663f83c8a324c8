/**
 * Reads the hello of a TLS client as far as it tells where the client wants to go.
 * Sources: RFC 8446 sections 4.1.2 and 5.1, RFC 6066 section 3.
 */
import type { Host } from '@ae/network-rules';

const CHANGE_CIPHER_SPEC = 20;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;

const RECORD_HEADER = 5;
const MESSAGE_HEADER = 4;
const MAX_RECORD_BYTES = 16_384;
/** Hellos with post-quantum keys take about 2 KiB. */
export const MAX_HELLO_BYTES = 16_384;

const SERVER_NAME = 0;
/** Encrypted names, RFC 9849 and its first draft: what is readable then need not be the truth. */
const ENCRYPTED_NAME: ReadonlySet<number> = new Set([0xfe0d, 0xffce]);

/** The random of a ServerHello that asks for another ClientHello, RFC 8446 section 4.1.3. */
const RETRY_RANDOM = Buffer.from(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
  'hex',
);

export interface ClientHello {
  readonly serverName: string | undefined;
  /** Whether it carries an encrypted name beside the readable one. */
  readonly hidesName: boolean;
  /** Bytes of the records that held it. */
  readonly length: number;
}

/** `undefined`: more bytes are needed; `no_hello`: this is something else. */
export type HelloReading = ClientHello | 'no_hello' | undefined;

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('the hello is shorter than it says');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  number(length: number): number {
    return this.take(length).readUIntBE(0, length);
  }

  /** A vector whose own length goes before it. */
  vector(lengthBytes: number): Reader {
    return new Reader(this.take(this.number(lengthBytes)));
  }
}

function serverNameOf(extension: Reader): string {
  const list = extension.vector(2);
  const isHostName = list.number(1) === 0;
  const name = list.take(list.number(2)).toString('latin1');
  if (!isHostName || !list.isAtEnd || !extension.isAtEnd || !/^[\x21-\x7e]+$/.test(name)) {
    throw new RangeError('the server name cannot be read');
  }
  return name;
}

function readMessage(message: Buffer, length: number): HelloReading {
  try {
    const hello = new Reader(message);
    hello.take(2 + 32);
    hello.vector(1);
    hello.vector(2);
    hello.vector(1);
    let serverName: string | undefined;
    let hidesName = false;
    if (!hello.isAtEnd) {
      const extensions = hello.vector(2);
      while (!extensions.isAtEnd) {
        const type = extensions.number(2);
        const extension = extensions.vector(2);
        if (ENCRYPTED_NAME.has(type)) hidesName = true;
        if (type !== SERVER_NAME) continue;
        if (serverName !== undefined) return 'no_hello';
        serverName = serverNameOf(extension);
      }
    }
    return hello.isAtEnd ? { serverName, hidesName, length } : 'no_hello';
  } catch {
    return 'no_hello';
  }
}

/**
 * The first message of a TLS client, which may lie in several records.
 *
 * @param skipped kinds of records that may go before it
 */
export function readClientHello(bytes: Buffer, skipped: readonly number[] = []): HelloReading {
  const fragments: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const type = bytes.readUInt8(at);
    const isSkipped = fragments.length === 0 && skipped.includes(type);
    if (type !== HANDSHAKE && !isSkipped) return 'no_hello';
    if (bytes.length < at + RECORD_HEADER) return undefined;
    const length = bytes.readUInt16BE(at + 3);
    // Empty records, and a hello with something behind it in its record, are what no client sends.
    if (bytes.readUInt8(at + 1) !== 3 || length === 0) return 'no_hello';
    if (length > MAX_RECORD_BYTES + 256) return 'no_hello';
    const start = at + RECORD_HEADER;
    at = start + length;
    if (bytes.length < at) return undefined;
    if (isSkipped) continue;
    fragments.push(bytes.subarray(start, at));
    const message = Buffer.concat(fragments);
    if (message.length < MESSAGE_HEADER) continue;
    if (message.readUInt8(0) !== CLIENT_HELLO) return 'no_hello';
    const wanted = MESSAGE_HEADER + message.readUIntBE(1, 3);
    if (wanted > MAX_HELLO_BYTES || message.length > wanted) return 'no_hello';
    if (message.length === wanted) return readMessage(message.subarray(MESSAGE_HEADER), at);
  }
  return undefined;
}

/** The hello after a server asked for another one; rejected early data may go before it. */
export function readSecondHello(bytes: Buffer): HelloReading {
  return readClientHello(bytes, [CHANGE_CIPHER_SPEC, APPLICATION_DATA]);
}

/** Whether a server's first bytes ask for another hello; undefined until they are enough to tell. */
export function asksForAnotherHello(bytes: Buffer): boolean | undefined {
  if (bytes.length === 0) return undefined;
  if (bytes.readUInt8(0) !== HANDSHAKE) return false;
  const random = RECORD_HEADER + MESSAGE_HEADER + 2;
  if (bytes.length < random + RETRY_RANDOM.length) return undefined;
  return (
    bytes.readUInt8(RECORD_HEADER) === SERVER_HELLO &&
    bytes.subarray(random, random + RETRY_RANDOM.length).equals(RETRY_RANDOM)
  );
}

/** Whether a hello leads to `host` and to nothing else. An address is named by no server name. */
export function helloNames(hello: ClientHello, host: Host): boolean {
  if (hello.hidesName) return false;
  const name = hello.serverName?.toLowerCase().replace(/\.$/, '');
  return name === host.name || (host.kind === 'ip' && name === undefined);
}
