import type { Http2ServerRequest } from 'node:http2';
import { ProtocolError } from './protocol-error.ts';

const SILENCE_MS = 500;

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

/**
 * Takes the rest, for a caller in the midst of sending would lose an early answer with its
 * connection. One that holds its body open without sending gets it all the same.
 */
export async function skipBody({ stream }: Http2ServerRequest): Promise<void> {
  if (stream.readableEnded || stream.closed) return;
  await new Promise<void>((resolve) => {
    const silence = setTimeout(resolve, SILENCE_MS);
    stream.on('data', () => silence.refresh());
    for (const event of ['end', 'close']) {
      stream.once(event, () => {
        clearTimeout(silence);
        resolve();
      });
    }
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
