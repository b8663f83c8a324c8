/**
 * Envelopes of the Connect streaming protocol: one byte of flags, four bytes of length, JSON.
 * Source: https://connectrpc.com/docs/protocol#streaming-rpcs
 */
import { ProtocolError, type ProtocolCode } from './protocol-error.ts';
import { parseMessage, type Message } from './message.ts';

const HEADER_BYTES = 5;
const COMPRESSED = 0x01;
const END_OF_STREAM = 0x02;

function frame(flags: number, value: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(value));
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = flags;
  header.writeUInt32BE(body.length, 1);
  return Buffer.concat([header, body]);
}

export function messageFrame(message: unknown): Buffer {
  return frame(0, message);
}

export function endFrame(error?: { code: ProtocolCode; message: string }): Buffer {
  return frame(END_OF_STREAM, error === undefined ? {} : { error });
}

/** The one message of a request to a server-streaming call. */
export function readRequestFrame(bytes: Buffer): Message {
  if (bytes.length < HEADER_BYTES) {
    throw new ProtocolError('invalid_argument', 'the frame is shorter than its header');
  }
  if ((bytes.readUInt8(0) & COMPRESSED) !== 0) {
    throw new ProtocolError('unimplemented', 'compressed frames are not supported');
  }
  const length = bytes.readUInt32BE(1);
  if (bytes.length - HEADER_BYTES !== length) {
    throw new ProtocolError('invalid_argument', 'the frame is not as long as its header says');
  }
  return parseMessage(bytes.subarray(HEADER_BYTES));
}
