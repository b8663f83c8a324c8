import type { Readable } from 'node:stream';
import { ProtocolError } from './protocol-error.ts';

export async function readBody(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) {
      throw new ProtocolError('resource_exhausted', `the body is over ${maxBytes} bytes`, 413);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
