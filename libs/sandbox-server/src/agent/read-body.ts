import type { Http2ServerRequest } from 'node:http2';
import { ProtocolError } from './protocol-error.ts';

/**
 * The whole body in pieces. What is not taken of it is left to {@link skipBody}.
 *
 * @throws ProtocolError `invalid_argument` when the caller broke off, which Node takes for an end
 */
export async function* bodyOf({
  stream,
}: Http2ServerRequest): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (error) {
    if (stream.rstCode === 0) throw error;
  }
  if (stream.aborted || stream.rstCode !== 0) {
    throw new ProtocolError('invalid_argument', 'the body was broken off');
  }
}

/** A caller in the midst of sending would lose an early answer with its connection. */
export async function skipBody({ stream }: Http2ServerRequest): Promise<void> {
  if (stream.readableEnded || stream.closed) return;
  await new Promise<void>((resolve) => {
    stream.once('end', resolve);
    stream.once('close', resolve);
    stream.resume();
  });
}

/** @throws ProtocolError `resource_exhausted` over `maxBytes` */
export async function readBody(request: Http2ServerRequest, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bodyOf(request)) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new ProtocolError('resource_exhausted', `the body is over ${maxBytes} bytes`, 413);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
